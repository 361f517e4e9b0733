"""Which kernels a tree's examples and tests define, and which programs are there to reach them.

Counted from the syntax alone, so that what the `lower` stage catches can be held against it.
"""

from __future__ import annotations

import ast
import fnmatch
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

_SKIPPED = frozenset({"3rdparty", "third_party", "build", "dist"})


@dataclass(frozen=True)
class Definition:
    """A function decorated with `@T.prim_func`: `name` is its qualified name in `path`.

    `line` is the first line of its decorators, `end` its last line, both 1-based.
    """

    path: str
    name: str
    line: int
    end: int


@dataclass(frozen=True)
class Program:
    """A file to run: `kind` is `tests` for pytest or `program` for a script.

    `environment`: variables that it is run with besides those that its folder asks for.
    """

    path: str
    kind: str
    arguments: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = field(default=(), repr=False)


def kernel_files(tree: Path, only: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the Python files of examples, language tests and distributed tests of `tree`.

    `only`: globs on the path; empty means all of them.
    """
    found = []
    for file in sorted(tree.rglob("*.py")):
        path = file.relative_to(tree).as_posix()
        if _holds_kernels(path) and (
            not only or any(fnmatch.fnmatch(path, pattern) for pattern in only)
        ):
            found.append(path)
    return tuple(found)


def _holds_kernels(path: str) -> bool:
    folders = PurePosixPath(path).parts[:-1]
    if _SKIPPED.intersection(folders) or any(folder.startswith(".") for folder in folders):
        return False
    if "examples" in folders:
        return True
    testing = "testing" in folders or "tests" in folders
    return testing and ("language" in folders or "distributed" in folders)


def definitions(path: str, text: bytes) -> tuple[Definition, ...]:
    """Return the kernels that the file at `path` defines; none where it cannot be parsed."""
    try:
        module = ast.parse(text)
    except SyntaxError:
        return ()
    return tuple(_definitions(path, module, ()))


def _definitions(path: str, node: ast.AST, outer: tuple[str, ...]) -> Iterator[Definition]:
    for child in ast.iter_child_nodes(node):
        inner = outer
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inner = (*outer, child.name)
        if isinstance(child, ast.FunctionDef) and any(
            _is_prim_func(decorator) for decorator in child.decorator_list
        ):
            first = min(decorator.lineno for decorator in child.decorator_list)
            name = ".".join(inner)
            yield Definition(path, name, first, child.end_lineno or child.lineno)
        yield from _definitions(path, child, inner)


def _is_prim_func(decorator: ast.expr) -> bool:
    if isinstance(decorator, ast.Call):
        decorator = decorator.func
    if isinstance(decorator, ast.Attribute):
        return decorator.attr == "prim_func"
    return isinstance(decorator, ast.Name) and decorator.id == "prim_func"


def program(path: str, text: bytes) -> Program | None:
    """Return how to run the file at `path`; None for one that only others import.

    Tests are run by pytest; a script is one that defines kernels, or with a `__main__` part or
    calls at its top level. Where it must be given a choice, that is the first.
    """
    name = PurePosixPath(path).name
    try:
        module = ast.parse(text)
    except SyntaxError:
        return None
    if (name.startswith("test_") or name.endswith("_test.py")) and any(map(_tests, module.body)):
        return Program(path, "tests")
    if definitions(path, text) or any(_runs(node) for node in module.body):
        return Program(path, "program", _required_choices(module))
    return None


def _required_choices(module: ast.Module) -> tuple[str, ...]:
    given: list[str] = []
    for call in _added_arguments(module):
        stated = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
        option, choices = _option(call), _choices(call, None)
        if option and choices and stated.get("required") == "True":
            given += [option, choices[0]]
    return tuple(given)


def variants(found: Program, text: bytes, together: int) -> tuple[Program, ...]:
    """Return the program with its own switches and choices, `together` at a time.

    Read from its `add_argument` calls: a flag is given, a choice that is not the default is made.
    """
    made: list[tuple[str, ...]] = []
    for node in _added_arguments(ast.parse(text)):
        stated = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
        option = _option(node)
        action = stated.get("action", "")
        if option and "store_true" in action:
            made.append((option,))
        elif option and "BooleanOptional" in action:
            on = stated.get("default") == "True"
            made.append((f"--no-{option[2:]}" if on else option,))
        elif option and "choices" in stated:
            made.extend((option, choice) for choice in _choices(node, stated.get("default")))
    return tuple(
        replace(found, arguments=(*found.arguments, *itertools.chain(*more)))
        for more in itertools.combinations(made, together)
    )


def _added_arguments(module: ast.Module) -> Iterator[ast.Call]:
    for node in ast.walk(module):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if node.func.attr == "add_argument" and node.args:
            yield node


def _option(call: ast.Call) -> str:
    names = [str(a.value) for a in call.args if isinstance(a, ast.Constant)]
    return next((name for name in names if name.startswith("--")), "")


def _choices(call: ast.Call, default: str | None) -> list[str]:
    for keyword in call.keywords:
        if keyword.arg == "choices" and isinstance(keyword.value, ast.List | ast.Tuple):
            values = [e.value for e in keyword.value.elts if isinstance(e, ast.Constant)]
            return [str(value) for value in values if repr(value) != default]
    return []


def _tests(node: ast.stmt) -> bool:
    if not isinstance(node, ast.FunctionDef | ast.ClassDef):
        return False
    return node.name.lower().startswith("test")


def _runs(node: ast.stmt) -> bool:
    if isinstance(node, ast.If):
        return "__name__" in ast.unparse(node.test)
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Call)
    return False
