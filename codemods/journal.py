"""Writes a whole tree or nothing of it, also when killed at any step, and takes a run back.

Before the first file is touched, the old bytes of all of them lie in one archive under
`.codemods/` in the target, and the new ones beside it: a full disk is found out while nothing has
changed. Each file is then replaced by renaming, so no file is ever half-written. The archive is
renamed when the last one is done: while its first name stands, the tree is mixed, and the next
command puts it back as it was. A run that is only whole with a step outside of the files (its
commits) takes that step last, before the archive is renamed: who finds the archive asks whether it
was taken, and goes on, or puts the files back.

Nothing is written through a link that leads out of the tree, over a file that somebody changed
since it was read, or on the word of an archive that was not made here.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import signal
import tempfile
import threading
import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType

import click

from codemods.tree_lock import locked

FOLDER = ".codemods"
_DRAFT, _PENDING, _LAST = "draft.zip", "pending.zip", "last.zip"
_STAGE = "new"
_MANIFEST = "manifest.json"
_VERSION = 2


class Refused(click.ClickException):
    """Nothing was written, and the tree is as it was; the text says why."""


class CannotWrite(Refused):
    """The file system refused a step; the text says which, and how the tree is now."""

    def __init__(self, root: Path, error: OSError) -> None:
        state = "the tree is as it was"
        if is_mixed(root):
            state = "the tree is mixed, and the next `run` puts it back as it was"
        reason = (error.strerror or str(error)).lower()
        super().__init__(f"cannot write `{error.filename or root}`: {reason}; {state}")


class NothingToUndo(Refused):
    """No run was recorded in the target."""


class EditedSince(Refused):
    """Files are neither as the run found them nor as it left them, so nothing was put back."""

    def __init__(self, paths: Sequence[str]) -> None:
        self.paths = paths
        super().__init__(f"changed by somebody else since: {', '.join(paths)}")


class ChangedMeanwhile(Refused):
    """Files changed after they were read, so that what is to be written is not about them."""

    def __init__(self, paths: Sequence[str]) -> None:
        self.paths = paths
        named = ", ".join(f"`{path}`" for path in paths[:3]) + (" ..." if len(paths) > 3 else "")
        super().__init__(f"changed by somebody else during the run: {named}; run again")


@dataclass(frozen=True)
class _Entry:
    path: str
    before: str | None  # SHA-256 of the old bytes, None for a file that was made
    after: str


@dataclass(frozen=True)
class _Record:
    """What an archive says: its files, the folders that were made for new ones, and the last step's
    note, empty where there is none."""

    entries: tuple[_Entry, ...]
    folders: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True)
class LastStep:
    """What makes a run final beside its files.

    `take` does it or raises. `note` is kept in the archive for `taken`, which says of a run that
    was interrupted whether the step had been taken, and finishes what it had begun then.
    """

    note: str
    take: Callable[[], None]
    taken: Callable[[str], bool]


@dataclass(frozen=True)
class Recovered:
    """What became of a run that was killed: whether it was `finished`, else what was put back."""

    finished: bool
    paths: Sequence[str] = ()


def write(
    root: Path,
    files: Mapping[str, bytes],
    made: Collection[str],
    *,
    before: Mapping[str, bytes],
    keep: bool = True,
    last: LastStep | None = None,
) -> None:
    """Write all `files` below `root`; those in `made` are new, the others were as in `before`.

    `keep` allows `undo` afterwards; `last` is done when all are written, or the files are put back.
    Raises `Refused` with the tree as it was.
    """
    if not files:
        return
    with locked(root):
        for path in files:
            _refuse_outside(root, path)
        _refuse_changed(root, {path: None if path in made else before[path] for path in files})
        try:
            folder = _prepare(root)
            record = _record(root, folder, files, before, made, last)
            _replace_all(root, folder, record, files, keep, last)
        except OSError as error:
            raise CannotWrite(root, error) from error


def recover(root: Path, taken: Callable[[str], bool] | None = None) -> Recovered | None:
    """Put back what a killed run left mixed, or finish it; None if there was no such run.

    `taken` is the `LastStep`'s, for a run that had one. Raises `EditedSince`, having changed
    nothing, if somebody worked on the files in between, and `Refused` if the archive was not made
    here.
    """
    folder = root / FOLDER
    if not folder.is_dir() or folder.is_symlink():
        return None
    with locked(root):
        done = _settle(root, folder, taken) if (folder / _PENDING).exists() else None
        _clear(folder)
    return done


def is_mixed(root: Path) -> bool:
    """Say whether a killed run left the tree between before and after."""
    return (root / FOLDER / _PENDING).exists()


def undo(root: Path) -> list[str]:
    """Put back what the last run changed; return the paths.

    Raises `NothingToUndo`, or another `Refused` having changed nothing.
    """
    folder = root / FOLDER
    last = folder / _LAST
    if not last.exists() or folder.is_symlink():
        hint = "in git, take back a run with git"
        raise NothingToUndo(f"no run is recorded under `{root}`; {hint}")
    with locked(root):
        with _opened(last) as archive:
            _changed(root, _read(root, archive))
        last.replace(folder / _PENDING)  # killed from here on, the next command goes on
        restored = _put_back(root, folder)
        _clear(folder)
    return restored


# -- forwards ------------------------------------------------------------------------------------


def _prepare(root: Path) -> Path:
    folder = root / FOLDER
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise Refused(f"`{folder}` is not a folder of ours; remove it")
    folder.mkdir(exist_ok=True)
    try:
        (folder / ".gitignore").write_text("*\n", encoding="ascii")
    except BaseException:
        _clear(folder)
        raise
    return folder


def _replace_all(
    root: Path,
    folder: Path,
    record: _Record,
    files: Mapping[str, bytes],
    keep: bool,
    last: LastStep | None,
) -> None:
    """Store old and new bytes in our folder, then put every file in its place, or none."""
    try:
        staged = _stage(root, folder, files)
    except BaseException:
        _clear(folder)
        raise
    with _terminated_like_interrupted():
        (folder / _DRAFT).replace(folder / _PENDING)
        try:
            for entry in record.entries:
                if _digest_of(root / entry.path) != entry.before:
                    raise ChangedMeanwhile([entry.path])
                _put(staged[entry.path], root / entry.path)
            if last is not None:
                last.take()
            if keep:
                (folder / _PENDING).replace(folder / _LAST)
            else:
                (folder / _PENDING).unlink()
        except BaseException:
            if (folder / _PENDING).exists():
                _settle(root, folder, last.taken if last else None, given_up=True)
                _clear(folder)
            raise
    _clear(folder)


def _refuse_outside(root: Path, path: str) -> None:
    """Raise unless `path` names a place in the tree itself, reached through no link."""
    parts = path.split("/")
    inside = not path.startswith("/") and not {"", ".", "..", ".git", FOLDER} & set(parts)
    folder = (root / path).parent
    if not inside or folder.resolve() != root.resolve().joinpath(*parts[:-1]):
        raise Refused(f"`{path}` is not a place in the tree `{root}`; nothing was written")


def _refuse_changed(root: Path, expected: Mapping[str, bytes | None]) -> None:
    """Raise unless each file holds the expected bytes; None: there is no such file yet."""
    changed = [path for path, data in expected.items() if _differs(root / path, data)]
    if changed:
        raise ChangedMeanwhile(changed)


def _differs(path: Path, data: bytes | None) -> bool:
    if data is None or path.is_symlink():
        return path.exists() or path.is_symlink()
    try:
        return path.read_bytes() != data
    except FileNotFoundError:
        return True


def _record(
    root: Path,
    folder: Path,
    files: Mapping[str, bytes],
    before: Mapping[str, bytes],
    made: Collection[str],
    last: LastStep | None,
) -> _Record:
    """Store the old bytes in an archive that does not count yet; return what it says."""
    olds = {path: None if path in made else before[path] for path in files}
    entries = tuple(
        _Entry(path, None if old is None else _digest(old), _digest(files[path]))
        for path, old in olds.items()
    )
    record = _Record(entries, _missing_folders(root, files), last.note if last else "")
    manifest = {"version": _VERSION, "home": root.stat().st_ino, **asdict(record)}
    try:
        with zipfile.ZipFile(folder / _DRAFT, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
            for number, old in enumerate(olds.values()):
                file.writestr(str(number), old or b"")
            file.writestr(_MANIFEST, json.dumps(manifest))
        with (folder / _DRAFT).open("rb") as stream:
            os.fsync(stream.fileno())
    except BaseException:
        _clear(folder)
        raise
    return record


def _missing_folders(root: Path, files: Collection[str]) -> tuple[str, ...]:
    """The folders that writing the files makes, the outer ones first."""
    above = {folder.as_posix() for path in files for folder in Path(path).parents}
    return tuple(sorted(folder for folder in above if not (root / folder).exists()))


def _stage(root: Path, folder: Path, files: Mapping[str, bytes]) -> dict[str, Path]:
    """Write the files' bytes beside the archive, each with the mode and owner of the file that it
    will replace; return their places.
    """
    stage = folder / _STAGE
    shutil.rmtree(stage, ignore_errors=True)
    stage.mkdir()
    staged: dict[str, Path] = {}
    for number, (path, data) in enumerate(files.items()):
        draft = staged[path] = stage / str(number)
        draft.write_bytes(data)
        target = root / path
        if target.exists():
            status = target.stat()
            with contextlib.suppress(PermissionError):
                os.chown(draft, status.st_uid, status.st_gid)
            draft.chmod(status.st_mode & 0o7777)
    return staged


def _put(draft: Path, path: Path) -> None:
    """Give a file its new bytes in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        draft.replace(path)
    except OSError as error:
        if error.errno != errno.EXDEV:  # another file system is mounted inside the tree
            raise
        handle, near = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        os.close(handle)
        try:
            shutil.copy2(draft, near)
            Path(near).replace(path)
        except BaseException:
            Path(near).unlink(missing_ok=True)
            raise


