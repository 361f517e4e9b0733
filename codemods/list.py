"""`python -m codemods.list`: the migrations there are, by rung."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from codemods import ladder, options
from codemods.model import Rung
from codemods.start import HELP, NOTHING_LEFT, start


@click.command("list", context_settings=HELP)
@click.option("--to", help="Only what a run to this TileLang release would apply.")
@options.rules
@click.option(
    "--output-format",
    type=click.Choice(["text", "json"]),
    metavar="FORMAT",
    default="text",
    help="text or json.",
)
def main(to: str | None, rules_files: tuple[Path, ...], output_format: str) -> int:
    """List the migrations: code, release that introduced the change, title.

    Your own rules are listed too, when all is right with them and their examples.
    """
    own = options.own_rules(Path(), rules_files)[1]
    known = options.known(own)
    if to is not None:
        known = options.migrations(options.release(to), (), (), own)
    if output_format == "json":
        rows = [
            {
                "code": migration.code,
                "name": migration.name,
                "title": migration.title,
                "rung": migration.rung.value,
                "introduced": migration.introduced,
                "removed": migration.removed,
                "safe": migration.safe,
                "effort": migration.effort.value,
                "upstream": list(migration.upstream),
            }
            for migration in known
        ]
        click.echo(json.dumps(rows, indent=2))
        return NOTHING_LEFT
    for rung, members in ladder.by_rung(known):
        click.echo(f"{rung.name}")
        width = max(len(migration.code) for migration in members)
        for migration in members:
            mark = "" if migration.safe else " (not safe)"
            since = "" if rung is Rung.OWN else migration.introduced
            click.echo(f"  {migration.code:<{width}}  {since:<12} {migration.title}{mark}")
    return NOTHING_LEFT


if __name__ == "__main__":
    sys.exit(start(main))
