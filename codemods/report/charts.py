"""The charts of a report: inline SVG without script, in the page's own colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

import pygal
from pygal.style import Style

_SVG = "http://www.w3.org/2000/svg"
_WIDTH = 440
_ROW = 26
_MOST = 16
"""Bars in a chart; the table beside it has them all."""

_STYLE = Style(
    background="transparent",
    plot_background="transparent",
    foreground="var(--text)",
    foreground_strong="var(--text)",
    foreground_subtle="var(--line)",
    colors=("var(--done)", "var(--left)", "var(--name)"),
    font_family="inherit",
    label_font_size=13,
    major_label_font_size=13,
    legend_font_size=13,
    value_font_size=12,
    opacity="1",
    opacity_hover="1",
    transition="0s",
)


def migrations(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return a chart of the migrations with most places: edits, findings and old names left."""

    def total(row: Mapping[str, Any]) -> int:
        return int(row["edits"] + row["findings"] + row["residue"])

    largest = sorted(rows, key=total, reverse=True)[:_MOST][::-1]
    chart = _chart(pygal.HorizontalStackedBar, len(largest), "by-migration")
    chart.x_labels = [row["code"] for row in largest]
    for name, key in (("edits", "edits"), ("findings", "findings"), ("old names", "residue")):
        chart.add(name, [row[key] or None for row in largest])
    return _svg(chart)


def names(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return a chart of the old names that stood most often: converted and left."""
    most = sorted(rows, key=lambda row: -(row["converted"] + row["left"]))[:_MOST][::-1]
    chart = _chart(pygal.HorizontalStackedBar, len(most), "by-name")
    chart.x_labels = [_short(row["name"]) for row in most]
    chart.add("converted", [row["converted"] or None for row in most])
    chart.add("left", [row["left"] or None for row in most])
    return _svg(chart)


def _chart(kind: Any, rows: int, identity: str) -> Any:
    chart = kind(
        style=_STYLE,
        js=[],
        width=_WIDTH,
        height=max(4, rows) * _ROW + 70,
        margin=4,
        legend_at_bottom=True,
        legend_box_size=12,
        show_y_guides=True,
        print_values=False,
        disable_xml_declaration=True,
        no_data_text="nothing",
    )
    chart.uuid = f"chart-{identity}"
    return chart


def _svg(chart: Any) -> str:
    """Serialise a chart without what asks for a script: the page has none from elsewhere."""
    tree = ElementTree.fromstring(chart.render(is_unicode=True))
    for parent in list(tree.iter()):
        for child in list(parent):
            tag = str(child.tag).removeprefix(f"{{{_SVG}}}")
            if tag in ("script", "desc"):
                parent.remove(child)
    for element in tree.iter():
        element.tag = str(element.tag).removeprefix(f"{{{_SVG}}}")
        if element is not tree:
            element.attrib.pop("id", None)  # each chart has the same ones
    tree.set("role", "presentation")
    text: str = ElementTree.tostring(tree, encoding="unicode")
    return text


def _short(name: str, width: int = 26) -> str:
    return name if len(name) <= width else "…" + name[1 - width :]
