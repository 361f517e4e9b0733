"""nvcc put together from NVIDIA's published packages, for a machine without the CUDA toolkit.

Each package holds a part of one folder (`nvidia/cu13`): the driver program and ptxas, the front end
and optimiser (`nvvm`), and the headers that every kernel includes.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from codemods.toolchain.cache import entry
from codemods.toolchain.fetch import Package, machine, obtain

VERSION = "13.0.88"
_PACKAGES = (
    Package("nvidia-cuda-nvcc", VERSION),
    Package("nvidia-nvvm", VERSION),
    Package("nvidia-cuda-crt", VERSION),
    Package("nvidia-cuda-runtime", "13.0.96"),
    Package("nvidia-cuda-cccl", "13.0.85"),
)
_PROGRAMS = ("bin", "nvvm/bin")


def published_nvcc() -> Path:
    """Return the path of nvcc, fetching its packages on first use.

    Raises `codemods.toolchain.fetch.Unavailable` where one of them cannot be had.
    """
    parts = [obtain(package) for package in _PACKAGES]
    return entry(f"nvcc-{VERSION}-{machine()}", lambda folder: _join(parts, folder)) / "bin/nvcc"


def _join(parts: list[Path], folder: Path) -> None:
    """Put the parts into one folder. Links to other folders would not do: nvcc looks for the rest
    beside the file that it really is."""
    for part in parts:
        for root in sorted(part.glob("nvidia/cu[0-9]*")):
            shutil.copytree(root, folder, dirs_exist_ok=True, copy_function=_link)
    for name in _PROGRAMS:
        for program in sorted((folder / name).glob("*")):
            if program.is_file():
                program.chmod(0o755)  # wheels are unpacked without their files' modes


def _link(source: str, target: str) -> str:
    Path(target).unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target
