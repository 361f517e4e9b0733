"""C++ as tokens: where code is, and which brackets and arguments belong together.

A macro-laden tree defeats any grammar somewhere, so the verbs that reshape macro calls work on
this layer: the bytes of the file with comments and the insides of literals blanked out, every
offset unchanged. Macro bodies, inactive `#if` branches and heads that no parser knows are code
here like any other. Nothing in it guesses: a bracket without a partner is reported as -1.
"""

from __future__ import annotations

import codecs
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from codemods.model import Source

Span = tuple[int, int]

_LITERAL = re.compile(  # each way begins with one byte, so that the search skips to these bytes
    rb"""
      //[^\\\n]*(?:\\(?:\r?\n)?[^\\\n]*)*  # continued by a backslash
    | /\*[^*]*(?:\*(?!/)[^*]*)*(?:\*/|\Z)
    | "(?<=R")(?P<delimiter>[^()\\\s"]{0,16})\(.*?(?:\)(?P=delimiter)"|\Z)
    | "[^"\\\n]*(?:\\(?:\r\n|.)[^"\\\n]*)*"
    | '(?:(?<![A-Za-z0-9_]')|(?<=(?<![A-Za-z0-9_])[uUL]')|(?<=(?<![A-Za-z0-9_])u8'))
      (?!')[^'\\\n]*(?:\\.[^'\\\n]*)*'
    """,
    re.DOTALL | re.VERBOSE,
)
_PREFIX = re.compile(rb"(?<![A-Za-z0-9_])(?:u8|[uUL])\Z")
_RAW_PREFIX = re.compile(rb"(?:u8|[uUL])?R\Z")
_BLANKS = bytes(byte if byte in b"\r\n" else b" "[0] for byte in range(256))
_WORD = b"_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BRACKET = re.compile(rb"[()\[\]{}]")
_ARGUMENT = re.compile(rb"[()\[\]{},<>;]")
_PAIR = {b"("[0]: b")"[0], b"["[0]: b"]"[0], b"{"[0]: b"}"[0]}
_SPACE = re.compile(rb"\s*(?:\\[\r\n]\s*)*")
_LITERAL_QUOTES = b"\"'"
_SLASH = b"/"[0]


def code(source: Source) -> bytes:
    """The file with comments and the contents of literals blanked; same length, same lines.

    Always UTF-8: a byte that is none is a question mark here.

    The quotes of a literal stay, so an argument that is a string is still visible as one.
    """
    return source.once(_blanked)


def _blanked(source: Source) -> bytes:
    return _decodable(blank(source.data))


def _decodable(data: bytes) -> bytes:
    """The bytes that are no UTF-8 as question marks: code has none, so any part can be decoded."""
    if data.isascii():
        return data
    try:
        data.decode()
    except UnicodeDecodeError:
        text = data.decode("utf-8", "surrogateescape")
        return re.sub("[\udc80-\udcff]", "?", text).encode()
    return data


def blank(data: bytes) -> bytes:
    """`code` for bytes that are not a file (a macro's body, a fragment)."""
    parts: list[bytes] = []
    last = 0
    for match in _LITERAL.finditer(data):
        start, end = match.span()
        text = match.group()
        if text[0] == _SLASH:
            parts += (data[last:start], _spaces(text))
        else:
            begin = max(last, _begin(data, match))
            inner_end = end - 1 if len(text) > 1 and text[-1] in _LITERAL_QUOTES else end
            parts += (
                data[last:begin],
                b" " * (start - begin),
                text[:1],
                _spaces(data[start + 1 : inner_end]),
                data[inner_end:end],
            )
        last = end
    parts.append(data[last:])
    return b"".join(parts)


def spans_of_literals(data: bytes) -> list[Span]:
    """Where comments and literals stand, the marks around them included."""
    return [(_begin(data, match), match.end()) for match in _LITERAL.finditer(data)]


def _begin(data: bytes, match: re.Match[bytes]) -> int:
    """Where the literal begins: `L`, `u8` and `R` before the quote belong to it."""
    quote = match.start()
    if data[quote] == _SLASH or data[quote - 1 : quote] not in (b"R", b"u", b"U", b"L", b"8"):
        return quote
    pattern = _PREFIX if match["delimiter"] is None else _RAW_PREFIX
    prefix = pattern.search(data, max(0, quote - 4), quote)
    return prefix.start() if prefix else quote


def _spaces(text: bytes) -> bytes:
    return text.translate(_BLANKS)


def without_comments(data: bytes) -> bytes:
    """`data` with comments blanked and literals kept; same length, same lines."""
    return _LITERAL.sub(
        lambda match: _spaces(match.group()) if match.group()[:1] == b"/" else match.group(),
        data,
    )


