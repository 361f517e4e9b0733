"""`bool` became a data type of its own, eight bits wide.

`DataType("bool")` was an unsigned integer of one bit; now it has a type code of its own and eight
bits. Code that knows a boolean by `bits == 1` no longer finds one, without an error.
"""

from __future__ import annotations

from codemods.model import Effort, Example, Language, Migration, Rung
from py_rewriters.values import compares_bits_with_one, remarked

MIGRATION = Migration(
    code="TF350",
    title="`bool` has eight bits in Python",
    rung=Rung.R3,
    introduced="0.1.7",
    removed="0.1.7",
    upstream=("apache/tvm#18453", "tile-ai/tilelang#1373"),
    effort=Effort.MEDIUM,
    rewrites=(
        remarked(
            (".bits",),
            r"\.bits\s*(?:[=!<>]|not\b|in\b)[^\r\n]*\b1\b|\b1\s*[=!<>]",
            compares_bits_with_one,
            "`bool` has 8 bits now, so a test for 1 bit no longer finds it; not changed because "
            "what is meant cannot be told",
            'compare the data type with "bool"',
        ),
    ),
    examples=(
        Example(
            title="a boolean known by its width",
            language=Language.PYTHON,
            before=(
                "from tvm import DataType\n\n\n"
                "def is_predicate(dtype: str) -> bool:\n"
                "    return DataType(dtype).bits == 1\n"
            ),
            after=None,
            finding="a test for 1 bit no longer finds it",
        ),
    ),
)
