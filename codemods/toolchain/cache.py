"""The folder of fetched and computed things, shared by runs and safe for several at once.

`CODEMODS_CACHE` names it; without, it is the user's cache folder. All of it can be deleted at any
time. An entry appears by one rename of a finished folder or file, under a lock of its own, so that
a killed run leaves no half entry and two runs fetch a thing once.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

ENVIRONMENT = "CODEMODS_CACHE"


def cache_folder() -> Path:
    """Return the cache's folder, which need not exist yet."""
    named = os.environ.get(ENVIRONMENT)
    if named:
        return Path(named).absolute()
    from platformdirs import user_cache_path

    return user_cache_path("tvm-ffi-codemods", appauthor=False)


def entry(name: str, make: Callable[[Path], None]) -> Path:
    """Return the folder `name` of the cache, letting `make` fill a new one where it is missing.

    `make` gets an empty folder on the same file system; if it raises, nothing is kept.
    """
    place = cache_folder() / name
    if place.is_dir():
        return place
    import shutil  # not for those who only look something up
    import tempfile

    from filelock import FileLock

    place.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(place.with_name(place.name + ".lock")):
        if place.is_dir():  # another process made it while this one waited
            return place
        scratch = Path(tempfile.mkdtemp(prefix=place.name + ".", dir=place.parent))
        try:
            make(scratch)
            scratch.chmod(0o755)
            scratch.rename(place)
        except BaseException:
            shutil.rmtree(scratch, ignore_errors=True)
            raise
    return place


def forget_unused(folder: Path, pattern: str, keep: int) -> None:
    """Remove all but the `keep` most recently used files of a kind from a folder of the cache.

    A file counts as used when `touch` was called on it. One that another process removes first, or
    still has open, does no harm.
    """

    def used(path: Path) -> float:
        try:
            return path.stat().st_mtime
        except OSError:
            return 0.0

    for path in sorted(folder.glob(pattern), key=used, reverse=True)[keep:]:
        path.unlink(missing_ok=True)


def write_atomically(path: Path, data: bytes) -> None:
    """Write `data` to `path` so that a reader sees either all of it or what was there before."""
    import tempfile

    path.parent.mkdir(parents=True, exist_ok=True)
    handle, scratch = tempfile.mkstemp(prefix=path.name + ".", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        Path(scratch).replace(path)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise
