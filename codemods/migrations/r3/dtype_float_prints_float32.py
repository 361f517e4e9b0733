"""The data type made from "float" says "float32" again.

In between, `DataType("float")` printed as "float" and was equal to that string; now it is
"float32" and is not. Kernels are often written with `accum_dtype = "float"`, so a buffer's dtype
compared with "float" changes its answer without an error. A plain string compared with "float" is
not concerned.
"""

from __future__ import annotations

from codemods.model import Effort, Example, Language, Migration, Rung
from py_rewriters.values import compares_dtype_with, remarked

MIGRATION = Migration(
    code="TF351",
    title='`DataType("float")` is "float32"',
    rung=Rung.R3,
    introduced="0.1.7",
    removed="0.1.7",
    upstream=("apache/tvm#18226",),
    effort=Effort.MEDIUM,
    rewrites=(
        remarked(
            ('"float"', "'float'"),
            r"""[=!]=\s*['"]float['"]|['"]float['"]\s*[=!]=|\bin\s*[\[({][^\])}]*['"]float['"]""",
            compares_dtype_with("float"),
            'the data type of "float" is "float32" now, so it is never equal to "float"; not '
            "changed because which of them is meant cannot be told",
            'compare with "float32"',
        ),
    ),
    examples=(
        Example(
            title="a buffer's dtype compared with the short name",
            language=Language.PYTHON,
            before='def is_single(buffer) -> bool:\n    return buffer.dtype == "float"\n',
            after=None,
            finding='never equal to "float"',
        ),
        Example(
            title="a plain string",
            language=Language.PYTHON,
            before='def is_single(accum_dtype: str) -> bool:\n    return accum_dtype == "float"\n',
            after='def is_single(accum_dtype: str) -> bool:\n    return accum_dtype == "float"\n',
        ),
    ),
)
