"""Some intrinsics of TileLang's earlier TVM are not in TVM.

AMD's `tvm_mfma`, `tvm_rdna_wmma` and their stores, and `tvm_check_return`, existed only in the TVM that
TileLang carried before. A tree that uses them
defines them itself, as calls of the operators that its own C++ registers, or drops them.
"""

from __future__ import annotations

from codemods.model import Effort, Example, Language, Migration, Rung
from py_rewriters.gone import Gone, gone_names

_NAMES = (
    "tvm_check_return",
    "tvm_mfma",
    "tvm_mfma_store",
    "tvm_rdna_wmma",
    "tvm_rdna_wmma_store",
)
_HOMES = ("tvm.tir", "tvm.tir.op")

NAMES = {
    f"{home}.{name}": Gone(
        "the operator belonged to a fork of TVM; not changed because only the tree's "
        "owner knows which operator of its own replaces it",
        f'write `tir.call_intrin(dtype, tir.op.Op.get("tl.{name}"), ...)` with an '
        "operator that the tree registers, or drop it",
    )
    for home in _HOMES
    for name in _NAMES
}

MIGRATION = Migration(
    code="TF144",
    title="intrinsics of an earlier TVM are gone",
    rung=Rung.R1,
    introduced="0.1.6",
    removed="0.1.6",
    upstream=("tile-ai/tilelang@a7c9a8b92",),
    effort=Effort.MEDIUM,
    rewrites=(gone_names(NAMES),),
    examples=(
        Example(
            title="a wrapper around one",
            language=Language.PYTHON,
            before=(
                "from tvm.tir import op\n\n\ndef mfma(*args):\n    return op.tvm_mfma(*args)\n"
            ),
            after=None,
            finding="belonged to a fork of TVM",
        ),
    ),
)
