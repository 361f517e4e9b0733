"""Where the target's headers, packages and libraries are on this machine.

Each part comes from what the user names, else from the tree's own `3rdparty/tvm` when it is at the
target, else from the published packages (`codemods.toolchain.fetch`).
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from codemods.toolchain.fetch import Package, Unavailable, obtain
from codemods.toolchain.releases import SUPPORT_ARCHIVE, Release, is_at

_CUDA_PACKAGES = (
    Package("nvidia-cuda-runtime", "13.0.96", members=("*/include/*",)),
    Package("nvidia-cuda-crt", "13.0.88", members=("*/include/*",)),
)
_SUPPORT = Package(
    "tilelang",
    SUPPORT_ARCHIVE,
    archive=True,
    members=("3rdparty/tvm/3rdparty/dmlc-core/include/*", "3rdparty/tvm/3rdparty/picojson/*.h"),
)


@dataclass(frozen=True)
class Toolchain:
    """What the sources of a tree at `release` are compiled against.

    `includes`: the target's include folders, in order. `python`: folders to put on the module
    search path, where the packages `tvm`, `tvm_ffi` and upstream's `tilelang` are. `libraries`:
    folders with the built `libtvm`, `libtvm_runtime` and `libtvm_ffi`. `tvm`, `ffi`: the roots
    these were taken from; `origin` says in words where they come from.
    """

    release: Release
    tvm: Path
    ffi: Path
    includes: tuple[Path, ...]
    python: tuple[Path, ...]
    libraries: tuple[Path, ...]
    cuda_major: int
    origin: str


def find_toolchain(
    release: Release,
    tree: Path | None = None,
    tvm: Path | None = None,
    ffi: Path | None = None,
    offline: bool = False,
) -> Toolchain:
    """Return the toolchain of `release` for `tree`; `tvm` and `ffi` are folders the user names.

    A named folder is a source checkout or an installed package. Raises `Unavailable` where a part
    can be had neither here nor by pip, and `FileNotFoundError` where a named folder has no headers.
    """
    origin: list[str] = []
    wheel: Path | None = None
    tvm = _tvm_of(tree, release, tvm, origin)
    if tvm is None:
        wheel = _wheel(release, offline)
        tvm = wheel / "tilelang/3rdparty/tvm"
        origin.append(f"TVM from the wheel tilelang {release.name}")
    ffi = _ffi_of(tvm, release, ffi, offline, origin)
    cuda, cuda_major = _cuda(offline)
    includes = [tvm / "include", tvm / "src", *_ffi_includes(ffi), *_support(tvm, offline), *cuda]
    python = [tvm / "python", *_ffi_python(ffi)]
    libraries = [tvm / "build", tvm / "build/lib", tvm / "lib", ffi / "lib", ffi / "build/lib"]
    if wheel is not None:
        python.append(wheel)
        libraries.insert(0, wheel / "tilelang/lib")
    return Toolchain(
        release,
        tvm,
        ffi,
        tuple(_existing(includes)),
        tuple(_existing(python)),
        tuple(_existing(libraries)),
        cuda_major,
        "; ".join(origin),
    )


@dataclass(frozen=True)
class Published:
    """A release's Python packages, sources and libraries, for looking names up. No compiler needed.

    `python`: folders with `tvm` (and `tvm_ffi`). `sources`: folders whose C++ and Python register
    names. `libraries`: folders with the built libraries.
    """

    python: tuple[Path, ...]
    sources: tuple[Path, ...]
    libraries: tuple[Path, ...]


def published(toolchain: Toolchain) -> Published:
    """Return what a toolchain that was found has for looking names up."""
    tvm, ffi = toolchain.tvm, toolchain.ffi
    sources = [tvm / "src", tvm / "include", tvm / "python", ffi / "src", ffi / "include"]
    return Published(toolchain.python, tuple(_existing(sources)), toolchain.libraries)


def find_published(release: Release, offline: bool = False) -> Published:
    """Return the same of a release's wheel, also where that carries no headers."""
    wheel = obtain(Package("tilelang", release.name), offline)
    tvm = wheel / "tilelang/3rdparty/tvm"
    python = [tvm / "python"]
    sources = [tvm / "src", tvm / "include", tvm / "python"]
    if release.ffi is not None:
        ffi = obtain(Package("apache-tvm-ffi", release.ffi), offline)
        python.append(ffi)
        sources += [ffi / "tvm_ffi/src", ffi / "tvm_ffi/include"]
    return Published(tuple(_existing(python)), tuple(_existing(sources)), (wheel / "tilelang/lib",))


