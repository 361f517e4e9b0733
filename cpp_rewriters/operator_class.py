"""What a conversion of a class hierarchy into node and reference classes has to know of each class.

The hierarchy is one below a given base. Facts of the tree, since a class is declared in a header,
defined in a source and derived from anywhere: constructors and where they are defined, nested
types, methods that are not const, fields that those methods change.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from codemods.model import Collector, Language, Source
from cpp_rewriters.classes import Class, Method, classes, out_of_line, parameter_names, simple
from cpp_rewriters.syntax import local_declaration
from cpp_rewriters.text import Span, code, skip_space, split, words

_NESTED = re.compile(rb"\b(?:enum(?:\s+class|\s+struct)?|class|struct)\s+(\w+)\s*(?=[:{])")
_MUTATORS = (
    rb"push_back|emplace_back|pop_back|Set|insert|emplace|erase|clear|reset|release|swap|resize|"
    rb"reserve|assign|Bind|Update|CopyOnWrite|MutateByApply|append|merge|VisitStmt|VisitExpr"
)
_CHANGED = re.compile(
    rb"\s*(?:\[[^\[\]]*\]\s*)*(?:=(?!=)|(?:[-+*/%&|^]|<<|>>)=|\+\+|--|(?:\.|->)\s*(?:"
    + _MUTATORS
    + rb")\s*\()"
)
_CONST = re.compile(rb"\)\s*(?:noexcept\s*)?const\b")


@dataclass(frozen=True)
class Member:
    """A field: its type, and whether several share its declaration."""

    name: str
    type: str
    span: Span
    mutable: bool


@dataclass(frozen=True)
class Constructor:
    """A declared constructor: its parameters as written, their types, their names."""

    parameters: str
    types: str
    names: tuple[str, ...]
    inline: bool
    copies: bool


@dataclass(frozen=True)
class OperatorClass:
    """One class of the hierarchy, or the base itself."""

    name: str
    path: str
    bases: tuple[str, ...]
    members: tuple[Member, ...]
    methods: tuple[str, ...]
    static: tuple[str, ...]
    nested: tuple[str, ...]
    constructors: tuple[Constructor, ...]
    space: str  # the innermost namespace
    declared: tuple[tuple[str, str], ...] = ()  # methods as written, for the base only


@dataclass(frozen=True)
class Definition:
    """What one out-of-line or inline body says."""

    owner: str
    name: str
    path: str
    inline: bool
    body: str
    initialisers: str  # a constructor's, with the colon
    changes: tuple[str, ...]  # names that it assigns or calls a mutator of
    uses_this: bool  # the pointer itself, not `this->`


@dataclass(frozen=True)
class Hierarchy:
    """The classes below a base, by name, and the bodies of their members.

    `converted` is the base's node, where somebody has written it already. `torn`: those declared as
    node and reference already, while their members' definitions are as they were.
    """

    base: OperatorClass | None
    classes: Mapping[str, OperatorClass]
    definitions: tuple[Definition, ...]
    children: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    converted: OperatorClass | None = None
    torn: frozenset[str] = frozenset()

    def lineage(self, name: str) -> Iterator[OperatorClass]:
        """The class and its ancestors below the base, nearest first."""
        current = self.classes.get(name)
        while current is not None:
            yield current
            current = next((self.classes[b] for b in current.bases if b in self.classes), None)

    def members(self, name: str) -> dict[str, Member]:
        """Every field of the class, inherited ones too."""
        return {m.name: m for cls in self.lineage(name) for m in cls.members}

    def definition(self, owner: str, name: str) -> Definition | None:
        """The body of `owner::name`, if the tree holds one."""
        return next((d for d in self.definitions if (d.owner, d.name) == (owner, name)), None)

    def fills_from_outside(self, name: str) -> bool:
        """Whether the reference's constructor can fill the node, field by field.

        It cannot where a constructor is inline, hands out `this`, constructs a parent of the
        hierarchy, or is delegated to; then the node keeps the constructor.
        """
        own = [d for d in self.definitions if d.owner == name and d.name == name]
        if any(c.inline and not c.copies for c in self.classes[name].constructors):
            return False
        parents = "|".join((*self.classes, name))
        for one in own:
            if one.uses_this or re.match(rf":\s*(?:{parents})\s*[({{]", one.initialisers):
                return False
        below = [d for c in self.children.get(name, ()) for d in self.definitions if d.owner == c]
        return not any(re.search(rf"[:,]\s*{name}\s*[({{]", d.initialisers) for d in below)

    def source_of(self, name: str) -> str:
        """The source file with the class's out-of-line constructor, or ""."""
        found = [
            d.path
            for d in self.definitions
            if d.owner == name and d.name == name and not d.inline and not is_header(d.path)
        ]
        return min(found, default="")