@lru_cache(maxsize=512)
def _word_pattern(names: tuple[str, ...]) -> re.Pattern[bytes]:
    # what stands before is looked at last, so that the search can skip to the names' first bytes
    longest_first = map(re.escape, sorted(names, key=len, reverse=True))
    alternatives = "|".join(f"{name}(?<![A-Za-z0-9_$]{name})" for name in longest_first)
    return re.compile(rf"(?:{alternatives})(?![A-Za-z0-9_$])".encode())


def words(source: Source, names: Iterable[str]) -> Iterator[re.Match[bytes]]:
    """Each place where one of `names` stands as a whole identifier in code."""
    text = code(source)
    present = tuple(name for name in names if name.encode() in text)
    return _word_pattern(present).finditer(text) if present else iter(())


def closing(text: bytes, opening: int) -> int:
    """The offset of the bracket that closes the one at `opening` in blanked text, or -1."""
    return _partners(text).get(opening, -1)


@lru_cache(maxsize=32)
def _partners(text: bytes) -> dict[int, int]:
    """Where each bracket of a text is closed, for those that are: one walk for all of them."""
    found: dict[int, int] = {}
    open_brackets: list[tuple[int, int]] = []
    for match in _BRACKET.finditer(text):
        at = match.start()
        char = text[at]
        if char in _PAIR:
            open_brackets.append((at, _PAIR[char]))
        elif open_brackets:
            opening, expected = open_brackets.pop()
            if char == expected:
                found[opening] = at
            else:
                open_brackets.clear()  # whatever is open here has no partner
    return found


def closing_angle(text: bytes, opening: int) -> int:
    """The offset of the `>` that closes the template bracket at `opening`, or -1."""
    depth = 0
    position = opening
    while position < len(text):
        match = _ARGUMENT.search(text, position)
        if match is None:
            return -1
        at = match.start()
        char = match.group()
        if char == b"<":
            depth += 1
        elif char == b">":
            if text[at - 1 : at] != b"-":
                depth -= 1
                if depth == 0:
                    return at
        elif char in (b"(", b"[", b"{"):
            at = closing(text, at)
            if at < 0:
                return -1
        elif char in (b")", b"]", b"}", b";"):
            return -1
        position = at + 1
    return -1


def split(text: bytes, start: int, end: int) -> list[Span]:
    """The parts between top-level commas of `text[start:end]`, trimmed; `Map<A, B>` is one part.

    An angle bracket counts as one only where it directly follows a name, as template arguments
    are written.
    """
    parts: list[Span] = []
    begin = position = start
    while True:
        match = _ARGUMENT.search(text, position, end)
        if match is None:
            break
        at = match.start()
        char = match.group()
        if char == b",":
            parts.append((begin, at))
            begin = at + 1
        elif char in (b"(", b"[", b"{"):
            partner = closing(text, at)
            if partner < 0 or partner >= end:
                break
            at = partner
        elif char == b"<" and at > start and text[at - 1 : at].isalnum():
            partner = closing_angle(text, at)
            if 0 <= partner < end:
                at = partner
        position = at + 1
    parts.append((begin, end))
    trimmed = [trim(text, *part) for part in parts]
    return [] if len(trimmed) == 1 and trimmed[0][0] >= trimmed[0][1] else trimmed


def trim(text: bytes, start: int, end: int) -> Span:
    """`start:end` without white space at both ends."""
    inside = text[start:end].lstrip()
    begin = max(start, end) - len(inside)
    return begin, begin + len(inside.rstrip())


def skip_space(text: bytes, position: int) -> int:
    """The first offset at or after `position` that is not white space or a line continuation."""
    match = _SPACE.match(text, position)
    return match.end() if match is not None else position


def skip_space_back(text: bytes, position: int) -> int:
    """The offset just after the last visible byte before `position`."""
    while position > 0 and text[position - 1 : position].isspace():
        position -= 1
    return position


def word_start(text: bytes, end: int) -> int:
    """Where the word that ends at `end` begins; `end` itself when none does.

    For patterns that begin with any word: what follows the word is searched for first, as a search
    that must try every word costs most of a run.
    """
    begin = end
    while True:
        before = text[max(0, begin - 64) : begin]
        rest = before.rstrip(_WORD)
        begin -= len(before) - len(rest)
        if rest or not before:
            return begin


