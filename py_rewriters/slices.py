"""Findings for code that expects a slice of a buffer to be a region."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from codemods.model import Effort, Facts, Language, Outcome, Remark, Rewrite, Source
from py_rewriters.exports import EXPORTS
from py_rewriters.parsing import Problem
from py_rewriters.resolving import Resolver, resolver
from py_rewriters.scopes import Scope

_REGION = frozenset({"tvm.tir.BufferRegion", "tvm.tir.stmt.BufferRegion"})
_KNOWS_LOADS = frozenset({"BufferLoad", "Ramp", "get_buffer_region_from_load"})


def functions_without_loads() -> Rewrite:
    """Return the rewrite that remarks tests for `BufferRegion` in a function blind to loads."""

    def apply(source: Source, facts: Facts) -> Iterator[Outcome]:
        if b"isinstance" not in source.data:
            return
        names = resolver(source, facts)
        if isinstance(names, Problem):
            return
        for function in names.analysis.scope_of:
            if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
                continue
            first = next(_tests(names, function), None)
            if first is not None and not _KNOWS_LOADS & _names(function):
                yield Remark(
                    names.module.start(first),
                    "a slice is a `BufferLoad` now and passes this test for a `BufferRegion` by; "
                    "not changed because what the function does with a load is its own affair",
                    "make a `BufferRegion` of a `BufferLoad` whose indices are `Ramp`s first",
                    Effort.MEDIUM,
                )

    return Rewrite(Language.PYTHON, ("BufferRegion",), apply, needs=(EXPORTS,))


def addresses_of_regions() -> Rewrite:
    """Return the rewrite that remarks `address_of` of what is certainly a `BufferRegion`."""

    def apply(source: Source, facts: Facts) -> Iterator[Outcome]:
        if b"BufferRegion" not in source.data:
            return
        names = resolver(source, facts)
        if isinstance(names, Problem):
            return
        for node, scope in names.analysis.scope_of.items():
            if not isinstance(node, ast.Call) or len(node.args) != 1:
                continue
            if _last(node.func) == "address_of" and _is_region(names, node.args[0], scope):
                yield Remark(
                    names.module.start(node),
                    "`address_of` takes a `BufferLoad` and is given a `BufferRegion`; not changed "
                    "because its indices must be made of the region's ranges",
                    "write `BufferLoad(buffer, [each.min for each in region])`",
                    Effort.MEDIUM,
                )

    return Rewrite(Language.PYTHON, ("address_of",), apply, needs=(EXPORTS,))


def _tests(names: Resolver, function: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and _last(node.func) == "isinstance" and len(node.args) == 2:
            kind = node.args[1]
            scope = names.analysis.scope_of.get(node)
            parts = kind.elts if isinstance(kind, ast.Tuple) else [kind]
            if scope and any(names.expression(part, scope) in _REGION for part in parts):
                yield node


def _is_region(names: Resolver, node: ast.expr, scope: Scope) -> bool:
    if isinstance(node, ast.Call):
        return names.expression(node.func, scope) in _REGION
    if not isinstance(node, ast.Name):
        return False
    values = [binding.value for binding in scope.lookup(node.id)]
    return any(
        isinstance(value, ast.Call) and names.expression(value.func, scope) in _REGION
        for value in values
    ) and not any(
        isinstance(value, ast.Call) and _last(value.func) == "BufferLoad" for value in values
    )


def _names(function: ast.AST) -> set[str]:
    return {
        node.id if isinstance(node, ast.Name) else node.attr
        for node in ast.walk(function)
        if isinstance(node, (ast.Name, ast.Attribute))
    }


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else str(getattr(node, "id", ""))