def is_header(path: str) -> bool:
    """Whether a path names a header."""
    return posixpath.splitext(path)[1] in (".h", ".hpp", ".hh", ".cuh", ".inl")


@dataclass(frozen=True)
class _File:
    classes: tuple[OperatorClass, ...]
    definitions: tuple[Definition, ...]


def hierarchy(base: str, node: str, became_const: str) -> Collector:
    """The classes below `base`, which becomes `node`: a `Hierarchy`.

    `became_const`: a method whose definitions tell what has not been converted.
    """

    def gather(source: Source) -> _File | None:
        found = _File(
            tuple(
                _class(source, cls, cls.name in (base, node))
                for cls in classes(source)
                if cls.bases or cls.name == base
            ),
            tuple(_definitions(source)),
        )
        return found if found.classes or found.definitions else None

    def digest(gathered: Mapping[str, _File]) -> Hierarchy:
        known: dict[str, OperatorClass] = {}
        for path in sorted(gathered):
            for cls in gathered[path].classes:
                known.setdefault(cls.name, cls)
        written = [d for path in sorted(gathered) for d in gathered[path].definitions]
        torn = {cls.name: cls for cls in _torn(known, _below(node, known), written)}
        below = _below(base, known) | set(torn)
        known |= torn
        kept = {name: known[name] for name in sorted(below & set(known)) if name != base}
        children: dict[str, tuple[str, ...]] = {}
        for name, cls in kept.items():
            for parent in cls.bases:
                children[parent] = (*children.get(parent, ()), name)
        owners = below | {f"{name}Node" for name in below}
        definitions = tuple(d for d in written if d.owner in owners)
        return Hierarchy(
            known.get(base), kept, definitions, children, known.get(node), frozenset(torn)
        )

    # where nothing can be the head of the base, there is nothing below it, and nothing is torn
    # where no definition is as it was
    seed = re.compile(
        rf"{base}\b(?<!\w{base})(?!\s*[=;,.()<>&*\"'-])"
        rf"|::{became_const}\s*\([^(){{}}]*\)\s*\{{".encode()
    )
    tokens = ("::", "class", "struct")
    return Collector(f"hierarchy of {base}", Language.CPP, tokens, gather, digest, seed)


def _below(base: str, known: Mapping[str, OperatorClass]) -> set[str]:
    """The base and all that derives from it."""
    below = {base}
    while more := {c.name for c in known.values() if not below.isdisjoint(c.bases)} - below:
        below |= more
    return below


def _torn(
    known: Mapping[str, OperatorClass], nodes: set[str], definitions: list[Definition]
) -> Iterator[OperatorClass]:
    """Classes with a node whose methods are still defined as the class's own, as they were."""
    for name, cls in sorted(known.items()):
        node = known.get(f"{name}Node")
        if node is None or node.name not in nodes:
            continue
        old = {d.name for d in definitions if d.owner == name and not d.inline} - {name, "Get"}
        if not old.isdisjoint(node.methods):
            yield replace(node, name=name, constructors=cls.constructors)


def _class(source: Source, cls: Class, is_base: bool) -> OperatorClass:
    text = code(source)
    constructors: list[Constructor] = []
    for method in cls.methods:
        if method.name == cls.name:
            constructors.append(_constructor(text, cls.name, method))
    body = text[slice(*cls.body)]
    nested = [m[1].decode() for m in _NESTED.finditer(body)]
    namespaces = re.findall(rb"\bnamespace\s+([\w:]+)\s*\{", text[: cls.span[0]])
    return OperatorClass(
        name=cls.name,
        path=source.path,
        bases=tuple(simple(b) for b in cls.bases),
        members=tuple(fields_of(source, cls)),
        methods=tuple(m.name for m in cls.methods if m.name.strip("~") != cls.name),
        static=tuple(m.name for m in cls.methods if m.static),
        nested=tuple(nested),
        constructors=tuple(constructors),
        space=namespaces[-1].decode().rsplit("::", 1)[-1] if namespaces else "",
        declared=tuple(
            (m.name, source.data[slice(*m.span)].decode("utf-8", "replace")) for m in cls.methods
        )
        if is_base
        else (),
    )


