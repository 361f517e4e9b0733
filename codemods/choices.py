"""Unsafe fixes that somebody looked at one by one, and which of them were accepted.

A site is what one migration would change on neighbouring lines of one file. It is known again by
its text, before and after, and by its number among equal ones, so that a run can carry out what was
decided on an earlier look at the same tree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from codemods import offsets
from codemods.model import Edit
from codemods.offsets import Lines

Key = tuple[str, str, bytes, bytes]  # path, code, lines before, lines after


@dataclass(frozen=True)
class Site:
    """Edits of one migration on neighbouring lines: `start` and `end` are whole lines' offsets."""

    edits: tuple[Edit, ...]
    start: int
    end: int
    old: bytes
    new: bytes


@dataclass(frozen=True)
class Choices:
    """Answers by site, in order where several are equal."""

    accepted: Mapping[Key, tuple[bool, ...]] = field(default_factory=dict)

    def wanted(self, path: str, code: str, sites: Sequence[Site]) -> list[bool]:
        """Say of each site of one pass whether it was accepted; of doubtful ones none is.

        Sites that were accepted are gone in a later pass, so fewer equal ones than were asked
        about are those that were not.
        """
        keys = [(path, code, site.old, site.new) for site in sites]
        seen: dict[Key, int] = {}
        answers: list[bool] = []
        for key in keys:
            number = seen[key] = seen.get(key, -1) + 1
            known = self.accepted.get(key, ())
            answers.append(keys.count(key) == len(known) and known[number])
        return answers


Unsafe = bool | Choices
"""Whether fixes that are not safe are carried out: none, all, or those that were chosen."""


def sites(data: bytes, edits: Sequence[Edit]) -> list[Site]:
    """Group the ordered edits of one migration to a text by the lines that they share."""
    lines = Lines(data)
    groups: list[list[Edit]] = []
    last = 0
    for edit in edits:
        first = lines.line(edit.start)
        if groups and first <= last + 1:
            groups[-1].append(edit)
        else:
            groups.append([edit])
        last = max(last, lines.line(max(edit.start, edit.end - 1)))
    return [_site(data, group) for group in groups]


def _site(data: bytes, edits: Sequence[Edit]) -> Site:
    start = data.rfind(b"\n", 0, edits[0].start) + 1
    newline = data.find(b"\n", max(edits[-1].end - 1, edits[-1].start))
    end = len(data) if newline < 0 else newline + 1
    moved = [Edit(e.start - start, e.end - start, e.text) for e in edits]
    old = data[start:end]
    return Site(tuple(edits), start, end, old, offsets.apply(old, moved))
