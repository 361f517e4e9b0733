"""Writing a tree whole or not at all, and taking it back."""

from __future__ import annotations

import errno
import hashlib
import itertools
import json
import os
import signal
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from codemods import journal, tree_lock

FILES = {"a.cc": b"old a", "sub/b.cc": b"old b\r\n\xe9"}
NEW = {"a.cc": b"new a", "sub/b.cc": b"new b", "made/c.h": b"made"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for path, data in FILES.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(data)
    return tmp_path


def contents(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and journal.FOLDER not in path.parts
    }


def folders(root: Path) -> set[str]:
    return {p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_dir()}


def write(root: Path, keep: bool = True) -> None:
    journal.write(root, NEW, ["made/c.h"], before=FILES, keep=keep)


def test_all_files_are_written(root: Path) -> None:
    write(root)
    assert contents(root) == NEW


def test_modes_are_kept(root: Path) -> None:
    (root / "a.cc").chmod(0o755)
    write(root)
    assert (root / "a.cc").stat().st_mode & 0o777 == 0o755


def test_undo_puts_everything_back_and_leaves_nothing_of_ours(root: Path) -> None:
    write(root)
    assert sorted(journal.undo(root)) == sorted(NEW)
    assert contents(root) == FILES
    assert not (root / journal.FOLDER).exists()


def test_undo_without_a_run_says_so(root: Path) -> None:
    with pytest.raises(journal.NothingToUndo):
        journal.undo(root)


def test_undo_refuses_files_that_somebody_edited_and_changes_none(root: Path) -> None:
    write(root)
    (root / "a.cc").write_bytes(b"mine")
    with pytest.raises(journal.EditedSince, match=r"a\.cc"):
        journal.undo(root)
    assert contents(root) == {**NEW, "a.cc": b"mine"}


KILLED = """
import os, signal, sys
from pathlib import Path
from codemods import journal
real, count = journal._put, 0
def put(draft, path):
    global count
    count += 1
    if count == 2:
        os.kill(os.getpid(), getattr(signal, sys.argv[2]))
    real(draft, path)
journal._put = put
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in what runs in the background
root = Path(sys.argv[1])
new = {"a.cc": b"new a", "sub/b.cc": b"new b", "made/c.h": b"made"}
before = {path: (root / path).read_bytes() for path in ("a.cc", "sub/b.cc")}
journal.write(root, new, ["made/c.h"], before=before)
"""


def kill(root: Path, signal: str) -> int:
    command = [sys.executable, "-c", textwrap.dedent(KILLED), str(root), signal]
    return subprocess.run(command, capture_output=True, check=False).returncode


def test_a_killed_run_is_put_back_by_the_next_command(root: Path) -> None:
    assert kill(root, "SIGKILL") == -9
    assert contents(root) != FILES
    assert journal.is_mixed(root)
    assert journal.recover(root) is not None
    assert contents(root) == FILES
    assert journal.recover(root) is None


@pytest.mark.parametrize("signal", ["SIGTERM", "SIGINT"])
def test_an_interrupted_run_puts_itself_back(root: Path, signal: str) -> None:
    assert kill(root, signal) != 0
    assert contents(root) == FILES
    assert not (root / journal.FOLDER).exists()


def test_a_run_in_git_leaves_nothing_of_ours(root: Path) -> None:
    write(root, keep=False)
    assert not (root / journal.FOLDER).exists()


# -- killed, or refused by the file system, at each line that writes or takes back ---------------


def at_line(number: int, act: Callable[[], None]) -> Callable[..., Any]:
    """A trace function that acts once, when that many lines of the journal were executed."""
    passed = 0

    def trace(frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal passed
        if frame.f_code.co_filename != journal.__file__:
            return None
        if event == "line":
            passed += 1
            if passed == number:
                act()
        return trace

    return trace


def killed_at(number: int, work: Callable[[], object]) -> bool:
    """Run `work` in a child that is killed before its line `number`; False if it is not."""
    child = os.fork()
    if not child:
        sys.settrace(at_line(number, lambda: os.kill(os.getpid(), signal.SIGKILL)))
        work()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or status == 0
    return os.WIFSIGNALED(status)


def laid(root: Path) -> None:
    for path, data in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)


def test_a_write_killed_at_any_line_leaves_a_tree_that_the_next_run_makes_whole(
    tmp_path: Path,
) -> None:
    seen = set()
    for number in itertools.count(1):
        root = tmp_path / str(number)
        laid(root)
        if not killed_at(number, lambda root=root: write(root)):
            break
        state = contents(root)
        assert all(state.get(path) in (FILES.get(path), data) for path, data in NEW.items())
        mixed = state not in (FILES, NEW)
        assert not mixed or journal.is_mixed(root)
        seen.add("mixed" if mixed else "old" if state == FILES else "new")
        journal.recover(root)
        assert contents(root) in (FILES, NEW)
        if contents(root) == FILES:
            assert folders(root) == {"sub"}, "nothing of ours is left"
            write(root)
        assert contents(root) == NEW
        journal.undo(root)
        assert contents(root) == FILES
    assert seen == {"old", "mixed", "new"}


def test_an_undo_killed_at_any_line_is_finished_by_the_next_command(tmp_path: Path) -> None:
    for number in itertools.count(1):
        root = tmp_path / str(number)
        laid(root)
        write(root)
        if not killed_at(number, lambda root=root: journal.undo(root)):
            break
        if journal.recover(root) is None and contents(root) != FILES:
            assert contents(root) == NEW
            journal.undo(root)
        assert contents(root) == FILES
        assert folders(root) == {"sub"}


def test_putting_back_killed_at_any_line_is_finished_by_the_next_command(tmp_path: Path) -> None:
    for number in itertools.count(1):
        root = tmp_path / str(number)
        laid(root)
        assert kill_before_the_last_file(root)
        if not killed_at(number, lambda root=root: journal.recover(root)):
            break
        journal.recover(root)
        assert contents(root) == FILES
        assert folders(root) == {"sub"}


def kill_before_the_last_file(root: Path) -> bool:
    """Leave a mixed tree, as a killed run does."""
    child = os.fork()
    if not child:
        real = journal._put

        def put(draft: Path, path: Path) -> None:
            if path.name == "c.h":
                os.kill(os.getpid(), signal.SIGKILL)
            real(draft, path)

        journal._put = put
        write(root)
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


STEPS = ("write_text", "write_bytes", "mkdir", "chmod", "replace", "unlink")


def test_a_full_disk_at_any_step_leaves_the_tree_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = 0
    for number in itertools.count(1):
        root = tmp_path / str(number)
        laid(root)
        with monkeypatch.context() as patch:
            full_from(number, patch)
            try:
                write(root)
                break
            except journal.CannotWrite as error:
                refused += 1
                told = error.message
        assert "no space left" in told
        assert contents(root) == FILES or "mixed" in told
        journal.recover(root)
        assert contents(root) == FILES
        assert folders(root) == {"sub"}
        write(root)
        assert contents(root) == NEW
    assert refused > 8


def full_from(number: int, patch: pytest.MonkeyPatch) -> None:
    """Let the step `number` of those that take room fail once, as on a full disk."""
    taken = 0

    def failing(real: Callable[..., Any]) -> Callable[..., Any]:
        def step(path: Path, *arguments: Any, **options: Any) -> Any:
            nonlocal taken
            taken += 1
            if taken == number:
                raise OSError(errno.ENOSPC, "No space left on device", str(path))
            return real(path, *arguments, **options)

        return step

    for name in STEPS:
        patch.setattr(Path, name, failing(getattr(Path, name)))


def test_a_file_too_large_to_write_leaves_the_tree_as_it_was(root: Path) -> None:
    code = """
    import resource, sys
    from pathlib import Path
    from codemods import journal
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
    root = Path(sys.argv[1])
    before = {"a.cc": (root / "a.cc").read_bytes()}
    try:
        journal.write(root, {"a.cc": b"x" * 100_000}, (), before=before)
    except journal.CannotWrite as error:
        sys.exit(error.message)
    """
    command = [sys.executable, "-c", textwrap.dedent(code), str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "file too large; the tree is as it was" in done.stderr
    assert contents(root) == FILES
    assert folders(root) == {"sub"}


# -- others at work in the tree ------------------------------------------------------------------


def test_a_file_that_changed_since_it_was_read_is_not_overwritten(root: Path) -> None:
    (root / "sub/b.cc").write_bytes(b"mine")
    with pytest.raises(journal.ChangedMeanwhile, match=r"`sub/b\.cc`"):
        write(root)
    assert contents(root) == {**FILES, "sub/b.cc": b"mine"}


def test_a_file_that_went_since_it_was_read_is_not_made_again(root: Path) -> None:
    (root / "a.cc").unlink()
    with pytest.raises(journal.ChangedMeanwhile):
        write(root)
    assert "a.cc" not in contents(root)


@pytest.mark.parametrize("kind", ["file", "link to nothing"])
def test_a_new_file_never_replaces_one_that_is_there(root: Path, kind: str) -> None:
    (root / "made").mkdir()
    if kind == "file":
        (root / "made/c.h").write_bytes(b"mine")
    else:
        (root / "made/c.h").symlink_to("nowhere")
    with pytest.raises(journal.ChangedMeanwhile):
        write(root)
    assert (root / "a.cc").read_bytes() == FILES["a.cc"]


def test_an_edit_while_files_are_written_is_kept_and_the_rest_put_back(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = journal._put

    def put(draft: Path, path: Path) -> None:
        real(draft, path)
        if path.read_bytes() == b"new a":
            (root / "sub/b.cc").write_bytes(b"mine")

    monkeypatch.setattr(journal, "_put", put)
    with pytest.raises(journal.ChangedMeanwhile):
        write(root)
    assert contents(root) == {**FILES, "sub/b.cc": b"mine"}
    assert not journal.is_mixed(root)


def test_two_runs_do_not_write_at_once(root: Path) -> None:
    with tree_lock.locked(root), pytest.raises(tree_lock.Busy):
        write(root)
    assert contents(root) == FILES


# -- what a tree may bring along to be believed --------------------------------------------------


@pytest.mark.parametrize("path", ["../out.cc", "/tmp/out.cc", "a/../../out.cc", ".git/hooks/x"])
def test_a_place_outside_of_the_tree_is_refused(root: Path, path: str) -> None:
    with pytest.raises(journal.Refused, match="not a place in the tree"):
        journal.write(root, {path: b"x"}, [path], before={})
    assert not (root.parent / "out.cc").exists()


def test_nothing_is_written_through_a_link_out_of_the_tree(root: Path) -> None:
    outside = root.parent / "outside"
    outside.mkdir()
    (outside / "c.h").write_bytes(b"old")
    (root / "made").symlink_to(outside)
    with pytest.raises(journal.Refused):
        write(root)
    (root / journal.FOLDER).symlink_to(outside)
    with pytest.raises(journal.Refused):
        journal.write(root, {"a.cc": b"new"}, (), before=FILES)
    assert [p.name for p in outside.iterdir()] == ["c.h"]
    assert contents(root) == FILES


@pytest.mark.parametrize("name", ["pending.zip", "last.zip"])
@pytest.mark.parametrize("path", ["../victim", "a.cc", ".git/config"])
def test_an_archive_that_came_with_the_tree_is_not_believed(
    root: Path, name: str, path: str
) -> None:
    (root / journal.FOLDER).mkdir()
    entry = {"path": path, "before": hashlib.sha256(b"evil").hexdigest()}
    entry["after"] = hashlib.sha256(FILES["a.cc"]).hexdigest() if path == "a.cc" else None
    for version in (1, 2):
        manifest = {"version": version, "home": 1, "entries": [entry], "files": [entry]}
        with zipfile.ZipFile(root / journal.FOLDER / name, "w") as archive:
            archive.writestr(f"old/{path}", b"evil")
            archive.writestr("0", b"evil")
            archive.writestr("manifest.json", json.dumps({**manifest, "folders": []}))
        with pytest.raises(journal.Refused, match="not made here"):
            (journal.recover if name == "pending.zip" else journal.undo)(root)
    assert not (root.parent / "victim").exists()
    assert contents(root) == FILES


def test_an_archive_of_this_tree_that_names_another_place_is_not_believed(root: Path) -> None:
    (root / journal.FOLDER).mkdir()
    entry = {"path": "../victim", "before": hashlib.sha256(b"evil").hexdigest(), "after": None}
    manifest = {"version": 2, "home": root.stat().st_ino, "entries": [entry], "folders": []}
    with zipfile.ZipFile(root / journal.FOLDER / "pending.zip", "w") as archive:
        archive.writestr("0", b"evil")
        archive.writestr("manifest.json", json.dumps(manifest))
    with pytest.raises(journal.Refused):
        journal.recover(root)
    assert not (root.parent / "victim").exists()
