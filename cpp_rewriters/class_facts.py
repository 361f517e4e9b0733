"""What a tree says of its C++ classes, wherever it says it: bases, fields, type info, reflected
fields, equality and hashing. Gathered by file and merged over the tree (`CLASSES`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from codemods.model import Collector, Language, Source
from cpp_rewriters.classes import Class, Method, classes, out_of_line, parameter_names, simple
from cpp_rewriters.reflections import reflections
from cpp_rewriters.text import code, trim, word_start

_DECLARE = re.compile(rb"(TVM_(?<!\wTVM_)(?:FFI_)?DECLARE_\w*INFO\w*)\s*\(")


@dataclass(frozen=True)
class Comparison:
    """A `SEqualReduce` or `SHashReduce`: its method and what its body says."""

    owner: str
    method: Method
    parameter: str  # the reducer's name
    other: str  # the other object's name; "" for a hash
    body: str


@dataclass(frozen=True)
class ClassFacts:
    """What the tree says of one class, wherever it says it."""

    name: str
    path: str = ""
    bases: tuple[str, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    accessors: tuple[tuple[str, str], ...] = ()  # methods that only return a field
    declares: str = ""  # the macro that declares its type info
    reflected: tuple[tuple[str, str, str], ...] = ()  # attribute name, field, extra arguments
    reflection_path: str = ""
    declares_reflection: bool = False
    reflection_called: bool = False
    equal: str | None = None  # the body of SEqualReduce, with its two parameters' names
    equal_names: tuple[str, str] = ("", "")
    hash: str | None = None
    hash_name: str = ""
    eq_kind: str = ""
    registered_by_macro: bool = False
    is_enum: bool = False
    homes: tuple[str, ...] = ()  # the sources that define methods of it out of line
    ambiguous: bool = False
    unnamable: bool = False  # a template, or a class inside another

    @property
    def home(self) -> str:
        """The one source file where code that belongs to the class is put: the first by name."""
        return min(self.homes, default="")


def comparisons(source: Source, method: str) -> Iterator[Comparison]:
    """The definitions of `SEqualReduce` or `SHashReduce` in the file, inline or not."""
    inline = [
        m
        for c in classes(source)
        for m in c.methods
        if m.name == method and simple(m.owner) == c.name  # another class's is none of this one
    ]
    for found in [*inline, *(m for m in out_of_line(source) if m.name == method)]:
        if found.body is None:
            continue
        names = parameter_names(code(source), found.parameters)
        other = names[0] if len(names) == 2 else ""
        yield Comparison(
            found.owner,
            found,
            names[-1] if names else "",
            other,
            source.data[slice(*found.body)].decode("utf-8", "replace"),
        )


_ENUM = re.compile(rb"enum(?<!\wenum)\s+(?:class\s+|struct\s+)?(\w+)\s*(?::[\w\s:]+)?\{")
_REGISTERED = re.compile(
    rb"TVM_REGISTER_(?<!\wTVM_REGISTER_)(?:NODE|OBJECT)_TYPE\s*\(\s*([\w:]+)\s*\)"
)
_CALLED = re.compile(rb"::(?:RegisterReflection|_GetOrAllocRuntimeTypeIndex)\s*\(\s*\)\s*;")
_TEMPLATE = re.compile(rb"\btemplate\s*<[^;{}]*>\s*$")


def _gather(source: Source) -> dict[str, ClassFacts] | None:
    text = code(source)
    found: dict[str, ClassFacts] = {}

    def update(name: str, **changes: Any) -> None:
        found[name] = replace(found.get(name, ClassFacts(name)), **changes)

    for cls in classes(source):
        body = _own_body(source, cls)
        declare = _DECLARE.search(body)
        kind = re.search(rb"_type_s_eq_hash_kind\s*=\s*(\w+)", body)
        update(
            cls.name,
            path=source.path,
            bases=tuple(simple(b) for b in cls.bases),
            fields=tuple((f.name, f.type) for f in cls.fields),
            accessors=tuple(_accessors(text, cls)),
            declares=declare[1].decode() if declare else "",
            declares_reflection=any(m.name == "RegisterReflection" for m in cls.methods),
            eq_kind=kind[1].decode() if kind else "",
            ambiguous=cls.name in found and found[cls.name].path != "",
            unnamable=_TEMPLATE.search(text, max(0, cls.span[0] - 300), cls.span[0]) is not None
            or any(c.body[0] <= cls.span[0] < c.body[1] for c in classes(source)),
        )
    for match in _ENUM.finditer(text):
        update(match[1].decode(), is_enum=True)
    for reflection in reflections(source):
        update(
            reflection.owner,
            reflected=tuple((f.name, f.member, f.extra) for f in reflection.fields),
            reflection_path=source.path,
        )
    for comparison in comparisons(source, "SEqualReduce"):
        update(
            comparison.owner,
            equal=comparison.body,
            equal_names=(comparison.other, comparison.parameter),
        )
    for comparison in comparisons(source, "SHashReduce"):
        update(comparison.owner, hash=comparison.body, hash_name=comparison.parameter)
    for owner in {m.owner for m in out_of_line(source)}:
        update(owner, homes=(source.path,))
    for match in _REGISTERED.finditer(text):
        update(simple(match[1].decode("utf-8", "replace")), registered_by_macro=True)
    for match in _CALLED.finditer(text):
        called = text[word_start(text, match.start()) : match.start()]
        if called:
            update(called.decode(), reflection_called=True)
    return found or None


def _own_body(source: Source, cls: Class) -> bytes:
    """The text of the class's body without the bodies of the classes in it."""
    text = code(source)
    parts, last = [], cls.body[0]
    for start, stop in sorted(c.body for c in classes(source)):
        if last <= start and stop <= cls.body[1] and (start, stop) != cls.body:
            parts.append(text[last:start])
            last = stop
    return b"".join([*parts, text[last : cls.body[1]]])


