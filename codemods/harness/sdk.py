"""The built TVM that a tree is compiled and linked against, as the harness needs to see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from codemods.toolchain.fetch import Package, Unavailable, obtain
from codemods.toolchain.layout import find_toolchain
from codemods.toolchain.releases import release

NVSHMEM = "3.4.5"
"""The version of the published NVSHMEM whose headers kernels are compiled with."""

_VENDORED = ("cutlass", "composable_kernel")


@dataclass(frozen=True)
class Sdk:
    """Headers, libraries and Python of a target's TVM, and the CUDA toolkit beside it.

    `third_party`: what a TileLang wheel carries under `3rdparty`, by folder name (`tvm`,
    `cutlass`, `composable_kernel`). `cuda`: the root of a CUDA toolkit, None where there is none.
    `python_paths`: folders to import what the target's TVM needs from (`tvm_ffi`), where the
    interpreter does not bring it. `ffi_version`: the exact `apache-tvm-ffi` that the libraries were
    built with, None where tvm-ffi is not a package of its own.
    """

    version: str
    include_dirs: tuple[Path, ...]
    library_dirs: tuple[Path, ...]
    third_party: Mapping[str, Path]
    defines: tuple[str, ...] = ()
    python_paths: tuple[Path, ...] = ()
    runtime_library_dirs: tuple[Path, ...] = ()
    cuda: Path | None = None
    cuda_major: int = 13
    nvshmem: Path | None = None
    ffi_version: str | None = None
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


def find_sdk(release_name: str, tree: Path, tvm: Path | None = None) -> Sdk:
    """Return what `tree` is built against: the published TVM of a release, or the one at `tvm`.

    Raises what `codemods.toolchain` raises where a part cannot be had.
    """
    found = find_toolchain(release(release_name), tree, tvm)
    return Sdk(
        version=found.release.name,
        include_dirs=found.includes,
        library_dirs=found.libraries,
        third_party=_third_party(found.tvm, tree),
        cuda=_cuda_root(found.includes),
        cuda_major=found.cuda_major,
        nvshmem=_nvshmem(found.cuda_major),
        ffi_version=found.release.ffi,
    )


def _third_party(tvm: Path, tree: Path) -> dict[str, Path]:
    """Return the vendored folders: beside TVM in a wheel, else TVM's own and the tree's."""
    found = {"tvm": tvm}
    for parent in (tvm / "3rdparty", tree / "3rdparty", tvm.parent):
        if parent.is_dir() and parent.name == "3rdparty":
            full = (p for p in parent.iterdir() if p.is_dir() and any(p.iterdir()))
            found |= {path.name: path for path in full if path.name in _VENDORED}
    return found


def _cuda_root(includes: tuple[Path, ...]) -> Path | None:
    return next((folder.parent for folder in includes if (folder / "cuda.h").is_file()), None)


def _nvshmem(cuda_major: int) -> Path | None:
    package = Package(f"nvidia-nvshmem-cu{cuda_major}", NVSHMEM, members=("*/include/*",))
    try:
        return next(obtain(package).glob("nvidia/nvshmem"), None)
    except Unavailable:
        return None
