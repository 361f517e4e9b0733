"""`run --commit`: one commit for each migration, whose sum is one run."""

from __future__ import annotations

import ast
import itertools
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from codemods import commits, journal, putting_back, run
from codemods.start import start

FILES = {
    "src/a.cc": "void F();\nTVM_FFI_STATIC_INIT_BLOCK({ F(); });\n"
    "class N : public Object {};\n"
    "auto n = make_object<N>();\n",
    "src/b c.cc": "#include <tvm/ffi/object.h>\nvoid F();\nTVM_FFI_STATIC_INIT_BLOCK({ F(); });\n",
    "ü.py": "import tvm.ffi\n\n\ndef f():\n    return tvm.ffi.get_global_func('a.b')\n",
    "run.sh": "echo\n",
}


def git(root: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "core.quotePath=off"]
    command = ["git", "-C", str(root), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def make(folder: Path) -> Path:
    for path, text in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text.encode())
    return folder


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "t")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "t@example.org")
    folder = make(tmp_path / "tree")
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "start")
    return folder


def go(root: Path, *more: str) -> int:
    return start(run.main, ["--target", str(root), "--commit", *more])


def subjects(root: Path) -> list[str]:
    return git(root, "log", "--reverse", "--format=%s").splitlines()[1:]


def test_each_migration_is_a_commit_that_cites_upstream(root: Path) -> None:
    go(root)
    told = subjects(root)
    assert len(told) > 1
    assert told == sorted(told, key=lambda line: (not line.startswith("TF"), line))
    assert "TF301: static initialisation blocks became functions" in told
    assert len({line.split(":")[0] for line in told}) == len(told)
    body = git(root, "log", "-1", "--format=%b", "--grep=^TF301")
    assert "Upstream: apache/tvm" in body
    assert "in 2 files" in body


def test_the_sum_is_one_run_and_nothing_is_left_uncommitted(root: Path, tmp_path: Path) -> None:
    other = make(tmp_path / "other")
    start(run.main, ["--target", str(other)])
    go(root)
    assert git(root, "status", "--porcelain") == ""
    for path in FILES:
        assert (root / path).read_bytes() == (other / path).read_bytes()
        shown = subprocess.run(
            ["git", "-C", str(root), "show", f"HEAD:{path}"], capture_output=True, check=True
        )
        assert shown.stdout == (other / path).read_bytes()
    assert git(root, "diff", "--stat", "HEAD~1", "--", "run.sh") == ""


def test_every_commit_parses(root: Path) -> None:
    go(root)
    for commit in git(root, "rev-list", "HEAD").split():
        ast.parse(git(root, "show", f"{commit}:ü.py"))


def test_no_hook_monitor_or_filter_of_the_repository_runs(root: Path, tmp_path: Path) -> None:
    names = ("pre-commit", "commit-msg", "post-commit", "reference-transaction")
    for name in (*names, "post-index-change", "prepare-commit-msg"):
        hook = root / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch '{tmp_path}/executed'\n", encoding="utf-8")
        hook.chmod(0o755)
    git(root, "config", "core.fsmonitor", str(root / ".git" / "hooks" / "pre-commit"))
    git(root, "config", "filter.f.clean", str(root / ".git" / "hooks" / "pre-commit"))
    (root / ".git" / "info" / "attributes").write_text("* filter=f\n", encoding="utf-8")
    (root / "run.sh").touch()  # so that git has something to ask and to refresh
    go(root)
    assert not (tmp_path / "executed").exists()
    assert len(subjects(root)) > 1


def test_a_folder_of_a_repository_is_committed_under_its_path(root: Path) -> None:
    start(run.main, ["--target", str(root / "src"), "--commit"])
    assert git(root, "status", "--porcelain") == ""
    changed = git(root, "diff", "--name-only", git(root, "rev-list", "HEAD").split()[-1])
    assert set(changed.splitlines()) == {"src/a.cc", "src/b c.cc"}


def test_a_second_run_commits_nothing(root: Path) -> None:
    go(root)
    head = git(root, "rev-parse", "HEAD")
    go(root)
    assert git(root, "rev-parse", "HEAD") == head


def test_without_git_nothing_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = make(tmp_path / "plain")
    assert go(folder) == 2
    assert "needs a git repository" in capsys.readouterr().err
    assert (folder / "src/a.cc").read_text(encoding="utf-8") == FILES["src/a.cc"]


def test_a_file_that_git_does_not_have_forbids_it(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "new.cc").write_text(FILES["src/a.cc"], encoding="utf-8")
    assert go(root) == 2
    assert "`new.cc` is not in git" in capsys.readouterr().err
    assert (root / "src/a.cc").read_text(encoding="utf-8") == FILES["src/a.cc"]
    assert subjects(root) == []


def test_a_file_that_git_converts_forbids_it(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / ".gitattributes").write_text("*.cc text eol=crlf\n", encoding="utf-8")
    (root / "src/a.cc").write_bytes(FILES["src/a.cc"].replace("\n", "\r\n").encode())
    git(root, "add", "-A")
    git(root, "commit", "-qm", "attributes")
    assert go(root) == 2
    assert "git converts `src/a.cc`" in capsys.readouterr().err


@pytest.mark.parametrize("other", ["--diff", "--allow-dirty"])
def test_it_goes_with_no_option_that_contradicts_it(root: Path, other: str) -> None:
    assert go(root, other) == 2


