"""A fix or a finding as lines for a terminal: a small diff that fits the width."""

from __future__ import annotations

import difflib
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from codemods.interactive.proposals import Proposal
from codemods.model import Finding

CONTEXT = 3
"""Lines shown around a place."""

_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_COLOURS = {"-": "red", "+": "green"}


@dataclass(frozen=True)
class Line:
    """One line and its colour, None for the terminal's own."""

    text: str
    colour: str | None = None


def fix(proposal: Proposal, width: int) -> list[Line]:
    """Return a proposed fix: where, why, and the diff with context."""
    migration = proposal.migration
    place = f"{proposal.path}:{proposal.line}"
    old, new = _lines(proposal.site.old), _lines(proposal.site.new)
    before = _lines(proposal.text[: proposal.site.start])[-CONTEXT:]
    after = _lines(proposal.text[proposal.site.end :])[:CONTEXT]
    shown = [Line(_head(place, migration.code), "bold"), *_words(migration.title, width)]
    numbers = _Numbers(proposal.line - len(before), width)
    for text in before:
        shown += numbers.line(" ", text)
    for mark, text in _diff(old, new):
        shown += numbers.line(mark, text)
    for text in after:
        shown += numbers.line(" ", text)
    return shown


def finding(found: Finding, text: bytes, width: int) -> list[Line]:
    """Return a finding: where, what, what to write instead, and the lines around it."""
    lines = _lines(text)
    first = max(0, found.line - 1 - CONTEXT)
    shown = [Line(_head(f"{found.path}:{found.line}:{found.column}", found.code), "bold")]
    shown += _words(found.message, width)
    shown += _words(found.advice, width, "yellow") if found.advice else []
    numbers = _Numbers(first + 1, width)
    for number, line in enumerate(lines[first : found.line + CONTEXT], first + 1):
        shown += numbers.line(">" if number == found.line else " ", line)
    return shown


class _Numbers:
    """Puts line numbers before lines, folds long ones, and cuts those that are only context."""

    def __init__(self, first: int, width: int) -> None:
        self._next = first
        self._width = max(20, width)

    def line(self, mark: str, text: str) -> Iterator[Line]:
        head = f"{self._next:>5} {mark} " if mark != "+" else f"{'':>5} {mark} "
        self._next += mark != "+"
        room = self._width - len(head)
        if mark == " " and len(text) > room:
            text = text[: room - 1] + "…"
        pieces = [text[at : at + room] for at in range(0, len(text), room)] or [""]
        for number, piece in enumerate(pieces):
            start = head if number == 0 else " " * (len(head) - 2) + "\\ "
            yield Line((start + piece).rstrip(), _COLOURS.get(mark))


def _diff(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str, str]]:
    for entry in difflib.ndiff(old, new):
        if entry[0] != "?":
            yield entry[0], entry[2:]


def _head(place: str, code: str) -> str:
    return f"{_printable(place)} {code}"


def _words(text: str, width: int, colour: str | None = None) -> list[Line]:
    folded = textwrap.wrap(_printable(text), width, break_on_hyphens=False) or [""]
    return [Line(line, colour) for line in folded]


def _lines(data: bytes) -> list[str]:
    lines = data.decode("utf-8", "backslashreplace").split("\n")
    if lines[-1] == "":
        lines.pop()
    return [_printable(line.removesuffix("\r").expandtabs(4)) for line in lines]


def _printable(text: str) -> str:
    """What a terminal would obey or hide is written out."""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
