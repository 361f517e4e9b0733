"""Let a torch that was built without CUDA handle fake tensors on CUDA devices.

Fake tensors cover operators, but indexing asks for a device guard, which only a CUDA build of torch
registers (`getDeviceGuardImpl` in c10/core/impl/DeviceGuardImplInterface.h). The library made here
registers torch's own no-op guard.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

_SOURCE = """\
#include <c10/core/impl/DeviceGuardImplInterface.h>
C10_REGISTER_GUARD_IMPL(CUDA, c10::impl::NoOpDeviceGuardImpl<c10::DeviceType::CUDA>)
"""

_QUESTION = (
    "import json, os, torch; "
    "print(json.dumps([torch.version.cuda, os.path.dirname(torch.__file__)]))"
)


def build_device_guard(folder: Path, python: Path, compiler: str) -> Path | None:
    """Return the library for `python`'s torch, compiled once; None where torch needs none.

    Raises RuntimeError with the tool's own words where there is no torch or it does not compile.
    """
    asked = subprocess.run([str(python), "-c", _QUESTION], capture_output=True, text=True)
    if asked.returncode != 0:
        raise RuntimeError(f"{python} has no usable torch: {asked.stderr.strip()[-400:]}")
    cuda, torch = json.loads(asked.stdout.strip().splitlines()[-1])
    if cuda is not None:
        return None
    library = folder / "libdevice_guard.so"
    if library.is_file():
        return library
    folder.mkdir(parents=True, exist_ok=True)
    command = [compiler, "-std=c++20", "-shared", "-fPIC", "-x", "c++", "-", "-o", str(library)]
    command += [f"-I{torch}/include", f"-L{torch}/lib", "-lc10"]
    done = subprocess.run(command, input=_SOURCE, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"the device guard did not compile: {done.stderr.strip()[-400:]}")
    return library
