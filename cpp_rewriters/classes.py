"""What a tree's C++ classes are: bases, fields, type keys, reflected fields, equality and hashing.

Facts of one file (`classes`, `reflections`, `methods`) and, merged over the tree, of each class
(`CLASSES`). Read from tokens, so a macro in a class head or body does not hide a class.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from codemods.model import Collector, Language, Source
from cpp_rewriters.text import (
    Call,
    Span,
    call_at,
    closing,
    closing_angle,
    code,
    qualifier,
    skip_space,
    split,
    trim,
)

_HEAD = re.compile(
    rb"(?<!enum )\b(?:class|struct)\s+"
    rb"(?:(?:alignas\([^(){};]*\)|\[\[[^\]]*\]\]|[A-Z_][A-Z0-9_]*(?:\([^(){};]*\))?)\s+)*"
    rb"(?P<name>(?!final\b)[A-Za-z_]\w*)\s*(?:(?:final|[A-Z_][A-Z0-9_]*)\s*)?"
    rb"(?P<bases>:(?!:)(?:[^{};()<]|<(?:[^{};<>]|<[^{};<>]*>)*>)*)?\{"
)
_BASE = re.compile(rb"(?:public|private|protected|virtual|\s)*([\w:]+(?:\s*<.*>)?)")
_ACCESS = re.compile(rb"(?:public|private|protected)\s*:(?!:)")
_NOT_A_FIELD = re.compile(
    rb"\s*(?:using|typedef|friend|static|class|struct|enum|template|virtual|explicit|operator|"
    rb"union|inline|constexpr|#)\b|\s*[A-Z][A-Z0-9_]+\s*\(|\s*~"
)
_ENUM_FIELD = re.compile(  # declared with its enumeration
    rb"\benum(?:\s+class|\s+struct)?\s+(?P<type>\w+)\s*(?::[^{;]*)?\{[^{}]*\}\s*(?P<name>\w+)\s*;"
)
_METHOD = re.compile(
    rb"(?P<result>[A-Za-z_][\w:<>,&*\s]*?[\s&*])??(?P<owner>(?:\w+::)*)"
    rb"(?P<name>~?[A-Za-z_]\w*)\s*\("
)


@dataclass(frozen=True)
class Field:
    """A data member: its name, and its type as written without `mutable`."""

    name: str
    type: str
    span: Span


@dataclass(frozen=True)
class Method:
    """A member function, declared or defined; `body` is the span between its braces, or None."""

    owner: str
    name: str
    span: Span  # from its first token to just after `;` or `}`
    parameters: Span
    body: Span | None
    static: bool


@dataclass(frozen=True)
class Class:
    """A class or struct of one file."""

    name: str
    bases: tuple[str, ...]
    span: Span
    body: Span  # between the braces
    fields: tuple[Field, ...]
    methods: tuple[Method, ...]


def classes(source: Source) -> tuple[Class, ...]:
    """Every class with a body in the file, in order; nested ones too."""
    return source.once(_classes)


def _classes(source: Source) -> tuple[Class, ...]:
    text = code(source)
    found: list[Class] = []
    for match in _HEAD.finditer(text):
        opening = match.end() - 1
        end = closing(text, opening)
        if end < 0:
            continue
        name = match["name"].decode()
        fields: list[Field] = []
        methods: list[Method] = []
        for start, stop in members(text, opening + 1, end):
            method = _method(text, start, stop, name)
            if method is not None:
                methods.append(method)
            elif not _NOT_A_FIELD.match(text, start):
                fields.extend(_fields(text, start, stop))
        for enum in _ENUM_FIELD.finditer(text, opening + 1, end):
            fields.append(Field(enum["name"].decode(), enum["type"].decode(), enum.span()))
        fields.sort(key=lambda field: field.span[0])
        bases = _bases(match["bases"])
        body = (opening + 1, end)
        found.append(
            Class(name, bases, (match.start(), end + 1), body, tuple(fields), tuple(methods))
        )
    return tuple(found)


def _bases(clause: bytes | None) -> tuple[str, ...]:
    if clause is None:
        return ()
    names = [
        m[1].decode("utf-8", "replace").strip()
        for part in _split_bases(clause[1:])
        if (m := _BASE.match(part))
    ]
    return tuple(re.sub(r"\s+", "", name) for name in names)


def _split_bases(clause: bytes) -> Iterator[bytes]:
    depth = start = 0
    for index, char in enumerate(clause):
        if char == b"<"[0]:
            depth += 1
        elif char == b">"[0]:
            depth -= 1
        elif char == b","[0] and depth == 0:
            yield clause[start:index].strip()
            start = index + 1
    yield clause[start:].strip()


def simple(name: str) -> str:
    """A class's name without namespaces and template arguments."""
    return name.split("<")[0].rsplit("::", 1)[-1]


