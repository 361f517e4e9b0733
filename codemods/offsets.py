"""Carries places in a text across the edits that were made to it, and finds their lines."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, pairwise

from codemods.model import Edit


class OverlappingEdits(ValueError):
    """Two edits that claim the same bytes."""

    def __init__(self, one: Edit, other: Edit) -> None:
        self.one, self.other = one, other
        super().__init__(f"{_show(one)} overlaps {_show(other)}")


def in_order(edits: Sequence[Edit]) -> tuple[Edit, ...]:
    """Sort edits by place and drop equal ones; raises `OverlappingEdits`.

    Two insertions at one place are kept in the order given.
    """
    unique = list(dict.fromkeys(edits))
    unique.sort(key=lambda edit: (edit.start, edit.end))
    for one, other in pairwise(unique):
        if other.start < one.end:
            raise OverlappingEdits(one, other)
    return tuple(unique)


def apply(data: bytes, edits: Sequence[Edit]) -> bytes:
    """Return `data` with edits carried out; they must be as `in_order` returns them."""
    pieces: list[bytes] = []
    end = 0
    for edit in edits:
        if not 0 <= edit.start <= edit.end <= len(data):
            raise ValueError(f"{_show(edit)} lies outside the text of {len(data)} bytes")
        pieces += (data[end : edit.start], edit.text)
        end = edit.end
    pieces.append(data[end:])
    return b"".join(pieces)


class Shift:
    """Where places of a text go when edits are made to it, and where they came from."""

    def __init__(self, edits: Sequence[Edit]) -> None:
        self._edits = tuple(edits)
        self._old = [edit.start for edit in edits]
        self._new: list[int] = []
        self._shift = [0]  # before each edit, and after the last
        for edit in edits:
            self._new.append(edit.start + self._shift[-1])
            self._shift.append(self._shift[-1] + len(edit.text) - (edit.end - edit.start))

    def forward(self, offset: int) -> int:
        """Return where the byte at `offset` stands after the edits; a removed one, where it was."""
        count = bisect_right(self._old, offset)
        if count and offset < self._edits[count - 1].end:
            edit = self._edits[count - 1]
            return self._new[count - 1] + min(offset - edit.start, len(edit.text))
        return offset + self._shift[count]

    def backward(self, offset: int) -> int:
        """Return where the byte at `offset` of the text after the edits stood before."""
        count = bisect_right(self._new, offset)
        if count:
            edit = self._edits[count - 1]
            into = offset - self._new[count - 1]
            if into < len(edit.text):
                return min(edit.start + into, max(edit.end - 1, edit.start))
        return offset - self._shift[count]


def line_starts(data: bytes) -> list[int]:
    """Return the offset at which each line of `data` starts."""
    lengths = map((1).__add__, map(len, data.split(b"\n")))
    return list(accumulate(lengths, initial=0))[:-1]


class Lines:
    """Turns byte offsets of one text into 1-based lines and columns, columns in characters."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._starts = line_starts(data)

    def at(self, offset: int) -> tuple[int, int]:
        """Return the line and column of the byte at `offset`."""
        line = bisect_right(self._starts, offset)
        start = self._starts[line - 1]
        before = self._data[start:offset].removeprefix(b"\xef\xbb\xbf" if start == 0 else b"")
        return line, len(before.decode("utf-8", "surrogateescape")) + 1

    def offset(self, line: int, column: int) -> int:
        """Return the byte at which a 1-based line and column, in characters, stand."""
        start = self._starts[line - 1]
        if column == 1:
            return start
        end = self._starts[line] if line < len(self._starts) else len(self._data)
        text = self._data[start:end].decode("utf-8", "surrogateescape")
        return start + len(text[: column - 1].encode("utf-8", "surrogateescape"))

    def line(self, offset: int) -> int:
        """Return the line of the byte at `offset`."""
        return bisect_right(self._starts, offset)

    def start(self, line: int) -> int:
        """Return the offset at which a 1-based line starts."""
        return self._starts[line - 1]

    def __len__(self) -> int:
        return len(self._starts)


def _show(edit: Edit) -> str:
    return f"edit {edit.start}:{edit.end} -> {edit.text[:40]!r}"
