"""Schedules of tensor expressions were removed from TVM, and what lowered them.

`te.create_schedule`, `tvm.lower` and the passes between them are gone. What a test built with them
is built with `te.create_prim_func` or written as a `PrimFunc`, and transformed as an `IRModule`.
Upstream rewrote or dropped its own tests by hand; no rule can tell which.
"""

from __future__ import annotations

from codemods.model import Effort, Example, Language, Migration, Rung
from py_rewriters.gone import Gone, gone_names

_SCHEDULE = Gone(
    "schedules of tensor expressions were removed",
    "build the function with `te.create_prim_func` or write it as a `PrimFunc`, and use "
    "`tvm.tir.Schedule`",
    Effort.HIGH,
)
_LOWER = Gone(
    "it lowered a schedule of tensor expressions",
    "apply the passes to an `IRModule` that holds the `PrimFunc`",
    Effort.HIGH,
)

NAMES = {
    "tvm.te.create_schedule": _SCHEDULE,
    "tvm.te.schedule": _SCHEDULE,
    "tvm.te.Schedule": _SCHEDULE,
    "tvm.te.Stage": _SCHEDULE,
    "tvm.lower": _LOWER,
    "tvm.driver.lower": _LOWER,
    "tvm.driver.build_module.lower": _LOWER,
    "tvm.driver.build_module.schedule_to_module": _LOWER,
    "tvm.tir.transform.StorageFlatten": Gone(
        "only buffers of tensor expressions needed it",
        "use `tvm.tir.transform.FlattenBuffer` on a `PrimFunc`",
    ),
}

MIGRATION = Migration(
    code="TF143",
    title="schedules of tensor expressions were removed",
    rung=Rung.R1,
    introduced="0.1.6",
    removed="0.1.6",
    upstream=("tile-ai/tilelang@a7c9a8b92",),
    effort=Effort.HIGH,
    old_names=("create_schedule", "schedule_to_module", "StorageFlatten"),
    rewrites=(gone_names(NAMES),),
    examples=(
        Example(
            title="a schedule",
            language=Language.PYTHON,
            before=(
                "import tvm\nfrom tvm import te\n\n\n"
                "def build(out):\n    return tvm.lower(te.create_schedule(out.op), [out])\n"
            ),
            after=None,
            finding="schedules of tensor expressions were removed",
        ),
    ),
)
