"""Which function a place is in, read from brackets alone so that macros do not hide it."""

from __future__ import annotations

import re

from codemods.model import Source
from cpp_rewriters.text import Span, code

_BRACE = re.compile(rb"[{}]")
_FUNCTION_HEAD = re.compile(
    rb"\)\s*(?:(?:const|noexcept|override|final|mutable|try|&)\b\s*|->\s*[\w:<>,*&\s]+)*$"
    rb"|\)\s*:(?!:)[^;{}]*$"
)
_LONGEST_HEAD = 400


def inside_a_function(source: Source, offset: int) -> bool:
    """Whether `offset` is inside a function's body; a macro's braced argument is none."""
    text = code(source)
    return any(
        _FUNCTION_HEAD.search(text[max(0, opening - _LONGEST_HEAD) : opening])
        for opening, end in blocks(source)
        if opening < offset < end
    )


def blocks(source: Source) -> list[Span]:
    """Every braced block of the file, by its opening and closing brace, in order."""
    return source.once(_blocks)


def _blocks(source: Source) -> list[Span]:
    stack: list[int] = []
    found: list[Span] = []
    for match in _BRACE.finditer(code(source)):
        if match.group() == b"{":
            stack.append(match.start())
        elif stack:
            found.append((stack.pop(), match.start()))
    return sorted(found)


def function_around(source: Source, offset: int) -> Span | None:
    """The outermost function body around `offset`, brace to brace, or None at file scope.

    Outermost, so that a lambda belongs to the function that it stands in.
    """
    text = code(source)
    around = [
        (opening, end)
        for opening, end in blocks(source)
        if opening < offset < end
        and _FUNCTION_HEAD.search(text[max(0, opening - _LONGEST_HEAD) : opening])
    ]
    return min(around, default=None)
