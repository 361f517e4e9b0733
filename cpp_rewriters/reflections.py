"""The reflection chains of a C++ file: `refl::ObjectDef<X>().def_ro("name", &X::field);`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from codemods.model import Source
from cpp_rewriters.classes import simple
from cpp_rewriters.text import Call, call_at, closing, code, qualifier


@dataclass(frozen=True)
class FieldDef:
    """One `.def_ro("name", &X::field, extra..)` of a reflection chain."""

    name: str
    member: str
    extra: str
    call: Call


@dataclass(frozen=True)
class Reflection:
    """A chain `refl::ObjectDef<X>().def_ro(..)..;`."""

    owner: str
    prefix: str  # what stands before `ObjectDef`, e.g. "refl::"
    start: int  # of the prefix
    end: int  # of the last call of the chain, before the `;`
    fields: tuple[FieldDef, ...]


def reflections(source: Source) -> tuple[Reflection, ...]:
    """The file's reflection chains."""
    return source.once(_reflections)


_OBJECT_DEF = re.compile(rb"ObjectDef\s*<\s*(?P<owner>[\w:]+)\s*>\s*\(")
_LINK = re.compile(rb"\s*\.\s*(\w+)")
_MEMBER = re.compile(rb"&\s*(?:\w+::)*(\w+)::(\w+)\s*$")


def _reflections(source: Source) -> tuple[Reflection, ...]:
    text = code(source)
    found: list[Reflection] = []
    for match in _OBJECT_DEF.finditer(text) if b"ObjectDef" in text else ():
        start, prefix = qualifier(text, match.start())
        end = closing(text, match.end() - 1) + 1
        if end == 0:
            continue
        fields: list[FieldDef] = []
        while link := _LINK.match(text, end):
            call = call_at(text, link.span(1))
            if call is None:
                break
            if link[1] in (b"def_ro", b"def_rw") and len(call.arguments) >= 2:
                member = _MEMBER.search(text[slice(*call.arguments[1])])
                if member is not None:
                    name = (
                        source.data[slice(*call.arguments[0])]
                        .strip(b'"')
                        .decode("utf-8", "replace")
                    )
                    extra = b", ".join(text[slice(*a)] for a in call.arguments[2:]).decode(
                        "utf-8", "replace"
                    )
                    fields.append(FieldDef(name, member[2].decode(), extra, call))
            end = call.end
        found.append(
            Reflection(
                simple(match["owner"].decode("utf-8", "replace")),
                prefix.decode("utf-8", "replace"),
                start,
                end,
                tuple(fields),
            )
        )
    return tuple(found)
