"""Findings for values that changed without a name changing: comparisons that turn out otherwise.

Each verb looks for one shape of code that depends on the old value and remarks it; none edits.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

from codemods.model import Effort, Facts, Language, Outcome, Remark, Rewrite, Source
from py_rewriters.exports import EXPORTS
from py_rewriters.parsing import Problem
from py_rewriters.resolving import Resolver, resolver
from py_rewriters.scopes import Scope

Check = Callable[[Resolver, ast.AST, Scope], bool]
_LIMIT = 4


def remarked(
    tokens: tuple[str, ...], shape: str, check: Check, message: str, advice: str
) -> Rewrite:
    """Return the rewrite that remarks every comparison, call or handler for which `check` holds.

    `shape` is a pattern that the text of such a place matches; a file without it is never parsed.
    """
    possible = re.compile(shape.encode())

    def apply(source: Source, facts: Facts) -> Iterator[Outcome]:
        if possible.search(source.data) is None:
            return
        names = resolver(source, facts)
        if isinstance(names, Problem):
            return
        for node, scope in names.analysis.scope_of.items():
            if isinstance(node, (ast.expr, ast.stmt, ast.ExceptHandler)) and check(
                names, node, scope
            ):
                start = names.module.offset(node.lineno, node.col_offset)
                yield Remark(start, message, advice, Effort.MEDIUM)

    return Rewrite(Language.PYTHON, tokens, apply, needs=(EXPORTS,))


def compares_bits_with_one(names: Resolver, node: ast.AST, scope: Scope) -> bool:
    """Check for a comparison of a data type's `bits` with 1, which `bool` had and has no more."""

    def is_bits(side: ast.expr) -> bool:
        return (
            isinstance(side, ast.Attribute)
            and side.attr == "bits"
            and not _is_foreign(names, side.value, scope)
        )

    return isinstance(node, ast.Compare) and any(
        (_holds(right, 1) and is_bits(left)) or (equal and _holds(left, 1) and is_bits(right))
        for left, right, equal in _pairs(node)
    )


def tests_class(*classes: str) -> Check:
    """Return the check for `isinstance(x, C)` with one of the dotted `classes`."""

    def check(names: Resolver, node: ast.AST, scope: Scope) -> bool:
        if not isinstance(node, ast.Call) or len(node.args) != 2:
            return False
        if not isinstance(node.func, ast.Name) or node.func.id not in ("isinstance", "issubclass"):
            return False
        kind = node.args[1]
        parts = kind.elts if isinstance(kind, ast.Tuple) else [kind]
        found = {names.expression(part, scope) for part in parts}
        plain = any(isinstance(part, ast.Name) and part.id == "str" for part in parts)
        return bool(found & set(classes)) and not plain

    return check


def is_dtype(names: Resolver, node: ast.expr, scope: Scope, depth: int = 0) -> bool:
    """Return whether `node` is certainly a TVM data type, or the `str` of one."""
    if isinstance(node, ast.Attribute):
        return node.attr == "dtype" and not _is_foreign(names, node.value, scope)
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name) and node.func.id == "str" and len(node.args) == 1:
            return is_dtype(names, node.args[0], scope, depth)
        dotted = names.expression(node.func, scope)
        return (
            dotted is not None
            and dotted.split(".")[-1] in ("DataType", "dtype")
            and (dotted.split(".")[0] in ("tvm", "tvm_ffi"))
        )
    if isinstance(node, ast.Name) and depth < _LIMIT:
        bindings = scope.lookup(node.id)
        return (
            len(bindings) == 1
            and bindings[0].value is not None
            and is_dtype(names, bindings[0].value, bindings[0].scope, depth + 1)
        )
    return False


