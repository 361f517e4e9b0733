"""Reshaping import statements and putting new ones beside them, with comments and line ends kept.

Positions come from the parsed module; the reshaping of one statement is libcst's.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from codemods.model import Edit
from py_rewriters.parsing import Module

if TYPE_CHECKING:  # a fifth of a second to import, so only where an import is laid out
    import libcst

_BREAK = re.compile(rb"\r\n|\r|\n")
_LAID_OUT = re.compile(rb"[()#\\\r\n]")
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
    """Return the text of `node` without the names at the positions `gone`, of which some stay."""
    if not _LAID_OUT.search(module.text(node)):
        return _cut(module, node, gone)
    import libcst

    encoding = module.encoding or "utf-8"
    text = module.text(node).decode(encoding)
    statement = libcst.parse_statement(text, libcst.PartialParserConfig())
    if not isinstance(statement, libcst.SimpleStatementLine):
        raise ValueError(f"not a simple statement: {text!r}")
    small = statement.body[0]
    if not isinstance(small, (libcst.Import, libcst.ImportFrom)) or isinstance(
        small.names, libcst.ImportStar
    ):
        raise ValueError(f"not an import of names: {text!r}")
    kept = [name for index, name in enumerate(small.names) if index not in gone]
    if len(small.names) - 1 in gone:
        kept[-1] = kept[-1].with_changes(comma=_closing(kept[-1].comma, small.names[-1].comma))
    newline = place(module, node).newline.decode()
    empty = libcst.Module([], default_newline=newline)
    return empty.code_for_node(small.with_changes(names=kept)).encode(encoding)


def _cut(module: Module, node: ast.Import | ast.ImportFrom, gone: Sequence[int]) -> bytes:
    """`without` for an import on one line without brackets: each name goes with its comma."""
    starts = [module.start(name) for name in node.names]
    kept = [index for index in range(len(starts)) if index not in gone]
    parts = [module.data[starts[i] : starts[i + 1]] for i in kept[:-1]]
    last = module.data[starts[kept[-1]] : module.end(node.names[kept[-1]])]
    return b"".join([module.data[module.start(node) : starts[0]], *parts, last])


def _closing(
    own: libcst.Comma | libcst.MaybeSentinel, last: libcst.Comma | libcst.MaybeSentinel
) -> libcst.Comma | libcst.MaybeSentinel:
    """Return the comma `last` with the comment that follows `own`."""
    import libcst

    if isinstance(own, libcst.Comma) and isinstance(last, libcst.Comma):
        space, end = own.whitespace_after, last.whitespace_after
        if isinstance(space, libcst.ParenthesizedWhitespace) and isinstance(
            end, libcst.ParenthesizedWhitespace
        ):
            return last.with_changes(whitespace_after=end.with_changes(first_line=space.first_line))
    return last


def _line_break(data: bytes, offset: int) -> int:
    found = re.compile(rb"[\r\n]").search(data, offset)
    return found.start() if found else len(data)
