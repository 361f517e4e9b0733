"""Prints results: findings to standard output, the summary to standard error."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import click

from codemods.model import Finding, Migration
from codemods.one_line import one_line, place
from codemods.result import Result

FORMATS = ("text", "json", "github", "sarif")


def show(
    result: Result,
    output_format: str,
    known: Sequence[Migration],
    *,
    statistics: bool,
    quiet: bool = False,
) -> None:
    """Print a result in one of `FORMATS`, with counts by code if asked. `known`: all migrations."""
    if output_format == "json":
        click.echo(json.dumps(result.to_json(), indent=2))
    elif output_format == "sarif":
        from codemods.report import sarif

        click.echo(json.dumps(sarif.log(result, known), indent=2))
    else:
        line_of = _github if output_format == "github" else _text
        for finding in everything(result):
            click.echo(line_of(finding))
    if statistics and output_format not in ("json", "sarif"):
        _statistics(result)
    if not quiet:
        summarise(result)


def everything(result: Result) -> list[Finding]:
    """Return findings, residue and regions not analysed as one list, in order of place."""
    found = list(result.findings)
    if not (result.residue or result.regions):
        return sorted(found)
    from codemods.residue import UNSEEN

    found += (
        Finding(
            entry.path,
            entry.line,
            entry.column,
            "TF903",
            f"old name `{entry.name}` still stands ({entry.kind})",
            f"see `python -m codemods.explain {entry.code}`",
        )
        for entry in result.residue
        if entry.kind not in UNSEEN
    )
    found += (
        Finding(
            region.path,
            region.line,
            1,
            "TF902",
            f"not analysed to line {region.end_line} ({region.reason}): holds "
            + ", ".join(f"`{name}`" for name in region.names),
            "look at it by hand",
        )
        for region in result.regions
    )
    return sorted(found)


def changes(result: Result, titles: Mapping[str, str]) -> Iterable[Finding]:
    """Yield one finding for each place that a run would change; `titles` are by code."""
    seen: set[tuple[str, int, str]] = set()
    for change in result.changes:
        key = (change.path, change.line, change.code)
        if key not in seen:
            seen.add(key)
            title = titles[change.code]
            message = f"{title[:1].lower()}{title[1:]}"
            advice = "`run` changes it" if change.after else "`run` removes it"
            yield Finding(change.path, change.line, change.column, change.code, message, advice)


def summarise_check(result: Result) -> None:
    """Print how much a run would change, to standard error."""
    click.echo(
        f"{'changed' if result.written else 'would change'} "
        f"{_count(len(result.changed), 'file')} of {result.files} "
        f"({_count(len(result.changes), 'edit')}); {_count(len(result.findings), 'finding')}",
        err=True,
    )


def summarise(result: Result) -> None:
    """Print what was done and what is left, in counts, to standard error."""
    verb = "changed" if result.written else "would change"
    click.echo(
        f"{verb} {_count(len(result.changed), 'file')} of {result.files} "
        f"({_count(len(result.changes), 'edit')}, {_count(len(result.new_files), 'new file')})",
        err=True,
    )
    if not result.files:
        click.echo(f"no file of a kind that is ported was found in `{result.target}`", err=True)
    elif result.nothing_left:
        click.echo("nothing left: no findings, no residue, no region not analysed", err=True)
    else:
        click.echo(
            f"left: {_count(len(result.findings), 'finding')}, "
            f"{_count(len(result.residue), 'old name')} still standing, "
            f"{_count(len(result.regions), 'region')} not analysed",
            err=True,
        )


def say_where(report: Path) -> None:
    """Print where the page of a report is, to standard error."""
    click.echo(f"report: {report / 'report.html'}", err=True)


def _statistics(result: Result) -> None:
    click.echo(f"{'code':<7}{'edits':>7}{'files':>7}{'findings':>10}", err=True)
    for code, (edits, files, found) in result.by_code().items():
        click.echo(f"{code:<7}{edits:>7}{files:>7}{found:>10}", err=True)


def _text(finding: Finding) -> str:
    spot = f"{place(finding.path)}:{finding.line}:{finding.column}"
    code = click.style(finding.code, fg="red")
    return f"{click.style(spot, bold=True)}: {code} {_words(finding)}"


def _github(finding: Finding) -> str:
    escaped = _words(finding).replace("%", "%25")
    path = finding.path.encode("utf-8", "backslashreplace").decode()
    for character in "%\r\n:,":
        path = path.replace(character, f"%{ord(character):02X}")
    spot = f"file={one_line(path)},line={finding.line},col={finding.column}"
    return f"::warning {spot},title={finding.code}::{escaped}"


def _words(finding: Finding) -> str:
    return one_line("; ".join(part for part in (finding.message, finding.advice) if part))


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
