"""The type keys of TVM's objects got a namespace.

Keys such as "IRModule" and "MemoryInfo" became "ir.IRModule" and "target.MemoryInfo". In Python they
stand in strings, for `make_node` and `register_object`; an unknown key raises only when it is used,
and for `register_object` that is when the module is imported.
"""

from __future__ import annotations

from codemods.model import Effort, Example, Language, Migration, Rung
from py_rewriters.strings import argument_respelt

# Read off the registrations in the Python packages of 0.1.5 and 0.1.6.post2, and tried with
# `make_node` where Python has no class.
_IR = (
    "FuncType", "GlobalVar", "GlobalVarSupply", "IRModule", "NameSupply", "Op", "PointerType",
    "PrimType", "SequentialSpan", "SourceMap", "SourceName", "Span", "TupleType",
)  # fmt: skip
_NODE = (
    "ArrayIndexPath", "AttributeAccessPath", "MapValuePath", "MissingArrayElementPath",
    "MissingMapEntryPath", "ObjectPath", "ObjectPathPair", "RootPath", "UnknownAttributeAccessPath",
)  # fmt: skip
KEYS = {
    "Array": "ffi.Array",
    "Map": "ffi.Map",
    "MemoryInfo": "target.MemoryInfo",
    "runtime.NDArray": "ffi.NDArray",
    "node.PrinterConfig": "script.PrinterConfig",
    "relay.TensorType": "relax.DynTensorType",
    **{name: f"ir.{name}" for name in _IR},
    **{name: f"node.{name}" for name in _NODE},
}
_FUNCTIONS = (
    "tvm.ir.make_node",
    "tvm.ir.base.make_node",
    "tvm.ffi.register_object",
    "tvm._ffi.register_object",
    "tvm.register_object",
)

MIGRATION = Migration(
    code="TF146",
    title="type keys got a namespace",
    rung=Rung.R1,
    introduced="0.1.6",
    removed="0.1.6",
    upstream=("apache/tvm#18101", "tile-ai/tilelang@a7c9a8b92"),
    effort=Effort.LOW,
    rewrites=(argument_respelt(_FUNCTIONS, KEYS),),
    examples=(
        Example(
            title="a node made by its key",
            language=Language.PYTHON,
            before=(
                "from tvm.ir import make_node\n\n\n"
                "def local_memory():\n"
                '    return make_node("MemoryInfo", unit_bits=8, max_num_bits=64)\n'
            ),
            after=(
                "from tvm.ir import make_node\n\n\n"
                "def local_memory():\n"
                '    return make_node("target.MemoryInfo", unit_bits=8, max_num_bits=64)\n'
            ),
        ),
    ),
)
