"""`check` says exactly what `run` would change, and is quick about it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from codemods import check, run, tree
from codemods.start import start

OLD = "void F();\nTVM_FFI_STATIC_INIT_BLOCK({ F(); });\n"
REFERENCE = """\
class FooNode : public Object {
 public:
  static constexpr const char *_type_key = "demo.Foo";
  TVM_DECLARE_FINAL_OBJECT_INFO(FooNode, Object);
};
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CODEMODS_CACHE", str(tmp_path / ".cache"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.cc").write_text(OLD, encoding="utf-8")
    (tmp_path / "clean.cc").write_text("int a;\n", encoding="utf-8")
    return tmp_path


def test_each_place_is_named_by_path_line_and_code(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert start(check.main, ["a.cc", "clean.cc"]) == 1
    shown = capsys.readouterr()
    assert shown.out.startswith("a.cc:2:")
    assert "TF301" in shown.out
    assert "would change 1 file of 2" in shown.err
    assert (here / "a.cc").read_text(encoding="utf-8") == OLD


def test_clean_files_give_no_word(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert start(check.main, ["clean.cc"]) == 0
    assert capsys.readouterr() == ("", "")


def test_the_same_file_is_checked_once(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "link.cc").symlink_to("a.cc")
    start(check.main, ["a.cc", "./a.cc", str(here / "a.cc"), "link.cc"])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(set(lines)) > 0


def test_a_missing_path_is_a_usage_error(here: Path) -> None:
    assert start(check.main, ["nowhere.cc"]) == 2


def test_fix_changes_the_named_file_only(here: Path) -> None:
    (here / "b.cc").write_text(OLD, encoding="utf-8")
    assert start(check.main, ["--fix", "a.cc"]) == 1
    assert "BLOCK() {" in (here / "a.cc").read_text(encoding="utf-8")
    assert (here / "b.cc").read_text(encoding="utf-8") == OLD
    assert start(check.main, ["--fix", "a.cc"]) == 0


def test_a_file_is_judged_with_what_the_rest_of_the_tree_says(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    subprocess.run(["git", "init", "-q"], check=True)
    (here / "foo.h").write_text(REFERENCE, encoding="utf-8")
    (here / "b.cc").write_text(OLD, encoding="utf-8")
    start(check.main, ["--output-format", "json", "foo.h"])
    alone = json.loads(capsys.readouterr().out)["changes"]
    start(check.main, ["--output-format", "json", "."])
    whole = json.loads(capsys.readouterr().out)["changes"]
    assert alone == [change for change in whole if change["path"] == "foo.h"] != []


DEFINED = """\
class FooNode : public Object {
 public:
  static void RegisterReflection() { refl::ObjectDef<FooNode>(); }
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("demo.Foo", FooNode, Object);
};
"""
REGISTERED = "TVM_REGISTER_NODE_TYPE(FooNode);\n"


@pytest.mark.parametrize("mark", [".git", "pyproject.toml", "setup.py", "CMakeLists.txt"])
def test_a_file_is_judged_with_the_whole_tree_from_any_folder_of_it(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, mark: str
) -> None:
    if mark == ".git":
        subprocess.run(["git", "init", "-q"], check=True)
    else:
        (here / mark).write_text("", encoding="utf-8")
    for folder in ("include", "src/op"):
        (here / folder).mkdir(parents=True)
    (here / "include" / "foo.h").write_text(DEFINED, encoding="utf-8")
    (here / "src" / "op" / "foo.cc").write_text(REGISTERED, encoding="utf-8")
    said = []
    for folder, argument in (
        (".", "src/op/foo.cc"),
        ("src/op", "foo.cc"),
        ("src", "op"),
        (".", "."),
    ):
        monkeypatch.chdir(here / folder)
        start(check.main, ["--output-format", "json", argument])
        said.append(_changes_of("foo.cc", capsys.readouterr().out))
    assert said[0] == said[1] == said[2] == said[3] != []
    monkeypatch.chdir(here)
    alone = here / "alone"
    alone.mkdir()
    (alone / "pyproject.toml").write_text("", encoding="utf-8")
    (alone / "foo.cc").write_text(REGISTERED, encoding="utf-8")
    start(check.main, ["--output-format", "json", "alone"])
    assert _changes_of("foo.cc", capsys.readouterr().out) != said[0]


def _changes_of(name: str, output: str) -> list[tuple[int, str, str]]:
    changes = json.loads(output)["changes"]
    return [(c["line"], c["code"], c["after"]) for c in changes if c["path"].endswith(name)]


def test_a_file_of_no_tree_is_the_whole_tree(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "foo.h").write_text(REFERENCE, encoding="utf-8")
    (here / "a.cc").write_text(f"{OLD}FooNode *node;\n", encoding="utf-8")

    def walked(*_: object) -> NoReturn:
        raise AssertionError("the folder around it was walked")

    monkeypatch.setattr(tree, "find", walked)
    assert start(check.main, ["--output-format", "json", "foo.h", "a.cc"]) == 1
    files = {change["path"] for change in json.loads(capsys.readouterr().out)["changes"]}
    assert files == {"foo.h", "a.cc"}
    assert start(check.main, ["--fix", "foo.h"]) == 1
    assert (here / "a.cc").read_text(encoding="utf-8").startswith(OLD)


def test_it_reports_exactly_what_run_changes(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "foo.h").write_text(REFERENCE, encoding="utf-8")
    start(check.main, ["--output-format", "json", "."])
    checked = json.loads(capsys.readouterr().out)
    start(run.main, ["--target", ".", "--output-format", "json"])
    ported = json.loads(capsys.readouterr().out)
    assert checked["changes"] == ported["changes"]
    assert checked["changed"] == ported["changed"]


def test_a_clean_file_costs_no_parser(here: Path) -> None:
    """Imports are most of the time of checking one staged file."""
    program = (
        "import sys\n"
        "from codemods import check\n"
        "from codemods.start import start\n"
        "code = start(check.main, ['--quiet', sys.argv[1]])\n"
        "heavy = {'rich', 'clang', 'multiprocessing', 'difflib', 'tomlkit'}\n"
        "print(code, sorted(heavy & set(sys.modules)))\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program, "clean.cc"],
        env={"PYTHONPATH": str(Path(check.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.strip().endswith("[]")
