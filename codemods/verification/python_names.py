"""Which dotted names of a tree's Python lead nowhere in given packages.

An import is resolved by module path, an attribute by attribute: a star import may bind a name that
also is a submodule. Imports that the code itself guards (`try ... except ImportError`,
`if TYPE_CHECKING`) are not looked at. `python -m codemods.verification.python_names` prints the
answer as JSON, so that each side is looked at in a process of its own.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath

from codemods.verification.modules import Outcome, Packages, Target, absolute

_GUARDS = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "AttributeError"})


@dataclass(frozen=True, order=True)
class Unresolved:
    """A use of a name that leads nowhere; `name` is cut after the part that fails."""

    path: str
    line: int
    column: int
    name: str

    @property
    def key(self) -> tuple[str, str]:
        """What is the same before and after a port, which renames the front of a name."""
        return self.path, self.name.rpartition(".")[2]


def unresolved(files: Mapping[str, bytes], folders: Sequence[Path]) -> list[Unresolved]:
    """Return the names in `files` (by path) that lead nowhere.

    Packages are the tree's own, then those in `folders`.
    """
    packages = Packages(files, folders)
    found: set[Unresolved] = set()
    for path, data in files.items():
        if PurePosixPath(path).suffix == ".py":
            try:
                tree = ast.parse(data)
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                continue
            found.update(_File(path, packages).uses(tree))
    return sorted(found)


@dataclass
class _Scope:
    """Names bound by imports lead to a target; other bindings hide them (None)."""

    bindings: dict[str, Target | None] = field(default_factory=dict)
    is_class: bool = False


class _File:
    def __init__(self, path: str, packages: Packages) -> None:
        self.path = path
        self.packages = packages
        parts = list(PurePosixPath(path).with_suffix("").parts)
        self.is_package = parts[-1] == "__init__"
        self.module = ".".join(parts[:-1] if self.is_package else parts)
        self.scopes: list[_Scope] = []

    def uses(self, tree: ast.Module) -> Iterator[Unresolved]:
        yield from self._scope(tree.body, [], False)

    def _scope(
        self, body: Sequence[ast.stmt], hidden: Sequence[str], is_class: bool
    ) -> Iterator[Unresolved]:
        scope = _Scope(dict.fromkeys(hidden), is_class)
        self.scopes.append(scope)
        for name, target in self._bindings(body):
            if name in scope.bindings and scope.bindings[name] != target:
                scope.bindings[name] = None  # bound in two ways: which one holds is not known
            else:
                scope.bindings[name] = target
        for statement in body:
            yield from self._visit(statement, guarded=False)
        self.scopes.pop()

    def _bindings(self, body: Sequence[ast.stmt]) -> Iterator[tuple[str, Target | None]]:
        for statement in body:
            if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                yield statement.name, None
            elif isinstance(statement, ast.Import):
                for alias in statement.names:
                    name = alias.name if alias.asname else alias.name.split(".", 1)[0]
                    yield alias.asname or name, self.packages.dotted(name)
            elif isinstance(statement, ast.ImportFrom):
                source = absolute(statement, self.module, self.is_package)
                for alias in statement.names:
                    if alias.name != "*":
                        target = self.packages.member(source, alias.name)
                        yield alias.asname or alias.name, target
            else:
                for inner in ast.iter_child_nodes(statement):
                    if isinstance(inner, ast.stmt):
                        yield from self._bindings([inner])
                    elif isinstance(inner, (ast.ExceptHandler, ast.match_case)):
                        if isinstance(inner, ast.ExceptHandler) and inner.name:
                            yield inner.name, None
                        yield from self._bindings(inner.body)
                    else:
                        for part in ast.walk(inner):
                            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                                yield part.id, None

    def _visit(self, node: ast.AST, guarded: bool) -> Iterator[Unresolved]:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            outer: list[ast.AST] = [*node.decorator_list, *_annotations(node)]
            for part in [*outer, *_defaults(node.args)]:
                yield from self._visit(part, guarded)
            yield from self._scope(node.body, _parameters(node.args), False)
        elif isinstance(node, ast.ClassDef):
            head: list[ast.AST] = [*node.decorator_list, *node.bases, *node.keywords]
            for part in head:
                yield from self._visit(part, guarded)
            yield from self._scope(node.body, [], True)
        elif isinstance(node, ast.Lambda):
            scope = _Scope(dict.fromkeys(_parameters(node.args)))
            self.scopes.append(scope)
            yield from self._visit(node.body, guarded)
            self.scopes.pop()
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            if not guarded:
                yield from self._import(node)
        elif isinstance(node, ast.Try):
            yield from self._try(node, guarded)
        elif isinstance(node, ast.If) and _is_type_checking(node.test):
            for statement in node.orelse:
                yield from self._visit(statement, guarded)
        elif isinstance(node, ast.Attribute):
            yield from self._attribute(node, guarded)
        else:
            for inner in ast.iter_child_nodes(node):
                yield from self._visit(inner, guarded)

    def _try(self, node: ast.Try, guarded: bool) -> Iterator[Unresolved]:
        inside = guarded or any(_guards(handler) for handler in node.handlers)
        for statement in node.body:
            yield from self._visit(statement, inside)
        for part in [*node.handlers, *node.orelse, *node.finalbody]:
            yield from self._visit(part, guarded)

    def _import(self, node: ast.Import | ast.ImportFrom) -> Iterator[Unresolved]:
        if isinstance(node, ast.Import):
            for alias in node.names:
                if self.packages.dotted(alias.name).outcome is Outcome.MISSING:
                    yield self._at(node, self._first_missing(alias.name))
            return
        source = absolute(node, self.module, self.is_package)
        if self.packages.dotted(source).outcome is Outcome.MISSING:
            yield self._at(node, self._first_missing(source))
            return
        for alias in node.names:
            if alias.name == "*":
                continue
            if self.packages.member(source, alias.name).outcome is Outcome.MISSING:
                yield self._at(node, f"{source}.{alias.name}")

    def _first_missing(self, name: str) -> str:
        parts = name.split(".")
        for count in range(1, len(parts)):
            prefix = ".".join(parts[:count])
            if self.packages.dotted(prefix).outcome is Outcome.MISSING:
                return prefix
        return name

    def _attribute(self, node: ast.Attribute, guarded: bool) -> Iterator[Unresolved]:
        chain: list[str] = []
        value: ast.expr = node
        while isinstance(value, ast.Attribute):
            chain.append(value.attr)
            value = value.value
        if not isinstance(value, ast.Name):
            yield from self._visit(value, guarded)
            return
        if guarded or not isinstance(value.ctx, ast.Load):
            return
        target = self._lookup(value.id)
        name = target.module if target is not None else ""
        for attribute in reversed(chain):
            if target is None or target.outcome is not Outcome.MODULE:
                return
            target = self.packages.attribute(target.module, attribute)
            if target.outcome is Outcome.MISSING and not isinstance(node.ctx, ast.Store):
                yield self._at(node, f"{name}.{attribute}")
            name = target.module

    def _lookup(self, name: str) -> Target | None:
        for depth, scope in enumerate(reversed(self.scopes)):
            if name in scope.bindings and not (scope.is_class and depth):
                return scope.bindings[name]
        return None

    def _at(self, node: ast.stmt | ast.expr, name: str) -> Unresolved:
        return Unresolved(self.path, node.lineno, node.col_offset + 1, name)


def _parameters(arguments: ast.arguments) -> list[str]:
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    every += [extra for extra in (arguments.vararg, arguments.kwarg) if extra is not None]
    return [argument.arg for argument in every]


def _annotations(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.expr]:
    arguments = node.args
    for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]:
        if argument.annotation is not None:
            yield argument.annotation
    if node.returns is not None:
        yield node.returns


def _defaults(arguments: ast.arguments) -> Iterator[ast.expr]:
    yield from arguments.defaults
    yield from (default for default in arguments.kw_defaults if default is not None)


def _guards(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    return any(isinstance(part, ast.Name) and part.id in _GUARDS for part in ast.walk(handler.type))


def _is_type_checking(test: ast.expr) -> bool:
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", "")
    return name == "TYPE_CHECKING"


def main(arguments: Sequence[str]) -> None:
    """Print the unresolved names as JSON. Arguments: the tree, a revision or "", folders."""
    from codemods.deep_stack import on_deep_stack
    from codemods.inventory import tree

    root, revision, *folders = arguments
    read = tree.read_revision(Path(root), revision) if revision else tree.read_folder(Path(root))
    files = {path: data for path, data in read.items() if path.endswith(".py")}
    listing = Path(root) / "CMakeLists.txt"
    if listing.is_file():
        files[listing.name] = listing.read_bytes()
    found = on_deep_stack(lambda: unresolved(files, [Path(folder) for folder in folders]))
    json.dump([asdict(use) for use in found], sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
