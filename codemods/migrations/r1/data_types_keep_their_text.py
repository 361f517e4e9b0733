"""A data type keeps the text it was made from.

`DataType("float")` used to say "float32", and `DataType("handle")` "handle64"; now they say "float"
and "handle". What C++ made (a buffer's dtype) says "float32" and "handle" on both sides. So
comparing the text of a type that was made from somebody's string, or looking it up in a table,
changes its answer without an error.
"""

from __future__ import annotations

from codemods.model import Effort, Example, Language, Migration, Rung
from py_rewriters.values import compares_made_dtype_with, remarked

_COMPARED = r"""[=!]=\s*['"]{0}['"]|['"]{0}['"]\s*[=!]=|\bin\s*[\[({{][^\])}}]*['"]{0}['"]"""
_WHY = "; not changed because which texts come here cannot be told"

MIGRATION = Migration(
    code="TF155",
    title='`DataType("float")` says "float"',
    rung=Rung.R1,
    introduced="0.1.6",
    removed="0.1.6",
    upstream=("apache/tvm#17920",),
    effort=Effort.LOW,
    rewrites=(
        remarked(
            ("DataType",),
            _COMPARED.format("float32"),
            compares_made_dtype_with("float32"),
            f'a data type made from "float" says "float" now and is not equal to "float32"{_WHY}',
            'compare `.bits` and `.type_code`, or with both "float" and "float32"',
        ),
        remarked(
            ("handle64",),
            _COMPARED.format("handle64"),
            compares_made_dtype_with("handle64"),
            f'the data type of a handle says "handle" now, never "handle64"{_WHY}',
            'compare with "handle"',
        ),
    ),
    examples=(
        Example(
            title="a type made from a given text",
            language=Language.PYTHON,
            before=(
                "from tvm import DataType\n\n\n"
                "def is_single(dtype: str) -> bool:\n"
                '    return str(DataType(dtype)) == "float32"\n'
            ),
            after=None,
            finding='not equal to "float32"',
        ),
        Example(
            title="a buffer's type",
            language=Language.PYTHON,
            before='def is_single(buffer) -> bool:\n    return buffer.dtype == "float32"\n',
            after='def is_single(buffer) -> bool:\n    return buffer.dtype == "float32"\n',
        ),
        Example(
            title="the type of a handle",
            language=Language.PYTHON,
            before=(
                "from tvm import DataType\n\n\n"
                "def is_handle(dtype: str) -> bool:\n"
                '    return str(DataType(dtype)) == "handle64"\n'
            ),
            after=None,
            finding='says "handle" now',
        ),
    ),
)
