"""The verb that moves a class's out-of-line members to its node, and its constructors' work too."""

from __future__ import annotations

import re
from collections.abc import Iterator

from codemods.model import Edit, Source
from cpp_rewriters.classes import Method
from cpp_rewriters.operator_class import Hierarchy, is_const, local, mentions
from cpp_rewriters.operator_declaration import Names, clone, inherited, with_comment
from cpp_rewriters.text import Span, closing, code, indentation, newline, skip_space, split, words

_ENTRY = re.compile(rb"(?:[:,]\s*)(?P<name>\w+)\s*(?P<open>[({])")


def define(source: Source, method: Method, known: Hierarchy, names: Names) -> Iterator[Edit]:
    """The edits for one out-of-line member of a class of the hierarchy, or of its base."""
    text = code(source)
    owner = method.owner
    if owner == names.base:
        if method.name in names.pure:
            yield Edit(*with_comment(source, method.span), b"")
        else:
            yield from _owner(source, method, names.node)
        return
    if method.name == owner:
        yield from _constructor(source, method, known, names)
    elif method.name == names.result:
        yield Edit(*method.span, clone(known, names, owner, b"", newline(source)))
    elif method.name != "Get":
        static = method.name in known.classes[owner].static
        if not static and not is_const(text, method) and not method.name.startswith("~"):
            at = method.parameters[1] + 1
            yield Edit(at, at, b" const")


def _owner(source: Source, method: Method, new: str) -> Iterator[Edit]:
    """The class's name in front of the method's."""
    pattern = re.compile(rf"\b{method.owner}(?=\s*::\s*{re.escape(method.name)}\s*\()".encode())
    for match in pattern.finditer(code(source), method.span[0], method.parameters[0] + 1):
        yield Edit(*match.span(), new.encode())


def _constructor(source: Source, method: Method, known: Hierarchy, names: Names) -> Iterator[Edit]:
    assert method.body is not None
    end, margin = newline(source), indentation(source, method.span[0])
    name, after = method.owner, method.span[1]
    made = re.compile(rf"\bmake_object\s*<\s*{name}Node\s*>".encode())
    if made.search(code(source), *method.body) is not None:
        return  # it fills a node already
    own = known.source_of(name) == source.path and _first(known, name, source, method)
    tail = b""
    if own:
        tail = end + end + clone(known, names, name, margin, end)
        tail += inherited(known, names, name, margin, end)
    if known.fills_from_outside(name):
        yield from _fill(source, method, known)
        yield Edit(after, after, tail)
        return
    text = code(source)
    pattern = re.compile(rf"\b{name}\s*::\s*{name}(?=\s*\()".encode())
    match = pattern.search(text, method.span[0], method.parameters[0])
    assert match is not None
    yield Edit(*match.span(), f"{name}Node::{name}Node".encode())
    for parent in re.finditer(
        rf"\b(?:{'|'.join(known.classes)})\b(?=\s*[({{])".encode(),
        text[method.parameters[1] + 1 : method.body[0] - 1],
    ):
        at = method.parameters[1] + 1 + parent.end()
        yield Edit(at, at, b"Node")
    parameters = re.sub(rb"\s+", b" ", text[slice(*method.parameters)]).decode()
    given = ", ".join(
        m[1].decode()
        for part in split(text, *method.parameters)
        if (m := re.search(rb"(\w+)\s*$", text[slice(*part)])) is not None
    )
    filled = (
        margin
        + f"{name}::{name}({parameters}) {{".encode()
        + end
        + margin
        + f"  data_ = make_object<{name}Node>({given});".encode()
        + end
        + margin
        + b"}"
    )
    yield Edit(after, after, end + end + filled + tail)


def _first(known: Hierarchy, name: str, source: Source, method: Method) -> bool:
    """Whether this is the first of the class's constructors in the file."""
    text = code(source)
    pattern = re.compile(rf"\b{name}\s*::\s*{name}\s*\(".encode())
    match = pattern.search(text)
    return (
        match is not None
        and match.start() < method.parameters[0]
        and (match.start() >= method.span[0])
    )


