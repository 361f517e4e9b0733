"""Tables that other commands leave as JSON, as further sections of a report."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class NoTable(ValueError):
    """A JSON file that holds no list of records."""


def read(title: str, path: Path) -> dict[str, Any]:
    """Return the section that shows the records of a JSON file; raises `NoTable`.

    The file holds a list of objects, or an object in which such lists stand at any depth (as in the
    results of `build`, the inventory's, or the output of `verify --output-format json`).
    """
    try:
        data = json.loads(path.read_text("utf-8"))
    except json.JSONDecodeError as error:
        raise NoTable(f"`{path}` is not JSON: {error}") from error
    lists = list(_lists(data))
    if not lists:
        raise NoTable(f"`{path}` holds no list of records")
    records = [entry for found in lists for entry in found if isinstance(entry, dict)]
    columns = list(dict.fromkeys(name for record in records for name in record))
    columns = [c for c in columns if any(record.get(c) not in ("", None) for record in records)]
    rows = [[_cell(record.get(column)) for column in columns] for record in records]
    return {"title": title, "columns": columns, "count": len(rows), "rows": rows}


def _lists(data: Any) -> Iterator[list[Any]]:
    if isinstance(data, list):
        yield data
    elif isinstance(data, dict):
        for value in data.values():
            yield from _lists(value)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        return ", ".join(f"{name} {_cell(part)}" for name, part in value.items())
    if isinstance(value, list):
        return ", ".join(map(_cell, value))
    return str(value)
