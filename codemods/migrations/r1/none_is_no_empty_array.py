"""`None` is not an empty array for a typed function.

A packed function took `None` for any object, an array too, and the C++ saw one of no elements. A
typed function that expects an array refuses it. A value that starts as `None`, becomes an array on
some ways and is handed to C++ unchecked is reported; whether the function takes an optional array is
said only by its C++.
"""

from __future__ import annotations

from codemods.model import Effort, Example, Language, Migration, Rung
from py_rewriters.values import hands_over_none, remarked_arguments

MIGRATION = Migration(
    code="TF148",
    title="`None` is not an empty array for a typed function",
    rung=Rung.R1,
    introduced="0.1.6",
    removed=None,
    upstream=("apache/tvm#17920", "tile-ai/tilelang@a7c9a8b92"),
    effort=Effort.MEDIUM,
    rewrites=(
        remarked_arguments(
            ("__init_handle_by_constructor__",),
            hands_over_none,
            "`{}` may be `None` here, which a typed function takes for no array; not changed "
            "because only the C++ says whether it takes an optional one",
            "set it to `[]` where it is `None`, unless the C++ parameter is an `Optional`",
        ),
    ),
    examples=(
        Example(
            title="an index that is not always given",
            language=Language.PYTHON,
            before=(
                "from demo import _ffi_api\n\n\n"
                "class Fragment:\n"
                "    def __init__(self, make=None):\n"
                "        index = make() if make else None\n"
                "        if index is not None and not isinstance(index, list):\n"
                "            index = [index]\n"
                "        self.__init_handle_by_constructor__(_ffi_api.Fragment, index)\n"
            ),
            after=None,
            finding="`index` may be `None` here",
        ),
    ),
)