# -- backwards -----------------------------------------------------------------------------------


def _settle(
    root: Path, folder: Path, taken: Callable[[str], bool] | None, *, given_up: bool = False
) -> Recovered:
    """Finish the pending run if its last step was taken, else put its files back."""
    with _opened(folder / _PENDING) as archive:
        note = _read(root, archive).note
    if note and taken is not None and taken(note):
        (folder / _PENDING).unlink()
        return Recovered(finished=True)
    return Recovered(finished=False, paths=_put_back(root, folder, given_up=given_up))


def _put_back(root: Path, folder: Path, *, given_up: bool = False) -> list[str]:
    """Put back the files of the pending archive, then remove it; return the paths.

    `given_up`: this run stopped itself, and knows that a file that is neither old nor new is
    somebody's edit that it did not touch.
    """
    with _opened(folder / _PENDING) as archive:
        record = _read(root, archive)
        changed = _changed(root, record, foreign=given_up)
        numbers = {entry: str(number) for number, entry in enumerate(record.entries)}
        old = {e.path: archive.read(numbers[e]) for e in changed if e.before is not None}
    for path, draft in _stage(root, folder, old).items():
        _put(draft, root / path)
    for entry in changed:
        if entry.before is None:
            (root / entry.path).unlink()
    for made in reversed(record.folders):
        with contextlib.suppress(OSError):  # somebody else's file is in it now
            (root / made).rmdir()
    (folder / _PENDING).unlink()
    return [entry.path for entry in changed]


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except zipfile.BadZipFile as error:
        raise _not_ours(path) from error


