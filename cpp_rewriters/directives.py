"""Preprocessor directives: whether a place is inside one, and where that one ends."""

from __future__ import annotations

import re
from bisect import bisect_right

from codemods.model import Source
from cpp_rewriters.text import Span, code

_DEFINE = re.compile(rb"^[ \t]*#[ \t]*\w+\b(?:[^\n]*\\\r?\n)*[^\n]*(?:\n|\Z)", re.M)


def definition_at(source: Source, offset: int) -> Span | None:
    """The `#define`, or other directive, that `offset` is in, all its continued lines, or None."""
    spans = source.once(_definitions)
    index = bisect_right(spans, (offset, len(source.data) + 1)) - 1
    if index >= 0 and spans[index][0] <= offset < spans[index][1]:
        return spans[index]
    return None


def _definitions(source: Source) -> list[Span]:
    return [match.span() for match in _DEFINE.finditer(code(source))]
