"""Where the call goes that makes a class known: `X::RegisterReflection();` in a static block.

The compiler does not miss the call, and without it nothing knows the class's fields at run time.
The place is, in this order: where the tree registers the node's type; the source that defines the
member, or the class; a source that makes objects of the class, the one named like its header first.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from codemods.model import Collector, Edit, Facts, Language, Remark, Source
from cpp_rewriters import includes
from cpp_rewriters.classes import classes, out_of_line, simple
from cpp_rewriters.text import Call, calls, code, indentation, lines, newline, preceded_by

REGISTRY_HEADER = "tvm/ffi/reflection/registry.h"
NODE_TYPE = "TVM_REGISTER_NODE_TYPE"
SOURCES = (".cc", ".cpp", ".cxx", ".cu")

_MADE = re.compile(rb"\bmake_object\s*<\s*(?:\w+::)*(\w+)\s*>")
_CALLED = re.compile(rb"\b(\w+)::RegisterReflection\s*\(\s*\)\s*;")


@dataclass(frozen=True)
class _Mentions:
    registered: tuple[str, ...]
    defined: tuple[str, ...]  # a member of the class is defined here
    classes: tuple[str, ...]
    made: tuple[str, ...]
    called: tuple[str, ...]


def _gather(source: Source) -> _Mentions | None:
    text = code(source)
    found = _Mentions(
        registered=tuple(_node(text, call) for call in _node_types(source)),
        defined=tuple(m.owner for m in out_of_line(source) if m.name == "VisitAttrs"),
        classes=tuple(c.name for c in classes(source)),
        made=tuple(m[1].decode() for m in _MADE.finditer(text)),
        called=tuple(m[1].decode() for m in _CALLED.finditer(text)),
    )
    return found if any(vars(found).values()) else None


def _digest(gathered: Mapping[str, _Mentions]) -> dict[str, str | None]:
    """The file that each class's call belongs in; None where it is called already."""
    places: dict[str, str | None] = {}
    for name in sorted({n for found in gathered.values() for n in found.classes}):
        if any(name in found.called for found in gathered.values()):
            places[name] = None
        else:
            places[name] = _place(gathered, name)
    return places


def _place(gathered: Mapping[str, _Mentions], name: str) -> str:
    paths = sorted(gathered)
    headers = [p for p in paths if name in gathered[p].classes]
    stems = {posixpath.splitext(p)[0] for p in headers}
    in_sources = [p for p in paths if p.endswith(SOURCES)]
    for candidates in (
        [p for p in paths if name in gathered[p].registered],
        [p for p in in_sources if name in gathered[p].defined],
        [p for p in in_sources if name in gathered[p].classes],
        [p for p in in_sources if name in gathered[p].made and posixpath.splitext(p)[0] in stems],
        [p for p in in_sources if name in gathered[p].made],
    ):
        if candidates:
            return candidates[0]
    return ""


CALL_PLACES = Collector(
    "reflection_calls",
    Language.CPP,
    ("VisitAttrs", "TVM_DECLARE_ATTRS", NODE_TYPE, "make_object", "ObjectRef", "OBJECT_INFO"),
    _gather,
    _digest,
)
"""`dict[str, str | None]`: by class, the path of the file for its call; "" none, None called."""


def _node_types(source: Source) -> Iterator[Call]:
    text = code(source)
    return (
        c
        for c in calls(source, (NODE_TYPE,))
        if len(c.arguments) == 1 and not preceded_by(text, c.name[0], b"(", b",")
    )


def _node(text: bytes, call: Call) -> str:
    return simple(text[slice(*call.arguments[0])].decode("utf-8", "replace"))


def add_calls(source: Source, facts: Facts, owners: set[str]) -> Iterator[Edit]:
    """The calls for those of `owners` whose place is this file, in one block per place."""
    places: Mapping[str, str | None] = facts.get(CALL_PLACES.name, {})
    wanted = [name for name in sorted(owners) if places.get(name) == source.path]
    if not wanted:
        return
    text = code(source)
    run: list[str] = []
    registrations = list(_node_types(source))
    for index, call in enumerate(registrations):
        if _node(text, call) in wanted:
            run.append(_node(text, call))
        following = registrations[index + 1] if index + 1 < len(registrations) else None
        if following is not None and not text[call.end : following.name[0]].strip(b"; \t\r\n"):
            continue
        if run:
            yield _block(source, call.name[0], _end_of_line(source, call.end), run)
            wanted = [name for name in wanted if name not in run]
            run = []
    places_of: dict[tuple[int, int, bool], list[str]] = {}
    for name in wanted:
        places_of.setdefault(_end_of_definition(source, name), []).append(name)
    for (line, at, last), together in places_of.items():
        yield _block(source, line, at, together, b"" if last else newline(source))
    yield from includes.add(source, REGISTRY_HEADER, system=True)


def _end_of_line(source: Source, offset: int) -> int:
    return lines(source).span(offset)[1]


def _end_of_definition(source: Source, name: str) -> tuple[int, int, bool]:
    """A place at file scope: where its line begins, where the block goes, whether at the end."""
    members = [m for m in out_of_line(source) if m.owner == name]
    visits = [m for m in members if m.name == "VisitAttrs"]
    if visits:
        return visits[0].span[0], _end_of_line(source, visits[0].span[1] - 1), False
    for cls in classes(source):
        if cls.name == name:
            return cls.span[0], _end_of_line(source, cls.span[1] - 1), False
    last = max((m for m in out_of_line(source)), key=lambda m: m.span[1], default=None)
    if last is not None:
        return last.span[0], _end_of_line(source, last.span[1] - 1), False
    return 0, len(source.data), True


def _block(source: Source, line: int, at: int, names: list[str], gap: bytes = b"") -> Edit:
    end, margin = newline(source), indentation(source, line)
    if len(names) == 1:
        body = f"TVM_FFI_STATIC_INIT_BLOCK({{ {names[0]}::RegisterReflection(); }});".encode()
    else:
        inner = b"".join(
            end + margin + f"  {name}::RegisterReflection();".encode() for name in names
        )
        body = b"TVM_FFI_STATIC_INIT_BLOCK({" + inner + end + margin + b"});"
    before = b"" if at == 0 or source.data[at - 1 : at] == b"\n" else end
    return Edit(at, at, before + gap + margin + body + end)


def uncalled(facts: Facts, name: str, offset: int) -> Iterator[Remark]:
    """What to say of a class for whose call no place was found."""
    places: Mapping[str, str | None] = facts.get(CALL_PLACES.name, {})
    if places.get(name) == "":
        yield Remark(
            offset,
            f"no source of this tree was found where `{name}::RegisterReflection()` can be called",
            f"call it in a `TVM_FFI_STATIC_INIT_BLOCK`; without it `{name}` has no fields",
        )
