"""Writes every form of a report into one folder."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from codemods import porting_notes
from codemods.model import Finding, Migration
from codemods.report import html, markdown, sarif, tables
from codemods.report.document import document
from codemods.report.parts import Document
from codemods.result import Result
from codemods.tree import REPORT_MARK

if TYPE_CHECKING:
    from codemods.porting import Port

DOCUMENT = "report.json"


def write(
    folder: Path,
    result: Result,
    before: Mapping[str, bytes],
    done: Port,
    known: Sequence[Migration],
    revision: str = "",
) -> None:
    """Write every form of the report of a port into `folder`, which is made if missing.

    `result` is the port's result as it is after writing.
    """
    _claim(folder)
    _put(folder / "PORTING.md", porting_notes.notes(result, known))
    _put(folder / "report.sarif", _json(sarif.log(result, known)))
    render(folder, document(result, before, done.files, known, revision))


def write_document(
    folder: Path, report: Document, found: Sequence[Finding], known: Sequence[Migration]
) -> None:
    """Write every form of a command's document; `found` is what it leaves to a person."""
    _claim(folder)
    _put(folder / "report.md", markdown.text(report))
    _put(folder / "report.sarif", _json(sarif.log_of(found, known)))
    render(folder, report)


def render(folder: Path, report: Document) -> None:
    """Write what is made from the document alone: the JSON itself, the page and the tables."""
    _put(folder / DOCUMENT, _json(report))
    _put(folder / "report.html", html.page(report))
    for name, text in tables.of(report).items():
        _put(folder / name, text)


def _claim(folder: Path) -> None:
    """Make the folder; one of our own is marked, so that neither git nor a later run reads it."""
    folder.mkdir(parents=True, exist_ok=True)
    if not any(folder.iterdir()):
        _put(folder / REPORT_MARK, "written by `codemods ... --report`; no part of a tree\n")
        _put(folder / ".gitignore", "*\n")


def _json(data: object) -> str:
    return json.dumps(data, indent=1) + "\n"


def _put(path: Path, text: str) -> None:
    path.write_bytes(text.encode("utf-8", "backslashreplace"))
