"""The eight-bit floating-point types are named kind first.

"e4m3_float8" became "float8_e4m3" and "e5m2_float8" "float8_e5m2", with their vector forms; a type
made from the old name raises `ValueError`. The words are changed wherever they stand in Python:
as strings, as names (`T.e4m3_float8`), in messages and comments that speak of them, and in the names
of the script builder's functions (`E4M3Float8`).

TVM knows the finite variant "float8_e4m3fn" beside "float8_e4m3" now. The old name is carried to the
latter, as upstream did; a table that maps PyTorch's `float8_e4m3fn` to it keeps doing so.
"""

from __future__ import annotations

from codemods.model import Effort, Example, Language, Migration, Rename, Rung
from py_rewriters.words import respelt

MIGRATION = Migration(
    code="TF142",
    title='"e4m3_float8" became "float8_e4m3"',
    rung=Rung.R1,
    introduced="0.1.6",
    removed="0.1.6",
    upstream=("tile-ai/tilelang@a7c9a8b92",),
    effort=Effort.LOW,
    renames=tuple(
        Rename(kind, f"*{variant}_float8*", f"*float8_{variant}*")
        for kind in ("python_name", "python_export")
        for variant in ("e4m3", "e5m2")
    ),
    old_names=("e4m3_float8", "e5m2_float8"),
    rewrites=(
        *respelt(("_float8",), r"(e4m3|e5m2)_float8(x\d+)?", r"float8_\1\2"),
        *respelt(("Float8",), r"(E4M3|E5M2)Float8(x\d+)?", r"Float8\1\2"),
    ),
    examples=(
        Example(
            title="strings, names and messages",
            language=Language.PYTHON,
            before=(
                'assert dtype in ["e4m3_float8", "int8"], "only e4m3_float8 and int8"\n'
                "wide = T.e5m2_float8x4\n"
            ),
            after=(
                'assert dtype in ["float8_e4m3", "int8"], "only float8_e4m3 and int8"\n'
                "wide = T.float8_e5m2x4\n"
            ),
            compiles=False,
        ),
        Example(
            title="PyTorch's names are others",
            language=Language.PYTHON,
            before='NAMES = {torch.float8_e4m3fn: "e4m3_float8"}\n',
            after='NAMES = {torch.float8_e4m3fn: "float8_e4m3"}\n',
            compiles=False,
        ),
        Example(
            title="names in capitals",
            language=Language.PYTHON,
            before="WIDE = DataTypeCode.E4M3Float8\n",
            after="WIDE = DataTypeCode.Float8E4M3\n",
            compiles=False,
        ),
        Example(
            title="in Cython",
            language=Language.CYTHON,
            before='cdef str NARROW = "e5m2_float8"\ncdef object WIDE = codes.E5M2Float8x4\n',
            after='cdef str NARROW = "float8_e5m2"\ncdef object WIDE = codes.Float8E5M2x4\n',
            compiles=False,
        ),
    ),
)
