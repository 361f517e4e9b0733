"""Side-by-side diffs: changed hunks with context, and the migrations behind every changed line."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from codemods.model import Change

CONTEXT = 3
"""Unchanged lines shown on each side of a change."""

Row = dict[str, Any]


def of_tree(
    before: Mapping[str, bytes], after: Mapping[str, bytes], changes: Sequence[Change]
) -> list[dict[str, Any]]:
    """Return one entry for each file of `after`, in order of path."""
    by_path: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        by_path[change.path].append(change)
    return [
        of_file(path, before.get(path), after[path], by_path.get(path, []))
        for path in sorted(after)
    ]


def of_file(
    path: str, before: bytes | None, after: bytes, changes: Sequence[Change]
) -> dict[str, Any]:
    """Return the hunks of one file; `before` is None for a new one.

    A row holds `kind` (same, changed, removed, added), `old` and `new` (1-based line numbers or
    None), both texts, and the `codes` behind it, none for an unchanged line.
    """
    old, new = _lines(before or b""), _lines(after)
    touched = _Touched(changes)
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=len(old) > 4000)
    hunks = [
        {"rows": [row for opcode in group for row in _rows(opcode, old, new, touched)]}
        for group in matcher.get_grouped_opcodes(CONTEXT)
    ]
    rows = [row for hunk in hunks for row in hunk["rows"]]
    return {
        "path": path,
        "new_file": before is None,
        "edits": len(changes),
        "removed": sum(row["kind"] in ("changed", "removed") for row in rows),
        "added": sum(row["kind"] in ("changed", "added") for row in rows),
        "codes": sorted({change.code for change in changes}),
        "hunks": hunks,
    }


class _Touched:
    """Which migrations touched which lines of the text before, 0-based."""

    def __init__(self, changes: Sequence[Change]) -> None:
        self._spans = []
        for change in changes:
            start = change.line - 1
            newlines = change.before.count(b"\n") - change.before.endswith(b"\n")
            self._spans.append((start, start + max(0, newlines), change.code))

    def codes(self, start: int, end: int) -> list[str]:
        """Return the codes that touched lines `start` up to `end`, or the gap where they meet."""
        inside = self._of(start, end - 1) if end > start else []
        return inside or self._of(start - 1, end) or self._nearest(start)

    def line(self, number: int) -> list[str]:
        """Return the codes that touched one line."""
        return self._of(number, number)

    def _of(self, first: int, last: int) -> list[str]:
        return sorted({code for a, b, code in self._spans if a <= last and b >= first})

    def _nearest(self, line: int) -> list[str]:
        """A line that was only moved or laid out anew goes with the edit closest to it."""
        distances = [(min(abs(line - a), abs(line - b)), code) for a, b, code in self._spans]
        return sorted({code for far, code in distances if far == min(distances)[0]})


def _rows(
    opcode: tuple[str, int, int, int, int],
    old: Sequence[str],
    new: Sequence[str],
    touched: _Touched,
) -> Iterator[Row]:
    tag, i1, i2, j1, j2 = opcode
    block = [] if tag == "equal" else touched.codes(i1, i2)
    for step in range(max(i2 - i1, j2 - j1)):
        i = i1 + step if i1 + step < i2 else None
        j = j1 + step if j1 + step < j2 else None
        kind = "same" if tag == "equal" else _kind(i, j)
        own = touched.line(i) if i is not None and kind != "same" else []
        yield {
            "kind": kind,
            "old": None if i is None else i + 1,
            "new": None if j is None else j + 1,
            "before": "" if i is None else old[i],
            "after": "" if j is None else new[j],
            "codes": own or block,
        }


def _kind(old: int | None, new: int | None) -> str:
    if old is None:
        return "added"
    return "removed" if new is None else "changed"


def _lines(data: bytes) -> list[str]:
    lines = data.decode("utf-8", "backslashreplace").split("\n")
    if lines[-1] == "":
        lines.pop()
    return lines
