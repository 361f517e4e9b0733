"""Call the functions that would make a kernel and that a program never calls.

A file may hold a second version of its kernel that the program does not ask for. Functions of the
file that need nothing and come to it are called; else its own, with what the program gave to
parameters of the same names. One with a parameter that nothing else has is left.
"""

from __future__ import annotations

import ast
import inspect
import traceback
from collections.abc import Callable, Mapping, Set
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from codemods.harness.inside.made import Place

_DEPTH = 4
"""How many decorators may lie around a function."""


def call_uncalled(
    module: ModuleType,
    seen: Set[Place],
    values: Mapping[str, Any],
    failed: Callable[[str, Place, BaseException], None],
) -> None:
    """Call what leads to kernels of `module` that are not among those `seen`, which may grow.

    `values`: what the program gave to parameters, by their names. `failed` is told of kernels that
    were not reached, by name and place, and why.
    """
    file = str(module.__file__)
    text = Path(file).read_bytes()
    named = _names_by_function(text)
    for name, kernels in kernel_makers(text).items():
        places = {(file, line): kernel for line, kernel in kernels.items()}
        error: Exception | None = None
        for caller in (c for c in named if name in _reached_from(c, named)):
            function = inner_function(vars(module).get(caller), caller)
            if places.keys().isdisjoint(seen) and function and arguments(function, {}) == {}:
                error = _call(vars(module)[caller], {}) or error
        function = inner_function(vars(module).get(name), name)
        if places.keys().isdisjoint(seen) and function is not None:
            given = arguments(function, values, _data(module))
            if given is not None:
                error = _call(vars(module)[name], given) or error
        if error is not None and places.keys().isdisjoint(seen):
            for place, kernel in places.items():
                failed(kernel, place, error)


def _call(function: Callable[..., Any], given: Mapping[str, Any]) -> Exception | None:
    try:
        function(**given)
    except Exception as error:
        traceback.print_exc()
        return error
    return None


def _data(module: ModuleType) -> dict[str, Any]:
    return {
        name: value
        for name, value in vars(module).items()
        if not callable(value) and not inspect.ismodule(value)
    }


def _names_by_function(text: bytes) -> dict[str, set[str]]:
    return {
        node.name: {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef)
    }


def _reached_from(start: str, named: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = set(named[start])
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting |= named.get(name, set())
    return found - {start}


def kernel_makers(text: bytes) -> dict[str, dict[int, str]]:
    """Return the functions at the top level of a file that hold kernels, with the kernels' names by
    line."""
    found = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef):
            kernels = {
                inner.decorator_list[0].lineno: inner.name
                for inner in ast.walk(node)
                if isinstance(inner, ast.FunctionDef) and inner is not node and _is_kernel(inner)
            }
            if kernels:
                found[node.name] = kernels
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


def arguments(
    function: FunctionType, values: Mapping[str, Any], data: Mapping[str, Any] | None = None
) -> dict[str, Any] | None:
    """Return arguments for `function`: of `values` what fits by name, of `data` what it needs
    besides (a constant is written in capitals); None if anything is unknown."""
    given = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        if name in values:
            given[name] = values[name]
        elif parameter.default is parameter.empty:
            found = [each for each in (name, name.upper()) if each in (data or {})]
            if data is None or not found:
                return None
            given[name] = data[found[0]]
    return given
