"""Writes a whole tree or nothing of it, also when killed half-way, and takes a run back.

Before the first file is touched, the old bytes of all of them lie in one archive under
`.codemods/` in the target. Each file is then replaced by renaming, so no file is ever half-written.
The archive is renamed when the last one is done: while its first name stands, the tree is mixed,
and the next command puts it back as it was.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import tempfile
import threading
import zipfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

FOLDER = ".codemods"
_PENDING, _LAST = "pending.zip", "last.zip"
_MANIFEST = "manifest.json"


class NothingToUndo(Exception):
    """No run was recorded in the target."""


class EditedSince(Exception):
    """Files are neither as the run found them nor as it left them, so nothing was put back."""

    def __init__(self, paths: list[str]) -> None:
        self.paths = paths
        super().__init__(f"changed by somebody else since: {', '.join(paths)}")


@dataclass(frozen=True)
class _Entry:
    path: str
    before: str | None  # SHA-256 of the old bytes, None for a file that was made
    after: str


def write(
    root: Path, files: Mapping[str, bytes], made: Collection[str], *, keep: bool = True
) -> None:
    """Write all `files` below `root`; those in `made` are new. `keep` allows `undo` afterwards.

    Raises OSError with the tree put back as it was.
    """
    if not files:
        return
    folder = _prepare(root)
    _record(root, folder, files, made)
    with _terminated_like_interrupted():
        try:
            for path, data in files.items():
                _replace(root / path, data)
        except BaseException:
            recover(root)
            raise
    if keep:
        (folder / _PENDING).replace(folder / _LAST)
    else:
        (folder / _PENDING).unlink()
        _clear(folder)


def recover(root: Path) -> list[str] | None:
    """Put back what a killed run left mixed; return the paths, or None if there was no such run.

    Raises `EditedSince`, having changed nothing, if somebody worked on the files in between.
    """
    pending = root / FOLDER / _PENDING
    if not pending.exists():
        return None
    restored = _restore(root, pending)
    pending.unlink()
    _clear(root / FOLDER)
    return restored


def undo(root: Path) -> list[str]:
    """Put back what the last run changed; return the paths.

    Raises `NothingToUndo`, or `EditedSince` having changed nothing.
    """
    last = root / FOLDER / _LAST
    if not last.exists():
        raise NothingToUndo(f"no run is recorded under `{root}`")
    restored = _restore(root, last)
    last.unlink()
    _clear(root / FOLDER)
    return restored


def _prepare(root: Path) -> Path:
    folder = root / FOLDER
    folder.mkdir(exist_ok=True)
    (folder / ".gitignore").write_text("*\n", encoding="ascii")
    return folder


def _clear(folder: Path) -> None:
    """Remove our folder when nothing but its ignore file is left."""
    if {entry.name for entry in folder.iterdir()} <= {".gitignore"}:
        (folder / ".gitignore").unlink(missing_ok=True)
        folder.rmdir()


def _record(root: Path, folder: Path, files: Mapping[str, bytes], made: Collection[str]) -> None:
    manifest: list[dict[str, str | None]] = []
    draft = folder / (_PENDING + ".tmp")
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path, data in files.items():
            old = None if path in made else (root / path).read_bytes()
            digest = None if old is None else _digest(old)
            manifest.append({"path": path, "before": digest, "after": _digest(data)})
            if old is not None:
                archive.writestr(f"old/{path}", old)
        archive.writestr(_MANIFEST, json.dumps({"version": 1, "files": manifest}))
    with draft.open("rb") as stream:
        os.fsync(stream.fileno())
    draft.replace(folder / _PENDING)


def _restore(root: Path, archive_path: Path) -> list[str]:
    with zipfile.ZipFile(archive_path) as archive:
        manifest = json.loads(archive.read(_MANIFEST))
        entries = [_Entry(**entry) for entry in manifest["files"]]
        now = {e.path: _digest_of(root / e.path) for e in entries}
        foreign = [e.path for e in entries if now[e.path] not in (e.before, e.after)]
        if foreign:
            raise EditedSince(foreign)
        changed = [e for e in entries if now[e.path] != e.before]
        for entry in changed:
            if entry.before is None:
                (root / entry.path).unlink()
            else:
                _replace(root / entry.path, archive.read(f"old/{entry.path}"))
    return [entry.path for entry in changed]


def _replace(path: Path, data: bytes) -> None:
    """Give the file new bytes in one step, keeping its mode and owner."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        if path.exists():
            status = path.stat()
            Path(draft).chmod(status.st_mode & 0o7777)
            with contextlib.suppress(PermissionError):
                os.chown(draft, status.st_uid, status.st_gid)
        else:
            Path(draft).chmod(0o666 & ~_umask())
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _digest_of(path: Path) -> str | None:
    return _digest(path.read_bytes()) if path.exists() else None


@contextlib.contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """Let SIGTERM raise while files are written, so that they are put back at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
