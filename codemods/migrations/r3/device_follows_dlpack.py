"""A device's number and kind are read as DLPack names them.

`Device.device_type` was an attribute and is the method `dlpack_device_type()` now;
`Device.device_id` became `index`. Only a receiver that is certainly TVM's device is changed:
PyTorch and CUDA have members of these names too. One that is only called a device is reported, where
the file knows TVM: left as it is, it raises an `AttributeError` when the line runs.
"""

from __future__ import annotations

import re

from codemods.model import Effort, Example, Language, Migration, Rung
from py_rewriters.members import Class, Member, renamed_members

_KINDS = (
    "cpu", "cuda", "device", "ext_dev", "hexagon", "metal", "opencl", "rocm", "vpi", "vulkan",
    "webgpu",
)  # fmt: skip
_DEVICE = Class(
    title="tvm.runtime.Device",
    names=frozenset(
        {"tvm.runtime.Device", "tvm.runtime.device.Device", "tvm.ffi.Device", "tvm_ffi.Device"}
    ),
    makers=frozenset(
        f"{home}.{kind}"
        for home in ("tvm", "tvm.runtime", "tvm.ffi", "tvm.nd", "tvm.runtime.ndarray", "tvm_ffi")
        for kind in _KINDS
    ),
    hint=re.compile(r"(^|_)(dev(ice)?|ctx)$"),
)

MIGRATION = Migration(
    code="TF344",
    title="`Device.device_type` and `device_id` follow DLPack's names",
    rung=Rung.R3,
    introduced="0.1.7",
    removed="0.1.7",
    upstream=("apache/tvm#18277",),
    effort=Effort.LOW,
    rewrites=(
        renamed_members(
            _DEVICE,
            {
                "device_type": Member("dlpack_device_type", "call"),
                "device_id": Member("index", "property"),
            },
        ),
    ),
    examples=(
        Example(
            title="a device made here",
            language=Language.PYTHON,
            before=("import tvm\n\ndev = tvm.cuda(0)\nplace = (dev.device_type, dev.device_id)\n"),
            after=(
                "import tvm\n\ndev = tvm.cuda(0)\nplace = (dev.dlpack_device_type(), dev.index)\n"
            ),
        ),
        Example(
            title="something that is called a device",
            language=Language.PYTHON,
            before=(
                "import tvm\n\n\n"
                "def on_gpu(tensor) -> bool:\n"
                "    return tensor.device.device_type == tvm.runtime.Device.kDLCUDA\n"
            ),
            after=None,
            finding="the class of its receiver is not known",
        ),
    ),
)
