"""Where the keys of a TOML file stand, so that an error can point at a line.

TOML parsers answer values without places. Headers and keys are found again line by line; a key
inside an inline table is found as the table's own key, the nearest line there is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

Key = tuple[str | int, ...]

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]\]?")
_PART = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*(\.?)""")
_FENCES = ('"' * 3, "'" * 3)


class Places:
    """Lines of a TOML text by key, 1-based; an element of a list of tables is named by number."""

    def __init__(self, text: str) -> None:
        self._lines: dict[Key, int] = {}
        counts: dict[Key, int] = {}
        table: Key = ()
        inside = ""
        for number, line in enumerate(text.split("\n"), 1):
            if not inside:
                header = _HEADER.match(line)
                if header is not None:
                    table = self._table(header[1] == "[[", _names(header[2]), counts)
                    self._lines.setdefault(table, number)
                elif names := _names(line, "="):
                    for length in range(1, len(names) + 1):
                        self._lines.setdefault((*table, *names[:length]), number)
            inside = _still_inside(line, inside)

    def line(self, key: Sequence[str | int]) -> int:
        """Return the line of `key`, or of the nearest thing around it."""
        whole = tuple(key)
        for length in range(len(whole), 0, -1):
            if whole[:length] in self._lines:
                return self._lines[whole[:length]]
        return 1

    @staticmethod
    def _table(is_element: bool, names: Sequence[str], counts: dict[Key, int]) -> Key:
        key: Key = ()
        for depth, name in enumerate(names, 1):
            key = (*key, name)
            if depth == len(names) and is_element:
                counts[key] = counts.get(key, -1) + 1
            if key in counts:
                key = (*key, counts[key])
        return key


def _names(text: str, end: str = "") -> tuple[str, ...]:
    """The parts of a dotted key that `text` begins with; none unless `end` follows."""
    names: list[str] = []
    at, more = 0, True
    while more:
        found = _PART.match(text, at)
        if found is None:
            return ()
        names.append(next(part for part in found.groups()[:3] if part is not None))
        at, more = found.end(), bool(found[4])
    return tuple(names) if text.startswith(end, at) else ()


def _still_inside(line: str, inside: str) -> str:
    """The fence of the string that goes on behind `line`, "" for none."""
    at = 0
    while True:
        if inside:
            at = line.find(inside, at)
            if at < 0:
                return inside
            at, inside = at + 3, ""
        else:
            found = [(line.find(fence, at), fence) for fence in _FENCES]
            opened = min((place for place in found if place[0] >= 0), default=None)
            if opened is None:
                return ""
            at, inside = opened[0] + 3, opened[1]
