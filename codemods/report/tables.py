"""The tables of a report as CSV: what was found, what was changed."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

FINDINGS = ("path", "line", "column", "code", "kind", "effort", "stage", "message", "advice")
CHANGES = ("path", "line", "column", "code", "before", "after")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def of(document: Mapping[str, Any]) -> dict[str, str]:
    """Return every table of a document by the name of its file."""
    made = {"findings.csv": findings(document)}
    if "changes" in document:
        made["changes.csv"] = changes(document)
    for section in document["sections"]:
        name = re.sub(r"[^a-z0-9]+", "-", section["title"].lower()).strip("-") or "section"
        made[f"table-{name}.csv"] = _csv(section["columns"], section["rows"])
    return made


def findings(document: Mapping[str, Any]) -> str:
    """Return everything that is left to a person, in working order."""
    return _table(FINDINGS, document["todo"])


def changes(document: Mapping[str, Any]) -> str:
    """Return every edit, at its place before the run."""
    return _table(CHANGES, document["changes"])


def _table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    return _csv(columns, ([row[column] for column in columns] for row in rows))


def _csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return text.getvalue()


def _cell(value: object) -> object:
    """A text that a spreadsheet would take for a formula gets an apostrophe before it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
