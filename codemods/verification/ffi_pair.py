"""Whether a TVM and a tvm-ffi fit: by the table of releases, and by the libraries' symbols."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from packaging.specifiers import SpecifierSet

from codemods import tvm_ffi_ranges

_PREFIXES = ("TVMFFI", "_ZN3tvm3ffi")


def installed_mismatch() -> str:
    """Return what is wrong with the pair installed in this environment, "" if nothing is known."""
    try:
        tilelang = metadata.version("tilelang")
        ffi = metadata.version(tvm_ffi_ranges.PACKAGE)
    except metadata.PackageNotFoundError:
        return ""
    return mismatch(tilelang, ffi)


def mismatch(tilelang: str, ffi: str) -> str:
    """Return what is wrong with a release of TileLang beside a version of tvm-ffi, or ""."""
    wanted = tvm_ffi_ranges.ranges().get(tilelang.partition("+")[0])
    if wanted is None or SpecifierSet(wanted).contains(ffi, prereleases=True):
        return ""
    return f"TileLang {tilelang} goes with `{tvm_ffi_ranges.PACKAGE}{wanted}`, not with {ffi}"


def undefined_symbols(libraries: Sequence[Path]) -> list[str]:
    """Return tvm-ffi's symbols that `libtvm*.so` in these folders want and `libtvm_ffi.so` lacks.

    An empty list where there is nothing to compare, or no `nm` to compare with.
    """
    found = {path.name: path for folder in libraries for path in folder.glob("libtvm*.so")}
    ffi = found.pop("libtvm_ffi.so", None)
    found.pop("libtvm_ffi_testing.so", None)
    if ffi is None or shutil.which("nm") is None:
        return []
    has = _symbols(ffi, "--defined-only")
    lacking: set[str] = set()
    for path in found.values():
        own = _symbols(path, "--defined-only")
        wants = _symbols(path, "--undefined-only") - own
        lacking |= {name for name in wants if name.startswith(_PREFIXES)} - has
    for path in found.values():  # libtvm may take from libtvm_runtime what that defines
        lacking -= _symbols(path, "--defined-only")
    return sorted(lacking)


def _symbols(library: Path, which: str) -> set[str]:
    done = subprocess.run(
        ["nm", "-D", which, "--format=posix", str(library)],
        capture_output=True,
        text=True,
        check=False,
    )
    return {line.split(" ", 1)[0].partition("@")[0] for line in done.stdout.splitlines() if line}
