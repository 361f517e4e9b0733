"""`python -m codemods.report DIR --section TITLE=FILE`: add other commands' tables to a report."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from codemods.result import SCHEMA
from codemods.start import HELP, NOTHING_LEFT, start


@click.command("report", context_settings=HELP)
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--section",
    "wanted",
    metavar="TITLE=FILE",
    multiple=True,
    help="Show the records of a JSON file: `build`'s results, an inventory, `verify`'s output.",
)
def main(folder: Path, wanted: tuple[str, ...]) -> int:
    """Make the report in FOLDER anew from its `report.json`, with further sections.

    A section that is there under the same title is replaced.
    """
    from codemods.report import sections, writing

    source = folder / writing.DOCUMENT
    if not source.is_file():
        raise click.ClickException(f"there is no `{source}`; `run --report {folder}` makes it")
    document = json.loads(source.read_text("utf-8"))
    if document.get("schema") != SCHEMA:
        raise click.ClickException(
            f"`{source}` has schema {document.get('schema')}, this version reads {SCHEMA}"
        )
    by_title = {section["title"]: section for section in document["sections"]}
    for text in wanted:
        title, equals, name = text.partition("=")
        if not (title and equals and name):
            raise click.BadParameter(f"`{text}` is not `TITLE=FILE`", param_hint="--section")
        try:
            by_title[title] = sections.read(title, Path(name))
        except (OSError, sections.NoTable) as error:
            raise click.BadParameter(str(error), param_hint="--section") from error
    document["sections"] = list(by_title.values())
    writing.render(folder, document)
    return NOTHING_LEFT


if __name__ == "__main__":
    sys.exit(start(main))