_RETURNS = re.compile(rb"\s*return\s+(?:this\s*->\s*)?(\w+)\s*;\s*$")


def _accessors(text: bytes, cls: Class) -> Iterator[tuple[str, str]]:
    names = {f.name for f in cls.fields}
    for method in cls.methods:
        if method.body is not None and method.parameters == trim(text, *method.parameters):
            if method.parameters[0] != method.parameters[1]:
                continue
            match = _RETURNS.match(text[slice(*method.body)])
            if match is not None and match[1].decode() in names:
                yield method.name, match[1].decode()


_MERGED = (
    "path",
    "bases",
    "fields",
    "accessors",
    "declares",
    "reflected",
    "reflection_path",
    "declares_reflection",
    "reflection_called",
    "equal",
    "equal_names",
    "hash",
    "hash_name",
    "eq_kind",
    "registered_by_macro",
    "is_enum",
    "unnamable",
)
_EMPTY = ClassFacts("")


def _digest(gathered: Mapping[str, dict[str, ClassFacts]]) -> dict[str, ClassFacts]:
    merged: dict[str, ClassFacts] = {}
    for path in sorted(gathered):
        for name, facts in gathered[path].items():
            known = merged.get(name)
            if known is None:
                merged[name] = facts
                continue
            changes: dict[str, Any] = {
                key: getattr(facts, key)
                for key in _MERGED
                if getattr(facts, key) != getattr(_EMPTY, key)
            }
            changes["homes"] = (*known.homes, *facts.homes)
            twice = bool(facts.path and known.path)
            merged[name] = replace(
                known, **changes, ambiguous=known.ambiguous or facts.ambiguous or twice
            )
    return merged


CLASSES = Collector(
    name="classes",
    language=Language.CPP,
    tokens=(
        "class",
        "struct",
        "enum",
        "ObjectDef",
        "RegisterReflection",
        "SEqualReduce",
        "SHashReduce",
        "::",  # a method defined out of line says where a class's code is
    ),
    gather=_gather,
    digest=_digest,
)
"""Facts of every class of the tree: `dict[str, ClassFacts]` by unqualified name."""


def lineage(facts: Mapping[str, ClassFacts], name: str) -> list[ClassFacts]:
    """The class and its ancestors as far as the tree defines them, nearest first."""
    found: list[ClassFacts] = []
    todo = [name]
    while todo:
        known = facts.get(todo.pop(0))
        if known is not None and known not in found:
            found.append(known)
            todo.extend(known.bases)
    return found
