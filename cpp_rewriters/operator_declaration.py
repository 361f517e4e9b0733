"""The verb that turns the declaration of one class into that of a node and of its reference."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from codemods.model import Edit, Source
from cpp_rewriters.classes import Class, Method
from cpp_rewriters.functions import blocks
from cpp_rewriters.operator_class import (
    Hierarchy,
    Member,
    after_members,
    changed_by,
    fields_of,
    is_const,
    semicolon_after,
)
from cpp_rewriters.text import Span, code, indentation, lines, newline

_LABEL = re.compile(rb"[ \t]*\b(public|private|protected)\s*:(?!:)")
_OWNING = re.compile(r"(?:std::)?(?:unique|shared)_ptr\s*<\s*(\w+)\s*>")


@dataclass(frozen=True)
class Names:
    """How a hierarchy is called before and after."""

    base: str  # the old base, "Operator"
    node: str  # the new base's node
    reference: str  # the new base's reference
    pure: tuple[str, ...]  # its virtual methods that every class defines
    result: str = "Clone"  # the method that copies

    def node_of(self, name: str) -> str:
        """The node class of a class of the hierarchy."""
        return self.node if name == self.base else f"{name}Node"

    def reference_of(self, name: str) -> str:
        """The reference class of a class of the hierarchy."""
        return self.reference if name == self.base else name


def declare(source: Source, cls: Class, known: Hierarchy, names: Names, key: str) -> Iterator[Edit]:
    """The edits that convert the class `cls` of `source`; its members keep their places."""
    info = known.classes[cls.name]
    outside = known.fills_from_outside(cls.name)
    yield from _head(source, cls, known, names)
    yield from _labels(source, cls)
    yield from _members(source, cls, known, names, outside)
    yield from _mutable(source, cls, known)
    end, margin = newline(source), indentation(source, cls.span[0])
    inner = margin + b"  "
    added = _missing(known, names, cls, inner, end)
    if outside and any(c.copies for c in info.constructors):
        added = inner + f"{cls.name}Node() = default;".encode() + end + added
    added += _copying(known, cls.name, inner, end)
    macro = "BASE" if known.children.get(cls.name) else "FINAL"
    parent = names.node_of(_parent(known, cls.name, names))
    added += end if not source.data[: after_members(source, cls)].endswith(end + end) else b""
    added += inner + f'static constexpr const char *_type_key = "{key}";'.encode() + end
    added += inner + f"TVM_DECLARE_{macro}_OBJECT_INFO({cls.name}Node, {parent});".encode() + end
    at = after_members(source, cls)
    if source.data[at - 1 : at] != b"\n":
        added = end + added
    yield Edit(at, at, added)
    after = semicolon_after(code(source), cls)
    yield Edit(after, after, _reference(source, cls, known, names, outside))


def _parent(known: Hierarchy, name: str, names: Names) -> str:
    return next((b for b in known.classes[name].bases if b in known.classes), names.base)


def _head(source: Source, cls: Class, known: Hierarchy, names: Names) -> Iterator[Edit]:
    start, end = cls.span[0], cls.body[0] - 1
    for match in re.finditer(rb"\b\w+\b", code(source)[start:end]):
        name = match.group().decode()
        at = start + match.end()
        if name == cls.name:
            yield Edit(at, at, b"Node")
        elif name == names.base:
            yield Edit(start + match.start(), at, names.node.encode())
        elif name in known.classes:
            yield Edit(at, at, b"Node")


def _labels(source: Source, cls: Class) -> Iterator[Edit]:
    """Fields become public: the reference's constructor fills them."""
    text = code(source)
    nested = [b for b in blocks(source) if cls.body[0] <= b[0] and b[1] <= cls.body[1]]
    public = source.data[cls.span[0] : cls.span[0] + 6] == b"struct"
    for match in _LABEL.finditer(text, *cls.body):
        if any(a < match.start(1) < b for a, b in nested):
            continue
        if match[1] == b"public":
            public = True
        elif public:
            yield Edit(*lines(source).whole(*match.span()), b"")
        else:
            yield Edit(*match.span(1), b"public")
            public = True


