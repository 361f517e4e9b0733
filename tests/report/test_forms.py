"""SARIF, tables and the folder: the other forms, and the command that adds sections."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from codemods import check, options, run
from codemods.report import sarif, sections, tables, writing
from codemods.report.__main__ import main
from codemods.start import start
from tests.report.conftest import HOSTILE, HOSTILE_PATH, Ported

OLD = "void F();\nTVM_FFI_STATIC_INIT_BLOCK({ F(); });\n"


def assert_is_sarif(log: dict[str, Any]) -> None:
    """The rules of the standard that concern what we write."""
    assert log["version"] == "2.1.0"
    assert set(log) <= {"version", "runs", "$schema"}
    for one in log["runs"]:
        rules = one["tool"]["driver"]["rules"]
        ids = [rule["id"] for rule in rules]
        assert len(ids) == len(set(ids))
        for rule in rules:
            assert rule["shortDescription"]["text"] and rule["fullDescription"]["text"]
            assert rule["defaultConfiguration"]["level"] in ("none", "note", "warning", "error")
        for found in one["results"]:
            assert ids[found["ruleIndex"]] == found["ruleId"]
            assert found["level"] in ("none", "note", "warning", "error")
            assert found["message"]["text"]
            (location,) = found["locations"]
            physical = location["physicalLocation"]
            assert physical["region"]["startLine"] >= 1
            assert physical["region"]["startColumn"] >= 1
            uri = physical["artifactLocation"]["uri"]
            assert uri.isascii() and not set(uri) & set(' "<>\\^`{}|') and uri[0] != "/"


def test_sarif_holds_everything_that_is_left(ported: Ported) -> None:
    log = sarif.log(ported.result, options.known())
    assert_is_sarif(log)
    (one,) = log["runs"]
    assert len(one["results"]) == len(ported.document["todo"])
    assert one["results"][0]["level"] == "error"
    assert not one["invocations"][0]["executionSuccessful"]
    assert json.loads(json.dumps(log)) == log


@pytest.mark.parametrize("path", [HOSTILE_PATH, "ü b/c d.cc", "a\udcff.cc", "a:b.cc", "#?%.cc"])
def test_sarif_escapes_paths(path: str, ported: Ported) -> None:
    from dataclasses import replace

    moved = replace(ported.result, findings=(replace(ported.result.findings[0], path=path),))
    log = sarif.log(moved, ())
    assert_is_sarif(log)
    uris = [
        found["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for found in log["runs"][0]["results"]
    ]
    assert path in [unquote(uri, errors="surrogateescape") for uri in uris]
    assert ":" not in "".join(uris)


def test_commands_print_sarif(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.cc").write_text(OLD, encoding="utf-8")
    (tmp_path / "b.md").write_text("TVM_REGISTER_GLOBAL\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert start(check.main, ["a.cc", "--output-format", "sarif", "--statistics"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert_is_sarif(told)
    assert [found["ruleId"] for found in told["runs"][0]["results"]] == ["TF301"]
    assert start(run.main, ["--target", ".", "--output-format", "sarif"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert_is_sarif(told)
    assert [found["ruleId"] for found in told["runs"][0]["results"]] == ["TF903"]


def test_tables_have_a_row_for_each_place(ported: Ported) -> None:
    found = list(csv.DictReader(io.StringIO(tables.findings(ported.document))))
    made = list(csv.DictReader(io.StringIO(tables.changes(ported.document))))
    assert [row["path"] for row in found] == [item["path"] for item in ported.document["todo"]]
    assert len(made) == len(ported.result.changes)
    assert found[0]["advice"] == f"'=cmd {HOSTILE}"


def test_a_run_writes_every_form_and_all_agree(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "a.cc").write_text(OLD, encoding="utf-8")
    assert start(run.main, ["--target", str(tmp_path / "tree"), "--report", str(folder)]) == 0
    assert {path.name for path in folder.iterdir()} == {
        ".codemods-report",
        ".gitignore",
        "PORTING.md",
        "report.json",
        "report.html",
        "report.sarif",
        "findings.csv",
        "changes.csv",
    }
    told = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert told["written"]
    assert told["summary"]["edits"] == len(told["changes"]) == told["by_migration"][0]["edits"]
    assert told["versions"][0]["version"] == "TileLang 0.1.7.post2"


def test_a_path_that_is_no_unicode_can_be_reported(folder: Path, ported: Ported) -> None:
    odd = {**ported.document, "changed": ["a\udcff.cc"]}
    odd["todo"] = [{**ported.document["todo"][0], "path": "a\udcff.cc"}]
    folder.mkdir()
    writing.render(folder, odd)
    assert "a\\udcff.cc" in (folder / "report.html").read_text(encoding="utf-8")


def test_sections_are_added_and_replaced_later(
    tmp_path: Path, folder: Path, ported: Ported
) -> None:
    folder.mkdir()
    writing.render(folder, ported.document)
    table = tmp_path / "results.json"
    rows = [{"stage": "link", "name": f"lib {HOSTILE}", "status": "failed", "details": {"n": 3}}]
    table.write_text(json.dumps({"format": 1, "stages": {"link": rows}}), encoding="utf-8")
    for _ in range(2):
        assert start(main, [str(folder), "--section", f"Build={table}"]) == 0
    told = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    (section,) = told["sections"]
    assert (section["title"], section["count"]) == ("Build", 1)
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert "lib &lt;/script&gt;" in text and HOSTILE not in text
    assert {**told, "sections": []} == json.loads(json.dumps(ported.document))


def test_a_section_without_records_is_refused(tmp_path: Path) -> None:
    table = tmp_path / "x.json"
    table.write_text('{"a": 1}', encoding="utf-8")
    with pytest.raises(sections.NoTable, match="no list of records"):
        sections.read("X", table)


def test_a_table_without_rows_says_so(tmp_path: Path) -> None:
    table = tmp_path / "x.json"
    table.write_text('{"findings": []}', encoding="utf-8")
    assert sections.read("X", table) == {"title": "X", "columns": [], "count": 0, "rows": []}


def test_without_a_report_nothing_of_it_is_imported(tmp_path: Path) -> None:
    (tmp_path / "a.cc").write_text(OLD, encoding="utf-8")
    script = (
        "import sys; from codemods import run; from codemods.start import start; "
        "start(run.main, ['--target', sys.argv[1], '--jobs', '1']); "
        "print([m for m in ('jinja2', 'pygal', 'pygments', 'codemods.report') if m in sys.modules])"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_a_report_inside_its_tree_is_no_part_of_the_tree(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.cc").write_text(OLD, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        assert start(run.main, ["--target", ".", "--report", "port"]) == 0
        assert "report: port/report.html" in capsys.readouterr().err
    subprocess.run(["git", "init", "-q"], check=True)
    told = subprocess.run(["git", "status", "--short"], check=True, capture_output=True, text=True)
    assert "port" not in told.stdout


def test_a_folder_of_somebody_elses_is_not_marked(tmp_path: Path, ported: Ported) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    writing.write_document(tmp_path, ported.document, [], ())
    assert not (tmp_path / ".gitignore").exists()
    assert (tmp_path / "report.html").exists()
