"""Published packages, fetched with the user's own pip and unpacked into the cache.

pip decides where packages come from, by the user's own configuration. Wheels are unpacked, never
installed, so a wheel for another Python serves as well: only its headers, libraries and Python
sources are read.
"""

from __future__ import annotations

import os
import platform
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

from codemods.toolchain.cache import ENVIRONMENT, cache_folder, entry

_MACHINES = {"AMD64": "x86_64", "arm64": "aarch64"}
_PYTHON = ("3.11", "cp311")
"""Tags to ask for: every package wanted here publishes wheels for it, or for the stable ABI."""


class Unavailable(RuntimeError):
    """A package is not in the cache and cannot be fetched; the text says which command would."""


@dataclass(frozen=True)
class Package:
    """An exact published package. `members`: patterns of what is kept of it; all when empty.

    `archive`: the source archive is wanted, not the wheel.
    """

    name: str
    version: str
    archive: bool = False
    members: tuple[str, ...] = ()

    @property
    def requirement(self) -> str:
        """The requirement that pip is given."""
        return f"{self.name}=={self.version}"


def obtain(package: Package, offline: bool = False) -> Path:
    """Return the folder with the unpacked package, fetching it unless it is in the cache.

    Raises `Unavailable` when it is not there and `offline`, or pip fails.
    """
    kind = "archive" if package.archive else machine()
    name = f"packages/{package.name}-{package.version}-{kind}"
    if offline and not (cache_folder() / name).is_dir():
        raise Unavailable(
            f"`{package.requirement}` is not in the cache `{cache_folder()}` and `--offline` was "
            f"given; run once without it, name a filled cache with `{ENVIRONMENT}`, or checkouts "
            "with `--tvm` and `--ffi`"
        )
    try:
        return entry(name, lambda folder: _fetch(package, folder))
    except OSError as error:
        raise Unavailable(
            f"the cache `{cache_folder()}` cannot be used: {error.strerror or error}; name another "
            f"folder with `{ENVIRONMENT}`"
        ) from error


def machine() -> str:
    """Return the architecture whose wheels are fetched, as their tags spell it."""
    return _MACHINES.get(platform.machine(), platform.machine())


def _fetch(package: Package, folder: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="fetch.", dir=folder.parent) as scratch:
        command = _command(package, Path(scratch))
        # TileLang's archive computes a version label from a toolkit that need not be here
        environment = os.environ | {"NO_VERSION_LABEL": "ON", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        try:
            done = subprocess.run(
                command,
                cwd=scratch,  # not the working directory, where a tree may have a `pip.py`
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
        except OSError as error:
            raise Unavailable(f"cannot run `{_shown(command)}`: {error}") from error
        files = sorted(Path(scratch).iterdir())
        if done.returncode or len(files) != 1:
            said = [line for line in done.stderr.splitlines() if "ERROR" in line]
            last = said[0] if said else (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise Unavailable(
                f"cannot fetch `{package.requirement}`: `{_shown(command)}` exited "
                f"{done.returncode}: {last.strip().removeprefix('ERROR: ')}; look at the network "
                "and at `pip config list`, or name checkouts with `--tvm` and `--ffi`"
            )
        if files[0].suffix == ".whl":
            _unpack_wheel(files[0], folder, package.members)
        else:
            _unpack_archive(files[0], folder, package.members)


def _command(package: Package, folder: Path) -> list[str]:
    command = [*_pip(), "download", "--quiet", "--no-deps", "--dest", str(folder)]
    if package.archive:
        return [*command, "--no-binary", package.name, package.requirement]
    version, tag = _PYTHON
    command += ["--only-binary", ":all:", "--implementation", "cp", "--python-version", version]
    for abi in (tag, "abi3", "none"):
        command += ["--abi", abi]
    for name in _platforms():
        command += ["--platform", name]
    return [*command, package.requirement]


def _shown(command: Sequence[str]) -> str:
    """The command for people: without the folder and the dozens of tags that it names."""
    long = ("--dest", "--platform", "--abi", "--implementation", "--python-version")
    kept = [
        word
        for before, word in zip(("", *command), command, strict=False)
        if word not in long and before not in long
    ]
    return shlex.join(kept)


def _pip() -> list[str]:
    own = subprocess.run(
        [sys.executable, "-m", "pip", "--version"], cwd=sys.prefix, capture_output=True, check=False
    )
    if own.returncode == 0:
        return [sys.executable, "-m", "pip"]
    return [shutil.which("pip3") or shutil.which("pip") or "pip"]


def _platforms() -> list[str]:
    here = machine()
    names = [f"manylinux_2_{minor}_{here}" for minor in range(39, 4, -1)]
    return [*names, f"manylinux2014_{here}", f"manylinux2010_{here}", f"linux_{here}"]


def _wanted(name: str, members: tuple[str, ...]) -> bool:
    return not members or any(fnmatch(name, pattern) for pattern in members)


def _destination(folder: Path, name: str) -> Path:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise Unavailable(f"a fetched package names the unsafe path `{name}`")
    place = folder / path
    place.parent.mkdir(parents=True, exist_ok=True)
    return place


def _unpack_wheel(wheel: Path, folder: Path, members: tuple[str, ...]) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for info in archive.infolist():
            if not info.is_dir() and _wanted(info.filename, members):
                place = _destination(folder, info.filename)
                with archive.open(info) as source, place.open("wb") as target:
                    shutil.copyfileobj(source, target, 1 << 20)


def _unpack_archive(path: Path, folder: Path, members: tuple[str, ...]) -> None:
    with tarfile.open(path) as archive:
        for info in archive:
            name = info.name.partition("/")[2]  # below the archive's own top folder
            source = archive.extractfile(info) if info.isfile() else None
            if source is not None and _wanted(name, members):
                with source, _destination(folder, name).open("wb") as target:
                    shutil.copyfileobj(source, target, 1 << 20)
