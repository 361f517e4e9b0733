"""The document: what every form of the report is made from."""

from __future__ import annotations

import json

from codemods.model import Change
from codemods.report import diffs
from tests.report.conftest import HOSTILE_PATH, Ported


def test_it_is_the_result_and_more_and_survives_json(ported: Ported) -> None:
    plain = ported.result.to_json()
    assert {key: ported.document[key] for key in plain} == plain
    assert json.loads(json.dumps(ported.document)) == ported.document


def test_outcomes_add_up_to_what_was_found(ported: Ported) -> None:
    counts = [row["count"] for row in ported.document["outcomes"]]
    assert sum(counts) == len(ported.result.changes) + len(ported.document["todo"])


def test_migrations_add_up_to_all_edits_and_findings(ported: Ported) -> None:
    rows = ported.document["by_migration"]
    assert sum(row["edits"] for row in rows) == len(ported.result.changes)
    assert sum(row["findings"] for row in rows) == len(ported.result.findings)
    assert sum(row["residue"] for row in rows) == len(ported.result.residue)


def test_names_are_counted_before_and_after(ported: Ported) -> None:
    rows = {row["name"]: row for row in ported.document["by_name"]}
    assert (rows["TVM_REGISTER_GLOBAL"]["before"], rows["TVM_REGISTER_GLOBAL"]["left"]) == (2, 2)


def test_the_list_begins_with_what_stopped_the_tool_and_ends_with_documents(
    ported: Ported,
) -> None:
    todo = ported.document["todo"]
    assert todo[0]["code"] == "TF901"
    assert [item["stage"] for item in todo][1:] == ["region", "name"]
    assert todo[-1]["path"] == "notes.md"
    assert todo[-1]["code"] == "TF101"


def test_every_code_on_the_list_and_beside_a_line_has_its_text(ported: Ported) -> None:
    pages = {row["code"] for row in ported.document["manual"]}
    d = ported.document
    assert {item["code"] for item in d["todo"]} <= pages
    assert {code for file in d["diffs"] for code in file["codes"]} <= pages
    assert all(row["text"] for row in d["manual"])


def test_a_diff_holds_every_changed_line_with_its_migration(ported: Ported) -> None:
    by_path = {file["path"]: file for file in ported.document["diffs"]}
    assert set(by_path) == {"block.cc", HOSTILE_PATH, "win.cc"}
    rows = [row for hunk in by_path["block.cc"]["hunks"] for row in hunk["rows"]]
    assert [row["kind"] for row in rows] == ["same", "same", "same", "changed"]
    assert rows[-1]["before"] == "TVM_FFI_STATIC_INIT_BLOCK({ F(); });"
    assert rows[-1]["after"] == "TVM_FFI_STATIC_INIT_BLOCK() { F(); }"
    assert (rows[-1]["old"], rows[-1]["new"], rows[-1]["codes"]) == (4, 4, ["TF301"])


def test_a_diff_gives_both_texts_back_where_nothing_is_left_out() -> None:
    before, after = b"a\nb\nc\nd\n", b"a\nB\nB2\nd\ne\n"
    made = diffs.of_file("x.cc", before, after, [Change("x.cc", 2, 1, "TF301", b"b", b"B")])
    rows = [row for hunk in made["hunks"] for row in hunk["rows"]]
    assert [row["before"] for row in rows if row["old"]] == ["a", "b", "c", "d"]
    assert [row["after"] for row in rows if row["new"]] == ["a", "B", "B2", "d", "e"]
    assert (made["removed"], made["added"]) == (2, 3)


def test_neighbouring_lines_keep_their_own_migrations() -> None:
    changes = [
        Change("x.cc", 1, 1, "TF301", b"a", b"A"),
        Change("x.cc", 2, 1, "TF302", b"b", b"B"),
        Change("x.cc", 6, 1, "TF303", b"", b"new\n"),
    ]
    made = diffs.of_file("x.cc", b"a\nb\nc\nd\ne\nf\n", b"A\nB\nc\nd\ne\nnew\nf\n", changes)
    rows = [row for hunk in made["hunks"] for row in hunk["rows"] if row["kind"] != "same"]
    assert [row["codes"] for row in rows] == [["TF301"], ["TF302"], ["TF303"]]


def test_a_new_file_is_all_added() -> None:
    made = diffs.of_file("x.h", None, b"a\nb\n", [])
    assert made["new_file"]
    assert [row["kind"] for row in made["hunks"][0]["rows"]] == ["added", "added"]
