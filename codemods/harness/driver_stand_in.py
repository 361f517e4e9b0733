"""A stand-in for the CUDA driver, for machines without one: it loads, and finds no device.

TVM's CUDA runtime names `libcuda.so.1` as needed, so nothing that holds it loads without a driver.
The stand-in defines every driver function that the given libraries ask for; each answers
`CUDA_ERROR_NO_DEVICE` (100, cuda.h), which TVM and torch take as "no GPU here".
"""

from __future__ import annotations

import ctypes
import subprocess
from collections.abc import Iterable
from pathlib import Path

NAME = "libcuda.so.1"


def driver_present() -> bool:
    """Say whether this machine's own CUDA driver can be loaded."""
    try:
        ctypes.CDLL(NAME)
    except OSError:
        return False
    return True


def is_driver_function(symbol: str) -> bool:
    """Say whether `symbol` is named as the functions of the CUDA driver are (`cuInit`)."""
    return symbol.startswith("cu") and symbol[2:3].isupper()


def is_runtime_function(symbol: str) -> bool:
    """Say whether `symbol` is named as the functions of the CUDA runtime are (`cudaMalloc`)."""
    return symbol.startswith("cuda") and symbol[4:5].isupper()


def build_driver_stand_in(folder: Path, libraries: Iterable[Path], compiler: str = "cc") -> Path:
    """Compile the stand-in for `libraries` into `folder` and return its path."""
    path = folder / NAME
    folder.mkdir(parents=True, exist_ok=True)
    names = sorted({name for library in libraries for name in _driver_functions(library)})
    source = "".join(f"int {name}(void) {{ return 100; }}\n" for name in names)
    text = folder / "driver.c"
    if path.is_file() and text.is_file() and text.read_text() == source:
        return path
    part = path.with_suffix(".part")
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-x", "c", "-", "-o", str(part), f"-Wl,-soname,{NAME}"],
        input=source or "int cuInit(unsigned flags) { return 100; }\n",
        text=True,
        check=True,
        capture_output=True,
    )
    part.rename(path)
    text.write_text(source)
    (folder / "libcuda.so").unlink(missing_ok=True)
    (folder / "libcuda.so").symlink_to(NAME)
    return path


def _driver_functions(library: Path) -> Iterable[str]:
    done = subprocess.run(
        ["nm", "-D", "--undefined-only", str(library)], text=True, check=True, capture_output=True
    )
    for line in done.stdout.splitlines():
        name = line.split()[-1].partition("@")[0]
        if is_driver_function(name):
            yield name