@dataclass(frozen=True)
class Call:
    """`name(arguments)` or `name<template>(arguments)`; offsets of the file."""

    name: Span
    template: Span | None  # between the angle brackets
    open: int
    close: int
    arguments: tuple[Span, ...]

    @property
    def end(self) -> int:
        """Just after the closing parenthesis."""
        return self.close + 1


def call_at(text: bytes, name: Span) -> Call | None:
    """The call whose callee's last identifier is `name`, or None when it is no call."""
    position = skip_space(text, name[1])
    template = None
    if text[position : position + 1] == b"<":
        angle = closing_angle(text, position)
        if angle < 0:
            return None
        template = (position + 1, angle)
        position = skip_space(text, angle + 1)
    if text[position : position + 1] != b"(":
        return None
    close = closing(text, position)
    if close < 0:
        return None
    return Call(name, template, position, close, tuple(split(text, position + 1, close)))


def calls(source: Source, names: Iterable[str]) -> Iterator[Call]:
    """Each call, or use of a function-like macro, of one of `names`."""
    text = code(source)
    for match in words(source, names):
        call = call_at(text, match.span())
        if call is not None:
            yield call


def qualifier(text: bytes, start: int) -> tuple[int, bytes]:
    """The `a::b::` in front of the identifier at `start`: where it begins, and its text.

    Returns `(start, b"")` when there is none. A global `::x` gives `b"::"`.
    """
    begin = start
    while True:
        before = skip_space_back(text, begin)
        if text[before - 2 : before] != b"::":
            break
        begin = before - 2
        name_end = skip_space_back(text, begin)
        name_start = name_end
        while name_start > 0 and (
            text[name_start - 1 : name_start].isalnum() or text[name_start - 1 : name_start] == b"_"
        ):
            name_start -= 1
        if name_start == name_end or not _continues(text, name_start):
            break
        begin = name_start
    return begin, text[begin:start]


_NO_QUALIFIERS = frozenset(
    b"return case else typename const constexpr volatile static inline explicit virtual friend "
    b"mutable extern new delete throw using public private protected".split()
)
"""Keywords that a name beginning with `::` may follow."""


def _continues(text: bytes, name_start: int) -> bool:
    """Whether the name at `name_start` qualifies what follows (`return ::x` does not)."""
    match = re.compile(rb"\w+").match(text, name_start)
    return match is not None and match.group() not in _NO_QUALIFIERS


def preceded_by(text: bytes, start: int, *tokens: bytes) -> bool:
    """Whether one of `tokens` is the last thing before `start`, white space aside."""
    before = skip_space_back(text, start)
    return any(text[max(0, before - len(token)) : before] == token for token in tokens)


class Lines:
    """Offsets of line starts, for edits that take whole lines; a byte order mark is in none."""

    def __init__(self, data: bytes) -> None:
        first = 0
        while data.startswith(codecs.BOM_UTF8, first):  # some editors have written two
            first += len(codecs.BOM_UTF8)
        lengths = map((1).__add__, map(len, data.split(b"\n")))
        self.starts = list(accumulate(lengths, initial=0))[:-1]
        self.starts[0] = first
        self.data = data

    def span(self, offset: int) -> Span:
        """The line of `offset`, its newline included."""
        index = max(bisect_right(self.starts, offset) - 1, 0)
        end = self.starts[index + 1] if index + 1 < len(self.starts) else len(self.data)
        return self.starts[index], end

    def whole(self, start: int, end: int) -> Span:
        """`start:end`, grown to whole lines where nothing else stands on them."""
        first, _ = self.span(start)
        _, last = self.span(max(start, end - 1))
        if self.data[first:start].strip() or self.data[end:last].strip():
            return start, end
        return first, last

    def whole_with_gap(self, start: int, end: int) -> Span:
        """`whole`, and the blank line behind it where another stands before: one is left."""
        first, last = self.whole(start, end)
        if (first, last) == (start, end) or first == self.starts[0] or last >= len(self.data):
            return first, last
        before, after = self.span(first - 1), self.span(last)
        if self.data[slice(*before)].strip() or self.data[slice(*after)].strip():
            return first, last
        return first, after[1]


def lines(source: Source) -> Lines:
    """The file's `Lines`."""
    return source.once(_lines)


def _lines(source: Source) -> Lines:
    return Lines(source.data)


def indentation(source: Source, offset: int) -> bytes:
    """The white space that the line of `offset` begins with."""
    start, end = lines(source).span(offset)
    line = source.data[start:end]
    return line[: len(line) - len(line.lstrip(b" \t"))]


def newline(source: Source) -> bytes:
    """The file's own line ending."""
    first = source.data.find(b"\n")
    return b"\r\n" if first > 0 and source.data[first - 1 : first] == b"\r" else b"\n"
