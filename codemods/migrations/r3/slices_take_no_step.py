"""A buffer's slice takes no step.

`A[i, 0:4:1]` was a load with a ramp. `Buffer.__getitem__` raises now ("Buffer slicing with step is
not supported"), and TVM's script parser still writes a step of 1 into each slice with both bounds
that is a positional argument of a call, but for `copy` and a few more. Operators of a TileLang that
uses that parser were given ramps and took the region from them; handed over by keyword, the slice
stays a slice and the operator is given the region itself. TileLang's own front end has another
parser since, so only trees with one of their own are concerned.
"""

from __future__ import annotations

from codemods.model import Effort, Example, Language, Migration, Rung
from py_rewriters.sliced_arguments import keywords_for_slices

_FUNCTIONS = {
    "atomic_add": ("dst", "value"),
    "atomic_max": ("dst", "value"),
    "atomic_min": ("dst", "value"),
    "fill": ("buffer", "value"),
    "clear": ("buffer",),
    "gemm": ("A", "B", "C"),
}

MIGRATION = Migration(
    code="TF379",
    title="A buffer's slice takes no step",
    rung=Rung.R3,
    introduced="0.1.7",
    removed="0.1.7",
    upstream=(),
    effort=Effort.LOW,
    rewrites=(
        keywords_for_slices(
            "tilelang.language",
            _FUNCTIONS,
            "a slice that is a positional argument here gets a step from TVM's script parser, and "
            "buffers refuse slices with a step; not changed because not every argument can be "
            "named",
            "hand the slice over by keyword",
        ),
    ),
    examples=(
        Example(
            title="an atomic addition to a tile",
            language=Language.PYTHON,
            before=(
                "import tilelang.language as T\n\n\n"
                "@T.prim_func\n"
                'def main(A: T.Tensor((64, 64), "float32")):\n'
                "    with T.Kernel(1, threads=128) as k:\n"
                '        tile = T.alloc_fragment((16, 64), "float32")\n'
                "        T.clear(tile)\n"
                "        T.atomic_add(A[k * 16:(k + 1) * 16, :], tile)\n"
            ),
            after=(
                "import tilelang.language as T\n\n\n"
                "@T.prim_func\n"
                'def main(A: T.Tensor((64, 64), "float32")):\n'
                "    with T.Kernel(1, threads=128) as k:\n"
                '        tile = T.alloc_fragment((16, 64), "float32")\n'
                "        T.clear(tile)\n"
                "        T.atomic_add(dst=A[k * 16:(k + 1) * 16, :], value=tile)\n"
            ),
            others={
                "tilelang/language/__init__.py": "from tvm.script.parser.tir import *\n",
            },
        ),
        Example(
            title="an argument without a name",
            language=Language.PYTHON,
            before=(
                "import tilelang.language as T\n\n\n"
                "def add(A, tile, options):\n"
                "    T.atomic_add(A[0:16, :], *options)\n"
            ),
            after=None,
            finding="gets a step from TVM's script parser",
            others={
                "tilelang/language/__init__.py": "from tvm.script.parser.tir import *\n",
            },
        ),
    ),
)
