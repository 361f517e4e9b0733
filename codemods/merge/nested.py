"""Statements that upstream put into a block: what the fork has behind one of them goes there too.

`from .a import b` at the top of a module may become the body of an `if`. A statement that the fork
put behind it runs at another time when it stays outside.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from codemods.merge.hunks import split_lines
from codemods.merge.units import Key, Unit
from codemods.merge.units_python import key_of, parsed


def follow(units: Mapping[Key, Unit], anchor: Key, addition: bytes) -> tuple[Key, bytes] | None:
    """The unit whose block holds the statement `anchor` now, with `addition` behind it; None where
    there is no such place, or more than one."""
    name = anchor[:-1] if anchor[-1].startswith("#") else anchor  # as among its siblings
    found = [
        (key, unit, node)
        for key, unit in units.items()
        for node in _inside(unit)
        if key_of(node) == name
    ]
    body = parsed(addition)
    if len(found) != 1 or body is None or any(map(_has_long_text, body)):
        return None
    [(key, unit, node)] = found
    lines = split_lines(unit.text)
    indent = b" " * node.col_offset
    added = b"".join(
        indent + line if line.strip() else line
        for line in split_lines(addition.strip(b"\r\n") + b"\n")
    )
    end = node.end_lineno or node.lineno
    blank = b"" if all(isinstance(n, ast.Import | ast.ImportFrom) for n in body) else b"\n"
    return key, b"".join([*lines[:end], blank, added, blank, *lines[end:]])


def _inside(unit: Unit) -> Iterator[ast.stmt]:
    """The statements in the blocks of a unit that runs when the module is imported."""
    if unit.is_definition:
        return
    pending = [b for node in parsed(unit.text) or [] for b in _blocks(node)]
    while pending:
        for node in pending.pop():
            yield node
            pending += _blocks(node)


def _blocks(node: ast.stmt) -> list[list[ast.stmt]]:
    if not isinstance(node, ast.If | ast.With | ast.Try):
        return []
    return [block for name in ("body", "orelse") if (block := getattr(node, name, None))]


def _has_long_text(node: ast.stmt) -> bool:
    """Whether a text over several lines stands in a statement, which indenting would change."""
    return any(
        isinstance(n, ast.Constant | ast.JoinedStr) and n.lineno != n.end_lineno
        for n in ast.walk(node)
    )
