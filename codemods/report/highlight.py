"""Colours the lines of a hunk, marks what changed inside a line, and lets no text hide anything."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from html import escape
from itertools import pairwise, takewhile
from typing import Any

import pygments
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename
from pygments.lexers.special import TextLexer
from pygments.token import STANDARD_TYPES, _TokenType
from pygments.util import ClassNotFound

from codemods.model import Language
from codemods.tree import classify

_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
"""Control characters, and those that reorder or hide text: a reviewer must see them."""

_NAMES = {
    Language.CPP: "cpp",
    Language.PYTHON: "python",
    Language.CYTHON: "cython",
    Language.CMAKE: "cmake",
    Language.TOML: "toml",
}

_Piece = tuple[str, str]  # class, text


def hunk(path: str, rows: Sequence[dict[str, object]]) -> list[tuple[str, str]]:
    """Return both sides of each row as HTML."""
    lexer = _lexer(path)
    befores = [str(row["before"]) for row in rows if row["old"] is not None]
    afters = [str(row["after"]) for row in rows if row["new"] is not None]
    left, right = iter(_coloured(befores, lexer)), iter(_coloured(afters, lexer))
    made = []
    for row in rows:
        old = next(left) if row["old"] is not None else []
        new = next(right) if row["new"] is not None else []
        spans = _difference(_text(old), _text(new)) if row["kind"] == "changed" else None
        made.append((_html(old, spans and spans[0]), _html(new, spans and spans[1])))
    return made


def visible(text: str) -> str:
    """Return `text` with characters that cannot be seen written out."""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def css(style: str) -> str:
    """Return the rules of one Pygments style for highlighted code, colours only."""
    formatter: Any = HtmlFormatter(style=style)
    rules: list[str] = formatter.get_style_defs("code").splitlines()
    return "\n".join(rule for rule in rules if rule.startswith("code ."))


@cache
def _lexer(path: str) -> Lexer:
    language = classify(path)
    options: Any = {"stripnl": False, "ensurenl": False}
    try:
        if language in _NAMES:
            return get_lexer_by_name(_NAMES[language], **options)
        return get_lexer_for_filename(path, **options)
    except ClassNotFound:
        return TextLexer(**options)


def _coloured(lines: Sequence[str], lexer: Lexer) -> list[list[_Piece]]:
    texts = [visible(line.removesuffix("\r")) for line in lines]
    made: list[list[_Piece]] = [[]]
    for kind, value in pygments.lex("\n".join(texts), lexer):
        for number, part in enumerate(value.split("\n")):
            if number:
                made.append([])
            if part:
                made[-1].append((_class(kind), part))
    if [_text(line) for line in made] != texts:  # a lexer that changes the text is no use here
        return [[("", text)] for text in texts]
    return made


def _class(kind: _TokenType) -> str:
    """The short class of a token's type, or of the nearest general one that has any."""
    return next((STANDARD_TYPES[at] for at in reversed(kind.split()) if at in STANDARD_TYPES), "")


def _text(pieces: Sequence[_Piece]) -> str:
    return "".join(text for _, text in pieces)


def _difference(old: str, new: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """The parts of two lines between what they begin and end with alike."""
    head = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))
    ends = zip(reversed(old[head:]), reversed(new[head:]), strict=False)
    tail = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], ends))
    return (head, len(old) - tail), (head, len(new) - tail)


def _html(pieces: Sequence[_Piece], span: tuple[int, int] | None) -> str:
    return "".join(_marked(pieces, span or (0, 0)))


def _marked(pieces: Sequence[_Piece], span: tuple[int, int]) -> Iterator[str]:
    start, end = span
    at = 0
    for name, text in pieces:
        cuts = sorted({0, *(c - at for c in (start, end) if 0 < c - at < len(text)), len(text)})
        for one, other in pairwise(cuts):
            part = escape(text[one:other], quote=False)
            part = f'<span class="{name}">{part}</span>' if name else part
            inside = start <= at + one and at + other <= end
            yield f"<mark>{part}</mark>" if inside and start < end else part
        at += len(text)
