"""Show the result table: on a terminal, counts by stage and what did not pass, with its reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from codemods.harness.compare import Pair, counts
from codemods.harness.coverage import coverage
from codemods.harness.results import Results, Row, Status

_STYLE = {Status.PASSED: "green", Status.FAILED: "red", Status.NOT_RUN: "yellow"}


def show(results: Results, stages: Iterable[str], console: Console, limit: int = 40) -> None:
    """Print the rows of `stages`; at most `limit` rows that did not pass for each stage."""
    stages = tuple(stages)
    console.print(_summary(results, stages))
    for stage in stages:
        for found in coverage(results.rows(stage)):
            console.print(f"{stage}: {found}", highlight=False)
        rows = [row for row in results.rows(stage) if row.status is not Status.PASSED]
        if rows:
            console.print(_details(stage, rows[:limit]))
        if len(rows) > limit:
            console.print(f"… and {len(rows) - limit} more rows of {stage} in {results.path}")


def _summary(results: Results, stages: Iterable[str]) -> Table:
    table = Table("stage", "arch", title="build and test", title_justify="left")
    for name in ("passed", "failed", "not run", "seconds"):
        table.add_column(name, justify="right")
    for stage in stages:
        rows = results.rows(stage)
        for arch in dict.fromkeys(row.arch for row in rows):
            here = [row for row in rows if row.arch == arch]
            counts = [str(sum(row.status is status for row in here)) for status in Status]
            table.add_row(stage, arch, *counts, f"{sum(row.seconds for row in here):.1f}")
    return table


def _details(stage: str, rows: Iterable[Row]) -> Table:
    table = Table("name", "arch", "status", "reason", title=stage, title_justify="left")
    for row in rows:
        status = f"[{_STYLE[row.status]}]{row.status.value}[/]"
        table.add_row(escape(row.name), row.arch, status, escape(row.reason))
    return table


def show_comparison(
    pairs: Sequence[Pair], stages: Iterable[str], diffs: Path, console: Console
) -> None:
    """Print both trees' counts by stage, how the kernels compare, and what got worse."""
    table = Table("stage", "arch", title="beside the reference", title_justify="left")
    for name in ("passed here", "passed there", "only there", "only here"):
        table.add_column(name, justify="right")
    for stage in stages:
        mine = [pair for pair in pairs if pair.stage == stage]
        for arch in dict.fromkeys(pair.arch for pair in mine):
            found = [pair for pair in mine if pair.arch == arch]
            here = sum(_passed(pair.here) for pair in found)
            there = sum(_passed(pair.reference) for pair in found)
            only_here = sum(_passed(p.here) and not _passed(p.reference) for p in found)
            worse = sum(pair.worse for pair in found)
            table.add_row(stage, arch, str(here), str(there), str(worse), str(only_here))
    console.print(table)
    for kind, number in counts(pairs).items():
        console.print(f"{number} kernels {kind}")
    console.print(f"diffs: {diffs}")
    for pair in pairs:
        if pair.worse:
            reason = pair.here.reason if pair.here else "it has no such row"
            console.print(
                f"only there: {pair.stage} {pair.name} {pair.arch}: {reason}", markup=False
            )


def _passed(row: Row | None) -> bool:
    return row is not None and row.status is Status.PASSED


def exit_code(results: Results, stages: Iterable[str]) -> int:
    """Return 0 when no row failed and each stage has a row that passed, else 1.

    A stage that could not run at all is something left to do, like a failure.
    """
    for stage in stages:
        counts = results.counts(stage)
        if counts[Status.FAILED] or not counts[Status.PASSED]:
            return 1
    return 0
