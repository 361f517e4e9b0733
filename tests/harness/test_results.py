"""The result table: what a row must say, and what survives storing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from codemods.harness.report import exit_code
from codemods.harness.results import Results, Row, Status


def test_a_row_that_did_not_pass_needs_its_reason() -> None:
    with pytest.raises(ValueError, match="needs its reason"):
        Row("units", "a.cc", Status.FAILED)
    with pytest.raises(ValueError, match="needs its reason"):
        Row("run", "test_a", Status.NOT_RUN)


def test_rows_come_back_from_the_file_as_they_were(tmp_path: Path) -> None:
    rows = (
        Row("lower", "a.py::main", Status.PASSED, arch="sm_90a", details={"registers": 32}),
        Row("lower", "b.py::main", Status.NOT_RUN, "no GPU", seconds=1.5, log="x.log"),
    )
    Results(tmp_path / "results.json").replace("lower", rows)
    assert Results(tmp_path / "results.json").rows("lower") == rows


def test_replacing_a_stage_leaves_the_others(tmp_path: Path) -> None:
    results = Results(tmp_path / "results.json")
    results.replace("units", [Row("units", "a.cc", Status.PASSED)])
    results.replace("link", [Row("link", "lib", Status.PASSED)])
    results.replace("link", [Row("link", "lib", Status.FAILED, "undefined")])
    again = Results(tmp_path / "results.json")
    assert again.stages == ("units", "link")
    assert again.rows("units") == (Row("units", "a.cc", Status.PASSED),)
    assert again.counts("link") == {Status.FAILED: 1}


def test_a_table_of_another_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text(json.dumps({"format": 0}))
    with pytest.raises(ValueError, match="format 0"):
        Results(tmp_path / "results.json")


@pytest.mark.parametrize(
    ("statuses", "code"),
    [
        ([Status.PASSED, Status.PASSED], 0),
        ([Status.PASSED, Status.NOT_RUN], 0),
        ([Status.PASSED, Status.FAILED], 1),
        ([Status.NOT_RUN], 1),
        ([], 1),
    ],
)
def test_the_exit_code_never_takes_a_skip_for_a_pass(
    tmp_path: Path, statuses: list[Status], code: int
) -> None:
    results = Results(tmp_path / "results.json")
    rows = [
        Row("run", f"t{n}", s, "why" if s is not Status.PASSED else "")
        for n, s in enumerate(statuses)
    ]
    results.replace("run", rows)
    assert exit_code(results, ["run"]) == code
