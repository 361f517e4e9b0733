"""The console script: versions, completion in shells, help that fits, and colours that can go."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete, get_completion_class
from click.testing import CliRunner

from codemods import cli, run
from codemods.start import start

ROOT = Path(__file__).parents[1]
COMMANDS = ("run", "check", "verify", "build", "sync", "explain", "list")


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """A console script `codemods` as pip would install it."""
    path = tmp_path / "bin" / "codemods"
    path.parent.mkdir()
    path.write_text(f"#!{sys.executable}\nfrom codemods.cli import main\nmain()\n")
    path.chmod(0o755)
    return path


def environment(script: Path, **more: str) -> dict[str, str]:
    path = f"{script.parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PYTHONPATH": str(ROOT), "PATH": path, **more}


def test_the_version_names_the_engines() -> None:
    told = CliRunner().invoke(cli.group, ["--version"]).output
    assert told.startswith("codemods 0.")
    for engine in ("libclang", "tree-sitter", "tree-sitter-cpp", "clang-format"):
        assert f"  {engine} " in told
        assert metadata.version(engine) in told


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("ru", "run"),
        ("run --sel", "--select"),
        ("run --select TF30", "TF301"),
        ("run --to 0.1.7.p", "0.1.7.post2"),
        ("explain TVM_REGISTER_GL", "TVM_REGISTER_GLOBAL"),
        ("explain tf90", "TF901"),
    ],
)
def test_a_word_that_was_begun_is_completed(words: str, wanted: str) -> None:
    *before, last = words.split()
    completer = ShellComplete(cli.group, {}, "codemods", "_CODEMODS_COMPLETE")
    assert wanted in [item.value for item in completer.get_completions(before, last)]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_answers_each_shell(shell: str, script: Path) -> None:
    asked = {"_CODEMODS_COMPLETE": f"{shell}_complete", "COMP_WORDS": "codemods ru"}
    asked["COMP_CWORD"] = "ru" if shell == "fish" else "1"
    done = subprocess.run(
        [str(script)], env=environment(script, **asked), capture_output=True, text=True, check=True
    )
    assert "run" in done.stdout.replace(",", "\n").replace("\t", "\n").split("\n")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_a_script_to_source(shell: str) -> None:
    kind = get_completion_class(shell)
    assert kind is not None
    text = kind(cli.group, {}, "codemods", "_CODEMODS_COMPLETE").source()
    assert f"_CODEMODS_COMPLETE={shell}_complete" in text


def test_bash_itself_completes_after_sourcing(script: Path) -> None:
    lines = (
        'eval "$(_CODEMODS_COMPLETE=bash_source codemods)"',
        "COMP_WORDS=(codemods ex) COMP_CWORD=1",
        "_codemods_completion codemods",
        'echo "${COMPREPLY[*]}"',
    )
    done = subprocess.run(
        ["bash", "-c", "\n".join(lines)],
        env=environment(script),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "explain\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_help_fits_a_terminal_and_explains_every_option(command: str) -> None:
    found = cli.group.get_command(click.Context(cli.group), command)
    assert found is not None
    text = CliRunner().invoke(cli.group, [command, "-h"], terminal_width=80).output
    assert max(map(len, text.splitlines())) <= 80
    named = [option for option in found.params if isinstance(option, click.Option)]
    assert [option.name for option in named if not option.help] == []
    assert all(f"--{option.opts[-1].lstrip('-')}" in text for option in named)


def test_help_of_run_has_every_option_under_a_heading(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert start(run.main, ["-h"]) == 0
    text = capsys.readouterr().out
    assert text.index("The tree:") < text.index("Look first:") < text.index("What comes of it:")
    assert text.split("Others:\n")[1].startswith("  -h, --help  Show this message and exit.\n\n")


def test_no_color_is_honoured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.md").write_text("TVM_REGISTER_GLOBAL\n", encoding="utf-8")
    shown: dict[str, str] = {}
    program = "import sys, os, pty; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
    command = [sys.executable, "-m", "codemods", "run", "--target", str(tmp_path)]
    for name, more in (("colour", {}), ("plain", {"NO_COLOR": "1"})):
        variables = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
        done = subprocess.run(
            [sys.executable, "-c", program, *command],
            env={**variables, "PYTHONPATH": str(ROOT), "TERM": "xterm", **more},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        shown[name] = done.stdout
        assert "TF903" in done.stdout, done.stderr
    assert "\x1b[" in shown["colour"]
    assert "\x1b[" not in shown["plain"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["runn"], "there is no command `runn`; did you mean `run`?"),
        (["xyz"], "there is no command `xyz`; known: run, check"),
        (["run", "--target", "nope"], "`nope` does not exist"),
        (["run", "--target", "/dev/null"], "`/dev/null` is no folder and no file"),
        (["run", "--target", ".", "--to", "0.1.99"], "did you mean `0.1.9`?"),
        (["run", "--target", ".", "--select", "XX"], "begins with `XX`"),
        (["run", "--target", ".", "--rules", "no.toml"], "no.toml: cannot be read"),
        (["run", "--target", ".", "--upstream", "nope"], "`nope` is not REPO@REV"),
        (["run", "--target", ".", "--guide", "--tvm", "nope"], "'nope' does not exist"),
        (["run", "--target", ".", "--tvm", "."], "headers for `--guide`"),
        (["run", "--target", ".", "--commit"], "`--commit` needs a git repository"),
        (["run", "--target", ".", "--undo"], "no run is recorded"),
        (["run", "--target", ".", "--interactive"], "asks at a terminal"),
        (["run", "--target", ".", "--report", "a.cc"], "is a file"),
        (["check", "nope.cc"], "`nope.cc` does not exist"),
        (["explain", "TVM_REGISTER_GLOBALL"], "did you mean `TVM_REGISTER_GLOBAL`"),
        (["sync", "--fork", "."], "is not in a git repository"),
    ],
)
def test_bad_input_is_told_apart_from_a_bug_and_changes_nothing(
    arguments: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = "void F();\nTVM_FFI_STATIC_INIT_BLOCK({ F(); });\n"
    (tmp_path / "a.cc").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert start(cli.group, arguments) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert words in told
    assert "internal error" not in told and "Traceback" not in told
    assert (tmp_path / "a.cc").read_text(encoding="utf-8") == text


def test_usage_is_checked_before_the_state_of_the_tree(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.cc").write_text("int a;\n", encoding="utf-8")
    for command in (["init", "-q"], ["add", "."]):
        subprocess.run(["git", "-C", str(tmp_path), *command], check=True)
    start(run.main, ["--target", str(tmp_path), "--rules", "no.toml"])
    assert "no.toml: cannot be read" in " ".join(capsys.readouterr().err.split())