def members(text: bytes, start: int, end: int) -> Iterator[Span]:
    """The declarations directly inside `text[start:end]` of blanked code, without access labels."""
    begin = skip_space(text, start)
    position = begin
    while position < end:
        access = _ACCESS.match(text, position) if position == begin else None
        if access is not None:
            position = begin = skip_space(text, access.end())
            continue
        char = text[position : position + 1]
        if char == b"#" and position == begin:
            position = begin = skip_space(text, _end_of_directive(text, position))
        elif char in (b"(", b"["):
            position = max(closing(text, position), position) + 1
        elif char == b"{":
            close = closing(text, position)
            if close < 0:
                return
            after = skip_space(text, close + 1)
            if _FUNCTION_HEAD.search(text, begin, position) is None and text[after : after + 1] in (
                b";",
                b",",
                b"=",
                b"{",
            ):
                position = after
                continue
            yield begin, close + 1
            position = begin = after
        elif char == b";":
            if begin < position:
                yield begin, position + 1
            position = begin = skip_space(text, position + 1)
        else:
            position += 1


_FUNCTION_HEAD = re.compile(rb"\)\s*(?:const|noexcept|override|final|&|\s)*$")


def _end_of_directive(text: bytes, position: int) -> int:
    while True:
        end = text.find(b"\n", position)
        if end < 0:
            return len(text)
        if text[:end].rstrip(b"\r")[-1:] != b"\\":
            return end + 1
        position = end + 1


def _method(text: bytes, start: int, stop: int, owner: str) -> Method | None:
    match = _METHOD.match(text, start, stop)
    if match is None or (match["name"] == match["name"].upper() and match["result"] is None):
        return None
    opening = match.end() - 1
    close = closing(text, opening)
    if close < 0 or close >= stop or b"=" in text[start:opening]:
        return None
    brace = text.find(b"{", close, stop)
    body = None
    if brace >= 0 and text[stop - 1 : stop] == b"}":
        # a constructor's initialisers may hold braces; the body is what ends the member
        while (end := closing(text, brace)) >= 0 and end + 1 < stop:
            brace = text.find(b"{", end + 1, stop)
            if brace < 0:
                break
        body = (brace + 1, stop - 1) if brace >= 0 else None
    head = text[start:opening]
    return Method(
        match["owner"].decode("utf-8", "replace").rstrip(":") or owner,
        match["name"].decode(),
        (start, stop),
        (opening + 1, close),
        body,
        re.search(rb"\bstatic\b", head) is not None,
    )


_DECLARATOR = re.compile(rb"\s*([*&\s]*)([A-Za-z_]\w*)\s*(?:\[[^\]]*\]\s*)*(?=[,;={]|$)")


def _fields(text: bytes, start: int, stop: int) -> Iterator[Field]:
    end = stop - 1
    position = start
    declarators: list[Span] = []
    begin = start
    initialiser = False
    while position < end:
        char = text[position : position + 1]
        if char == b"<" and not initialiser:
            partner = closing_angle(text, position)
            position = partner + 1 if partner >= 0 else position + 1
            continue
        if char == b"(" and not initialiser:
            return  # a function
        if char in (b"(", b"[", b"{"):
            if char == b"{":
                initialiser = True
            partner = closing(text, position)
            position = partner + 1 if partner >= 0 else position + 1
            continue
        if char == b"=":
            initialiser = True
        if char == b",":
            declarators.append((begin, position))
            begin = position + 1
            initialiser = False
        position += 1
    declarators.append((begin, end))
    first = text[slice(*declarators[0])]
    head = re.match(
        rb"\s*(?:mutable\s+)?(?P<type>.*?)(?P<name>[A-Za-z_]\w*)\s*(?:\[[^\]]*\]\s*)*(?:[={].*)?$",
        first,
        re.DOTALL,
    )
    if head is None or not head["type"].strip():
        return
    type_text = re.sub(r"\s+", " ", head["type"].decode("utf-8", "replace")).strip()
    yield Field(head["name"].decode("utf-8", "replace"), type_text, (start, stop))
    base = type_text.rstrip("*& ")
    for span in declarators[1:]:
        match = _DECLARATOR.match(text[slice(*span)])
        if match is not None:
            stars = match[1].decode("utf-8", "replace").strip()
            yield Field(
                match[2].decode("utf-8", "replace"),
                base + (f" {stars}" if stars else ""),
                (start, stop),
            )


