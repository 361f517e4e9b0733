"""Tables that other commands leave as JSON, as further sections of a report."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
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
        records = list(_records(json.loads(path.read_text("utf-8"))))
    except json.JSONDecodeError as error:
        raise NoTable(f"`{path}` is not JSON: {error}") from error
    columns = list(dict.fromkeys(name for record in records for name in record))
    if not columns:
        raise NoTable(f"`{path}` holds no list of records")
    columns = [c for c in columns if any(record.get(c) not in ("", None) for record in records)]
    rows = [[_cell(record.get(column)) for column in columns] for record in records]
    return {"title": title, "columns": columns, "count": len(rows), "rows": rows}


def _records(data: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(data, list):
        yield from (entry for entry in data if isinstance(entry, dict))
    elif isinstance(data, dict):
        for value in data.values():
            yield from _records(value)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        return ", ".join(f"{name} {_cell(part)}" for name, part in value.items())
    if isinstance(value, list):
        return ", ".join(map(_cell, value))
    return str(value)
