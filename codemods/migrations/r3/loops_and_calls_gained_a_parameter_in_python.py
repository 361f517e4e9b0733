"""`tir.For` gained `step` and `tir.Call` gained `annotations`, each in the place where `span` was.

A call that gives `span` by position would give it to the new parameter, without an error until it
is used. The keyword is written; it works on both sides. 0.1.7 has neither parameter and
0.1.7.post1 only `step`.
"""

from __future__ import annotations

from codemods.model import Effort, Example, Language, Migration, Rung
from py_rewriters.calls import Grown, keyword_for_position

MIGRATION = Migration(
    code="TF346",
    title="`tir.For` gained `step`, `tir.Call` gained `annotations`",
    rung=Rung.R3,
    introduced="0.1.7.post1",
    removed=None,
    upstream=("apache/tvm#18421", "tile-ai/tilelang@0eb33f28a", "tile-ai/tilelang@b6ace13a8"),
    effort=Effort.LOW,
    rewrites=(
        keyword_for_position(Grown(("tvm.tir.For", "tvm.tir.stmt.For"), 7, "span", "step")),
        keyword_for_position(
            Grown(("tvm.tir.Call", "tvm.tir.expr.Call"), 3, "span", "annotations")
        ),
    ),
    examples=(
        Example(
            title="a span by position",
            language=Language.PYTHON,
            before=(
                "from tvm import tir\n\n\n"
                "def rebuild(call: tir.Call, args) -> tir.Call:\n"
                "    return tir.Call(call.dtype, call.op, args, call.span)\n"
            ),
            after=(
                "from tvm import tir\n\n\n"
                "def rebuild(call: tir.Call, args) -> tir.Call:\n"
                "    return tir.Call(call.dtype, call.op, args, span=call.span)\n"
            ),
        ),
        Example(
            title="an argument that may be either",
            language=Language.PYTHON,
            before=(
                "from tvm import tir\n\n\n"
                "def rebuild(call: tir.Call, args, extra) -> tir.Call:\n"
                "    return tir.Call(call.dtype, call.op, args, extra)\n"
            ),
            after=None,
            finding="which one is meant cannot be told",
        ),
    ),
)