def test_a_forks_own_rules_are_commits_of_their_own_after_upstreams(
    root: Path, tmp_path: Path
) -> None:
    rules = tmp_path / "acme.toml"
    rules.write_text(
        'prefix = "ACME"\n[[rule]]\ncode = "ACME001"\ntitle = "`N` was renamed"\n'
        'cpp.identifiers = { N = "Node" }\n'
        '[[rule.example]]\nbefore = "N x;\\n"\nafter = "Node x;\\n"\n',
        encoding="utf-8",
    )
    go(root, "--rules", str(rules), "--no-format")
    assert subjects(root)[-1] == "ACME001: `N` was renamed"
    change = git(root, "show", "--format=%b")
    assert "A rule of the fork's own" in change
    assert "\n+class Node : public Object {};\n" in change
    assert "in 1 file." in change


# -- killed, or refused by git, between the files and the commits --------------------------------


class Halfway:
    """A port whose commits are stored: the tree before it, and what one run would make of it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.head = git(root, "rev-parse", "HEAD").strip()
        self.old = contents(root)
        go(root)
        self.last = git(root, "rev-parse", "HEAD").strip()
        self.new = contents(root)
        git(root, "reset", "-q", "--hard", self.head)

    def write(self, root: Path) -> None:
        files = {path: text for path, text in self.new.items() if text != self.old[path]}
        last = commits.step(root, self.head, self.last)
        journal.write(root, files, (), before=self.old, keep=False, last=last)

    def outcome(self, root: Path) -> str:
        """Which of both the tree, its history and its index are; "mixed" if they do not agree."""
        head = git(root, "rev-parse", "HEAD").strip()
        clean = git(root, "status", "--porcelain") == ""
        if clean and (head, contents(root)) == (self.head, self.old):
            return "old"
        return "new" if clean and (head, contents(root)) == (self.last, self.new) else "mixed"


def contents(root: Path) -> dict[str, bytes]:
    return {path: (root / path).read_bytes() for path in FILES}


@pytest.fixture
def halfway(root: Path) -> Halfway:
    return Halfway(root)


WHERE = {
    commits.__file__: {"take", "stage", "ask", "_run"},
    journal.__file__: {"_replace_all"},
}


def killer(number: int) -> Callable[..., Any]:
    """A trace function that kills before that many lines of what `WHERE` names are executed."""
    passed = 0

    def trace(frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal passed
        if frame.f_code.co_name not in WHERE.get(frame.f_code.co_filename, ()):
            return None
        if event == "line":
            passed += 1
            if passed == number:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    return trace


def killed(number: int, work: Callable[[], object]) -> bool:
    child = os.fork()
    if not child:
        sys.settrace(killer(number))
        work()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or status == 0
    return os.WIFSIGNALED(status)


def copies(halfway: Halfway, folder: Path) -> Iterator[tuple[int, Path]]:
    for number in itertools.count(1):
        yield number, Path(shutil.copytree(halfway.root, folder / str(number), symlinks=True))


def test_a_run_killed_at_any_step_has_its_files_and_its_commits_or_neither(
    halfway: Halfway, tmp_path: Path
) -> None:
    left, after = set(), []
    for number, root in copies(halfway, tmp_path):
        if not killed(number, lambda root=root: halfway.write(root)):
            break
        left.add(halfway.outcome(root))
        putting_back.put_back(root)
        after.append(halfway.outcome(root))
        assert not (root / journal.FOLDER).exists()
    assert left == {"old", "mixed", "new"}
    assert after == sorted(after, reverse=True), "first the old tree is put back, then it is done"
    assert set(after) == {"old", "new"}


def test_commits_that_git_refuses_leave_the_tree_as_it_was(halfway: Halfway) -> None:
    root = halfway.root
    branch = root / ".git" / git(root, "symbolic-ref", "HEAD").strip()
    lock = branch.with_name(f"{branch.name}.lock")
    lock.touch()
    with pytest.raises(Exception, match="update-ref"):
        halfway.write(root)
    lock.unlink()
    assert halfway.outcome(root) == "old"


def test_an_index_that_is_locked_is_caught_up_with_by_the_next_command(halfway: Halfway) -> None:
    root = halfway.root
    lock = root / ".git" / "index.lock"
    lock.touch()
    with pytest.raises(Exception, match="read-tree"):
        halfway.write(root)
    with pytest.raises(Exception, match="read-tree"):
        putting_back.put_back(root)
    lock.unlink()
    putting_back.put_back(root)
    assert halfway.outcome(root) == "new"


def test_work_on_top_of_a_killed_run_that_was_done_is_not_taken_back(halfway: Halfway) -> None:
    root = halfway.root
    folder = root / journal.FOLDER
    kept = {}

    def stop() -> None:
        kept["pending"] = (folder / "pending.zip").read_bytes()
        git(root, "update-ref", "HEAD", halfway.last)

    whole = commits.step(root, halfway.head, halfway.last)
    files = {path: text for path, text in halfway.new.items() if text != halfway.old[path]}
    stopped = journal.LastStep(whole.note, stop, whole.taken)
    journal.write(root, files, (), before=halfway.old, keep=False, last=stopped)
    git(root, "reset", "-q")
    (root / "run.sh").write_text("mine\n")
    git(root, "commit", "-qam", "mine")
    folder.mkdir()
    (folder / "pending.zip").write_bytes(kept["pending"])
    putting_back.put_back(root)
    assert contents(root) == {**halfway.new, "run.sh": b"mine\n"}
    assert git(root, "status", "--porcelain") == ""
    assert not folder.exists()
