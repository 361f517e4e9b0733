"""The options that commands share, and what they mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from codemods import ladder

if TYPE_CHECKING:
    from codemods.model import Migration
    from codemods.result import Result

Command = TypeVar("Command", bound=Callable[..., Any])


def selection(command: Command) -> Command:
    """Add the options that choose a release and migrations."""
    for option in (
        click.option("--jobs", type=click.IntRange(0), default=0, help="Processes; 0: all cores."),
        click.option("--unsafe-fixes", is_flag=True, help="Apply fixes that may change meaning."),
        click.option("--ignore", multiple=True, help="Codes, or their beginnings, to leave out."),
        click.option("--select", multiple=True, help="Codes, or their beginnings, to apply."),
        click.option(
            "--to", default=ladder.DEFAULT_TARGET, show_default=True, help="TileLang release."
        ),
    ):
        command = option(command)
    return command


def output(command: Command) -> Command:
    """Add the options that say how results are shown."""
    for option in (
        click.option("-v", "--verbose", is_flag=True, help="Show tracebacks."),
        click.option("-q", "--quiet", is_flag=True, help="No summary."),
        click.option("--statistics", is_flag=True, help="Show counts by code."),
        click.option(
            "--output-format",
            type=click.Choice(["text", "json", "github", "sarif"]),
            default="text",
            show_default=True,
        ),
    ):
        command = option(command)
    return command


def release(name: str) -> str:
    """Return the exact release meant by `--to`; a usage error tells what there is."""
    try:
        return ladder.resolve(name)
    except ladder.UnknownRelease as error:
        import difflib

        close = difflib.get_close_matches(name, ladder.RELEASES, 1)
        hint = f"; did you mean `{close[0]}`" if close else ""
        raise click.BadParameter(f"{error}{hint}", param_hint="--to") from error


def migrations(release: str, select: Sequence[str], ignore: Sequence[str]) -> tuple[Migration, ...]:
    """Return the chosen migrations; a beginning that fits no code is a usage error."""
    from codemods import registry

    chosen, left_out = _split(select), _split(ignore)
    codes = [migration.code for migration in known()]
    for prefix in (*chosen, *left_out):
        if not any(code.startswith(prefix) for code in codes):
            raise click.BadParameter(
                f"no migration's code begins with `{prefix}`; see `python -m codemods.list`",
                param_hint="--select / --ignore",
            )
    return registry.select(known(), target=release, select=chosen, ignore=left_out)


def known() -> tuple[Migration, ...]:
    """Return every migration there is."""
    from codemods import registry

    return registry.load()


def jobs(wanted: int) -> int:
    """Return the number of processes: what was asked, or one for each processor."""
    from codemods import workers

    return wanted or workers.available()


def written(result: Result, root: Path, blocked: Sequence[str]) -> Result:
    """Return the result as it is after writing below `root`, or after `blocked` forbade that."""
    from codemods.model import Finding

    found = [Finding(p, 1, 1, "TF909", "read-only, so nothing was written") for p in blocked]
    findings = tuple(sorted({*result.findings, *found}))
    return replace(result, target=str(root), written=not blocked, findings=findings)


def _split(values: Sequence[str]) -> list[str]:
    return [part.strip() for value in values for part in value.split(",") if part.strip()]
