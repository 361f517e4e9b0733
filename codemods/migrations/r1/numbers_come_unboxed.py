"""Numbers come out of attributes and arrays unboxed.

`func.attrs["threads"]`, an element of an array of plain numbers and `convert(3)` gave an `IntImm`;
they give an `int` now, so `.value` on one raises. Expressions keep their classes: an extent of a
shape is an `IntImm` as before. `.value` of a named entry of `attrs` or `annotations` is reported.
"""

from __future__ import annotations

from codemods.model import Effort, Example, Language, Migration, Rung
from py_rewriters.values import remarked, unboxes_attribute

MIGRATION = Migration(
    code="TF153",
    title="numbers come out of attributes unboxed",
    rung=Rung.R1,
    introduced="0.1.6",
    removed="0.1.6",
    upstream=("apache/tvm#17920",),
    effort=Effort.LOW,
    rewrites=(
        remarked(
            (".value",),
            r"\b(?:attrs|annotations)\s*(?:\[|\.\s*get\b)\s*\(?\s*['\"]",
            unboxes_attribute,
            "a number in `attrs` is a plain `int` now and has no `.value`; not changed because the "
            "entry may be an expression",
            "drop `.value`, or write `int(...)`, which holds for both",
        ),
    ),
    examples=(
        Example(
            title="an attribute's value",
            language=Language.PYTHON,
            before='def threads(func) -> int:\n    return func.attrs["threads"].value\n',
            after=None,
            finding="has no `.value`",
        ),
        Example(
            title="an extent is an expression",
            language=Language.PYTHON,
            before="def first(buffer) -> int:\n    return buffer.shape[0].value\n",
            after="def first(buffer) -> int:\n    return buffer.shape[0].value\n",
        ),
    ),
)
