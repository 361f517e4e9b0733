"""Where the names of a file come from: its imports, followed through the tree's re-exports."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Container
from dataclasses import dataclass, field

from codemods.model import Facts, Source
from py_rewriters.exports import TreeModules, tree_modules
from py_rewriters.parsing import Module, Problem, parse
from py_rewriters.scopes import Analysis, Binding, Scope, Use, analyse, import_target

_LIMIT = 4  # assignments of one name to another


@dataclass(frozen=True)
class Origin:
    """What a name stands for: a canonical dotted name, and the bindings that say so.

    `certain` is False where other bindings of the name, or a second origin, leave a doubt.
    """

    dotted: str
    bindings: tuple[Binding, ...]
    certain: bool = True
    star: ast.ImportFrom | None = None


@dataclass(frozen=True)
class Resolver:
    """The names of one file."""

    path: str
    module: Module
    analysis: Analysis
    tree: TreeModules
    _origins: dict[tuple[Scope, str], Origin | None] = field(default_factory=dict)
    _canonical: dict[str, str] = field(default_factory=dict)

    def origin(self, name: str, scope: Scope, depth: int = 0) -> Origin | None:
        """Return what `name`, used in `scope`, stands for; None when no import gives it."""
        key = scope, name
        if key not in self._origins:
            self._origins[key] = self._origin(name, scope, depth)
        return self._origins[key]

    def canonical(self, dotted: str) -> str:
        """Return where `dotted`, as this file would write it, comes from."""
        found = self._canonical.get(dotted)
        if found is None:
            found = self._canonical[dotted] = self.tree.canonical(dotted, self.path)
        return found

    def _origin(self, name: str, scope: Scope, depth: int) -> Origin | None:
        bindings = scope.lookup(name)
        if not bindings:
            return self._starred(name, scope)
        origins: set[str] = set()
        others = False
        via: list[Binding] = []
        for binding in bindings:
            dotted = self._target(binding, depth)
            if dotted is not None:
                origins.add(dotted)
                via.append(binding)
            elif not _is_none(binding.value):
                others = True
        if not origins:
            return None
        return Origin(min(origins), tuple(via), not others and len(origins) == 1)

    def dotted(self, use: Use) -> tuple[Origin, str] | None:
        """Return the origin of the first name of `use` and the canonical whole, or None."""
        origin = self.origin(use.root.id, use.scope)
        if origin is None:
            return None
        whole = ".".join([origin.dotted, *use.parts[1:]])
        return origin, self.canonical(whole)

    def expression(self, node: ast.expr, scope: Scope, depth: int = 0) -> str | None:
        """Return the canonical dotted name of an expression made of names and dots, or None."""
        attributes: list[str] = []
        while isinstance(node, ast.Attribute):
            attributes.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return None
        origin = self.origin(node.id, scope, depth + 1)
        if origin is None or not origin.certain:
            return None
        whole = ".".join([origin.dotted, *reversed(attributes)])
        return self.canonical(whole)

    def _target(self, binding: Binding, depth: int) -> str | None:
        if binding.imported is not None:
            return self.canonical(binding.imported)
        if binding.value is None or depth > _LIMIT:
            return None
        if not isinstance(binding.value, (ast.Name, ast.Attribute)):
            return None
        if isinstance(binding.value, ast.Name) and binding.value.id == binding.name:
            return None
        return self.expression(binding.value, binding.scope, depth + 1)

    def _starred(self, name: str, scope: Scope) -> Origin | None:
        if hasattr(builtins, name):
            return None
        for star in scope.module().stars:
            module = import_target(star, "*").removesuffix("*")
            module = module.rstrip(".") or module
            dotted = self.tree.star(module, name, self.path)
            if dotted is not None:
                return Origin(dotted, (), True, star)
        return None

    def outside(self, name: str, scope: Scope, known: Container[str]) -> Origin | None:
        """Return what a star import of a module that is not of the tree gives `name`, or None.

        `known`: dotted names that such modules are known to have. Not certain where another
        module's star may give the name too.
        """
        if hasattr(builtins, name) or scope.lookup(name):
            return None
        stars = [
            (star, import_target(star, name))
            for star in scope.module().stars
            if self.tree.find(import_target(star, "*").removesuffix(".*"), self.path) is None
        ]
        for star, dotted in stars:
            if dotted in known:
                return Origin(dotted, (), len(stars) == 1, star)
        return None


def resolver(source: Source, facts: Facts) -> Resolver | Problem:
    """Return the names of `source`, parsed once however many rewrites ask."""
    module = source.once(parse)
    if isinstance(module, Problem):
        return module
    return Resolver(source.path, module, _analysis(source), tree_modules(facts))


def _analysis(source: Source) -> Analysis:
    return source.once(_analyse)


def _analyse(source: Source) -> Analysis:
    module = source.once(parse)
    if isinstance(module, Problem):
        raise ValueError(f"{source.path} cannot be parsed: {module.message}")
    return analyse(module)


def _is_none(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Constant) and value.value is None