def _members(
    source: Source, cls: Class, known: Hierarchy, names: Names, outside: bool
) -> Iterator[Edit]:
    text = code(source)
    for method in cls.methods:
        if method.name == cls.name:
            yield from _constructor(source, cls, known, method, outside)
        elif method.name == f"~{cls.name}":
            at = text.index(b"~", method.span[0]) + 1 + len(cls.name)
            yield Edit(at, at, b"Node")
        elif method.name == "Get" and method.static:
            yield Edit(*with_comment(source, method.span), b"")
        elif method.name == names.result:
            yield Edit(*method.span, f"{names.reference} {names.result}() const final;".encode())
        elif (
            not method.static and not is_const(text, method) and _can_be_const(text, method, names)
        ):
            at = method.parameters[1] + 1
            yield Edit(at, at, b" const")


def _can_be_const(text: bytes, method: Method, names: Names) -> bool:
    head = text[slice(*method.span)]
    if method.name.startswith("operator") or re.search(rb"=\s*(?:delete|default)\s*;", head):
        return False
    overrides = re.search(rb"\b(?:virtual|override|final)\b", head) is not None
    return method.name in names.pure or not overrides


def _constructor(
    source: Source, cls: Class, known: Hierarchy, method: Method, outside: bool
) -> Iterator[Edit]:
    text = code(source)
    copies = re.search(rf"\b{cls.name}\s*(?:const\s*)?&".encode(), text[slice(*method.parameters)])
    empty = method.parameters[0] == method.parameters[1]
    if method.body is None and outside and not copies and not empty:
        yield Edit(*with_comment(source, method.span), b"")
        return
    stop = method.body[0] if method.body is not None else method.span[1]
    parents = "|".join((cls.name, *known.classes))
    for match in re.finditer(rf"\b(?:{parents})\b(?=\s*[({{&]|\s+const\b)".encode(), text[:stop]):
        if match.start() >= method.span[0]:
            yield Edit(match.end(), match.end(), b"Node")


def _mutable(source: Source, cls: Class, known: Hierarchy) -> Iterator[Edit]:
    """Fields that a method changes which is const from now on."""
    changed = changed_by(known, cls.name, set(known.classes[cls.name].methods))
    done: set[int] = set()
    for member in fields_of(source, cls):
        if member.name in changed and not member.mutable and member.span[0] not in done:
            done.add(member.span[0])
            yield Edit(member.span[0], member.span[0], b"mutable ")


def _missing(known: Hierarchy, names: Names, cls: Class, inner: bytes, end: bytes) -> bytes:
    """Declares the methods that the class inherited from the old base and has to define now."""
    added = b""
    if names.result not in {m for c in known.lineage(cls.name) for m in c.methods}:
        added += inner + f"{names.reference} {names.result}() const final;".encode() + end
    for head, _, _ in _inherits(known, names, cls.name):
        added += inner + f"{head} final;".encode() + end
    return added


def inherited(
    known: Hierarchy, names: Names, name: str, margin: bytes, end: bytes, *, inline: bool = False
) -> bytes:
    """Defines those methods: they do what the old base did."""
    added = b""
    for head, method, body in _inherits(known, names, name):
        owned = re.sub(rf"\b{method}\b", f"{name}Node::{method}", head, count=1)
        steps = b"".join(
            margin + b"  " + line.strip().encode() + end for line in body.strip().splitlines()
        )
        added += end + end + margin + ("inline " if inline else "").encode() + owned.encode()
        added += b" {" + end + steps + margin + b"}"
    return added


def _inherits(known: Hierarchy, names: Names, name: str) -> Iterator[tuple[str, str, str]]:
    """What the class took from the old base: the head, the method's name, the body."""
    base = known.base or known.converted
    declared = dict(base.declared) if base is not None else {}
    has = {m for c in known.lineage(name) for m in c.methods}
    for method in names.pure:
        body = known.definition(names.base, method)
        if method in has or method not in declared or body is None:
            continue
        head = re.sub(r"\s+", " ", declared[method].split("{")[0]).strip().rstrip(";").strip()
        head = re.sub(r"\s*=\s*0$", "", head).removeprefix("virtual ")
        yield (head if head.endswith("const") else head + " const"), method, body.body


