"""`run --interactive`: what is answered is what is written, whole or not at all."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from codemods import run
from codemods.interactive import asking, showing
from codemods.interactive.editing import moved
from codemods.model import Finding

RULES = """\
prefix = "ACME"

[[rule]]
code = "ACME001"
title = "`acme_old` was renamed, and takes its arguments the other way round"
safe = false
cpp.identifiers = { acme_old = "acme_new" }

[[rule.example]]
before = "int x = acme_old(1);\\n"
after = "int x = acme_new(1);\\n"

[[rule]]
code = "ACME002"
title = "`acme.gone` is gone"
python.gone = { "acme.gone" = "call `acme.other`" }

[[rule.example]]
before = "import acme\\n\\nacme.gone()\\n"
finding = "is gone"
"""
CPP = "int a = acme_old(1);\n\n\nint b = acme_old(2);\n\n\nint c = acme_old(3);\n"
SAME = "acme_old();\n\n\nacme_old();\n\n\nacme_old();\n"
PYTHON = "import acme\n\nacme.gone(1)\nx = 1\nacme.gone(2)\n"

Go = Callable[..., Result]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    root.mkdir()
    (tmp_path / "acme.toml").write_text(RULES, encoding="utf-8")
    return root


@pytest.fixture
def go(tree: Path, monkeypatch: pytest.MonkeyPatch) -> Go:
    monkeypatch.setattr(asking, "is_terminal", lambda: True)

    def call(answers: str, files: dict[str, str], *more: str, editor: str = "") -> Result:
        for path, text in files.items():
            (tree / path).write_text(text, encoding="utf-8")
        if editor:
            script = tree.parent / "editor.py"
            script.write_text(f"import sys\np = sys.argv[-1]\nt = open(p).read()\n{editor}\n")
            command = f"{shlex.quote(sys.executable)} {shlex.quote(str(script))}"
            monkeypatch.setenv("VISUAL", command)
        rules = str(tree.parent / "acme.toml")
        arguments = ["--target", str(tree), "--rules", rules, "--select", "ACME", "--interactive"]
        return CliRunner().invoke(
            run.main, [*arguments, *more], input=answers, standalone_mode=False
        )

    return call


def read(tree: Path, path: str) -> str:
    return (tree / path).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("answers", "numbers"),
    [
        ("y\nn\ny\n", "13"),
        ("n\nn\nn\n", ""),
        ("\n\n\n", ""),
        ("n\na\n", "23"),
        ("y\ns\n", "1"),
        ("y\nq\n", "1"),
        ("what?\ny\ny\ny\n", "123"),
    ],
)
def test_only_what_was_accepted_is_changed(answers: str, numbers: str, tree: Path, go: Go) -> None:
    done = go(answers, {"a.cc": CPP}, "--no-format")
    expected = CPP
    for number in numbers:
        expected = expected.replace(f"acme_old({number})", f"acme_new({number})")
    assert read(tree, "a.cc") == expected, done.output
    assert done.return_value == (0 if len(numbers) == 3 else 1)


def test_equal_lines_are_decided_one_by_one(tree: Path, go: Go) -> None:
    go("n\ny\nn\n", {"a.cc": SAME}, "--no-format")
    assert read(tree, "a.cc") == "acme_old();\n\n\nacme_new();\n\n\nacme_old();\n"


def test_what_was_not_accepted_stays_on_the_list(tree: Path, go: Go) -> None:
    done = go("y\nn\ny\n", {"a.cc": CPP}, "--no-format")
    assert "a.cc:4:9: ACME001" in done.output
    assert "a.cc:1:" not in done.stdout


def test_the_end_of_the_input_writes_nothing(tree: Path, go: Go) -> None:
    done = go("y\n", {"a.cc": CPP})
    assert isinstance(done.exception, click.Abort)
    assert read(tree, "a.cc") == CPP


def test_a_finding_is_edited_and_the_edit_is_what_is_written(tree: Path, go: Go) -> None:
    editor = "open(p, 'w').write(t.replace('gone(1)', 'other(1)'))"
    done = go("e\nn\n", {"a.py": PYTHON}, editor=editor)
    assert read(tree, "a.py") == PYTHON.replace("gone(1)", "other(1)")
    assert "a.py:5:1: ACME002" in done.stdout
    assert "a.py:3:" not in done.stdout


def test_a_finding_that_moved_is_shown_where_it_is_now(tree: Path, go: Go) -> None:
    editor = "open(p, 'w').write(t.replace('acme.gone(1)', '# one\\n# two'))"
    done = go("e\nn\n", {"a.py": PYTHON}, editor=editor)
    assert "a.py:6:1 ACME002" in done.stderr
    assert "a.py:6:1: ACME002" in done.stdout


def test_an_edit_that_leaves_the_old_name_keeps_the_finding(tree: Path, go: Go) -> None:
    editor = "open(p, 'w').write(t.replace('gone(1)', 'gone(7)'))"
    done = go("e\nq\n", {"a.py": PYTHON}, editor=editor)
    assert "a.py:3:1: ACME002" in done.stdout
    assert read(tree, "a.py") == PYTHON.replace("gone(1)", "gone(7)")


def test_an_edit_that_does_not_parse_is_asked_about(tree: Path, go: Go) -> None:
    editor = "open(p, 'w').write('def (')"
    done = go("e\nd\nq\n", {"a.py": PYTHON}, editor=editor)
    assert "edit again?" in done.stderr
    assert read(tree, "a.py") == PYTHON


def test_a_fix_is_made_and_then_edited(tree: Path, go: Go) -> None:
    editor = "open(p, 'w').write(t.replace('acme_new(2)', 'acme_new(2, 0)'))"
    go("n\ne\nn\nq\n", {"a.cc": CPP}, "--no-format", editor=editor)
    assert read(tree, "a.cc") == CPP.replace("acme_old(2)", "acme_new(2, 0)")


def test_what_was_edited_is_in_the_last_commit(
    tree: Path, go: Go, monkeypatch: pytest.MonkeyPatch
) -> None:
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "t")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "t@example.org")

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(tree), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    (tree / "a.cc").write_text(CPP, encoding="utf-8")
    (tree / "a.py").write_text(PYTHON, encoding="utf-8")
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "start")
    editor = "open(p, 'w').write(t.replace('gone(1)', 'other(1)'))"
    go("y\ny\ny\ne\nn\n", {}, "--commit", "--no-format", editor=editor)
    assert git("log", "--format=%s").splitlines() == [
        "Format what the port changed, and finish it",
        "ACME001: `acme_old` was renamed, and takes its arguments the other way round",
        "start",
    ]
    assert git("show", "--format=", "--name-only").split() == ["a.py"]
    assert git("status", "--short") == ""


def test_all_of_a_code_can_be_skipped(tree: Path, go: Go) -> None:
    done = go("s\n", {"a.py": PYTHON})
    assert done.stderr.count("edit it now?") == 1
    assert done.stdout.count("ACME002") == 2


def test_without_a_terminal_it_is_refused_with_what_to_do(
    tree: Path, go: Go, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "is_terminal", lambda: False)
    done = go("y\ny\ny\n", {"a.cc": CPP})
    assert isinstance(done.exception, click.UsageError)
    assert "asks at a terminal" in str(done.exception)
    assert read(tree, "a.cc") == CPP


def test_nothing_shown_is_wider_than_the_terminal(tree: Path, go: Go) -> None:
    long = f"int a = acme_old({', '.join(map(str, range(60)))});\n"
    done = go("n\n", {"a.cc": long}, "--no-format")
    shown = done.stderr.split("make this change?")[0]
    assert max(map(len, shown.splitlines())) <= 80
    assert "".join(part.strip().removeprefix("\\ ") for part in shown.splitlines()).count("59") == 2


def test_what_a_terminal_would_obey_is_written_out() -> None:
    found = Finding("a\x1b[2J.cc", 1, 1, "TF101", "m\x07", "")
    text = "\n".join(line.text for line in showing.finding(found, b"\x1b]0;x\x07 \xff\n", 80))
    assert "\x1b" not in text and "\x07" not in text
    assert "\\u001b" in text


def test_a_finding_whose_line_changed_has_no_place_any_more() -> None:
    found = Finding("a.cc", 2, 1, "TF101", "m")
    assert moved(found, b"a\nb\nc\n", b"a\nB\nc\n") is None
    now = moved(found, b"a\nb\nc\n", b"0\na\nb\nc\n")
    assert now is not None and now.line == 3
