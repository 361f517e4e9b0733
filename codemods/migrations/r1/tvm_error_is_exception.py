"""`tvm.TVMError` is `Exception` itself.

It was a class of TVM's, below `RuntimeError`. Errors that C++ raises are Python's own classes now
(`ValueError`, `TypeError`, `RuntimeError`, `InternalError`), and `TVMError` stayed only as another
name of `Exception`: a handler of it catches everything, typing errors in the code included, and a
test that expects it passes whatever is raised.
"""

from __future__ import annotations

from codemods.model import Effort, Example, Language, Migration, Rung
from py_rewriters.values import catches, remarked

_NAMES = ("tvm.TVMError", "tvm.base.TVMError", "tvm._ffi.base.TVMError", "tvm.error.TVMError")

MIGRATION = Migration(
    code="TF154",
    title="`tvm.TVMError` is `Exception` itself",
    rung=Rung.R1,
    introduced="0.1.6",
    removed=None,
    upstream=("apache/tvm#17920",),
    effort=Effort.LOW,
    rewrites=(
        remarked(
            ("TVMError",),
            r"\bTVMError\b",
            catches(*_NAMES),
            "`TVMError` is `Exception` itself now, so this also holds for every other error; not "
            "changed because which errors are meant cannot be told",
            "name what is raised: `ValueError`, `TypeError`, `RuntimeError` or "
            "`tvm.error.InternalError`",
        ),
    ),
    examples=(
        Example(
            title="a handler",
            language=Language.PYTHON,
            before=(
                "import tvm\n\n\n"
                "def build(make):\n"
                "    try:\n        return make()\n"
                "    except tvm.TVMError:\n        return None\n"
            ),
            after=None,
            finding="also holds for every other error",
        ),
        Example(
            title="a test",
            language=Language.PYTHON,
            before=(
                "import pytest\nimport tvm\n\n\n"
                "def test_refuses(call):\n"
                "    with pytest.raises(tvm.TVMError):\n        call()\n"
            ),
            after=None,
            finding="also holds for every other error",
        ),
    ),
)
