"""Whether a published Python package has a name, read from its sources without importing it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from py_rewriters.scopes import import_target


class Packages:
    """Folders of packages by name: `Packages({"tvm": Path(".../python/tvm")})`."""

    def __init__(self, roots: dict[str, Path]) -> None:
        self.roots = roots

    def has(self, dotted: str, depth: int = 0) -> bool:
        """Return whether `dotted` is a module, or a name that a module binds or imports."""
        if self.module(dotted) is not None:
            return True
        home, _, name = dotted.rpartition(".")
        path = self.module(home)
        if path is None or depth > 12:
            if not home or depth > 12:
                return False
            origin = self.origin(home, depth + 1)
            return origin is not None and origin != home and self.has(f"{origin}.{name}", depth + 1)
        if name in bound(path):
            return True
        return any(
            self.has(f"{self.absolute(home, path, star)}.{name}", depth + 1) for star in stars(path)
        )

    def origin(self, dotted: str, depth: int) -> str | None:
        """Return where the module-like name `dotted` is imported from, one step."""
        home, _, name = dotted.rpartition(".")
        path = self.module(home)
        if path is None or depth > 12:
            return None
        for local, target in imported(path):
            if local == name:
                return self.absolute(home, path, target)
        return None

    def absolute(self, module: str, path: Path, target: str) -> str:
        """Return the relative `target`, as written in `module`, from the top."""
        dots = len(target) - len(target.lstrip("."))
        if not dots:
            return target
        parts = module.split(".")
        drop = dots - 1 if path.name == "__init__.py" else dots
        return ".".join([*parts[: len(parts) - drop], target.lstrip(".")]).rstrip(".")

    def module(self, dotted: str) -> Path | None:
        """Return the file of the module `dotted`, or None."""
        root, *parts = dotted.split(".")
        if root not in self.roots:
            return None
        stem = self.roots[root].joinpath(*parts)
        found = [stem / "__init__.py", *stem.parent.glob(f"{stem.name}.py*")]
        compiled = [*stem.parent.glob(f"{stem.name}.*.so")]
        return next((path for path in [*found, *compiled] if path.is_file()), None)


@cache
def tree(path: Path) -> ast.Module:
    """Return the syntax tree of a module; an empty one of a compiled module."""
    return ast.parse(path.read_text("utf-8") if path.suffix in (".py", ".pyi") else "")


@cache
def bound(path: Path) -> frozenset[str]:
    """Return the names that a module binds, those of its classes' members left out."""
    names = {local for local, _ in imported(path)}
    for node in _statements(tree(path).body):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names.update(
                part.id for each in targets for part in ast.walk(each) if isinstance(part, ast.Name)
            )
    return frozenset(names)


@cache
def imported(path: Path) -> tuple[tuple[str, str], ...]:
    """Return each local name that an import of the module binds, with what it stands for."""
    found = []
    for node in _statements(tree(path).body):
        if isinstance(node, ast.Import):
            found += [(a.asname or a.name.split(".")[0], a.name) for a in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [(a.asname or a.name, import_target(node, a.name)) for a in node.names]
    return tuple(found)


@cache
def stars(path: Path) -> tuple[str, ...]:
    """Return the modules that a module imports with a star."""
    return tuple(
        target.removesuffix("*").rstrip(".") for local, target in imported(path) if local == "*"
    )


@cache
def members(path: Path, name: str) -> frozenset[str]:
    """Return the methods and properties that the class `name` of a module defines."""
    for node in tree(path).body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            return frozenset(
                each.name for each in node.body if isinstance(each, ast.FunctionDef)
            ) | {
                target.id
                for each in node.body
                if isinstance(each, ast.AnnAssign) and isinstance(target := each.target, ast.Name)
            }
    return frozenset()


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        yield node
        if isinstance(node, (ast.If, ast.Try, ast.With)):
            yield from _statements(node.body)
            yield from _statements(getattr(node, "orelse", []))
            for handler in getattr(node, "handlers", []):
                yield from _statements(handler.body)
