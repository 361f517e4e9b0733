"""TVM's `NDArray` became `Tensor` in Python.

The module `tvm.runtime.ndarray` and its short name `tvm.nd` are gone. What they held is in
`tvm.runtime`: `array` as `tensor`, `NDArray` as `Tensor`, the rest under its own name. The class
`tvm_ffi.Tensor` is a smaller one without `numpy()` and `copyfrom`, so `tvm.runtime.Tensor` is
written.

`to_dlpack()` of a TVM tensor became `__dlpack__()`. PyTorch's function `to_dlpack` is something
else and is left alone.
"""

from __future__ import annotations

import re

from codemods.model import Effort, Example, Language, Migration, Rung
from py_rewriters.members import Class, Member, renamed_members
from py_rewriters.moves import moved

_HOMES = ("tvm.runtime.ndarray", "tvm.nd")

_TABLE = {
    "tvm.runtime.NDArray": "tvm.runtime.Tensor",
    "tvm.NDArray": "tvm.runtime.Tensor",
    **dict.fromkeys(_HOMES, "tvm.runtime"),
    **{f"{home}.array": "tvm.runtime.tensor" for home in _HOMES},
    **{f"{home}.NDArray": "tvm.runtime.Tensor" for home in _HOMES},
    **{
        f"{home}.{name}": f"tvm.runtime._tensor.{name}"
        for home in _HOMES
        for name in ("hexagon", "webgpu")
    },
}

_TENSOR = Class(
    title="tvm.runtime.Tensor",
    names=frozenset(
        {*_TABLE, *_TABLE.values(), "tvm_ffi.Tensor"}
        - {"tvm.runtime", "tvm.runtime.tensor", *_HOMES}
    ),
    makers=frozenset(
        {
            "tvm.runtime.tensor",
            "tvm.runtime.empty",
            "tvm.runtime.from_dlpack",
            *(f"{home}.{name}" for home in _HOMES for name in ("array", "empty", "from_dlpack")),
        }
    ),
    hint=re.compile(r"(^|_)(nd|tvm)_?(array|arr|tensor)$"),
)

MIGRATION = Migration(
    code="TF342",
    title="`NDArray` became `Tensor` in Python",
    rung=Rung.R3,
    introduced="0.1.7",
    removed="0.1.7",
    upstream=("apache/tvm#18275", "tile-ai/tilelang#1108"),
    effort=Effort.LOW,
    old_names=("tvm.runtime.ndarray", "tvm.nd", "tvm.runtime.NDArray"),
    rewrites=(
        moved(_TABLE, modules=("tvm.runtime",)),
        renamed_members(_TENSOR, {"to_dlpack": Member("__dlpack__", "method")}),
    ),
    examples=(
        Example(
            title="the module's functions",
            language=Language.PYTHON,
            before=(
                "from torch.utils.dlpack import to_dlpack\n"
                "from tvm.runtime import ndarray\n\n\n"
                "def adapt(arg):\n"
                "    return ndarray.from_dlpack(to_dlpack(arg))\n"
            ),
            after=(
                "from torch.utils.dlpack import to_dlpack\n"
                "from tvm import runtime\n\n\n"
                "def adapt(arg):\n"
                "    return runtime.from_dlpack(to_dlpack(arg))\n"
            ),
        ),
        Example(
            title="arrays and annotations",
            language=Language.PYTHON,
            before=(
                "import tvm\n\n\n"
                "def upload(data, dev) -> tvm.runtime.NDArray:\n"
                "    return tvm.nd.array(data, device=dev)\n"
            ),
            after=(
                "import tvm\n\n\n"
                "def upload(data, dev) -> tvm.runtime.Tensor:\n"
                "    return tvm.runtime.tensor(data, device=dev)\n"
            ),
        ),
        Example(
            title="to DLPack",
            language=Language.PYTHON,
            before=(
                "import tvm\n\n\n"
                "def capsule(data: tvm.runtime.NDArray):\n"
                "    return data.to_dlpack()\n"
            ),
            after=(
                "import tvm\n\n\n"
                "def capsule(data: tvm.runtime.Tensor):\n"
                "    return data.__dlpack__()\n"
            ),
        ),
    ),
)
