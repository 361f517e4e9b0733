"""What each module of a tree exports by importing it: the fact behind `from tilelang import tvm`.

A downstream package often re-exports TVM or single functions of it, so a file's own imports do not
say what a name is. `EXPORTS` gathers the import bindings of every module that may matter, and
`TreeModules.canonical` follows a dotted name through them to where it comes from.
"""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from codemods.model import Collector, Facts, Language, Source
from py_rewriters.parsing import Problem, parse_bytes
from py_rewriters.scopes import import_target

ROOTS = ("tvm", "tvm_ffi")
"""The packages whose names are followed to; a dotted name that starts so is canonical."""

_LIMIT = 8  # re-exports of re-exports; a cycle ends here


@dataclass(frozen=True)
class Exports:
    """The module-level imports of one file."""

    names: dict[str, str]  # local name: dotted name, relative ones with leading dots
    stars: tuple[str, ...]
    public: tuple[str, ...] | None  # `__all__` where it is written out


@dataclass(frozen=True)
class ModuleText:
    """A module as text. Two are equal when their imports are, so other edits change no fact."""

    imports: tuple[bytes, ...]  # the text of each import, and of `__all__`
    data: bytes = field(compare=False, repr=False)


@dataclass(frozen=True)
class TreeModules:
    """The modules of a tree, by path and by dotted name; each is parsed when first asked for."""

    texts: Mapping[str, ModuleText]
    by_name: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    read: set[str] = field(default_factory=set, compare=False, repr=False)
    _parsed: dict[str, Exports] = field(default_factory=dict, compare=False, repr=False)
    _taken: dict[str, tuple[str, ...]] = field(default_factory=dict, compare=False, repr=False)

    def exports(self, path: str) -> Exports:
        """Return the imports of the module at `path`; none where it cannot be parsed."""
        self.read.add(path)
        if path not in self._parsed:
            self._parsed[path] = _exports(self.texts[path])
        return self._parsed[path]

    def import_from(self, folder: str, packages: tuple[str, ...]) -> bool:
        """Return whether a module in or below `folder` imports one of `packages`."""
        return any(
            target.split(".")[0] in packages
            for path in self.texts
            if not folder or path.startswith(f"{folder}/")
            for target in self.taken(path)
        )

    def taken(self, path: str) -> tuple[str, ...]:
        """Return every dotted name that an import anywhere in the module at `path` asks for."""
        if path not in self._taken:
            found = (target for line in self.texts[path].imports for target in _targets(line))
            self._taken[path] = tuple(found)
        return self._taken[path]

    def find(self, dotted: str, importer: str) -> str | None:
        """Return the path of the module `dotted` as `importer` sees it, or None."""
        if dotted.startswith("."):
            base = posixpath.dirname(importer)
            for _ in range(len(dotted) - len(dotted.lstrip(".")) - 1):
                base = posixpath.dirname(base)
            name = dotted.lstrip(".").replace(".", "/")
            return self._at(posixpath.join(base, name) if name else base)
        beside = self._at(posixpath.join(posixpath.dirname(importer), dotted.replace(".", "/")))
        if beside is not None and not self.in_package(importer):
            return beside
        paths = self.by_name.get(dotted, ())
        return paths[0] if paths else None

    def canonical(self, dotted: str, importer: str, depth: int = 0) -> str:
        """Return where `dotted`, as written in `importer`, comes from; itself when unknown."""
        parts = dotted.lstrip(".").split(".")
        dots = dotted[: len(dotted) - len(dotted.lstrip("."))]
        if depth > _LIMIT or (not dots and parts[0] in ROOTS):
            return dotted
        for length in range(len(parts) - 1, -1 if dots else 0, -1):
            path = self.find(dots + ".".join(parts[:length]), importer)
            if path is None or path == importer:
                continue
            target = self.exported(path, parts[length], depth + 1)
            if target is not None:
                rest = parts[length + 1 :]
                return self.canonical(".".join([target, *rest]), path, depth + 1)
            return dotted
        if not dots and len(parts) > 1 and parts[1] == "tvm" and parts[0] not in self.by_name:
            return ".".join(parts[1:])  # another package's re-export of TVM
        return dotted

    def exported(self, path: str, name: str, depth: int = 0) -> str | None:
        """Return the canonical origin of `name` as a global of the module at `path`, or None."""
        exports = self.exports(path)
        if name in exports.names:
            return self.canonical(exports.names[name], path, depth + 1)
        if depth > _LIMIT:
            return None
        for star in exports.stars:
            inner = self.star(star, name, path, depth + 1)
            if inner is not None:
                return inner
        return None

    def star(self, module: str, name: str, importer: str, depth: int = 0) -> str | None:
        """Return the origin of `name` if `from module import *` in `importer` binds it."""
        path = self.find(module, importer)
        if path is None:
            return None
        public = self.exports(path).public
        if name not in public if public is not None else name.startswith("_"):
            return None
        return self.exported(path, name, depth)

    def is_exported(self, path: str, name: str) -> bool:
        """Return whether other files may import the global `name` of the module at `path`."""
        if path.endswith("__init__.py") and not name.startswith("_"):
            return True
        public = self.exports(path).public if path in self.texts else None
        if public is not None and name in public:
            return True
        wanted = name.encode()
        for other, text in self.texts.items():
            if other != path and any(wanted in line or b"*" in line for line in text.imports):
                for target in self.taken(other):
                    module, _, taken = target.rpartition(".")
                    if taken == name or (taken == "*" and public is None and name[:1] != "_"):
                        dots = target[: len(target) - len(target.lstrip("."))]
                        if self.find(module if len(module) > len(dots) else dots, other) == path:
                            return True
        return False

    def _at(self, stem: str) -> str | None:
        for path in (f"{stem}/__init__.py" if stem else "__init__.py", f"{stem}.py"):
            if path in self.texts:
                return path
        return None

    def in_package(self, path: str) -> bool:
        """Return whether the file at `path` stands in a package."""
        return posixpath.join(posixpath.dirname(path), "__init__.py") in self.texts


