"""Tile operators as C++ classes: which there are, and what each holds.

An operator of an earlier API is a plain class without type key or reflection; a later one is an
object type. What both have is a class and its data members, so those are what a port of one to the
other is held against. A class is named by its type key, or as one would be made for it: by its
innermost namespace and its name without `Node`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from codemods.inventory.cpp.prepare import CppTree, line
from codemods.inventory.model import Entry, Kind
from codemods.model import Source
from cpp_rewriters import text
from cpp_rewriters.classes import Class, classes, simple

_BASES = frozenset(("Operator", "TileOperatorNode"))
_LOWERS = "Lower"  # what makes a class of such a name the base of tile operators
_NAMESPACE = re.compile(rb"\bnamespace\s+(?:\w+\s*::\s*)*(\w+)\s*\{")


def operator_classes(tree: CppTree, keys: Mapping[str, str]) -> Iterator[Entry]:
    """An entry for each operator class and for each of its own data members.

    `keys`: the type keys that the tree declares, by class name.
    """
    known: dict[str, tuple[Class, Source]] = {}
    for source in tree.holding(b"class", b"struct"):
        for cls in classes(source):
            known.setdefault(cls.name, (cls, source))
    bases = {name for name in _BASES & known.keys() if _lowers(known[name][0])}
    for name in sorted(_below(bases, known)):
        cls, source = known[name]
        shown = keys.get(name) or _as_key(cls, source)
        place = source.path, line(source, cls.span[0])
        yield Entry(Kind.OPERATOR.value, shown, (), *place)
        for member in cls.fields:
            place = source.path, line(source, member.span[0])
            yield Entry(Kind.OPERATOR_FIELD.value, f"{shown}.{member.name}", (), *place)


def _lowers(cls: Class) -> bool:
    return any(method.name == _LOWERS for method in cls.methods)


def _below(bases: set[str], known: Mapping[str, tuple[Class, Source]]) -> set[str]:
    found = set(bases)
    while True:
        more = {
            name
            for name, (cls, _) in known.items()
            if name not in found and not found.isdisjoint(map(simple, cls.bases))
        }
        if not more:
            return found
        found |= more


def _as_key(cls: Class, source: Source) -> str:
    around = _NAMESPACE.findall(text.code(source), 0, cls.span[0])
    space = f"{around[-1].decode()}." if around else ""
    return space + cls.name.removesuffix("Node")
