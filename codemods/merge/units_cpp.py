"""C++ as a sequence of definitions, registrations and directives."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from codemods.merge.hunks import split_lines
from codemods.merge.syntax import without_marks
from codemods.merge.tokens import canonical
from codemods.merge.units import Key, Unit
from codemods.model import Language, Source
from cpp_rewriters.syntax import Node, text, tree

_BODIES = {
    "namespace_definition": "declaration_list",
    "linkage_specification": "declaration_list",
    "class_specifier": "field_declaration_list",
    "struct_specifier": "field_declaration_list",
}
_CONDITIONAL = {"preproc_ifdef", "preproc_if"}
_TYPES = {"class_specifier": "class", "struct_specifier": "class", "enum_specifier": "type"}


@lru_cache(maxsize=128)
def split(data: bytes) -> list[Unit] | None:
    """The file's units; None where two definitions that matter share a line."""
    root = tree(Source("", without_marks(data), Language.CPP)).root_node
    lines = split_lines(data)
    units, at = _units(root.children, lines, 0, len(lines))
    if at < len(lines):
        units.append(Unit(("end",), b"".join(lines[at:])))
    return units


def told_apart(*versions: Sequence[Unit]) -> list[list[Unit]]:
    """The same units, with those that share their name in any version told apart by what they
    take, and else by their text."""
    shared: set[Key] = set()
    for units in versions:
        counts = Counter(unit.key for unit in units)
        shared |= {key for key, count in counts.items() if count > 1}
    return [[_told_apart(unit, shared) for unit in units] for units in versions]


def _told_apart(unit: Unit, shared: set[Key]) -> Unit:
    if unit.key not in shared:
        return unit
    if unit.key[0] == "function" and unit.signature:
        what = b" ".join(unit.signature).decode("utf-8", "replace")
        return replace(unit, key=(*unit.key, what))
    code = b" ".join(canonical(unit.text, Language.CPP)).decode("utf-8", "replace")
    return replace(unit, key=("text", " ".join(unit.key), code))


def _units(
    nodes: Sequence[Node], lines: Sequence[bytes], at: int, stop: int
) -> tuple[list[Unit], int]:
    """The units of sibling nodes from line `at` (counted from 0) to `stop`."""
    units: list[Unit] = []
    for node in nodes:
        start, end = node.start_point[0], _end_line(node)
        if node.type == "comment" or not node.is_named or end > stop:
            continue
        if start < at:  # shares a line with the one before: they are one unit
            if end > at and units:
                extra = b"".join(lines[at:end])
                units[-1] = Unit(units[-1].key, units[-1].text + extra, units[-1].signature)
                at = end
            continue
        units.append(_unit(node, lines, at, end))
        at = end
    return units, at


def _unit(node: Node, lines: Sequence[bytes], at: int, end: int) -> Unit:
    key = _key(node)
    whole = Unit(key, b"".join(lines[at:end]), _signature(node))
    body = _body(node)
    if body is None:
        return whole
    members, first, last = body
    inner, done = _units(members, lines, first, last)
    if not inner:
        return whole
    head, tail = b"".join(lines[at:first]), b"".join(lines[done:end])
    return replace(whole, head=head, members=tuple(inner), tail=tail)


def _body(node: Node) -> tuple[Sequence[Node], int, int] | None:
    """A unit's members, and the lines between which they stand."""
    if node.type in _CONDITIONAL:
        name = node.child_by_field_name("name") or node.child_by_field_name("condition")
        if name is None or node.child_by_field_name("alternative") is not None:
            return None
        return node.children[2:-1], _end_line(name), node.children[-1].start_point[0]
    specifier = _specifier(node)
    kind = _BODIES.get(specifier.type)
    block = next((c for c in specifier.children if c.type == kind), None) if kind else None
    if block is None or block.end_point[0] <= block.start_point[0] + 1:
        return None
    return block.children[1:-1], block.start_point[0] + 1, block.end_point[0]


def _specifier(node: Node) -> Node:
    if node.type in {"declaration", "template_declaration", "type_definition"}:
        for child in node.children:
            if child.type in _TYPES:
                return child
    return node


def _end_line(node: Node) -> int:
    """The line behind the node's last one; directives end at the start of the next line."""
    row, column = node.end_point
    return row if column == 0 and row > node.start_point[0] else row + 1


_MACRO_CALL = re.compile(r"\s*([A-Z][A-Z0-9_]+)\s*\(\s*(\"(?:[^\"\\]|\\.)*\"|[\w:.]*)")


def _key(node: Node) -> Key:
    source = text(node)
    if node.type == "namespace_definition":
        name = node.child_by_field_name("name")
        return ("namespace", text(name) if name is not None else "")
    if node.type == "preproc_include":
        return ("include", " ".join(source.split()))
    if node.type in {"preproc_def", "preproc_function_def"}:
        name = node.child_by_field_name("name")
        return ("name", text(name) if name is not None else source)
    if node.type in _CONDITIONAL:
        name = node.child_by_field_name("name") or node.child_by_field_name("condition")
        return ("conditional", node.children[0].type, text(name) if name is not None else "")
    specifier = _specifier(node)
    if specifier.type in _TYPES:
        name = specifier.child_by_field_name("name")
        if name is not None:
            return (_TYPES[specifier.type], text(name))
    macro = _MACRO_CALL.match(source)
    if macro:
        return ("macro", macro[1], macro[2])
    name = _function_name(node)
    if name is not None:
        return ("function", " ".join(text(name).split()))
    variable = _variable_name(node)
    if variable is not None:
        return ("name", text(variable))
    return (
        "text",
        node.type,
        b" ".join(canonical(node.text or b"", Language.CPP)).decode("utf-8", "replace"),
    )


def _functions(node: Node) -> Iterator[Node]:
    stack = [node]
    while stack:
        current = stack.pop(0)
        if current.type == "function_declarator":
            yield current
        elif current.type not in {"compound_statement", "field_declaration_list", "parameter_list"}:
            stack[:0] = current.children


def _function_name(node: Node) -> Node | None:
    declarator = next(_functions(node), None)
    return declarator.child_by_field_name("declarator") if declarator is not None else None


def _key_is_value(node: Node) -> bool:
    return node.type in {"preproc_def", "preproc_function_def"} or _variable_name(node) is not None


def _variable_name(node: Node) -> Node | None:
    """The name of the one variable that a declaration gives a value."""
    given = [c for c in node.children if c.type == "init_declarator"]
    current = given[0].child_by_field_name("declarator") if len(given) == 1 else None
    while current is not None and current.type not in {"identifier", "qualified_identifier"}:
        current = current.child_by_field_name("declarator")
    return current


def _signature(node: Node) -> tuple[bytes, ...]:
    """What a function takes; of a constant all, since it is its value that matters."""
    if _key_is_value(node):
        return canonical(node.text or b"", Language.CPP)
    declarator = next(_functions(node), None)
    if declarator is None:
        return ()
    parameters = declarator.child_by_field_name("parameters")
    return canonical((parameters.text or b"") if parameters is not None else b"", Language.CPP)
