"""`run` as a user meets it: exit codes, messages, what is written and what is not."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest

from codemods import build, check, journal, porting, run, verify
from codemods.start import start

OLD = "void F();\nTVM_FFI_STATIC_INIT_BLOCK({ F(); });\n"
NEW = "void F();\nTVM_FFI_STATIC_INIT_BLOCK() { F(); }\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "a.cc").write_text(OLD, encoding="utf-8")
    return folder


def go(root: Path, *options: str) -> int:
    return start(run.main, ["--target", str(root), *options])


def text(root: Path) -> str:
    return (root / "a.cc").read_text(encoding="utf-8")


def git(root: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", "-C", str(root), *identity, *arguments], check=True, capture_output=True)


def test_a_tree_is_ported_in_place_and_a_second_run_changes_nothing(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert go(root) == 0
    assert text(root) == NEW
    assert "changed 1 file of 1 (" in capsys.readouterr().err
    assert go(root) == 0
    assert "changed 0 files" in capsys.readouterr().err


def test_nothing_left_is_said_only_when_nothing_is(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    go(root)
    assert "nothing left" in capsys.readouterr().err
    (root / "notes.md").write_text("Use TVM_REGISTER_GLOBAL.\n", encoding="utf-8")
    assert go(root) == 1
    shown = capsys.readouterr()
    assert "nothing left" not in shown.err
    assert shown.out.startswith("notes.md:1:5: TF903 old name `TVM_REGISTER_GLOBAL`")


def test_a_diff_is_printed_and_nothing_is_written(
    root: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert go(root, "--diff") == 1
    out = capfdbinary.readouterr().out
    assert b"--- a/a.cc" in out
    assert b"+TVM_FFI_STATIC_INIT_BLOCK() { F(); }" in out
    assert text(root) == OLD
    assert [path.name for path in root.iterdir()] == ["a.cc"]


def test_a_diff_can_be_applied_by_git(
    root: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    (root / "a.cc").write_text(OLD.rstrip("\n"), encoding="utf-8")
    go(root, "--diff")
    patch = capfdbinary.readouterr().out
    subprocess.run(["git", "apply", "-"], input=patch, cwd=root, check=True)
    assert text(root) == NEW.rstrip("\n")


def test_an_empty_diff_is_no_finding(root: Path) -> None:
    go(root)
    assert go(root, "--diff") == 0


def test_a_copy_is_ported_and_the_tree_stays(root: Path, tmp_path: Path) -> None:
    (root / "other.bin").write_bytes(b"\0")
    (root / "link").symlink_to("a.cc")
    assert go(root, "--output", str(tmp_path / "copy")) == 0
    assert text(root) == OLD
    assert text(tmp_path / "copy") == NEW
    assert (tmp_path / "copy" / "other.bin").read_bytes() == b"\0"
    assert (tmp_path / "copy" / "link").is_symlink()


def test_a_copy_is_never_made_over_something_or_inside_the_tree(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert go(root, "--output", str(root / "copy")) == 2
    assert "overlaps the target" in capsys.readouterr().err
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").touch()
    assert go(root, "--output", str(tmp_path / "full")) == 2
    assert "not empty" in capsys.readouterr().err


def test_undo_brings_the_last_run_back(root: Path) -> None:
    go(root)
    assert go(root, "--undo") == 0
    assert text(root) == OLD
    assert [path.name for path in root.iterdir()] == ["a.cc"]


def test_undo_without_a_run_is_a_usage_error(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert go(root, "--undo") == 2
    assert "no run is recorded" in capsys.readouterr().err


def test_a_tree_left_mixed_by_a_killed_run_is_put_back_first_and_said(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    journal.write(root, {"a.cc": b"half"}, [], before={"a.cc": (root / "a.cc").read_bytes()})
    (root / journal.FOLDER / "last.zip").rename(root / journal.FOLDER / "pending.zip")
    assert go(root) == 0
    assert "an earlier run was killed" in capsys.readouterr().err
    assert text(root) == NEW


@pytest.mark.parametrize("command", [verify.main, build.main, check.main])
def test_commands_that_only_read_say_that_a_tree_is_mixed(
    root: Path, command: click.Command, capsys: pytest.CaptureFixture[str]
) -> None:
    journal.write(root, {"a.cc": b"half"}, [], before={"a.cc": (root / "a.cc").read_bytes()})
    (root / journal.FOLDER / "last.zip").rename(root / journal.FOLDER / "pending.zip")
    where = [str(root)] if command is check.main else ["--target", str(root)]
    nowhere = [] if command is check.main else ["--tvm", str(root / journal.FOLDER)]
    start(command, [*where, *nowhere])
    assert "an earlier run was killed while it wrote" in capsys.readouterr().err
    assert (root / "a.cc").read_bytes() == b"half"


def test_uncommitted_changes_are_refused_and_nothing_is_written(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    git(root, "init", "-q")
    git(root, "add", ".")
    assert go(root) == 2
    assert "uncommitted changes under the target: `a.cc`" in capsys.readouterr().err
    assert text(root) == OLD
    assert go(root, "--allow-dirty") == 0
    assert text(root) == NEW


def test_a_clean_git_tree_is_ported_and_nothing_of_ours_stays(root: Path) -> None:
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "x")
    assert go(root) == 0
    assert sorted(path.name for path in root.iterdir()) == [".git", "a.cc"]


def test_a_read_only_file_forbids_the_whole_run(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "b.cc").write_text(OLD, encoding="utf-8")
    (root / "b.cc").chmod(0o444)
    assert go(root) == 2
    assert "b.cc:1:1: TF909" in capsys.readouterr().out
    assert text(root) == OLD


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--to", "0.1.99"], "unknown release `0.1.99`"),
        (["--to", "0.1.7.post22"], "did you mean `0.1.7.post2`"),
        (["--select", "TF777"], "no migration's code begins with `TF777`"),
        (["--jobs", "-1"], "--jobs"),
    ],
)
def test_a_wish_that_is_not_understood_is_a_usage_error(
    root: Path, options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert go(root, *options) == 2
    assert message in capsys.readouterr().err
    assert text(root) == OLD


def test_a_path_that_does_not_exist_is_a_usage_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert go(tmp_path / "nowhere") == 2
    assert "does not exist" in capsys.readouterr().err


def test_migrations_are_selected_and_ignored_by_the_beginning_of_their_codes(root: Path) -> None:
    assert go(root, "--ignore", "TF3") == 0
    assert text(root) == OLD
    assert go(root, "--select", "TF3", "--ignore", "TF301") == 0
    assert text(root) == OLD
    assert go(root, "--select", "TF301", "--ignore", "TF3") == 0
    assert text(root) == NEW


def test_a_release_before_the_change_leaves_the_tree(root: Path) -> None:
    assert go(root, "--to", "0.1.6") == 0
    assert text(root) == OLD


def test_an_unparsable_file_makes_the_exit_code_two_and_the_rest_is_ported(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "b.py").write_text("import tvm\ntvm.register_func(\n", encoding="utf-8")
    assert go(root) == 2
    assert "b.py:2:1: TF901" in capsys.readouterr().out
    assert text(root) == NEW


def test_an_unused_suppression_is_reported(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = OLD.replace("});\n", "});  // codemods: ignore[TF301] ours\n")
    (root / "a.cc").write_text(kept + "int a;  // codemods: ignore[TF304]\n", encoding="utf-8")
    assert go(root) == 1
    assert "a.cc:3:1: TF905 unused suppression" in capsys.readouterr().out
    assert text(root).startswith(kept)


def test_json_is_versioned_and_holds_everything(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    go(root, "--output-format", "json")
    result = json.loads(capsys.readouterr().out)
    assert result["schema"] == 1
    assert result["written"] is True
    assert result["changed"] == ["a.cc"]
    assert result["summary"]["nothing_left"] is True
    assert {change["code"] for change in result["changes"]} == {"TF301"}


def test_github_gets_annotations(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "notes.md").write_text("TVM_REGISTER_GLOBAL\n", encoding="utf-8")
    go(root, "--output-format", "github")
    assert capsys.readouterr().out.startswith(
        "::warning file=notes.md,line=1,col=1,title=TF903::old name"
    )


def test_statistics_count_edits_files_and_findings_by_code(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    go(root, "--statistics")
    rows = [line.split() for line in capsys.readouterr().err.splitlines()]
    assert ["code", "edits", "files", "findings"] in rows
    assert any(row[0] == "TF301" and row[2:] == ["1", "0"] for row in rows if row)


def test_the_report_tells_what_was_done_and_what_is_stale(root: Path, tmp_path: Path) -> None:
    go(root, "--report", str(tmp_path / "report"))
    notes = (tmp_path / "report" / "PORTING.md").read_text(encoding="utf-8")
    assert "### TF301" in notes
    assert "Caches that are stale" in notes
    assert json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))


def test_a_single_file_is_ported(root: Path) -> None:
    assert go(root / "a.cc") == 0
    assert text(root) == NEW


def test_a_file_is_reached_once_through_its_links(root: Path) -> None:
    (root / "again.cc").symlink_to("a.cc")
    assert go(root) == 0
    assert text(root) == NEW
    assert (root / "again.cc").is_symlink()


def test_stopping_after_a_rung_and_going_on_gives_the_same_bytes(tmp_path: Path) -> None:
    legacy = 'void F();\nTVM_REGISTER_GLOBAL("k").set_body_typed(F);\n'
    for name in ("once", "twice"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.cc").write_text(legacy, encoding="utf-8")
    go(tmp_path / "once")
    go(tmp_path / "twice", "--to", "0.1.6")
    assert "TVM_FFI_STATIC_INIT_BLOCK({" in text(tmp_path / "twice")
    go(tmp_path / "twice")
    assert text(tmp_path / "once") == text(tmp_path / "twice")


def test_no_colour_and_no_traceback_reach_a_pipe(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from codemods import engine

    def fail(*_arguments: object, **_more: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(engine, "port", fail)
    assert go(root) == 2
    shown = capsys.readouterr()
    assert "internal error: RuntimeError: boom" in shown.err
    assert "Traceback" not in shown.err
    with pytest.raises(RuntimeError):
        go(root, "--verbose")


def test_an_interrupted_run_says_so(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from codemods import engine

    def interrupt(*_arguments: object, **_more: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(engine, "port", interrupt)
    assert go(root) == 130
    assert "interrupted" in capsys.readouterr().err


def test_a_tree_without_files_is_not_said_to_be_finished(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes.txt").write_text("text", encoding="utf-8")
    assert go(tmp_path) == 0
    said = capsys.readouterr().err
    assert "no file of a kind that is ported was found" in said
    assert "nothing left" not in said


def test_a_file_that_changed_during_the_run_is_kept_and_nothing_is_written(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = porting.port

    def slow(*arguments: Any, **options: Any) -> porting.Port:
        done = real(*arguments, **options)
        (root / "a.cc").write_bytes(b"mine")
        return done

    monkeypatch.setattr(porting, "port", slow)
    assert go(root) == 2
    assert "`a.cc`; run again" in capsys.readouterr().err
    assert (root / "a.cc").read_bytes() == b"mine"
    assert not (root / journal.FOLDER).exists()
