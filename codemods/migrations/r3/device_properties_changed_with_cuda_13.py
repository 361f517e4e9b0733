"""A ctypes mirror of `cudaDeviceProp` reads wrong values from CUDA 13.

The published libraries of this TileLang are built with CUDA 13, whose `cudaDeviceProp` left out
`clockRate`, `deviceOverlap`, `kernelExecTimeoutEnabled`, `computeMode` and others (driver_types.h).
A structure with the earlier layout is still filled without an error, and every field behind the
first of them is read from a wrong place: `multiProcessorCount` is 0. Upstream asks torch and
`cudaDeviceGetAttribute` for single values instead. Seen on an H200: a persistent kernel for no
multiprocessors ended with a division by zero.
"""

from __future__ import annotations

from codemods.model import Effort, Example, Language, Migration, Rung
from py_rewriters.structures import mirrored

_DROPPED = (
    "clockRate",
    "deviceOverlap",
    "kernelExecTimeoutEnabled",
    "computeMode",
    "memoryClockRate",
)

MIGRATION = Migration(
    code="TF378",
    title="`cudaDeviceProp` has another layout in CUDA 13",
    rung=Rung.R3,
    introduced="0.1.7",
    removed=None,
    upstream=("tile-ai/tilelang#1379",),
    effort=Effort.MEDIUM,
    rewrites=(
        mirrored(
            "multiProcessorCount",
            _DROPPED,
            "this mirrors `cudaDeviceProp` as it was before CUDA 13, which the target's libraries "
            "are built with: fields behind those that CUDA 13 left out are read from a wrong "
            "place, without an error; not changed because which CUDA runtime is opened is not "
            "known here",
            "ask `torch.cuda.get_device_properties` or `cudaDeviceGetAttribute` for single values; in "
            "a copy of TileLang's file take over upstream's version, `codemods run --upstream REPO@REV` "
            "(tile-ai/tilelang#1379)",
        ),
    ),
    examples=(
        Example(
            title="a mirrored structure",
            language=Language.PYTHON,
            before=(
                "import ctypes\n\n\n"
                "class Properties(ctypes.Structure):\n"
                "    _fields_ = [\n"
                '        ("name", ctypes.c_char * 256),\n'
                '        ("clockRate", ctypes.c_int),\n'
                '        ("multiProcessorCount", ctypes.c_int),\n'
                "    ]\n"
            ),
            after=None,
            finding="as it was before CUDA 13",
        ),
    ),
)
