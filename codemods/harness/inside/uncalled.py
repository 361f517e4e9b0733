"""Call the functions that would make a kernel and that a program never calls.

A file may hold a second version of its kernel that nothing in it asks for. Its function is called
with what the program gave to parameters of the same names; one with a parameter of its own is left.
"""

from __future__ import annotations

import ast
import inspect
import traceback
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from codemods.harness.inside.made import Place

_DEPTH = 4
"""How many decorators may lie around a function."""


def call_uncalled(module: ModuleType, seen: Iterable[Place], values: Mapping[str, Any]) -> None:
    """Call the functions of `module` that hold kernels, none of which is among those `seen`.

    `values`: what the program gave to parameters, by their names.
    """
    file = str(module.__file__)
    known = {line for path, line in seen if path == file}
    for name, lines in kernel_makers(Path(file).read_bytes()).items():
        made: Any = vars(module).get(name)
        function = inner_function(made, name)
        if known.intersection(lines) or function is None or name.startswith("test"):
            continue
        given = arguments(function, {**vars(module), **values})
        if given is None:
            continue
        try:
            made(**given)
        except Exception:  # what kept the kernel from being made is noted where it was
            traceback.print_exc()


def kernel_makers(text: bytes) -> dict[str, tuple[int, ...]]:
    """Return the functions at the top level of a file that hold kernels, with those's lines."""
    found = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef):
            lines = tuple(
                inner.decorator_list[0].lineno
                for inner in ast.walk(node)
                if isinstance(inner, ast.FunctionDef) and inner is not node and _is_kernel(inner)
            )
            if lines:
                found[node.name] = lines
    return found


def _is_kernel(node: ast.FunctionDef) -> bool:
    return any("prim_func" in ast.unparse(decorator) for decorator in node.decorator_list)


def inner_function(value: Any, name: str, depth: int = _DEPTH) -> FunctionType | None:
    """Return the function `name` that `value` is or that its decorators hold."""
    if isinstance(value, FunctionType) and value.__name__ == name:
        wrapped = inspect.unwrap(value)
        return wrapped if isinstance(wrapped, FunctionType) else value
    if depth == 0 or isinstance(value, type) or not hasattr(value, "__dict__"):
        return None
    inner = (inner_function(each, name, depth - 1) for each in vars(value).values())
    return next((function for function in inner if function is not None), None)


def arguments(function: FunctionType, values: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return arguments for those parameters of `function` that need one; None if any is unknown."""
    given = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        if parameter.default is not parameter.empty:
            continue
        if name not in values or callable(values[name]) or inspect.ismodule(values[name]):
            return None
        given[name] = values[name]
    return given
