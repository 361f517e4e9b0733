"""A string that comes from C++ is a plain `str`.

Attributes and array elements used to arrive as `tvm.runtime.String`, a subclass of `str`. The class
is still there, but nothing returns it, so `isinstance(value, String)` is false for every string,
without an error.
"""

from __future__ import annotations

from codemods.model import Effort, Example, Language, Migration, Rung
from py_rewriters.values import remarked, tests_class

MIGRATION = Migration(
    code="TF352",
    title="strings from C++ are plain `str`",
    rung=Rung.R3,
    introduced="0.1.7",
    removed="0.1.7",
    upstream=("apache/tvm#18226",),
    effort=Effort.LOW,
    rewrites=(
        remarked(
            ("String",),
            r"\bis(?:instance|subclass)\b",
            tests_class(
                "tvm.runtime.String",
                "tvm.runtime.container.String",
                "tvm.ffi.String",
                "tvm.ffi.core.String",
                "tvm_ffi.core.String",
            ),
            "strings from C++ are plain `str` now, so this test is false for them; not changed "
            "because it would hold for every string then",
            "test for `str`",
        ),
    ),
    examples=(
        Example(
            title="a value known by its class",
            language=Language.PYTHON,
            before=(
                "from tvm.runtime import String\n\n\n"
                "def is_text(value) -> bool:\n"
                "    return isinstance(value, String)\n"
            ),
            after=None,
            finding="plain `str` now",
        ),
    ),
)
