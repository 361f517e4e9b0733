"""What can be imported from each package of a tree, and where it comes from."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from codemods.inventory.model import Entry, Kind
from codemods.inventory.python.modules import (
    Module,
    PythonTree,
    absolute,
    listed,
    statements,
    targets,
)


def exported(tree: PythonTree) -> Iterator[Entry]:
    """The names that each package's `__init__` binds, with the signature where it is known.

    Names that begin with an underscore count only when `__all__` lists them; modules bound by a
    plain `import` do not count.
    """
    signatures: dict[str, set[tuple[str, ...]]] = {}
    for entry in tree.names():
        signatures.setdefault(entry.name, set()).add(entry.signature)
    resolver = _Resolver(tree)
    for module in tree.packaged.values():
        if not module.is_package:
            continue
        public = set(listed(module.body) or ())
        for name, line in resolver.names(module.name).items():
            if name.startswith("_") and name not in public:
                continue
            found = signatures.get(resolver.origin(module.name, name), set())
            signature = next(iter(found)) if len(found) == 1 else ()
            full = f"{module.name}.{name}"
            yield Entry(Kind.PYTHON_EXPORT.value, full, signature, module.path, line)


@dataclass
class _Bindings:
    """What a module binds itself: name → (source module or "", name there, line); star imports."""

    names: dict[str, tuple[str, str, int]] = field(default_factory=dict)
    stars: list[tuple[str, int]] = field(default_factory=list)


class _Resolver:
    """Follows imports inside the tree; nothing is imported."""

    def __init__(self, tree: PythonTree) -> None:
        self.tree = tree
        self.bindings = {m.name: _bindings(m) for m in tree.packaged.values()}

    def names(self, module: str, visited: frozenset[str] = frozenset()) -> dict[str, int]:
        """The names that `module` binds, star imports followed, and the lines that bind them."""
        bindings = self.bindings[module]
        bound: dict[str, int] = {}
        for source, line in bindings.stars:
            if source in self.bindings and source not in visited:
                public = listed(self.tree.packaged[source].body)
                inner = self.names(source, visited | {module})
                chosen = public if public is not None else [n for n in inner if n[0] != "_"]
                bound |= dict.fromkeys(chosen, line)
        return bound | {name: line for name, (_, _, line) in bindings.names.items()}

    def origin(self, module: str, name: str) -> str:
        """The dotted name under which the object is defined, as far as the tree tells."""
        visited: set[tuple[str, str]] = set()
        while module in self.bindings and (module, name) not in visited:
            visited.add((module, name))
            bindings = self.bindings[module]
            if name in bindings.names:
                source, original, _ = bindings.names[name]
                if not source:
                    break
                module, name = source, original
                continue
            star = next((s for s, _ in bindings.stars if name in self._shallow(s)), None)
            if star is None:
                break
            module = star
        return f"{module}.{name}" if module else name

    def _shallow(self, module: str) -> dict[str, int]:
        return self.names(module) if module in self.bindings else {}


def _bindings(module: Module) -> _Bindings:
    found = _Bindings()
    for node in statements(module.body.body):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.names[node.name] = ("", node.name, node.lineno)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            for target in targets(node):
                found.names[target] = ("", target, node.lineno)
        elif isinstance(node, ast.ImportFrom) and node.module != "__future__":
            source = absolute(module, node)
            for alias in node.names:
                if alias.name == "*":
                    found.stars.append((source, node.lineno))
                else:
                    found.names[alias.asname or alias.name] = (source, alias.name, node.lineno)
    return found