def _copying(known: Hierarchy, name: str, inner: bytes, end: bytes) -> bytes:
    """A copy constructor for a node that the compiler cannot copy, delegating to its own."""
    info = known.classes[name]
    own = known.definition(name, name)
    analyzers = [m for m in info.members if re.search(r"\bAnalyzer\b", m.type)]
    if own is None or any(c.copies for c in info.constructors):
        return b""
    handed = dict(re.findall(r"(\w+)\s*[({]\s*(\w+)\s*[)}]", own.initialisers))
    if not analyzers and "this" not in handed.values():
        return b""
    by_parameter = {value: key for key, value in handed.items()}
    constructor = next((c for c in info.constructors if not c.copies and c.names), None)
    if constructor is None or any(n not in by_parameter for n in constructor.names):
        return b""
    given = ", ".join(f"other.{by_parameter[n]}" for n in constructor.names)
    worked_out = changed_by(known, name, set(info.methods))  # the rest is computed again
    copied = [
        m.name
        for m in info.members
        if (m.mutable or m.name in worked_out)
        and m not in analyzers
        and m.name not in handed
        and _OWNING.search(m.type) is None
    ]
    head = f"{name}Node(const {name}Node &other) : {name}Node({given}) {{"
    body = b"".join(inner + f"  {m} = other.{m};".encode() + end for m in copied)
    return inner + head.encode() + end + body + inner + b"}" + end


def _reference(source: Source, cls: Class, known: Hierarchy, names: Names, outside: bool) -> bytes:
    end, margin = newline(source), indentation(source, cls.span[0])
    inner = margin + b"  "
    parent = names.reference_of(_parent(known, cls.name, names))
    info = known.classes[cls.name]
    out = end + end + margin + f"class {cls.name} : public {parent} {{".encode() + end
    out += margin + b"public:" + end
    macro = f"TVM_DEFINE_OBJECT_REF_METHODS({cls.name}, {parent}, {cls.name}Node);"
    out += inner + macro.encode() + end
    for constructor in info.constructors:
        if constructor.copies or not constructor.parameters.strip():
            continue
        parameters = re.sub(r"\s+", " ", constructor.parameters)
        if constructor.inline:
            given = ", ".join(constructor.names)
            body = f" {{ data_ = make_object<{cls.name}Node>({given}); }}"
            out += inner + f"{cls.name}({parameters}){body}".encode() + end
        else:
            out += inner + f"TVM_DLL {cls.name}({parameters});".encode() + end
    if any(m.name == "Get" and m.static for m in cls.methods):
        out += inner + b"static const Op &Get();" + end
    out += margin + b"};"
    if not known.source_of(cls.name):
        out += end + end + clone(known, names, cls.name, margin, end, inline=True)
        out += inherited(known, names, cls.name, margin, end, inline=True)
    return out


def clone(
    known: Hierarchy, names: Names, name: str, margin: bytes, end: bytes, *, inline: bool = False
) -> bytes:
    """The definition of the method that copies; operators that the node owns are copied too."""
    head = f"{'inline ' if inline else ''}{names.reference} {name}Node::{names.result}() const {{"
    owned = [] if _copies(known, name) else list(_owned(known, name))
    if not owned:
        body = f" return {name}(make_object<{name}Node>(*this)); }}"
        return margin + head.encode() + body.encode()
    steps = [f"auto node = make_object<{name}Node>(*this);"]
    for member, of in owned:
        steps.append(f"if ({member.name}.defined()) {{")
        steps.append(f"  node->{member.name} = Downcast<{of}>({member.name}->{names.result}());")
        steps.append("}")
    steps.append(f"return {name}(node);")
    inside = b"".join(margin + b"  " + step.encode() + end for step in steps)
    return margin + head.encode() + end + inside + margin + b"}"


def _copies(known: Hierarchy, name: str) -> bool:
    return any(c.copies for c in known.classes[name].constructors)


def _owned(known: Hierarchy, name: str) -> Iterator[tuple[Member, str]]:
    for member in known.members(name).values():
        match = _OWNING.fullmatch(member.type)
        if match is not None and match[1] in known.classes:
            yield member, match[1]


def with_comment(source: Source, span: Span) -> Span:
    """A member's whole lines, its documentation above it included."""
    start, end = lines(source).whole(*span)
    data = source.data
    if start > span[0] or end < span[1] or (start, end) == span:
        return start, end
    above = data[:start].rstrip()
    if above.endswith(b"*/"):
        opening = above.rfind(b"/*")
        begin = lines(source).span(opening)[0]
        if not data[begin:opening].strip() and data[:start].count(b"\n", len(above)) == 1:
            start = begin
    after = lines(source).span(end) if end < len(data) else (end, end)
    before = lines(source).span(start - 1) if start > 0 else (0, 0)
    if after[1] > end and not data[slice(*after)].strip() and not data[slice(*before)].strip():
        end = after[1]
    return start, end
