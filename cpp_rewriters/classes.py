"""The classes of a C++ file: their bases, fields and methods, and methods defined out of line.

Read from tokens, so a macro in a class head or body does not hide a class.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from codemods.model import Source
from cpp_rewriters.text import (
    Span,
    closing,
    closing_angle,
    code,
    skip_space,
    split,
    word_start,
)

_HEAD = re.compile(
    rb"(?:class(?<!enum class)(?<!\wclass)|struct(?<!enum struct)(?<!\wstruct))\s+"
    rb"(?:(?:alignas\([^(){};]*\)|\[\[[^\]]*\]\]|[A-Z_][A-Z0-9_]*(?:\([^(){};]*\))?)\s+)*"
    rb"(?P<name>(?!final\b)[A-Za-z_]\w*)\s*(?:(?:final|[A-Z_][A-Z0-9_]*)\s*)?"
    rb"(?P<bases>:(?!:)(?:[^{};()<]|<(?:[^{};<>]|<[^{};<>]*>)*>)*)?\{"
)
_KEYWORDS = frozenset(
    b"auto bool char class const constexpr double enum explicit extern float friend if inline int "
    b"long mutable namespace operator private protected public return short signed sizeof static "
    b"struct switch template this throw try typedef typename union unsigned using virtual void "
    b"volatile while".split()
)
"""Words that name no class, whatever stands before and after them."""
_BASE = re.compile(rb"(?:public|private|protected|virtual|\s)*([\w:]+(?:\s*<.*>)?)")
_ACCESS = re.compile(rb"(?:public|private|protected)\s*:(?!:)")
_NOT_A_FIELD = re.compile(
    rb"\s*(?:using|typedef|friend|static|class|struct|enum|template|virtual|explicit|operator|"
    rb"union|inline|constexpr|#)\b|\s*[A-Z][A-Z0-9_]+\s*\(|\s*~"
)
_ENUM_FIELD = re.compile(  # declared with its enumeration
    rb"enum(?<!\wenum)(?:\s+class|\s+struct)?\s+(?P<type>\w+)\s*(?::[^{;]*)?\{[^{}]*\}\s*(?P<name>\w+)\s*;"
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
        if match["name"] in _KEYWORDS:
            continue
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
    return tuple("".join(name.split()) for name in names)


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
        if position == begin and text.startswith(b"#", position):
            position = begin = skip_space(text, _end_of_directive(text, position))
            continue
        mark = _OPENS_OR_ENDS.search(text, position, end)
        if mark is None:
            return
        position = mark.start()
        char = mark.group()
        if char in (b"(", b"["):
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
        else:
            if begin < position:
                yield begin, position + 1
            position = begin = skip_space(text, position + 1)


_OPENS_OR_ENDS = re.compile(rb"[(\[{;]")
_FUNCTION_HEAD = re.compile(rb"\)\s*(?:const|noexcept|override|final|&|\s)*$")


def _end_of_directive(text: bytes, position: int) -> int:
    while True:
        end = text.find(b"\n", position)
        if end < 0:
            return len(text)
        if not text.endswith((b"\\", b"\\\r"), position, end):
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
        b"static" in head and re.search(rb"\bstatic\b", head) is not None,
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
    type_text = " ".join(head["type"].decode("utf-8", "replace").split())
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


_OWNED = re.compile(rb"::(~?[A-Za-z_]\w*)\s*\(")
_TO_THE_BODY = re.compile(rb"\s*(?:const|noexcept|override|final|\s)*(?::[^;{}]*)?\{")


def _out_of_line(source: Source) -> tuple[Method, ...]:
    text = code(source)
    found: list[Method] = []
    bodies = [cls.body for cls in classes(source)]
    for match in _OWNED.finditer(text):
        owner = word_start(text, match.start())
        if owner == match.start() or text[owner - 1 : owner] == b":":
            continue  # a global's name, or a longer one
        if found and owner < found[-1].span[1]:
            continue  # no function is defined in another
        if any(start <= owner < end for start, end in bodies):
            continue
        start = _start_of_declaration(text, owner)
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
        found.append(
            Method(
                text[owner : match.start()].decode(),
                match[1].decode(),
                (start, end + 1),
                (opening + 1, close),
                (brace + 1, end),
                False,
            )
        )
    return tuple(found)


def _start_of_declaration(text: bytes, name: int) -> int | None:
    """Where the declaration starts whose declarator is at `name`; None inside an expression."""
    before = -1
    for mark in (b";", b"}", b"{", b")"):
        before = max(before, text.rfind(mark, before + 1, name))
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


def parameter_names(text: bytes, span: Span) -> list[str]:
    """The names of a parameter list's parameters; "" for an unnamed one."""

    names = []
    for start, end in split(text, *span):
        match = re.search(rb"[\s&*>](\w+)\s*(?:=.*)?$", text[start:end], re.DOTALL)
        names.append(match[1].decode("utf-8", "replace") if match else "")
    return names
