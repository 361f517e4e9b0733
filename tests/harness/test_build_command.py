"""The command as a user meets it, without building anything."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from codemods import build
from codemods.harness.results import Results, Row, Status
from codemods.harness.sdk import Sdk
from codemods.start import start


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty tree, an empty TVM, and one stage that passes and one that cannot run."""
    monkeypatch.setenv("CODEMODS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(build, "find_sdk", lambda *_: Sdk("0", (), (), {}))
    stages = {
        "units": lambda plan: (Row("units", "a.cc", Status.PASSED),),
        "run": lambda plan: (Row("run", "*", Status.NOT_RUN, "there is no GPU"),),
    }
    monkeypatch.setattr("codemods.harness.stages.STAGES", stages)
    (tmp_path / "tree").mkdir()
    return tmp_path / "tree"


def test_a_stage_that_passes_ends_with_zero_and_its_rows_are_stored(tree: Path) -> None:
    assert start(build.main, ["--target", str(tree), "--stage", "units"]) == 0
    stored = json.loads((build.default_build_folder(tree) / "results.json").read_text())
    assert [row["name"] for row in stored["stages"]["units"]] == ["a.cc"]


def test_a_stage_that_cannot_run_is_shown_with_its_reason_and_ends_with_one(
    tree: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    python = tmp_path / "python"
    python.touch()
    arguments = ["--target", str(tree), "--stage", "run", "--python", str(python)]
    assert start(build.main, arguments) == 1
    said = capsys.readouterr()
    assert "there is no GPU" in said.out
    assert "is executed, in subprocesses, by: run" in " ".join(said.err.split())


def test_an_unknown_stage_is_a_usage_error(tree: Path) -> None:
    result = CliRunner().invoke(build.main, ["--target", str(tree), "--stage", "bake"])
    assert result.exit_code == 2


def test_a_reference_that_was_never_built_is_a_usage_error(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    arguments = ["--target", str(tree), "--stage", "units", "--reference", str(tmp_path / "other")]
    assert start(build.main, arguments) == 2


def test_what_only_the_reference_passes_ends_with_one_and_is_named(
    tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [Row("units", "a.cc", Status.PASSED), Row("units", "lost.cc", Status.PASSED)]
    Results(tmp_path / "reference/results.json").replace("units", rows)
    reference = str(tmp_path / "reference")
    assert (
        start(build.main, ["--target", str(tree), "--stage", "units", "--reference", reference])
        == 1
    )
    assert "lost.cc" in capsys.readouterr().out