NO_MODULES = TreeModules({})
_NOTHING = Exports({}, (), None)
_IMPORTS = re.compile(
    rb"\n[ \t]*(?:from[ \t]+[.\w]+[ \t]+import[ \t]*(?:\([^)]*\)|(?:\\\r?\n|[^\r\n])*)"
    rb"|import[ \t](?:\\\r?\n|[^\r\n])*|__all__[^=]*=[ \t]*(?:[(\[][^)\]]*|[^\r\n]*))"
)


def tree_modules(facts: Facts) -> TreeModules:
    """Return what `EXPORTS` learned, or an empty tree where it did not run."""
    found = facts.get(EXPORTS.name)
    return found if isinstance(found, TreeModules) else NO_MODULES


def _gather(source: Source) -> ModuleText:
    return ModuleText(tuple(_IMPORTS.findall(b"\n" + source.data)), source.data)


def _exports(text: ModuleText) -> Exports:
    module = parse_bytes(text.data)
    if isinstance(module, Problem):
        return _NOTHING
    names: dict[str, str] = {}
    stars: list[str] = []
    public: tuple[str, ...] | None = None
    for node, is_global in _statements(module.tree.body, True):
        if isinstance(node, ast.Import) and is_global:
            for alias in node.names:
                root = alias.name if alias.asname else alias.name.split(".")[0]
                names[alias.asname or root] = root
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                target = import_target(node, alias.name)
                if alias.name == "*":
                    stars.append(target.removesuffix("*").rstrip(".") or target.rstrip("*"))
                elif is_global:
                    names[alias.asname or alias.name] = target
        elif isinstance(node, ast.Assign) and is_global:
            for assigned in node.targets:
                if isinstance(assigned, ast.Name) and assigned.id == "__all__":
                    public = _strings(node.value)
    return Exports(names, tuple(stars), public)


def _targets(line: bytes) -> Iterator[str]:
    """Yield the dotted names that one import, given as text, asks for; none if it is no import."""
    try:
        body = ast.parse(line.strip()).body
    except (SyntaxError, ValueError):
        return  # prose that begins like one
    for node in body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (import_target(node, alias.name) for alias in node.names)


def _statements(body: list[ast.stmt], is_global: bool) -> Iterator[tuple[ast.stmt, bool]]:
    for node in body:
        yield node, is_global
        here = is_global and not isinstance(
            node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        )
        for name in ("body", "orelse", "finalbody"):
            yield from _statements(getattr(node, name, []) or [], here)
        for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
            yield from _statements(part.body, here)


def _strings(value: ast.expr) -> tuple[str, ...] | None:
    if not isinstance(value, (ast.List, ast.Tuple)):
        return None
    found = [item.value for item in value.elts if isinstance(item, ast.Constant)]
    return tuple(str(item) for item in found) if len(found) == len(value.elts) else None


def _digest(gathered: Mapping[str, Any]) -> TreeModules:
    by_name: dict[str, list[str]] = {}
    for path in sorted(gathered, key=lambda each: (each.count("/"), each)):
        parts = path.removesuffix(".py").removesuffix("/__init__").split("/")
        for start in range(len(parts)):
            by_name.setdefault(".".join(parts[start:]), []).append(path)
    return TreeModules(gathered, {name: tuple(paths) for name, paths in by_name.items()})


EXPORTS = Collector("python exports", Language.PYTHON, (), _gather, _digest)
