"""Writing a tree whole or not at all, and taking it back."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from codemods import journal

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


def test_all_files_are_written(root: Path) -> None:
    journal.write(root, NEW, ["made/c.h"])
    assert contents(root) == NEW


def test_modes_are_kept(root: Path) -> None:
    (root / "a.cc").chmod(0o755)
    journal.write(root, NEW, ["made/c.h"])
    assert (root / "a.cc").stat().st_mode & 0o777 == 0o755


def test_undo_puts_everything_back_and_leaves_nothing_of_ours(root: Path) -> None:
    journal.write(root, NEW, ["made/c.h"])
    assert sorted(journal.undo(root)) == sorted(NEW)
    assert contents(root) == FILES
    assert not (root / journal.FOLDER).exists()


def test_undo_without_a_run_says_so(root: Path) -> None:
    with pytest.raises(journal.NothingToUndo):
        journal.undo(root)


def test_undo_refuses_files_that_somebody_edited_and_changes_none(root: Path) -> None:
    journal.write(root, NEW, ["made/c.h"])
    (root / "a.cc").write_bytes(b"mine")
    with pytest.raises(journal.EditedSince, match=r"a\.cc"):
        journal.undo(root)
    assert contents(root) == {**NEW, "a.cc": b"mine"}


def test_a_failure_half_way_puts_back_what_was_written(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = journal._replace

    def fail_once(path: Path, data: bytes) -> None:
        if path.name == "b.cc" and data == NEW["sub/b.cc"]:
            raise OSError(28, "no space left on device")
        real(path, data)

    monkeypatch.setattr(journal, "_replace", fail_once)
    with pytest.raises(OSError, match="no space"):
        journal.write(root, NEW, ["made/c.h"])
    assert contents(root) == FILES


KILLED = """
import os, signal, sys
from pathlib import Path
from codemods import journal
real, count = journal._replace, 0
def replace(path, data):
    global count
    count += 1
    if count == 2:
        os.kill(os.getpid(), getattr(signal, sys.argv[2]))
    real(path, data)
journal._replace = replace
files = {"a.cc": b"new a", "sub/b.cc": b"new b", "made/c.h": b"made"}
journal.write(Path(sys.argv[1]), files, ["made/c.h"])
"""


def kill(root: Path, signal: str) -> int:
    command = [sys.executable, "-c", textwrap.dedent(KILLED), str(root), signal]
    return subprocess.run(command, capture_output=True, check=False).returncode


def test_a_killed_run_is_put_back_by_the_next_command(root: Path) -> None:
    assert kill(root, "SIGKILL") == -9
    assert contents(root) != FILES
    assert journal.recover(root) is not None
    assert contents(root) == FILES
    assert journal.recover(root) is None


@pytest.mark.parametrize("signal", ["SIGTERM", "SIGINT"])
def test_an_interrupted_run_puts_itself_back(root: Path, signal: str) -> None:
    assert kill(root, signal) != 0
    assert contents(root) == FILES
    assert not (root / journal.FOLDER).exists()


def test_a_run_in_git_leaves_nothing_of_ours(root: Path) -> None:
    journal.write(root, NEW, ["made/c.h"], keep=False)
    assert not (root / journal.FOLDER).exists()
