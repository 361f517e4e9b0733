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
from codemods.report.document import STAGES, Document

_CODE = re.compile(r"`([^`]+)`")


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
            (title, [entry for entry in todo if entry[1]["stage"] == name])
            for name, title in STAGES
        ],
        migration_chart=Markup(charts.migrations(document["by_migration"])),
        name_chart=Markup(charts.names(document["by_name"])),
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
