"""TVM's FFI was written anew, and its Python package lost the underscore.

`tvm._ffi` became `tvm.ffi`. Not everything moved along: `py_str` and the switch for a runtime-only
build are in `tvm.base`, and data types and devices, which lived in `tvm._ffi.runtime_ctypes`, in
`tvm.runtime`. (A plain replacement of the prefix writes `tvm.ffi.base` and
`tvm.ffi.runtime_ctypes`, which have never existed.)
"""

from __future__ import annotations

from codemods.model import Effort, Example, Language, Migration, Rung
from py_rewriters.cython import moved_in_cython
from py_rewriters.moves import moved

# Checked by importing the 0.1.5 and 0.1.6.post2 wheels.
_TABLE = {
    "tvm._ffi": "tvm.ffi",
    "tvm._ffi.registry": "tvm.ffi",
    "tvm._ffi.base": "tvm.base",
    "tvm._ffi.base.register_error": "tvm.ffi.register_error",
    "tvm._ffi.libinfo": "tvm.libinfo",
    "tvm._ffi.ndarray": "tvm.runtime.ndarray",
    "tvm._ffi.runtime_ctypes": "tvm.runtime",
}
_MODULES = ("tvm.base", "tvm.ffi", "tvm.libinfo", "tvm.runtime", "tvm.runtime.ndarray")

MIGRATION = Migration(
    code="TF140",
    title="`tvm._ffi` became `tvm.ffi`",
    rung=Rung.R1,
    introduced="0.1.6",
    removed="0.1.6",
    upstream=("apache/tvm#17920", "apache/tvm#18020", "tile-ai/tilelang@a7c9a8b92"),
    effort=Effort.LOW,
    old_names=("tvm._ffi",),
    rewrites=(moved(_TABLE, modules=_MODULES), moved_in_cython(_TABLE)),
    examples=(
        Example(
            title="the import and every use",
            language=Language.PYTHON,
            before=(
                "import tvm._ffi\n"
                "from tvm._ffi.base import py_str\n\n\n"
                '@tvm._ffi.register_func("demo.decode", override=True)\n'
                "def decode(data):\n"
                "    return py_str(data)\n"
            ),
            after=(
                "import tvm.ffi\n"
                "from tvm.base import py_str\n\n\n"
                '@tvm.ffi.register_func("demo.decode", override=True)\n'
                "def decode(data):\n"
                "    return py_str(data)\n"
            ),
        ),
        Example(
            title="what moved further",
            language=Language.PYTHON,
            before=(
                "import tvm._ffi.base\n"
                "from tvm._ffi.runtime_ctypes import DataType, DataTypeCode\n\n"
                "RUNTIME_ONLY = tvm._ffi.base._RUNTIME_ONLY\n"
                'IS_INT = DataType("int32").type_code == DataTypeCode.INT\n'
            ),
            after=(
                "import tvm.base\n"
                "from tvm.runtime import DataType, DataTypeCode\n\n"
                "RUNTIME_ONLY = tvm.base._RUNTIME_ONLY\n"
                'IS_INT = DataType("int32").type_code == DataTypeCode.INT\n'
            ),
        ),
        Example(
            title="an alias",
            language=Language.PYTHON,
            before=(
                "from tvm._ffi import register_object as _register_object\n\n\n"
                '@_register_object("demo.Frame")\nclass Frame:\n    pass\n'
            ),
            after=(
                "from tvm.ffi import register_object as _register_object\n\n\n"
                '@_register_object("demo.Frame")\nclass Frame:\n    pass\n'
            ),
        ),
        Example(
            title="an import in Cython",
            language=Language.CYTHON,
            before="from tvm._ffi.base import py_str\n\ncdef int width = 4\n",
            after="from tvm.base import py_str\n\ncdef int width = 4\n",
        ),
    ),
)
