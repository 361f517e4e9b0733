"""The built TVM that a tree is compiled and linked against, as the harness needs to see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Sdk:
    """Headers, libraries and Python of a target's TVM, and the CUDA toolkit beside it.

    `third_party`: what a TileLang wheel carries under `3rdparty`, by folder name (`tvm`,
    `cutlass`, `composable_kernel`). `cuda`: the root of a CUDA toolkit, None where there is none.
    `python_paths`: folders to import what the target's TVM needs from (`tvm_ffi`), where the
    interpreter does not bring it.
    """

    version: str
    include_dirs: tuple[Path, ...]
    library_dirs: tuple[Path, ...]
    third_party: Mapping[str, Path]
    defines: tuple[str, ...] = ()
    python_paths: tuple[Path, ...] = ()
    runtime_library_dirs: tuple[Path, ...] = ()
    cuda: Path | None = None
    nvshmem: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)

    def library(self, name: str) -> Path:
        """Return the path of the shared library `name` (`tvm` for `libtvm.so`).

        Raises FileNotFoundError, naming the folders looked in.
        """
        for folder in self.library_dirs:
            if (path := folder / f"lib{name}.so").is_file():
                return path
        looked = ", ".join(str(folder) for folder in self.library_dirs)
        raise FileNotFoundError(f"no lib{name}.so of TVM {self.version} in {looked}")
