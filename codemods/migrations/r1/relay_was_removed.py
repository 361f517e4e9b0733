"""Relay was removed from TVM.

`tvm.relay.TensorType`, which adapters use in annotations, is `tvm.relax.TensorType`. Anything else
of Relay has no counterpart that could be written in its place.
"""

from __future__ import annotations

from codemods.model import Effort, Example, Language, Migration, Rung
from py_rewriters.gone import Gone, gone_names
from py_rewriters.moves import moved

MIGRATION = Migration(
    code="TF141",
    title="Relay was removed",
    rung=Rung.R1,
    introduced="0.1.6",
    removed="0.1.6",
    upstream=("apache/tvm#17656", "tile-ai/tilelang@a7c9a8b92"),
    effort=Effort.LOW,
    old_names=("tvm.relay",),
    rewrites=(
        moved({"tvm.relay.TensorType": "tvm.relax.TensorType"}),
        gone_names(
            {
                "tvm.relay": Gone(
                    "Relay was removed; not changed because what it was for must be known",
                    "use `tvm.relax`, or drop the case if only Relay led to it",
                )
            },
            but=("tvm.relay.TensorType",),
        ),
    ),
    examples=(
        Example(
            title="the type in annotations",
            language=Language.PYTHON,
            before=(
                "from tvm.relay import TensorType\n\n\n"
                "def shape(kind: TensorType):\n    return kind.shape\n"
            ),
            after=(
                "from tvm.relax import TensorType\n\n\n"
                "def shape(kind: TensorType):\n    return kind.shape\n"
            ),
        ),
        Example(
            title="anything else",
            language=Language.PYTHON,
            before=(
                "import tvm\n\n\n"
                "def is_call(value) -> bool:\n    return isinstance(value, tvm.relay.Call)\n"
            ),
            after=None,
            finding="Relay was removed",
        ),
    ),
)
