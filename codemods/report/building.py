"""The report of `build` as plain data: the result table, counted and whole."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from codemods.harness.compare import Pair, counts
from codemods.harness.results import Results, Row, Status
from codemods.model import Effort, Finding
from codemods.report import parts
from codemods.report.parts import Document
from codemods.report.provenance import tools

FAILED, NOT_RUN = "TF940", "TF941"

TITLES = {
    "units": "C++ units compiled",
    "link": "Libraries and extensions linked",
    "load": "Libraries loaded",
    "nodes": "Nodes compared and cloned",
    "import": "Python modules imported",
    "lower": "Kernels lowered to CUDA",
    "device-compile": "Kernels compiled for each architecture",
    "run": "Suites run on a GPU",
}
_LIMITS = (
    "What was not run is not known to work. A stage that could not run on this machine says so, "
    "and a skip is never counted as a pass.",
    "Kernels are lowered with the arguments of the tree's own examples, tests and manifest; other "
    "shapes and types were not tried.",
    "Seconds are by the clock, on the machine that built, several processes side by side.",
)


def document(
    results: Results,
    stages: Sequence[str],
    target: Path,
    release: str,
    versions: Sequence[tuple[str, str, str]] = (),
    pairs: Sequence[Pair] = (),
) -> Document:
    """Return the report of those `stages` of a result table.

    `versions`: what, version and how it was found. `pairs`: the table beside a reference's.
    """
    rows = [row for stage in stages for row in results.rows(stage)]
    total = {status: sum(row.status is status for row in rows) for status in Status}
    failed = total[Status.FAILED]
    lead = f"{failed} of {len(rows)} rows failed." if failed else "Nothing failed."
    if total[Status.NOT_RUN]:
        lead += f" {total[Status.NOT_RUN]} were not run, which is no pass."
    named = [(stage, TITLES.get(stage, stage)) for stage in stages]
    found = findings(results, stages, target)
    todo = [
        parts.item(finding, "failed" if finding.code == FAILED else "not run", stage)
        for stage, finding in found
    ]
    return {
        **parts.head("build", str(target), release, f"Build on TileLang {release}", lead),
        "summary": {
            "passed": total[Status.PASSED],
            "failed": failed,
            "not_run": total[Status.NOT_RUN],
            "rows": len(rows),
        },
        "outcomes": parts.outcomes((f"rows {s.value}", total[s]) for s in Status),
        "stages": parts.stages(named),
        "todo": parts.in_working_order(todo, named),
        "sections": [
            _by_stage(results, stages),
            *(_beside(pairs) if pairs else ()),
            *(_all_rows(stage, results.rows(stage)) for stage in stages if results.rows(stage)),
        ],
        "versions": [
            *({"what": what, "version": version, "how": how} for what, version, how in versions),
            *tools(),
        ],
        "seconds": {
            stage: round(sum(row.seconds for row in results.rows(stage)), 3) for stage in stages
        },
        "limits": list(_LIMITS),
        "manual": parts.manual({finding.code for _, finding in found}, {}),
    }


def findings(results: Results, stages: Sequence[str], target: Path) -> list[tuple[str, Finding]]:
    """Return what did not pass, each with its stage; no path where the row names no file."""
    return [
        (
            stage,
            Finding(
                _place(row, target),
                1,
                1,
                FAILED if row.status is Status.FAILED else NOT_RUN,
                " ".join(part for part in (stage, _called(row), row.arch) if part)
                + f": {row.reason}",
                f"see `{row.log}`" if row.log else "",
                Effort.MEDIUM if row.status is Status.FAILED else Effort.LOW,
            ),
        )
        for stage in stages
        for row in results.rows(stage)
        if row.status is not Status.PASSED
    ]


def _place(row: Row, target: Path) -> str:
    path = row.name.partition("::")[0]
    inside = not PurePosixPath(path).is_absolute() and ".." not in PurePosixPath(path).parts
    return path if inside and (target / path).is_file() else ""


def _called(row: Row) -> str:
    return "" if row.name == "*" else f"`{row.name}`"


def _by_stage(results: Results, stages: Sequence[str]) -> dict[str, Any]:
    made: list[list[Any]] = []
    for stage in stages:
        rows = results.rows(stage)
        for arch in dict.fromkeys(row.arch for row in rows):
            here = [row for row in rows if row.arch == arch]
            numbers = [sum(row.status is status for row in here) for status in Status]
            made.append([stage, arch, *numbers, round(sum(row.seconds for row in here), 1)])
    columns = ("stage", "architecture", *(status.value for status in Status), "seconds")
    return parts.section("By stage", columns, made)


def _beside(pairs: Sequence[Pair]) -> tuple[dict[str, Any], ...]:
    kernels = [[f"kernels {kind}", number] for kind, number in counts(pairs).items()]
    worse = [
        [p.stage, p.name, p.arch, p.here.reason if p.here else "it has no such row"]
        for p in pairs
        if p.worse
    ]
    return (
        parts.section("Beside the reference", ("what", "number"), kernels),
        parts.section("Passes only in the reference", ("stage", "name", "arch", "why"), worse),
    )


def _all_rows(stage: str, rows: Sequence[Row]) -> dict[str, Any]:
    made = [
        [row.name, row.arch, row.status.value, row.reason, round(row.seconds, 1), _details(row)]
        for row in sorted(rows, key=lambda row: (row.status is Status.PASSED, row.name, row.arch))
    ]
    columns = ("name", "arch", "status", "reason", "seconds", "details")
    return parts.section(TITLES.get(stage, stage), columns, made)


def _details(row: Row) -> str:
    return ", ".join(f"{name} {value}" for name, value in row.details.items())
