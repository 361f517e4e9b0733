"""The options that commands share, and what they mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.shell_completion import CompletionItem

from codemods import ladder

if TYPE_CHECKING:
    from codemods.model import Migration
    from codemods.result import Result

Command = TypeVar("Command", bound=Callable[..., Any])


def complete_codes(ctx: click.Context, option: click.Parameter, typed: str) -> list[CompletionItem]:
    """Complete a code in the shell, with its title."""
    return [
        CompletionItem(migration.code, help=migration.title)
        for migration in known()
        if migration.code.startswith(typed.upper())
    ]


def complete_releases(
    ctx: click.Context, option: click.Parameter, typed: str
) -> list[CompletionItem]:
    """Complete a release in the shell, the latest first."""
    return [CompletionItem(name) for name in ladder.RELEASES[::-1] if name.startswith(typed)]


def report(command: Command) -> Command:
    """Add the option that names the folder of a report."""
    option = click.option(
        "--report",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        help="Folder for a report (HTML, JSON, CSV, SARIF).",
    )
    return option(command)


def rules(command: Command) -> Command:
    """Add the option that names files of a fork's own rules."""
    option = click.option(
        "--rules",
        "rules_files",
        type=click.Path(path_type=Path),
        metavar="FILE",
        multiple=True,
        help="Your own renames, TOML; repeatable.",
    )
    return option(command)


def own_rules(root: Path, given: Sequence[Path]) -> tuple[tuple[Path, ...], tuple[Migration, ...]]:
    """Return the files of rules of the tree around `root` and those given, and the rules.

    Their examples are run first. A rule that is wrong is a usage error.
    """
    from codemods import vcs

    root = vcs.top_level(root) or root
    names_rules = _names_rules(root / "pyproject.toml")
    if not given and not names_rules:
        return (), ()  # what most runs find, and it costs no parser
    from codemods import rules

    found: dict[str, Migration] = {}
    try:
        named = rules.find(root) if names_rules else ()
        paths = tuple({path.resolve(): path for path in (*named, *given)}.values())
        for path in paths:
            loaded = rules.load(path)
            for migration in loaded:
                if migration.code in found:
                    raise rules.BadRules(f"{path}: {migration.code} is in another file too")
                found[migration.code] = migration
            rules.check(path, loaded)
    except rules.BadRules as error:
        raise click.UsageError(str(error)) from error
    return paths, tuple(found.values())


def _names_rules(project: Path) -> bool:
    try:
        return not project.is_symlink() and b"tool.codemods" in project.read_bytes()
    except OSError:  # there is none, or the run itself reports that it cannot be read
        return False


def selection(command: Command) -> Command:
    """Add the options that choose a release and migrations."""
    for option in (
        rules,
        click.option(
            "--jobs",
            type=click.IntRange(0),
            metavar="N",
            default=0,
            help="Processes; 0: all cores.",
        ),
        click.option("--unsafe-fixes", is_flag=True, help="Apply fixes that may change meaning."),
        click.option(
            "--ignore",
            multiple=True,
            metavar="CODE",
            shell_complete=complete_codes,
            help="Codes, or their beginnings, to leave out.",
        ),
        click.option(
            "--select",
            multiple=True,
            metavar="CODE",
            shell_complete=complete_codes,
            help="Codes, or their beginnings, to apply.",
        ),
        click.option(
            "--to",
            metavar="RELEASE",
            default=ladder.DEFAULT_TARGET,
            show_default=True,
            shell_complete=complete_releases,
            help="TileLang release.",
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
            metavar="FORMAT",
            default="text",
            help="text, json, github or sarif.",
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
        hint = f"; did you mean `{close[0]}`?" if close else ""
        raise click.BadParameter(f"{error}{hint}", param_hint="--to") from error


def migrations(
    release: str, select: Sequence[str], ignore: Sequence[str], own: Sequence[Migration] = ()
) -> tuple[Migration, ...]:
    """Return the chosen migrations; a beginning that fits no code is a usage error.

    `own`: a fork's own rules, to choose from like all others.
    """
    from codemods import registry

    chosen, left_out = _split(select), _split(ignore)
    codes = [migration.code for migration in known(own)]
    for prefix in (*chosen, *left_out):
        if not any(code.startswith(prefix) for code in codes):
            raise click.BadParameter(
                f"no migration's code begins with `{prefix}`; see `python -m codemods.list`",
                param_hint="--select / --ignore",
            )
    return registry.select(known(own), target=release, select=chosen, ignore=left_out)


def known(own: Sequence[Migration] = ()) -> tuple[Migration, ...]:
    """Return every migration there is, a fork's own rules last."""
    from codemods import registry

    return (*registry.load(), *own)


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
