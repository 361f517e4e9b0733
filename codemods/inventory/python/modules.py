"""The modules of a tree's packages, and what each defines."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from codemods.inventory.model import Entry, Kind

Function = ast.FunctionDef | ast.AsyncFunctionDef

SCRIPT_TOKENS = (b"def test", b"register", b"environ", b"getenv", b"_pass", b"Enum")
_NOT_PACKAGES = ("test", "tests", "testing", "example", "examples", "benchmark", "benchmarks")


@dataclass(frozen=True)
class Module:
    """One parsed file; `name` is dotted, and empty for a script outside any package."""

    path: str
    name: str
    is_package: bool
    body: ast.Module
    data: bytes


@dataclass(frozen=True)
class PythonTree:
    """The Python files of a tree, and the paths of those that do not parse."""

    modules: tuple[Module, ...]
    unreadable: tuple[str, ...]

    @classmethod
    def of(cls, files: Mapping[str, bytes]) -> PythonTree:
        """Parse the files; a package begins where a folder first has an `__init__.py`.

        The folders below belong to it, with a file of that name or without. A script outside any
        package is parsed only when it holds one of `SCRIPT_TOKENS`: nothing else of it is of
        interest.
        """
        modules: list[Module] = []
        unreadable: list[str] = []
        for path, data in sorted(files.items()):
            name, is_package = _dotted(path, files)
            if not name and not any(token in data for token in SCRIPT_TOKENS):
                continue
            try:
                body = ast.parse(data, path)
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                unreadable.append(path)
                continue
            modules.append(Module(path, name, is_package, body, data))
        return cls(tuple(modules), tuple(unreadable))

    @cached_property
    def packaged(self) -> Mapping[str, Module]:
        """The modules of packages, by dotted name; test and example folders are no packages."""
        return {
            m.name: m for m in self.modules if m.name and m.name.split(".")[0] not in _NOT_PACKAGES
        }

    def names(self) -> Iterator[Entry]:
        """What each module defines: functions, classes with their methods, and values."""
        for module in self.packaged.values():
            yield from _defined(module.path, module.name, module.body.body)


def absolute(module: Module, node: ast.ImportFrom) -> str:
    """The dotted name of the module that a `from ... import` names."""
    if not node.level:
        return node.module or ""
    parts = module.name.split(".")
    drop = node.level - (1 if module.is_package else 0)
    base = parts[: len(parts) - drop] if drop else parts
    return ".".join([*base, *([node.module] if node.module else [])])


def signature(node: Function) -> tuple[str, ...]:
    """A part for each parameter, in order: `a`, `a=` with a default, `*`, `*args`, `**kwargs`, `/`.

    Types and the defaults' values are left out: a caller's code depends on neither.
    """
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    first_default = len(positional) - len(arguments.defaults)
    parts: list[str] = []
    for index, argument in enumerate(positional):
        parts.append(argument.arg + ("=" if index >= first_default else ""))
        if index + 1 == len(arguments.posonlyargs):
            parts.append("/")
    if arguments.vararg is not None:
        parts.append(f"*{arguments.vararg.arg}")
    elif arguments.kwonlyargs:
        parts.append("*")
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        parts.append(argument.arg + ("=" if default is not None else ""))
    if arguments.kwarg is not None:
        parts.append(f"**{arguments.kwarg.arg}")
    return tuple(parts)


def _defined(path: str, prefix: str, body: Iterable[ast.stmt]) -> Iterator[Entry]:
    for node in statements(body):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield _name(path, f"{prefix}.{node.name}", signature(node), node.lineno)
        elif isinstance(node, ast.ClassDef):
            yield _name(path, f"{prefix}.{node.name}", (), node.lineno)
            yield from _defined(path, f"{prefix}.{node.name}", node.body)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            for target in targets(node):
                if not target.startswith("_"):
                    yield _name(path, f"{prefix}.{target}", (), node.lineno)


def _name(path: str, name: str, parts: tuple[str, ...], line: int) -> Entry:
    return Entry(Kind.PYTHON_NAME.value, name, parts, path, line)


def statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run when the module is imported, through `if`, `try` and `with`."""
    for node in body:
        yield node
        if isinstance(node, (ast.If, ast.Try, ast.With)):
            yield from statements(node.body)
            if not isinstance(node, ast.With):
                yield from statements(node.orelse)
            if isinstance(node, ast.Try):
                for handler in node.handlers:
                    yield from statements(handler.body)
                yield from statements(node.finalbody)


def targets(node: ast.Assign | ast.AnnAssign) -> Iterator[str]:
    """The plain names that an assignment binds."""
    found = node.targets if isinstance(node, ast.Assign) else [node.target]
    for target in found:
        elements = target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]
        for element in elements:
            if isinstance(element, ast.Name):
                yield element.id


def listed(body: ast.Module) -> list[str] | None:
    """The names of a literal `__all__`, or None without one."""
    found: list[str] | None = None
    for node in statements(body.body):
        value: ast.expr | None = None
        if isinstance(node, ast.Assign) and "__all__" in targets(node):
            value, found = node.value, []
        elif (
            isinstance(node, ast.AugAssign)
            and isinstance(node.target, ast.Name)
            and node.target.id == "__all__"
        ):
            value = node.value
        if isinstance(value, (ast.List, ast.Tuple)):
            found = (found or []) + [
                e.value
                for e in value.elts
                if isinstance(e, ast.Constant) and isinstance(e.value, str)
            ]
    return found


def _dotted(path: str, files: Mapping[str, bytes]) -> tuple[str, bool]:
    parts = path[: -len(".py")].split("/")
    is_package = parts[-1] == "__init__"
    folders = parts[:-1]
    first = _first_package(folders, files)
    if first is None:
        return "", False
    name = folders[first:] if is_package else [*folders[first:], parts[-1]]
    return ".".join(name), is_package


def _first_package(folders: Sequence[str], files: Mapping[str, bytes]) -> int | None:
    """Where among the folders of a file its dotted name begins, None outside any package.

    A folder without an `__init__.py` below a package is importable too, as a namespace. It is none
    when it holds a project of its own or, by its name, tests or data.
    """

    def holds(end: int, file: str) -> bool:
        return "/".join([*folders[:end], file]) in files

    packages = [holds(end, "__init__.py") for end in range(1, len(folders) + 1)]
    first = None
    for index, folder in enumerate(folders):
        if packages[index]:
            first = index if first is None else first
        elif holds(index + 1, "setup.py") or folder in _NOT_PACKAGES or not folder.isidentifier():
            first = None
    return first