def _existing(folders: Iterable[Path]) -> list[Path]:
    return [folder for folder in dict.fromkeys(folders) if folder.is_dir()]


def _tvm_of(
    tree: Path | None, release: Release, named: Path | None, origin: list[str]
) -> Path | None:
    if named is not None:
        named = named.absolute()
        if not (named / "include/tvm").is_dir():
            raise FileNotFoundError(f"`{named}` has no `include/tvm`; name a checkout of TVM")
        origin.append("TVM as named")
        return named
    for folder in ("3rdparty/tvm", "third_party/tvm"):
        if tree is not None and is_at(tree.absolute() / folder, release):
            origin.append(f"TVM from the tree's own `{folder}`")
            return tree.absolute() / folder
    return None


def _wheel(release: Release, offline: bool) -> Path:
    if not release.headers:
        raise Unavailable(
            f"the published wheel of TileLang {release.name} carries no headers; "
            "name a checkout of its TVM with `--tvm`"
        )
    return obtain(Package("tilelang", release.name), offline)


def _ffi_of(
    tvm: Path, release: Release, named: Path | None, offline: bool, origin: list[str]
) -> Path:
    """The root whose `include/` holds `tvm/ffi/`: a checkout, or the installed package."""
    if named is not None:
        for root in (named.absolute(), named.absolute() / "tvm_ffi"):
            if (root / "include/tvm/ffi").is_dir():
                origin.append("tvm-ffi as named")
                return root
        raise FileNotFoundError(f"`{named.absolute()}` has no `include/tvm/ffi`")
    for root in (tvm / "3rdparty/tvm-ffi", tvm / "ffi"):
        if (root / "include/tvm/ffi").is_dir():
            origin.append(f"tvm-ffi from `{root.relative_to(tvm)}` of that TVM")
            return root
    if release.ffi is None:
        raise Unavailable(f"TileLang {release.name} is older than the package apache-tvm-ffi")
    origin.append(f"the wheel apache-tvm-ffi {release.ffi}")
    return obtain(Package("apache-tvm-ffi", release.ffi), offline) / "tvm_ffi"


def _ffi_includes(ffi: Path) -> list[Path]:
    return [ffi / "include", ffi / "3rdparty/dlpack/include"]


def _ffi_python(ffi: Path) -> list[Path]:
    return [ffi / "python", *([ffi.parent] if ffi.name == "tvm_ffi" else [])]


def _support(tvm: Path, offline: bool) -> list[Path]:
    """dmlc-core, picojson and dlpack: TVM's own copies, else those of TileLang's archive."""
    own = tvm / "3rdparty"
    found = [own / "dlpack/include", own / "dmlc-core/include", own / "picojson"]
    if all((folder).is_dir() for folder in found[1:]):
        return found
    third = obtain(_SUPPORT, offline) / "3rdparty/tvm/3rdparty"
    return [*found, third / "dmlc-core/include", third / "picojson"]


def _cuda(offline: bool) -> tuple[list[Path], int]:
    """The CUDA toolkit's headers and major version: installed here, else the published ones."""
    nvcc = shutil.which("nvcc")
    roots = [os.environ.get(name) for name in ("CUDA_HOME", "CUDA_PATH", "CUDAToolkit_ROOT")]
    roots += [str(Path(nvcc).resolve().parent.parent) if nvcc else None, "/usr/local/cuda"]
    for root in roots:
        include = Path(root) / "include" if root else None
        if include is not None and (include / "cuda_runtime.h").is_file():
            return [include, include / "cccl"], _cuda_major(include / "cuda.h")
    folders = [obtain(package, offline) / "nvidia/cu13/include" for package in _CUDA_PACKAGES]
    return folders, _cuda_major(folders[0] / "cuda.h")


def _cuda_major(header: Path) -> int:
    text = header.read_text(encoding="utf-8", errors="replace")
    match = re.search(r"#define\s+CUDA_VERSION\s+(\d+)", text)
    if match is None:
        raise FileNotFoundError(f"`{header}` does not define `CUDA_VERSION`")
    return int(match[1]) // 1000
