"""`DataType.itemsize` is a number, not a method.

Calling it raises `TypeError`. A receiver that is certainly a data type is changed, one that may be is
reported. (PyTorch's and NumPy's `itemsize` never was a method.)
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from codemods.model import (
    Edit,
    Effort,
    Example,
    Facts,
    Language,
    Migration,
    Outcome,
    Remark,
    Rewrite,
    Rung,
    Source,
)
from py_rewriters.exports import EXPORTS
from py_rewriters.parsing import Problem
from py_rewriters.resolving import resolver
from py_rewriters.values import is_dtype


def _apply(source: Source, facts: Facts) -> Iterator[Outcome]:
    names = resolver(source, facts)
    if isinstance(names, Problem):
        return
    for node, scope in names.analysis.scope_of.items():
        if not isinstance(node, ast.Call) or node.args or node.keywords:
            continue
        if not isinstance(node.func, ast.Attribute) or node.func.attr != "itemsize":
            continue
        if is_dtype(names, node.func.value, scope):
            yield Edit(names.module.end(node.func), names.module.end(node), b"")
        else:
            yield Remark(
                names.module.end(node.func),
                "`DataType.itemsize` is a property now; not changed because the receiver may have "
                "a method of that name",
                "drop the parentheses if it is a data type",
            )


MIGRATION = Migration(
    code="TF151",
    title="`DataType.itemsize` became a property",
    rung=Rung.R1,
    introduced="0.1.6",
    removed="0.1.6",
    upstream=("apache/tvm#17920",),
    effort=Effort.LOW,
    rewrites=(Rewrite(Language.PYTHON, (".itemsize(",), _apply, needs=(EXPORTS,)),),
    examples=(
        Example(
            title="a data type made here",
            language=Language.PYTHON,
            before=(
                "from tvm import DataType\n\n\n"
                "def size(dtype: str) -> int:\n    return DataType(dtype).itemsize()\n"
            ),
            after=(
                "from tvm import DataType\n\n\n"
                "def size(dtype: str) -> int:\n    return DataType(dtype).itemsize\n"
            ),
        ),
        Example(
            title="a receiver that says nothing",
            language=Language.PYTHON,
            before="def size(kind) -> int:\n    return kind.itemsize()\n",
            after=None,
            finding="may have a method of that name",
        ),
    ),
)
