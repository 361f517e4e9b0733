"""A slice of a buffer is a `BufferLoad` with ramps.

`A[0:8]` in a kernel gave a `BufferRegion`; now it gives a `BufferLoad` whose indices are `Ramp`s. A
function that tells its arguments apart by `isinstance(x, BufferRegion)` and does not know the load
refuses the slice or takes it for one element; upstream makes a region of such a load first. And
`address_of` takes a `BufferLoad` only.
"""

from __future__ import annotations

from codemods.model import Effort, Example, Language, Migration, Rung
from py_rewriters.slices import addresses_of_regions, functions_without_loads

MIGRATION = Migration(
    code="TF149",
    title="a slice of a buffer is a `BufferLoad`",
    rung=Rung.R1,
    introduced="0.1.6",
    removed="0.1.6",
    upstream=("apache/tvm#14693", "tile-ai/tilelang@a7c9a8b92"),
    effort=Effort.MEDIUM,
    rewrites=(addresses_of_regions(), functions_without_loads()),
    examples=(
        Example(
            title="a function that knows regions only",
            language=Language.PYTHON,
            before=(
                "from tvm.tir import Buffer, BufferRegion\n\n\n"
                "def elements(value):\n"
                "    if isinstance(value, Buffer):\n        return value.shape\n"
                "    if isinstance(value, BufferRegion):\n        return value.region\n"
                "    raise TypeError(value)\n"
            ),
            after=None,
            finding="a slice is a `BufferLoad` now",
        ),
        Example(
            title="the address of a region",
            language=Language.PYTHON,
            before=(
                "from tvm.script import tir as T\nfrom tvm.tir import BufferRegion\n\n\n"
                "def start(buffer, ranges):\n"
                "    region = BufferRegion(buffer, ranges)\n"
                "    return T.address_of(region)\n"
            ),
            after=None,
            finding="`address_of` takes a `BufferLoad`",
        ),
    ),
)
