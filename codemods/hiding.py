"""What a suppression comment covers, and a text in which a migration does not see it.

A change is often several edits: leaving out the one on a commented line would leave half a change.
So a covered place is hidden instead: the words by which a migration knows its work are blurred
there, at the same length, and the migration runs again on a text with nothing to do there.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from codemods.model import Edit, Language, Remark, Source
from codemods.offsets import Lines
from codemods.suppress import Directive
from cpp_rewriters.text import Span, closing, code, skip_space
from py_rewriters.parsing import Problem, parse

_LETTER = re.compile(rb"[A-Za-z]")
_BRACKET = re.compile(rb"[(\[{)\]}]")
_DECLARED = re.compile(rb"\b(?:class|struct)\s+(?:[A-Z_]+\s+)?(\w+)")
_DEFINED = re.compile(rb"^[ \t]*#[ \t]*define[ \t]+(\w+)", re.MULTILINE)
_STATEMENT = re.compile(rb"[(\[{;}]")
_BLUR = b"q"


def covered(source: Source, directive: Directive) -> Span:
    """Return the bytes that a directive covers: its line, and what begins there, to its end.

    A comment that stands alone is part of what it covers.
    """
    own, _ = _line(source, directive.line)
    start, end = _line(source, directive.covers)
    if source.language is Language.CPP:
        return own, max(end, _end_of_bracket(code(source), start, end))
    if source.language is Language.PYTHON:
        begun = [last for first, last in source.once(_statements) if first == directive.covers]
        return own, max([end, *(_line(source, last)[1] for last in begun)])
    return own, end


def is_construct(source: Source, directive: Directive) -> bool:
    """Say whether a directive covers more than its line: a class, a function, a statement."""
    return covered(source, directive)[1] > _line(source, directive.covers)[1]


def widened(source: Source, span: Span) -> Iterator[Span]:
    """Yield the constructs around `span`, innermost first."""
    if source.language is Language.CPP:
        around = [*source.once(_pairs), _statement(code(source), span)]
        yield from sorted((w for w in around if _holds(w, span)), key=lambda w: w[1] - w[0])
    elif source.language is Language.PYTHON:
        lines = source.once(_lines)
        around = [
            (lines.start(first), _line(source, last)[1]) for first, last in source.once(_statements)
        ]
        yield from sorted((w for w in around if _holds(w, span)), key=lambda w: w[1] - w[0])


def hidden(source: Source, spans: Iterable[Span], tokens: Iterable[str]) -> Source:
    """Return the source with `tokens` blurred inside `spans`; every offset is unchanged.

    A macro that is defined inside is blurred in the whole file: its uses mean what is kept.
    """
    names = [token.encode() for token in tokens]
    data = bytearray(source.data)
    kept = list(spans)
    defined = {name for start, end in kept for name in _DEFINED.findall(source.data[start:end])}
    everywhere = [(0, len(source.data), [name for name in names if name in defined])]
    for start, end, blurred in [*((start, end, names) for start, end in kept), *everywhere]:
        for name in blurred:
            at = source.data.find(name, start)
            while 0 <= at < end:
                data[at : at + len(name)] = _LETTER.sub(_BLUR, name)
                at = source.data.find(name, at + 1)
    return Source(source.path, bytes(data), source.language)


def is_copied(source: Source, tokens: Iterable[str], edits: Iterable[Edit]) -> bool:
    """Say whether a new text holds a blurred word that the file itself does not."""
    blurred = {_LETTER.sub(_BLUR, token.encode()) for token in tokens}
    strange = [word for word in blurred if _BLUR in word and word not in source.data]
    return any(word in edit.text for word in strange for edit in edits)


def declaring(source: Source, veils: Iterable[Span]) -> set[bytes]:
    """Return the classes that the innermost of `veils` declares which declares one."""
    declared = (set(_DECLARED.findall(source.data[start:end])) for start, end in veils)
    return next(filter(None, declared), set())


def are_spoken_of(names: Iterable[set[bytes]], source: Source, edits: Iterable[Edit]) -> bool:
    """Say whether an edit speaks of one of the classes `names`."""
    every = sorted(set().union(*names))
    if not every:
        return False
    named = re.compile(rb"\b(?:" + b"|".join(map(re.escape, every)) + rb")\b")
    return any(named.search(source.data[e.start : e.end] + b" " + e.text) for e in edits)


def touches(outcome: Edit | Remark, span: Span) -> bool:
    """Say whether an edit or a remark is of `span`; lines put in before it are not."""
    start, end = span
    if isinstance(outcome, Remark):
        return start <= outcome.offset < end
    if outcome.start == outcome.end:
        before = outcome.start == start and outcome.text.endswith(b"\n")
        return start <= outcome.start < end and not before
    return outcome.start < end and start < outcome.end


def _end_of_bracket(text: bytes, start: int, end: int) -> int:
    """Where the first bracket closes that opens on the line and does not close there, or 0."""
    at = start
    while (match := _BRACKET.search(text, at, end)) is not None:
        at = match.end()
        if match.group() in b")]}":
            continue
        close = closing(text, match.start())
        if close >= end:
            return close + 1
        at = max(at, close + 1)
    after = skip_space(text, end)
    if text[after : after + 1] == b"{" and text[start:end].strip() and b";" not in text[start:end]:
        return max(0, closing(text, after) + 1)
    return 0


def _statement(text: bytes, span: Span) -> Span:
    """The C++ statement around `span`, from behind the one before it to its semicolon."""
    first = skip_space(text, max(text.rfind(mark, 0, span[0]) for mark in (b";", b"{", b"}")) + 1)
    at = min(first, span[0])
    while (match := _STATEMENT.search(text, at)) is not None:
        if match.group() in b"([{":
            close = closing(text, match.start())
            at = close + 1
            if close < 0:
                break
        elif match.end() >= span[1] or match.group() == b"}":
            return min(first, span[0]), max(match.end(), span[1])
        else:
            at = match.end()
    return span


def _pairs(source: Source) -> list[Span]:
    """Every pair of brackets, each from the start of its line."""
    text = code(source)
    opened: list[int] = []
    pairs: list[Span] = []
    for match in _BRACKET.finditer(text):
        if match.group() in b"([{":
            opened.append(match.start())
        elif opened:
            start = opened.pop()
            pairs.append((text.rfind(b"\n", 0, start) + 1, match.end()))
    return pairs


def _statements(source: Source) -> list[tuple[int, int]]:
    """First and last line of each Python statement, none where the file does not parse."""
    module = source.once(parse)
    if isinstance(module, Problem):
        return []
    return [
        (node.lineno, node.end_lineno or node.lineno)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.stmt)
    ]


def _line(source: Source, number: int) -> Span:
    lines = source.once(_lines)
    if number > len(lines):  # behind a comment on the last line
        return len(source.data), len(source.data)
    end = lines.start(number + 1) if number < len(lines) else len(source.data)
    return lines.start(number), end


def _lines(source: Source) -> Lines:
    return Lines(source.data)


def _holds(outer: Span, inner: Span) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1] and outer != inner