def out_of_line(source: Source) -> tuple[Method, ...]:
    """Member functions defined outside their class, `T X::f(..) {..}`."""
    return source.once(_out_of_line)


_OWNED = re.compile(rb"(?<![\w:])(\w+)::(~?[A-Za-z_]\w*)\s*\(")
_TO_THE_BODY = re.compile(rb"\s*(?:const|noexcept|override|final|\s)*(?::[^;{}]*)?\{")


def _out_of_line(source: Source) -> tuple[Method, ...]:
    text = code(source)
    found: list[Method] = []
    bodies = [cls.body for cls in classes(source)]
    for match in _OWNED.finditer(text):
        if found and match.start() < found[-1].span[1]:
            continue  # no function is defined in another
        if any(start <= match.start() < end for start, end in bodies):
            continue
        start = _start_of_declaration(text, match.start())
        if start is None:
            continue
        opening = match.end() - 1
        close = closing(text, opening)
        rest = _TO_THE_BODY.match(text, close + 1) if close >= 0 else None
        if rest is None:
            continue
        brace = rest.end() - 1
        end = closing(text, brace)
        if end < 0:
            continue
        name = match[2].decode()
        found.append(
            Method(
                match[1].decode(),
                name,
                (start, end + 1),
                (opening + 1, close),
                (brace + 1, end),
                False,
            )
        )
    return tuple(found)


def _start_of_declaration(text: bytes, name: int) -> int | None:
    """Where the declaration starts whose declarator is at `name`; None inside an expression."""
    before = max(text.rfind(mark, 0, name) for mark in (b";", b"}", b"{", b")"))
    line = text.rfind(b"\n#", 0, name)
    if line > before:
        before = _end_of_directive(text, line + 1) - 1
    start = skip_space(text, before + 1)
    head = text[start:name]
    if b"=" in head or b"(" in head or re.search(rb"\b(?:return|new|throw|case)\b", head):
        return None
    if before >= 0 and text[before : before + 1] == b")":
        # the end of a macro such as TVM_REGISTER_X(..) without a semicolon, or an expression
        return (
            start if re.fullmatch(rb"[\w\s:<>,*&]*", head) and b"\n" in text[before:name] else None
        )
    return start if re.fullmatch(rb"[\w\s:<>,*&]*", head) else None


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


_DECLARE = re.compile(rb"\b(TVM_(?:FFI_)?DECLARE_\w*INFO\w*)\s*\(")
_TYPE_KEY = re.compile(
    rb"(?:static\s+|constexpr\s+|inline\s+|const\s+)+(?:char\s*\*|char\s+const\s*\*|auto)\s*(?:const\s+)?"
    rb"_type_key\s*(?:=\s*|\{)"
)


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
    inline = [m for c in classes(source) for m in c.methods if m.name == method]
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


def parameter_names(text: bytes, span: Span) -> list[str]:
    """The names of a parameter list's parameters; "" for an unnamed one."""

    names = []
    for start, end in split(text, *span):
        match = re.search(rb"[\s&*>](\w+)\s*(?:=.*)?$", text[start:end], re.DOTALL)
        names.append(match[1].decode("utf-8", "replace") if match else "")
    return names


_ENUM = re.compile(rb"\benum\s+(?:class\s+|struct\s+)?(\w+)\s*(?::[\w\s:]+)?\{")
_REGISTERED = re.compile(rb"\bTVM_REGISTER_(?:NODE|OBJECT)_TYPE\s*\(\s*([\w:]+)\s*\)")
_CALLED = re.compile(rb"\b(\w+)::(?:RegisterReflection|_GetOrAllocRuntimeTypeIndex)\s*\(\s*\)\s*;")
_TEMPLATE = re.compile(rb"\btemplate\s*<[^;{}]*>\s*$")


def _gather(source: Source) -> dict[str, ClassFacts] | None:
    text = code(source)
    found: dict[str, ClassFacts] = {}

    def update(name: str, **changes: Any) -> None:
        found[name] = replace(found.get(name, ClassFacts(name)), **changes)

    for cls in classes(source):
        body = text[slice(*cls.body)]
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
        update(match[1].decode(), reflection_called=True)
    return found or None


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