def _not_ours(path: object) -> Refused:
    return Refused(f"`{path}` was not made here; look at the tree, and remove it")


def _read(root: Path, archive: zipfile.ZipFile) -> _Record:
    """Read an archive's list; raises `Refused` unless this tree's own run made it."""
    try:
        manifest = json.loads(archive.read(_MANIFEST))
        if (manifest["version"], manifest["home"]) != (_VERSION, root.stat().st_ino):
            raise ValueError
        entries = tuple(_Entry(**entry) for entry in manifest["entries"])
        folders = tuple(str(folder) for folder in manifest["folders"])
        note = str(manifest.get("note", ""))
    except (ValueError, KeyError, TypeError) as error:
        raise _not_ours(archive.filename) from error
    for path in (*(entry.path for entry in entries), *folders):
        _refuse_outside(root, path)
    return _Record(entries, folders, note)


def _changed(root: Path, record: _Record, *, foreign: bool = False) -> list[_Entry]:
    """The files that are as the run left them. Raises `EditedSince` for those that are neither
    that nor as it found them, unless `foreign` ones may be.
    """
    now = {e.path: _digest_of(root / e.path) for e in record.entries}
    strange = [e.path for e in record.entries if now[e.path] not in (e.before, e.after)]
    if strange and not foreign:
        raise EditedSince(strange)
    return [e for e in record.entries if now[e.path] == e.after != e.before]


def _clear(folder: Path) -> None:
    """Remove what a run needed only meanwhile, and our folder if nothing else is left in it.

    What cannot be removed does no harm, and the next command tries again.
    """
    if (folder / _PENDING).exists():
        return
    with contextlib.suppress(OSError):
        shutil.rmtree(folder / _STAGE, ignore_errors=True)
        (folder / _DRAFT).unlink(missing_ok=True)
        if {entry.name for entry in folder.iterdir()} <= {".gitignore"}:
            shutil.rmtree(folder)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _digest_of(path: Path) -> str | None:
    return _digest(path.read_bytes()) if path.is_file() and not path.is_symlink() else None


@contextlib.contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """Let SIGTERM raise while files are written, so that they are put back at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before: Callable[[int, FrameType | None], object] | int | None
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