def _is_foreign(names: Resolver, node: ast.expr, scope: Scope, depth: int = 0) -> bool:
    """Return whether `node` comes from a package that is neither TVM's nor the tree's."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    if not isinstance(node, ast.Name):
        return False
    bindings = scope.lookup(node.id)
    for binding in bindings:
        if binding.imported is not None:
            root = names.tree.canonical(binding.imported, names.path).lstrip(".").split(".")[0]
            return root in ("torch", "numpy", "jax", "triton", "cupy", "tensorflow")
        if binding.value is not None and depth < _LIMIT:
            return _is_foreign(names, binding.value, binding.scope, depth + 1)
    return False


def _pairs(node: ast.Compare) -> Iterator[tuple[ast.expr, ast.expr, bool]]:
    """Yield the two sides of each comparison and whether they may be exchanged.

    `x in y` looks for a literal in a written-out collection; a text within a text is not equality.
    """
    left = node.left
    for operator, right in zip(node.ops, node.comparators, strict=True):
        if isinstance(operator, (ast.In, ast.NotIn)):
            if isinstance(right, (ast.Tuple, ast.List, ast.Set)):
                yield left, right, False
        else:
            yield left, right, True
        left = right


def _holds(node: ast.expr, value: object) -> bool:
    parts = node.elts if isinstance(node, (ast.Tuple, ast.List, ast.Set)) else [node]
    return any(
        isinstance(part, ast.Constant) and type(part.value) is type(value) and part.value == value
        for part in parts
    )


def hands_over_none(names: Resolver, node: ast.expr, scope: Scope) -> bool:
    """Check for a variable that may be `None`, is an array on other ways, and is never emptied."""
    if not isinstance(node, ast.Name):
        return False
    values = [each.value for each in scope.lookup(node.id) if each.value is not None]
    branches = [
        part
        for value in values
        for part in ([value.body, value.orelse] if isinstance(value, ast.IfExp) else [value])
    ]
    lists = [part for part in branches if isinstance(part, ast.List)]
    may_be_none = any(isinstance(part, ast.Constant) and part.value is None for part in branches)
    return may_be_none and bool(lists) and all(part.elts for part in lists)


def remarked_arguments(
    functions: tuple[str, ...],
    check: Callable[[Resolver, ast.expr, Scope], bool],
    message: str,
    advice: str,
) -> Rewrite:
    """Return the rewrite that remarks the arguments of `functions` for which `check` holds.

    `functions` are last names; `{}` in `message` is the argument.
    """

    def apply(source: Source, facts: Facts) -> Iterator[Outcome]:
        names = resolver(source, facts)
        if isinstance(names, Problem):
            return
        for node, scope in names.analysis.scope_of.items():
            if not isinstance(node, ast.Call):
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            for argument in node.args if called in functions else ():
                if check(names, argument, scope):
                    yield Remark(
                        names.module.start(argument),
                        message.format(ast.unparse(argument)),
                        advice,
                        Effort.MEDIUM,
                    )

    return Rewrite(Language.PYTHON, functions, apply, needs=(EXPORTS,))


def compares_made_dtype_with(text: str) -> Check:
    """Return the check for a comparison of what `DataType(...)` made, or its `str`, with `text`."""

    def check(names: Resolver, node: ast.AST, scope: Scope) -> bool:
        return isinstance(node, ast.Compare) and any(
            (_holds(right, text) and _is_made(names, left, scope))
            or (equal and _holds(left, text) and _is_made(names, right, scope))
            for left, right, equal in _pairs(node)
        )

    return check


def catches(*classes: str) -> Check:
    """Return the check for a handler, or a `raises`, of one of the dotted `classes`."""

    def check(names: Resolver, node: ast.AST, scope: Scope) -> bool:
        kinds: list[ast.expr] = []
        if isinstance(node, ast.ExceptHandler) and node.type is not None:
            kinds = [node.type]
        elif isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            called = called or str(getattr(node.func, "id", ""))
            if called in ("raises", "assertRaises", "suppress"):
                kinds = node.args
        parts = [
            part
            for kind in kinds
            for part in (kind.elts if isinstance(kind, ast.Tuple) else [kind])
        ]
        return any(names.expression(part, scope) in classes for part in parts)

    return check


def unboxes_attribute(names: Resolver, node: ast.AST, scope: Scope) -> bool:
    """Check for `.value` of an entry of `attrs` or `annotations`, boxed no more."""
    if not isinstance(node, ast.Attribute) or node.attr != "value":
        return False
    value = node.value
    if isinstance(value, ast.Name):
        bound = [each.value for each in scope.lookup(value.id)]
        return bool(bound) and all(each is not None and _is_entry(each) for each in bound)
    if isinstance(value, ast.Subscript) and _is_entry(value.value):  # an element of an array
        return True
    return _is_entry(value)


def _is_entry(node: ast.expr) -> bool:
    """Return whether `node` reads a named entry of `attrs` or `annotations`."""
    if isinstance(node, ast.Call):
        entry = isinstance(node.func, ast.Attribute) and node.func.attr == "get" and node.args
        holder = node.func.value if isinstance(node.func, ast.Attribute) else node.func
        key = node.args[0] if entry else None
    elif isinstance(node, ast.Subscript):
        holder, key = node.value, node.slice
    else:
        return False
    named = isinstance(key, ast.Constant) and isinstance(key.value, str)
    name = holder.attr if isinstance(holder, ast.Attribute) else getattr(holder, "id", "")
    return named and name in ("attrs", "annotations")


def _is_made(names: Resolver, node: ast.expr, scope: Scope) -> bool:
    """Return whether `node` is a call of TVM's `DataType`, its `str`, or a name for either."""
    if isinstance(node, ast.Name):
        bindings = scope.lookup(node.id)
        value = bindings[0].value if len(bindings) == 1 else None
        return isinstance(value, ast.Call) and _is_made(names, value, bindings[0].scope)
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Name) and node.func.id == "str" and len(node.args) == 1:
        return isinstance(node.args[0], (ast.Call, ast.Name)) and _is_made(
            names, node.args[0], scope
        )
    return is_dtype(names, node, scope)
