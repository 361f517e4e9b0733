"""A report as one HTML page that needs no network: text, styles, script and charts in one file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup, escape

from codemods.report import charts, highlight
from codemods.report.parts import Document

_CODE = re.compile(r"`([^`]+)`")
_LABELS = {
    "files": "files looked at",
    "changed": "files changed",
    "new": "new files among them",
    "edits": "edits",
    "findings": "findings left",
    "residue": "old names standing",
    "regions_not_analysed": "regions not analysed",
    "units": "C++ units",
    "unchecked": "not checked here",
    "passed": "passed",
    "failed": "failed",
    "not_run": "not run",
    "rows": "rows of all",
    "conflicts": "conflicts left",
    "resolved": "places resolved by rule",
    "losses": "entries past a gate",
}
"""What the numbers of a document's summary are called on its tiles."""


def page(document: Document) -> str:
    """Return the whole page. Every number in it names its place in the JSON by `data-json`."""

    def number(pointer: str) -> Markup:
        value = resolve(document, pointer)
        shown = f"{value:,}".replace(",", "\u202f") if isinstance(value, int) else str(value)
        return Markup('<data value="{}" data-json="{}">{}</data>').format(value, pointer, shown)

    template = _environment().get_template("report.html.jinja")
    todo = list(enumerate(document["todo"]))
    return template.render(
        d=document,
        number=number,
        stages=[
            (stage["title"], [entry for entry in todo if entry[1]["stage"] == stage["name"]])
            for stage in document["stages"]
        ],
        tiles=[
            (f"/summary/{name}", _LABELS[name])
            for name, value in document["summary"].items()
            if not isinstance(value, bool)
        ],
        migration_chart=Markup(charts.migrations(document.get("by_migration", []))),
        name_chart=Markup(charts.names(document.get("by_name", []))),
        light=Markup(highlight.css("default")),
        dark=Markup(highlight.css("github-dark")),
    )


def resolve(document: Mapping[str, Any], pointer: str) -> Any:
    """Return what a JSON pointer without escapes leads to; raises KeyError or IndexError."""
    value: Any = document
    for step in pointer.removeprefix("/").split("/"):
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("codemods.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["prose"] = _prose
    environment.filters["words"] = _words
    environment.filters["visible"] = highlight.visible
    environment.globals["hunk"] = _hunk
    return environment


def _hunk(path: str, rows: list[dict[str, Any]]) -> list[tuple[dict[str, Any], Markup, Markup]]:
    sides = highlight.hunk(path, rows)
    return [(row, Markup(old), Markup(new)) for row, (old, new) in zip(rows, sides, strict=True)]


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table").disable(["link", "image"])


def _prose(text: str) -> Markup:
    """Markdown as HTML; raw HTML stays text, and nothing becomes a link or a picture."""
    made = _markdown().render(text)
    return Markup(made.replace("<th>", '<th scope="col">'))


def _words(text: str) -> Markup:
    """One line with code between backticks."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(highlight.visible(text)))))
