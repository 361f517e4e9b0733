"""Reshaping import statements and putting new ones beside them, with comments and line ends kept.

Positions come from the parsed module; what is kept of a statement is kept as it was written.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass

from codemods.model import Edit
from py_rewriters.parsing import Module

_BREAK = re.compile(rb"\r\n|\r|\n")
_COMMENT = re.compile(rb"#[^\r\n]*")


@dataclass(frozen=True)
class Place:
    """How a statement stands: on lines of its own, or sharing a line with something else."""

    start: int
    end: int
    line_end: int  # the offset of the line break after it, or of the end of the file
    next_line: int  # behind that line break, which may be another than the file's first
    indent: bytes
    newline: bytes
    alone: bool

    def joined(self, statements: Sequence[bytes]) -> bytes:
        """Return `statements` as they can stand here: one a line, or with semicolons."""
        return ((self.newline + self.indent) if self.alone else b"; ").join(statements)


def place(module: Module, node: ast.stmt) -> Place:
    """Return how `node` stands in its file."""
    data = module.data
    start, end = module.start(node), module.end(node)
    line_start = module.line_starts[node.lineno - 1]
    line_end = _line_break(data, end)
    tail = data[end:line_end].strip()
    before = data[line_start:start]
    newline = _BREAK.search(data)
    return Place(
        start,
        end,
        line_end,
        after.end() if (after := _BREAK.match(data, line_end)) else len(data),
        before if not before.strip() else b"",
        newline.group() if newline else b"\n",
        not before.strip() and (not tail or tail.startswith(b"#")),
    )


def beside(module: Module, node: ast.stmt, statement: bytes) -> Edit:
    """Return the edit that puts `statement` after `node`."""
    where = place(module, node)
    if not where.alone:
        return Edit(where.end, where.end, b"; " + statement)
    return Edit(where.line_end, where.line_end, where.newline + where.indent + statement)


def replaced(module: Module, node: ast.stmt, statements: Sequence[bytes]) -> Edit | None:
    """Return the edit that puts `statements` in the place of `node`.

    Comments inside `node` are kept above it. None where they have no place to go.
    """
    where = place(module, node)
    comments = _COMMENT.findall(module.data[where.start : where.end])
    if comments and not where.alone:
        return None
    return Edit(where.start, where.end, where.joined([*comments, *statements]))


def without(module: Module, node: ast.Import | ast.ImportFrom, gone: Sequence[int]) -> bytes:
    """Return the text of `node` without the names at the positions `gone`, of which some stay.

    A name goes with what follows it up to the next one, a comment on its line included; the last
    name that stays is followed by what followed the last of all.
    """
    data = module.data
    starts = [module.start(name) for name in node.names]
    ends = [module.end(name) for name in node.names]
    kept = [index for index in range(len(starts)) if index not in gone]
    tail = data[ends[-1] : module.end(node)]
    if kept[-1] + 1 < len(starts):
        tail = _closing(data[ends[kept[-1]] : starts[kept[-1] + 1]], tail)
    parts = [data[starts[index] : starts[index + 1]] for index in kept[:-1]]
    last = data[starts[kept[-1]] : ends[kept[-1]]]
    return b"".join((data[module.start(node) : starts[0]], *parts, last, tail))


def _closing(own: bytes, last: bytes) -> bytes:
    """Return what ends the list, `last`, with the comment that follows the comma `own`."""
    line, rest = _BREAK.search(own), _BREAK.search(last)
    if line is None or rest is None or not last.lstrip().startswith(b","):
        return last
    comma = last.index(b",")
    return last[:comma] + own[own.index(b",") : line.start()] + last[rest.start() :]


def _line_break(data: bytes, offset: int) -> int:
    found = re.compile(rb"[\r\n]").search(data, offset)
    return found.start() if found else len(data)
