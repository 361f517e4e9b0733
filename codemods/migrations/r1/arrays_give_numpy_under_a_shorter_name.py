"""TVM's arrays lost `asnumpy()` and their C handle.

`asnumpy()` is `numpy()`. `handle`, a ctypes pointer to the tensor's C structure, has no counterpart: the
structure is reached through DLPack.
"""

from __future__ import annotations

import re

from codemods.model import Effort, Example, Language, Migration, Rung
from py_rewriters.members import Class, Member, renamed_members

_HOMES = ("tvm.nd", "tvm.runtime.ndarray")
_ARRAY = Class(
    title="tvm.runtime.NDArray",
    names=frozenset({"tvm.runtime.NDArray", *(f"{home}.NDArray" for home in _HOMES)}),
    makers=frozenset(
        f"{home}.{name}" for home in _HOMES for name in ("array", "empty", "from_dlpack")
    ),
    hint=re.compile(r"(^|_)(nd|tvm)_?(array|arr|tensor)$"),
)

MIGRATION = Migration(
    code="TF152",
    title="`NDArray.asnumpy()` is `numpy()`",
    rung=Rung.R1,
    introduced="0.1.6",
    removed="0.1.6",
    upstream=("apache/tvm#17920",),
    effort=Effort.LOW,
    rewrites=(
        renamed_members(
            _ARRAY,
            {
                "asnumpy": Member("numpy", "method", telling=True),
                "handle": Member(
                    None,
                    "property",
                    advice="read the structure through DLPack; a test that spoils it on purpose "
                    "must make a spoilt one",
                ),
            },
        ),
    ),
    examples=(
        Example(
            title="an array made here",
            language=Language.PYTHON,
            before="import tvm\n\n\ndef back(data):\n    return tvm.nd.array(data).asnumpy()\n",
            after="import tvm\n\n\ndef back(data):\n    return tvm.nd.array(data).numpy()\n",
        ),
        Example(
            title="the handle",
            language=Language.PYTHON,
            before=(
                "import tvm\n\n\n"
                "def spoil(data):\n"
                "    array = tvm.nd.array(data)\n"
                "    array.handle.contents.data = 0\n"
            ),
            after=None,
            finding="has no counterpart",
        ),
    ),
)
