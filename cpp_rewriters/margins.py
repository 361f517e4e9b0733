"""The verb that moves continued lines along with the line they belong to."""

from __future__ import annotations

from collections.abc import Iterator

from codemods.model import Edit, Source
from cpp_rewriters.text import Span, code, indentation, lines


def shift(source: Source, span: Span, anchor: int, margin: int) -> Iterator[Edit]:
    """Indent the lines that begin inside `span` as far as the line of `anchor` moves to `margin`.

    Directives and empty lines stay; text that holds a raw string is left as it is, since its lines
    are a value.
    """
    start, end = span
    by = margin - len(indentation(source, anchor))
    if by == 0 or b'R"' in source.data[start:end]:
        return
    for at in _line_starts(source, start, end):
        line = source.data[slice(*lines(source).span(at))]
        if not line.strip() or line.lstrip().startswith(b"#"):
            continue
        if by > 0:
            yield Edit(at, at, b" " * by)
        else:
            room = min(-by, len(indentation(source, at)))
            if room:
                yield Edit(at, at + room, b"")


def _line_starts(source: Source, start: int, end: int) -> Iterator[int]:
    position = code(source).find(b"\n", start, end)
    while position >= 0:
        if position + 1 < end:
            yield position + 1
        position = code(source).find(b"\n", position + 1, end)
