"""Python packages as their sources describe them: which names a module binds, and to what.

Nothing is imported, so no native library is loaded and two TVMs can be looked at on one machine.
What cannot be told from the source (a module with `__getattr__`, names put in from a registry, an
extension module without a stub, a package that is not among the roots) counts as resolved.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path


class Outcome(Enum):
    """What a dotted name leads to."""

    MODULE = "module"
    VALUE = "value"
    UNKNOWN = "unknown"  # it cannot be told without running code
    MISSING = "missing"


@dataclass(frozen=True)
class Target:
    """Where a name leads: a module by its full name, or no more than the outcome."""

    outcome: Outcome
    module: str = ""


UNKNOWN = Target(Outcome.UNKNOWN)
VALUE = Target(Outcome.VALUE)
MISSING = Target(Outcome.MISSING)


@dataclass
class Module:
    """What the source of a module says it binds at its top level.

    `imports`: a name to (module, attribute), attribute "" for the module itself. `stars`: modules
    whose public names it takes over. `is_open`: further names come from where no source tells.
    """

    name: str
    is_package: bool
    values: set[str] = field(default_factory=set)
    imports: dict[str, tuple[str, str]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    exported: set[str] | None = None
    computes_exports: bool = False
    is_open: bool = False


_BUILD_FILES = frozenset({"CMakeLists.txt", "setup.py", "meson.build"})
_BUILT = re.compile(
    rb"""(?:OUTPUT_NAME|python_add_library\s*\(|pybind11_add_module\s*\(
         |Extension\s*\(\s*(?:name\s*=)?)\s*["']?(?:\w+\.)*(\w+)""",
    re.VERBOSE,
)
"""Where a build names an extension module that it makes; its source says nothing of its names."""


class Packages:
    """Packages found in folders and in a mapping of files, the first that has one wins."""

    def __init__(self, files: Mapping[str, bytes], folders: Sequence[Path]) -> None:
        self._files = files
        self._folders = folders
        self._modules: dict[str, Module | None] = {}
        self._tops: dict[str, bool] = {}
        self._resolving: set[tuple[str, str]] = set()
        self._built = frozenset(
            name.decode()
            for path, data in files.items()
            if path.rpartition("/")[2] in _BUILD_FILES
            for name in _BUILT.findall(data)
        )

    def knows(self, name: str) -> bool:
        """Return whether the top-level package of a dotted name is among these."""
        top = name.split(".", 1)[0]
        if top not in self._tops:
            self._tops[top] = self.module(top) is not None
        return self._tops[top]

    def module(self, name: str) -> Module | None:
        """Return the module of that full name, None if there is none."""
        if name not in self._modules:
            self._modules[name] = self._read(name)
        return self._modules[name]

    def source(self, name: str) -> bytes | None:
        """Return the source of a module among the files, None where there is none."""
        base = name.replace(".", "/")
        return self._files.get(f"{base}.py", self._files.get(f"{base}/__init__.py"))

    def _read(self, name: str) -> Module | None:
        base = name.replace(".", "/")
        for path, is_package in ((f"{base}/__init__.py", True), (f"{base}.py", False)):
            data = self._files.get(path)
            if data is not None:
                return _parse(name, data, is_package)
        for folder in self._folders:
            for suffix, is_package in (("/__init__.py", True), (".py", False), (".pyi", False)):
                place = folder / (base + suffix)
                if place.is_file():
                    return _parse(name, place.read_bytes(), is_package)
            place = folder / base
            if any(place.parent.glob(f"{place.name}.*.so")) or place.with_suffix(".so").is_file():
                return Module(name, False, is_open=True)
            if place.is_dir() and any(place.glob("*.py")):
                return Module(name, True)
        if name.rpartition(".")[2] in self._built:
            return Module(name, False, is_open=True)
        if any(path.startswith(base + "/") and path.endswith(".py") for path in self._files):
            return Module(name, True)
        return None

    def attribute(self, module: str, name: str) -> Target:
        """Return what `name` of a module leads to: one of its bindings, or a submodule."""
        key = (module, name)
        if key in self._resolving:  # modules that import each other
            return UNKNOWN
        self._resolving.add(key)
        try:
            return self._attribute(module, name)
        finally:
            self._resolving.discard(key)

    def _attribute(self, module: str, name: str) -> Target:
        found = self.module(module)
        if found is None:
            return UNKNOWN if not self.knows(module) else MISSING
        if found.imports.get(name, (module, name)) != (module, name):  # not `from . import name`
            source, attribute = found.imports[name]
            target = self.dotted(source) if not attribute else self.member(source, attribute)
            if target.outcome is not Outcome.MISSING or name not in found.values:
                return UNKNOWN if target.outcome is Outcome.MISSING else target
        if name in found.values:
            return VALUE
        submodule = f"{module}.{name}"
        if found.is_package and self.module(submodule) is not None:
            return Target(Outcome.MODULE, submodule)
        if name.startswith("__") and name.endswith("__"):
            return VALUE
        for star in found.stars:
            target = self._through_star(star, name)
            if target.outcome is not Outcome.MISSING:
                return target
        return UNKNOWN if found.is_open else MISSING

    def _through_star(self, star: str, name: str) -> Target:
        source = self.module(star)
        if source is None:
            return UNKNOWN if not self.knows(star) else MISSING
        if source.exported is not None and not source.computes_exports:
            if name not in source.exported:
                return MISSING
        elif name.startswith("_") and not source.computes_exports:
            return MISSING
        elif source.is_package and name not in source.values and name not in source.imports:
            submodule = f"{star}.{name}"
            if self.module(submodule) is not None:  # bound only if the package imports it
                return UNKNOWN
        return self.attribute(star, name)

    def member(self, module: str, name: str) -> Target:
        """Return what `from module import name` binds."""
        return self.attribute(module, name)

    def dotted(self, name: str) -> Target:
        """Return what the full name of a module leads to."""
        if not self.knows(name):
            return UNKNOWN
        return Target(Outcome.MODULE, name) if self.module(name) is not None else MISSING


_OPENING_CALLS = frozenset({"_init_api", "init_ffi_api", "setattr"})


def _parse(name: str, data: bytes, is_package: bool) -> Module:
    module = Module(name, is_package)
    try:
        tree = ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        module.is_open = True
        return module
    _Binder(module).visit_body(tree.body)
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            module.values.update(node.names)
    return module


class _Binder:
    """Collects what the statements of a module's top level bind, looking into `if` and `try`."""

    def __init__(self, module: Module) -> None:
        self.module = module

    def visit_body(self, body: Sequence[ast.stmt]) -> None:
        for statement in body:
            self.visit(statement)

    def visit(self, node: ast.stmt) -> None:
        module = self.module
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            module.values.add(node.name)
            if node.name == "__getattr__":
                module.is_open = True
        elif isinstance(node, ast.Import):
            for alias in node.names:
                bound = alias.asname or alias.name.split(".", 1)[0]
                module.imports[bound] = (alias.name if alias.asname else bound, "")
        elif isinstance(node, ast.ImportFrom):
            self._import_from(node)
        else:
            module.values.update(_names_bound(node))
            self._exports(node)
            if _opens(node):
                module.is_open = True
            for inner in ast.iter_child_nodes(node):
                if isinstance(inner, ast.stmt):
                    self.visit(inner)
                elif isinstance(inner, (ast.ExceptHandler, ast.match_case)):
                    self.visit_body(inner.body)

    def _import_from(self, node: ast.ImportFrom) -> None:
        source = absolute(node, self.module.name, self.module.is_package)
        for alias in node.names:
            if alias.name == "*":
                self.module.stars.append(source)
            else:
                self.module.imports[alias.asname or alias.name] = (source, alias.name)

    def _exports(self, node: ast.stmt) -> None:
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, (ast.AugAssign, ast.AnnAssign)):
            targets = [node.target]
        if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            value = getattr(node, "value", None)
            try:
                names = {str(name) for name in ast.literal_eval(value or node)}
            except (ValueError, TypeError):
                self.module.computes_exports = True  # made of other modules' lists
            else:
                self.module.exported = (self.module.exported or set()) | names


def absolute(node: ast.ImportFrom, module: str, is_package: bool) -> str:
    """Return the full name of the module that a `from` import names."""
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    keep = len(parts) - node.level + (1 if is_package else 0)
    return ".".join([*parts[: max(keep, 0)], *([node.module] if node.module else [])])


def _names_bound(node: ast.stmt) -> Iterator[str]:
    """The names that a statement's own targets bind, its nested statements aside."""
    for inner in _own_expressions(node):
        for part in ast.walk(inner):
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                yield part.id


def _own_expressions(node: ast.AST) -> Iterator[ast.AST]:
    for inner in ast.iter_child_nodes(node):
        if not isinstance(inner, (ast.stmt, ast.ExceptHandler, ast.match_case)):
            yield inner


def _opens(node: ast.stmt) -> bool:
    """Whether a statement puts names into the module that its source does not spell."""
    for inner in _own_expressions(node):
        for part in ast.walk(inner):
            if isinstance(part, ast.Call):
                called = part.func
                name = called.attr if isinstance(called, ast.Attribute) else ""
                name = called.id if isinstance(called, ast.Name) else name
                if name in _OPENING_CALLS or name == "globals":
                    return True
    return False
