"""The reports of `verify`, `build` and `sync`: one document each, and every form agrees with it."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from codemods.harness.results import Results, Row, Status
from codemods.harness.stages import STAGES
from codemods.model import Finding
from codemods.notices import NOTICES
from codemods.report import building, html, markdown, proving, sarif, tables, writing
from codemods.report.parts import Document
from codemods.verification.verifying import Proof
from tests.report.conftest import HOSTILE, Ported
from tests.report.test_forms import assert_is_sarif
from tests.report.test_html import Page

ROWS = {
    "units": [
        Row("units", "src/a.cc", Status.PASSED, seconds=1.5),
        Row("units", "src/b.cc", Status.FAILED, f"error: {HOSTILE}", log="/x/b.log", seconds=2.5),
    ],
    "lower": [
        Row("lower", "t.py::k", Status.PASSED, arch="sm_80", details={"registers": 12}),
        Row("lower", "t.py::k", Status.PASSED, arch="sm_90a"),
    ],
    "run": [Row("run", "*", Status.NOT_RUN, "no GPU here")],
}


@pytest.fixture
def results(tmp_path: Path) -> Results:
    made = Results(tmp_path / "build" / "results.json")
    for stage, rows in ROWS.items():
        made.replace(stage, rows)
    return made


@pytest.fixture
def built(results: Results, tmp_path: Path) -> Document:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "b.cc").write_text("", encoding="utf-8")
    return building.document(results, list(ROWS), tmp_path, "0.1.7.post2")


@pytest.fixture
def proved() -> Document:
    proof = Proof(
        lines=[("units", "2 of 3 parse"), ("preserved", "9 entries")],
        findings=[
            Finding("src/a.h", 4, 2, "TF921", f"bad {HOSTILE}"),
            Finding("a.py", 1, 1, "TF922", "`tvm.gone` leads nowhere"),
        ],
        unchecked=["b.cu: nvcc compiles it", "| a pipe"],
        counts={"units": 3, "units_parsed": 2, "surface": 9, "lost": 0, "invented": 1},
        seconds={"units": 1.25},
    )
    return proving.document(proof, "/tree", "0.1.7.post2", "the published wheel", {})


def both(built: Document, proved: Document) -> list[Document]:
    return [built, proved]


def test_every_number_of_the_page_is_the_one_in_the_json(built: Document, proved: Document) -> None:
    for document in both(built, proved):
        page = Page(html.page(document))
        assert len(page.numbers) > 10
        for pointer, value, shown in page.numbers:
            assert str(html.resolve(document, pointer)) == value, pointer
            assert shown.replace("\u202f", "") == value, pointer


def test_every_count_of_the_json_is_on_the_page(built: Document, proved: Document) -> None:
    for d in both(built, proved):
        shown = {pointer for pointer, _, _ in Page(html.page(d)).numbers}
        wanted = {f"/summary/{name}" for name in d["summary"]}
        wanted |= {f"/outcomes/{i}/count" for i in range(len(d["outcomes"]))}
        wanted |= {f"/seconds/{name}" for name in d["seconds"]}
        wanted |= {
            f"/sections/{i}/rows/{j}/{k}"
            for i, section in enumerate(d["sections"])
            for j, row in enumerate(section["rows"])
            for k, cell in enumerate(row)
            if isinstance(cell, (int, float))
        }
        assert wanted <= shown


def test_the_page_is_whole_and_what_is_hostile_stays_text(
    built: Document, proved: Document
) -> None:
    for document in both(built, proved):
        text = html.page(document)
        page = Page(text)
        assert (page.unbalanced, page.open) == ([], [])
        assert HOSTILE not in text
        ids = [given["id"] for _, given in page.tags if "id" in given]
        assert len(ids) == len(set(ids))
        assert {(given["href"] or "")[1:] for given in page.of("a")} <= set(ids)


def test_a_page_has_only_the_sections_that_its_command_has(built: Document) -> None:
    text = html.page(built)
    assert "By old API name" not in text
    assert "Changed files" not in text
    assert "Kernels lowered to CUDA" in text


def test_a_build_counts_what_passed_failed_and_was_not_run(built: Document) -> None:
    assert built["summary"] == {"passed": 3, "failed": 1, "not_run": 1, "rows": 5}
    by_stage = built["sections"][0]
    assert by_stage["rows"] == [
        ["units", "", 1, 1, 0, 4.0],
        ["lower", "sm_80", 1, 0, 0, 0],
        ["lower", "sm_90a", 1, 0, 0, 0],
        ["run", "", 0, 0, 1, 0],
    ]
    assert [(item["stage"], item["code"], item["path"]) for item in built["todo"]] == [
        ("units", "TF940", "src/b.cc"),
        ("run", "TF941", ""),
    ]
    assert "a skip is never counted as a pass" in " ".join(built["limits"])


def test_a_proof_lists_what_failed_and_what_was_not_checked(proved: Document) -> None:
    assert proved["summary"] == {"units": 3, "findings": 2, "unchecked": 2}
    assert [item["path"] for item in proved["todo"]] == ["src/a.h", "a.py"]
    counted = {row["outcome"]: row["count"] for row in proved["outcomes"]}
    assert counted["C++ units that do not parse"] == 1
    assert counted["surface invented"] == 1
    assert {row["code"] for row in proved["manual"]} == {"TF921", "TF922"}


def test_the_manual_names_every_field(built: Document, proved: Document, ported: Ported) -> None:
    page = (Path(__file__).parents[2] / "docs" / "reports.md").read_text(encoding="utf-8")
    rows = [
        line.split("|")[1:3] for line in page.split("## The JSON")[1].split("\n") if "|" in line
    ]
    of = {name: who.strip() for names, who in rows for name in re.findall(r"`(\w+)`", names)}
    assert set(ported.document) == set(of)
    for document in (built, proved):
        assert set(document) == {name for name, who in of.items() if who == "all"}


def test_every_stage_of_a_build_has_a_heading() -> None:
    assert set(building.TITLES) == set(STAGES)


def test_every_code_of_these_reports_has_its_page() -> None:
    assert {"TF932", "TF940", "TF941"} <= set(NOTICES)


def test_markdown_holds_the_list_and_the_tables(proved: Document, built: Document) -> None:
    text = markdown.text(proved)
    assert "- [ ] `src/a.h:4` TF921 (low): bad" in text
    assert "| surface invented | 1 |" in text
    assert "| \\| a pipe |" in text
    assert "| lower | sm_80 | 1 | 0 | 0 | 0.0 |" in markdown.text(built)


def test_tables_are_files_of_their_own(built: Document) -> None:
    made = tables.of(built)
    assert "changes.csv" not in made
    rows = list(csv.DictReader(io.StringIO(made["table-c-units-compiled.csv"])))
    assert [(row["name"], row["status"]) for row in rows] == [
        ("src/b.cc", "failed"),
        ("src/a.cc", "passed"),
    ]


def test_sarif_has_no_place_where_there_is_none(results: Results, tmp_path: Path) -> None:
    found = [finding for _, finding in building.findings(results, list(ROWS), tmp_path)]
    log = sarif.log_of(found, ())
    one: dict[str, Any] = log["runs"][0]
    assert [(entry["level"], "locations" in entry) for entry in one["results"]] == [
        ("warning", False),
        ("note", False),
    ]
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "b.cc").write_text("", encoding="utf-8")
    found = [finding for _, finding in building.findings(results, ["units"], tmp_path)]
    assert_is_sarif(sarif.log_of(found, ()))


def test_all_forms_are_written_and_the_json_is_the_document(proved: Document, folder: Path) -> None:
    writing.write_document(folder, proved, [], ())
    names = {path.name for path in folder.iterdir()}
    assert {"report.html", "report.json", "report.md", "report.sarif", "findings.csv"} <= names
    assert json.loads((folder / "report.json").read_text(encoding="utf-8")) == json.loads(
        json.dumps(proved)
    )


def test_a_column_without_a_text_is_left_out(built: Document) -> None:
    by_title = {section["title"]: section["columns"] for section in built["sections"]}
    assert by_title["C++ units compiled"] == ["name", "status", "reason", "seconds"]
    assert by_title["Kernels lowered to CUDA"] == ["name", "arch", "status", "seconds", "details"]
