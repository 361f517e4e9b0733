"""A report as Markdown, for a pull request or a terminal: the document's words and tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_MOST = 200
"""Rows of a table; `report.json` and the CSV files have them all."""


def text(document: Mapping[str, Any]) -> str:
    """Return the whole report."""
    parts = [f"# {document['heading']}", f"`{document['target']}`. {document['lead']}"]
    outcomes = [[row["outcome"], row["count"]] for row in document["outcomes"]]
    parts += _table(("outcome", "places"), outcomes)
    parts += _todo(document)
    for section in document["sections"]:
        if section["rows"]:
            parts += [f"## {section['title']}", *_table(section["columns"], section["rows"])]
    versions = [[row["what"], row["version"], row["how"]] for row in document["versions"]]
    parts += ["## Versions", *_table(("what", "version", "how it was found"), versions)]
    parts += ["## Limits", "\n".join(f"- {limit}" for limit in document["limits"])]
    return "\n\n".join(parts) + "\n"


def _todo(document: Mapping[str, Any]) -> Iterator[str]:
    yield "## To do, in working order"
    if not document["todo"]:
        yield "Nothing."
    for stage in document["stages"]:
        items = [item for item in document["todo"] if item["stage"] == stage["name"]]
        if items:
            yield f"### {stage['title']}"
            yield "\n".join(map(_item, items))


def _item(item: Mapping[str, Any]) -> str:
    place = f"`{item['path']}:{item['line']}` " if item["path"] else ""
    words = "; ".join(part for part in (item["message"], item["advice"]) if part)
    return f"- [ ] {place}{item['code']} ({item['effort']}): {' '.join(words.split())}"


def _table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    lines = [_row(columns), "|" + "---|" * len(columns), *map(_row, rows[:_MOST])]
    yield "\n".join(lines)
    if len(rows) > _MOST:
        yield f"and {len(rows) - _MOST} more rows, in `report.json`."


def _row(cells: Sequence[Any]) -> str:
    shown = (" ".join(str(cell).split()).replace("|", "\\|") for cell in cells)
    return "| " + " | ".join(shown) + " |"
