"""`prim_func` does not check what it parses.

TVM's check of a parsed function became stricter than what kernels with tile operators keep to, so
upstream's own `prim_func` leaves it out by default. A tree that defines a `prim_func` of its own with
the check on is told: kernels that were accepted are refused.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from codemods.model import (
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
from py_rewriters.parsing import Problem, parse

_PARAMETER = "check_well_formed"


def _apply(source: Source, facts: Facts) -> Iterator[Outcome]:
    module = source.once(parse)
    if isinstance(module, Problem) or b"prim_func" not in source.data:
        return
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.FunctionDef) or node.name != "prim_func":
            continue
        named = [*node.args.posonlyargs, *node.args.args]
        defaults = zip(reversed(named), reversed(node.args.defaults), strict=False)
        keywords = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
        for argument, default in (*defaults, *keywords):
            if argument.arg == _PARAMETER and isinstance(default, ast.Constant) and default.value:
                yield Remark(
                    module.start(default),
                    "TVM's check is stricter now and refuses kernels that were accepted; not "
                    "changed because leaving it out is the tree's own choice",
                    "write `False`, as upstream does",
                    Effort.LOW,
                )


MIGRATION = Migration(
    code="TF150",
    title="`prim_func` does not check what it parses",
    rung=Rung.R1,
    introduced="0.1.6",
    removed=None,
    upstream=("tile-ai/tilelang@a7c9a8b92",),
    effort=Effort.LOW,
    rewrites=(Rewrite(Language.PYTHON, (_PARAMETER,), _apply),),
    examples=(
        Example(
            title="a tree's own decorator",
            language=Language.PYTHON,
            before=(
                "def prim_func(func=None, private=False, check_well_formed=True):\n"
                "    return parse(func, check_well_formed=check_well_formed)\n"
            ),
            after=None,
            finding="refuses kernels that were accepted",
            compiles=False,
        ),
    ),
)