def fields_of(source: Source, cls: Class) -> Iterator[Member]:
    """The fields of a class, and which of them are mutable."""
    text = code(source)
    for one in cls.fields:
        mutable = re.match(rb"\s*mutable\b", text[one.span[0] : one.span[1]]) is not None
        yield Member(one.name, one.type, one.span, mutable)


def _constructor(text: bytes, name: str, method: Method) -> Constructor:
    parts = split(text, *method.parameters)
    types = " ".join(text[a:b].decode() for a, b in parts)
    copies = len(parts) == 1 and re.search(rf"\b{name}\b\s*(?:const\s*)?&", types) is not None
    return Constructor(
        text[slice(*method.parameters)].decode(),
        types,
        tuple(parameter_names(text, method.parameters)),
        method.body is not None
        or re.search(rb"=\s*(?:default|delete)", text[slice(*method.span)]) is not None,
        copies,
    )


def _definitions(source: Source) -> Iterator[Definition]:
    for cls in classes(source):
        if cls.bases or any(m.name == "Lower" for m in cls.methods):
            for method in cls.methods:
                if method.body is not None:
                    yield _definition(source, method, inline=True)
    for method in out_of_line(source):
        yield _definition(source, method, inline=False)


def _definition(source: Source, method: Method, *, inline: bool) -> Definition:
    assert method.body is not None
    text = code(source)
    start, end = method.parameters[1], method.body[1]
    inside = text[start:end]
    return Definition(
        method.owner,
        method.name,
        source.path,
        inline,
        source.data[slice(*method.body)].decode("utf-8", "replace"),
        text[method.parameters[1] + 1 : method.body[0] - 1].decode().strip(),
        tuple(sorted(_changes(source, method.body))),
        re.search(rb"\bthis\b(?!\s*->)|\[[^\[\]]*\bthis\b[^\[\]]*\]", inside) is not None,
    )


def _changes(source: Source, body: Span) -> Iterator[str]:
    """Names that a body changes and does not declare itself."""
    text = code(source)
    seen: set[bytes] = set()
    for match in re.finditer(rb"(?<![\w.])(?<!->)(?<!::)([A-Za-z_]\w*)", text[slice(*body)]):
        start, end = body[0] + match.start(1), body[0] + match.end(1)
        name = match[1]
        if name in seen or not _is_changed(text, start, end):
            continue
        if local_declaration(source, name.decode(), start) is None:
            seen.add(name)
            yield name.decode()
    for match in re.finditer(rb"\bthis\s*->\s*(\w+)", text[slice(*body)]):
        start, end = body[0] + match.start(1), body[0] + match.end(1)
        if match[1] not in seen and _is_changed(text, start, end):
            seen.add(match[1])
            yield match[1].decode()


def _is_changed(text: bytes, start: int, end: int) -> bool:
    if _CHANGED.match(text, end) is not None:
        return True
    before = text[max(0, start - 40) : start].rstrip()
    before = re.sub(rb"this\s*->\s*$", b"", before).rstrip()
    if before.endswith((b"++", b"--")):
        return True
    return (
        before.endswith(b"&")
        and not before.endswith(b"&&")
        and (re.search(rb"[(,=]\s*&$", before) is not None)
    )


def changed_by(known: Hierarchy, name: str, methods: set[str]) -> set[str]:
    """The fields of `name` that the given methods change."""
    members = known.members(name)
    return {
        changed
        for d in known.definitions
        if d.owner in (name, f"{name}Node") and d.name in methods
        for changed in d.changes
        if changed in members
    }


def is_const(text: bytes, method: Method) -> bool:
    """Whether a member function is declared const."""
    return _CONST.match(text, method.parameters[1]) is not None


def local(source: Source, name: str, offset: int) -> bool:
    """Whether `name`, as used at `offset`, is a parameter or a local variable."""
    return local_declaration(source, name, offset) is not None


def mentions(source: Source, names: set[str], span: Span) -> Iterator[re.Match[bytes]]:
    """Each of `names` inside `span`, as a whole identifier."""
    for match in words(source, names) if names else ():
        if span[0] <= match.start() and match.end() <= span[1]:
            yield match


def after_members(source: Source, cls: Class) -> int:
    """Where a member can be added: before the closing brace's line, if nothing else is on it."""
    data, end = source.data, cls.body[1]
    line = data.rfind(b"\n", 0, end)
    return line + 1 if line >= 0 and not data[line + 1 : end].strip() else end


def semicolon_after(text: bytes, cls: Class) -> int:
    """Just after the `;` that ends the class."""
    at = skip_space(text, cls.span[1])
    return at + 1 if text[at : at + 1] == b";" else cls.span[1]