def _fill(source: Source, method: Method, known: Hierarchy) -> Iterator[Edit]:
    """The body fills a node that it makes first, and hands over last."""
    assert method.body is not None
    text, data, name = code(source), source.data, method.owner
    end, margin = newline(source), indentation(source, method.span[0]) + b"  "
    start, stop = method.body
    opening = end + margin + f"ObjectPtr<{name}Node> node = make_object<{name}Node>();".encode()
    for entry, value in _initialised(source, method):
        opening += end + margin + b"node->" + entry + b" = " + value + b";"
    close = method.parameters[1] + 1
    if text[close:start].strip() != b"{":
        yield Edit(close, start - 1, b" ")
    if not text[start:stop].strip() and b"\n" not in data[start:stop]:
        opening += end + margin + b"data_ = std::move(node);" + end + margin[:-2]
        yield Edit(start, stop, opening)
        return
    lead = b"" if data[start : start + 2].lstrip(b" ").startswith((b"\n", b"\r")) else end + margin
    gap = skip_space(text, start) if lead else start
    yield Edit(start, gap, opening + lead)
    yield from _through_the_node(source, (start, stop), known, name)
    yield from _returns(source, (start, stop))
    last = len(data[:stop].rstrip(b" \t"))
    before = b"" if data[last - 1 : last] == b"\n" else end
    yield Edit(last, stop, before + margin + b"data_ = std::move(node);" + end + margin[:-2])


def _initialised(source: Source, method: Method) -> Iterator[tuple[bytes, bytes]]:
    """The fields that the constructor's initialisers set, with their values."""
    assert method.body is not None
    text = code(source)
    position, stop = method.parameters[1] + 1, method.body[0] - 1
    while (match := _ENTRY.search(text, position, stop)) is not None:
        opening = match.start("open")
        close = closing(text, opening)
        yield match["name"], source.data[opening + 1 : close].strip()
        position = close + 1


def _through_the_node(source: Source, body: Span, known: Hierarchy, name: str) -> Iterator[Edit]:
    """Fields and methods of the class are the node's, where the name really is one."""
    text = code(source)
    members = set(known.members(name))
    methods = {m for cls in known.lineage(name) for m in cls.methods}
    static = {m for cls in known.lineage(name) for m in cls.static}
    nested = {m for cls in known.lineage(name) for m in cls.nested}
    for match in mentions(source, {"this"}, body):
        after = skip_space(text, match.end())
        arrow = text[after : after + 2] == b"->"
        yield Edit(*match.span(), b"node" if arrow else b"node.get()")
    for match in mentions(source, members | methods | nested, body):
        before = text[: match.start()].rstrip()
        if before.endswith((b".", b"->", b"::")):
            continue
        word = match.group().decode()
        called = text[skip_space(text, match.end()) :][:1] == b"("
        if word in nested or (word in static and called):
            yield Edit(match.start(), match.start(), f"{name}Node::".encode())
        elif (word in members or called) and not local(source, word, match.start()):
            yield Edit(match.start(), match.start(), b"node->")


def _returns(source: Source, body: Span) -> Iterator[Edit]:
    """A constructor that returns early hands its node over first; a lambda's return is its own."""
    text = code(source)
    for match in words(source, ("return",)):
        if not body[0] <= match.start() < body[1]:
            continue
        end = skip_space(text, match.end())
        if text[end : end + 1] == b";" and not _in_lambda(text, body, match.start()):
            yield Edit(match.start(), end + 1, b"{ data_ = std::move(node); return; }")


def _in_lambda(text: bytes, body: Span, offset: int) -> bool:
    for match in re.finditer(rb"\[[^\[\]]*\]\s*(?:\([^()]*\))?[^{};]*\{", text[body[0] : offset]):
        end = closing(text, body[0] + match.end() - 1)
        if end > offset:
            return True
    return False
