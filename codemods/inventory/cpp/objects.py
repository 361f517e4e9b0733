"""Object types by type key: the fields they reflect, and what structural equality looks at.

Equality was once written out (`SEqualReduce`, `SHashReduce`) and is now said (a kind, flags on
reflected fields, or hooks `__s_equal__` and `__s_hash__`). Both are reduced to the same words, the
members that take part, so that a tree can be compared with its port in meaning.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from codemods.inventory.cpp.operators import operator_classes
from codemods.inventory.cpp.prepare import CppTree, line
from codemods.inventory.cpp.registrations import chain
from codemods.inventory.model import Entry, Kind
from codemods.model import Source
from cpp_rewriters import text

EQUAL = "equal"
HASH = "hash"

_CLASS = re.compile(rb"\b(?:class|struct)\s+(?:\w+\s+)*?(\w+)\s*(?:final\s*)?(:[^;{}()]*)?\{")
_INFO = re.compile(rb"\bTVM_(FFI_)?DECLARE_(\w*)OBJECT_INFO(\w*)\b")
_TYPE_KEY = re.compile(rb"\b_type_key\s*(?:=|\{)\s*")
_EQ_KIND = re.compile(rb"\b_type_s_eq_hash_kind\s*=\s*(?:\w+\s*::\s*)*kTVMFFISEqHashKind(\w+)")
_BY_FIELDS = frozenset(("TreeNode", "DAGNode", "ConstTreeNode"))
_ATTRS_BASES = frozenset(("AttrsNode", "AttrsNodeReflAdapter", "BaseAttrsNode"))
_FIELD_METHODS = frozenset(("def_ro", "def_rw"))
_UNQUALIFIED_CALL = re.compile(rb"(?<![\w.:>])(?:this->)?([A-Z]\w*|[a-z]\w*)\s*\(")
_HEAD = re.compile(rb"\s*(?:const|override|final|noexcept|\s)*\{")
_WORD = re.compile(rb"[A-Za-z_]\w*")


@dataclass
class _Class:
    name: str
    bases: tuple[str, ...]
    source: Source
    body: text.Span


@dataclass
class _Type:
    """What is known of one node class; members by C++ name."""

    name: str
    key: str = ""
    path: str = ""
    line: int = 0
    parent: str = ""
    registered: bool = False
    kind: str = ""
    reflected: dict[str, tuple[str, bool, str, int]] = field(default_factory=dict)
    written: dict[str, set[str]] = field(default_factory=lambda: {EQUAL: set(), HASH: set()})
    places: dict[str, tuple[str, int]] = field(default_factory=dict)


class _Types:
    """Everything about the tree's object types, by class name."""

    def __init__(self, tree: CppTree) -> None:
        self.tree = tree
        self.types: dict[str, _Type] = {}
        self.classes: dict[str, _Class] = {}
        self.sources = tree.holding(
            b"OBJECT_INFO", b"ObjectDef", b"_type_key", b"SEqualReduce", b"SHashReduce",
            b"VisitAttrs", b"TypeAttrDef", b"RegisterReflection", b"_OBJECT_TYPE", b"_NODE_TYPE",
            b"TVM_DECLARE_ATTRS",
        )  # fmt: skip
        for source in self.sources:
            for found in _classes(source):
                self.classes.setdefault(found.name, found)
        for source in self.sources:
            self._keys(source)
            self._attrs(source)
            self._reflection(source)
            self._comparisons(source)
        for source in self.sources:
            self._hooks(source)

    def of(self, name: str) -> _Type:
        return self.types.setdefault(name, _Type(name))

    def _keys(self, source: Source) -> None:
        blanked = text.code(source)
        for match in _INFO.finditer(blanked):
            call = text.call_at(blanked, match.span())
            if call is None or len(call.arguments) < 2:
                continue
            names = [source.data[slice(*span)].decode() for span in call.arguments]
            keyed = len(names) >= 3
            node, parent = (names[1], names[2]) if keyed else (names[0], names[1])
            found = self.of(node.split("::")[-1])
            found.parent = _bare(parent)
            if not found.line:
                found.path, found.line = source.path, line(source, match.start())
            if keyed:
                found.key = self.tree.string(source, call.arguments[0])
        for match in _TYPE_KEY.finditer(blanked):
            owner = self.enclosing(source, match.start())
            end = blanked.find(b";", match.end())
            if owner is not None and end >= 0:
                found = self.of(owner.name)
                found.key = self.tree.string(source, (match.end(), end))
                found.path, found.line = source.path, line(source, match.start())

    def _attrs(self, source: Source) -> None:
        blanked = text.code(source)
        for call in text.calls(source, ("TVM_DECLARE_ATTRS",)):
            found = self.of(source.data[slice(*call.arguments[0])].decode())
            found.key = self.tree.string(source, call.arguments[1])
            found.path, found.line = source.path, line(source, call.name[0])
            found.registered = True
            found.kind = "TreeNode"
            opening = text.skip_space(blanked, call.end)
            close = text.closing(blanked, opening) if blanked[opening : opening + 1] == b"{" else -1
            for attribute in text.calls(source, ("TVM_ATTR_FIELD",)):
                if opening < attribute.name[0] < close:
                    member = source.data[slice(*attribute.arguments[0])].decode()
                    self._reflect(found, member, member, False, source, attribute.name[0])

    def _reflection(self, source: Source) -> None:
        blanked = text.code(source)
        bodies = [
            match.span() for match in re.finditer(rb"\bRegisterReflection\s*\(\s*\)\s*\{", blanked)
        ]
        spans = [(start, text.closing(blanked, end - 1)) for start, end in bodies]
        for call in text.calls(source, ("ObjectDef",)):
            if call.template is None:
                continue
            found = self.of(_bare(source.data[slice(*call.template)].decode()))
            if not any(start < call.name[0] < end for start, end in spans):
                found.registered = True
            for link in chain(source, call.end):
                if link.method in _FIELD_METHODS and len(link.call.arguments) >= 2:
                    shown = self.tree.string(source, link.call.arguments[0])
                    member = _member(source.data[slice(*link.call.arguments[1])])
                    flags = source.data[link.call.arguments[1][1] : link.call.close]
                    ignored = b"SEqHashIgnore" in flags
                    self._reflect(found, member, shown, ignored, source, link.call.name[0])
        for match in re.finditer(rb"(\w+)\s*::\s*RegisterReflection\s*\(\s*\)\s*;", blanked):
            self.of(match[1].decode()).registered = True
        for call in text.calls(source, ("TVM_REGISTER_NODE_TYPE", "TVM_REGISTER_OBJECT_TYPE")):
            self.of(_bare(source.data[slice(*call.arguments[0])].decode())).registered = True
        for owner, _, body in _methods(self, source, "VisitAttrs"):
            for match in re.finditer(rb"\bVisit\s*\(", blanked[body[0] : body[1]]):
                start = body[0] + match.start()
                visit = text.call_at(blanked, (start, start + len("Visit")))
                if visit is not None and len(visit.arguments) == 2:
                    shown = self.tree.string(source, visit.arguments[0])
                    member = _member(source.data[slice(*visit.arguments[1])])
                    self._reflect(self.of(owner), member, shown, False, source, start)

    def _reflect(
        self, found: _Type, member: str, shown: str, ignored: bool, source: Source, at: int
    ) -> None:
        found.reflected[member] = (shown, ignored, source.path, line(source, at))

    def _comparisons(self, source: Source) -> None:
        for owner, parameter, body in _methods(self, source, "SEqualReduce"):
            self._write(owner, EQUAL, source, body, _compared(source, parameter, body))
        for owner, parameter, body in _methods(self, source, "SHashReduce"):
            self._write(owner, HASH, source, body, _hashed(source, parameter, body))

    def _hooks(self, source: Source) -> None:
        for call in text.calls(source, ("TypeAttrDef",)):
            if call.template is None:
                continue
            owner = _bare(source.data[slice(*call.template)].decode())
            for link in chain(source, call.end):
                if link.method != "def" or len(link.call.arguments) != 2:
                    continue
                hook = self.tree.string(source, link.call.arguments[0])
                body = _member(source.data[slice(*link.call.arguments[1])])
                if hook in ("__s_equal__", "__s_hash__"):
                    self._hook(owner, EQUAL if hook == "__s_equal__" else HASH, body)

    def _hook(self, owner: str, how: str, method: str) -> None:
        for source in self.sources:
            for of, parameter, body in _methods(self, source, method):
                if of != owner:
                    continue
                if how == EQUAL:
                    found = _compared(source, parameter, body)
                else:
                    last = _last_parameter(source, body)
                    found = _hashed(source, last, body)
                self._write(owner, how, source, body, found)
                self.of(owner).places[f"hook {how}"] = (source.path, line(source, body[0]))

    def _write(
        self, owner: str, how: str, source: Source, body: text.Span, members: Iterable[str]
    ) -> None:
        found = self.of(owner)
        for member in members:
            resolved = self.accessor(owner, member)
            found.written[how].add(resolved)
            found.places.setdefault(resolved, (source.path, line(source, body[0])))

    def ancestors(self, name: str) -> Iterator[str]:
        """`name` and the classes it derives from, as far as the tree tells."""
        seen: set[str] = set()
        queue = [name]
        while queue:
            current = queue.pop(0)
            if current in seen:
                continue
            seen.add(current)
            yield current
            if current in self.classes:
                queue += self.classes[current].bases
            elif current in self.types and self.types[current].parent:
                queue.append(self.types[current].parent)

    def equality_kind(self, name: str) -> str:
        """The kind that structural equality is declared with, own or inherited."""
        for ancestor in self.ancestors(name):
            if ancestor in _ATTRS_BASES:
                return "TreeNode"
            if ancestor in self.types and self.types[ancestor].kind:
                return self.types[ancestor].kind
            if ancestor in self.classes:
                found = self.classes[ancestor]
                match = _EQ_KIND.search(text.code(found.source), *found.body)
                if match is not None:
                    return match[1].decode()
        return ""

    def accessor(self, owner: str, member: str) -> str:
        """The field that a trivial accessor returns, or `member` as it is."""
        if not member.endswith("()"):
            return member
        for body, source in self._bodies(owner, member[:-2]):
            returned = re.fullmatch(
                rb"\s*return\s+(?:this->)?(\w+)\s*;\s*", source.data[slice(*body)]
            )
            if returned is not None:
                return returned[1].decode()
        return member

    def derived_from(self, owner: str, member: str) -> tuple[str, ...]:
        """The fields that an accessor's value depends on, through the class's own methods."""
        fields: set[str] = set()
        seen: set[str] = set()
        queue = [member.removesuffix("()")]
        declared = set(self._declared(owner))
        while queue:
            method = queue.pop()
            if method in seen:
                continue
            seen.add(method)
            for body, source in self._bodies(owner, method):
                written = text.code(source)[slice(*body)]
                fields |= {word.decode() for word in _WORD.findall(written)} & declared
                queue += [m[1].decode() for m in _UNQUALIFIED_CALL.finditer(written)]
        return tuple(sorted(fields))

    def _declared(self, owner: str) -> Iterator[str]:
        """The names of fields that the class and its ancestors declare (or that look declared)."""
        for ancestor in self.ancestors(owner):
            if ancestor not in self.classes:
                continue
            found = self.classes[ancestor]
            body = text.code(found.source)[slice(*found.body)]
            for match in re.finditer(rb"[\w>&*]\s+(\w+)\s*(?:=[^;(]*|\{[^;(]*\})?;", body):
                yield match[1].decode()

    def _bodies(self, owner: str, method: str) -> Iterator[tuple[text.Span, Source]]:
        """The bodies of the nearest class's method of that name, in the class or out of it."""
        for ancestor in self.ancestors(owner):
            found = False
            for source in self.sources:
                if method.encode() not in source.data:
                    continue
                for of, _, body in _methods(self, source, method):
                    if of == ancestor:
                        found = True
                        yield body, source
            if found:
                return

    def enclosing(self, source: Source, offset: int) -> _Class | None:
        around = [c for c in _classes(source) if c.body[0] <= offset < c.body[1]]
        return max(around, key=lambda c: c.body[0], default=None)


def object_types(tree: CppTree) -> Iterator[Entry]:
    """Object types, their reflected fields, and the members that equality and hashing look at.

    And the classes of tile operators, which may not be object types yet.
    """
    types = _Types(tree)
    yield from operator_classes(tree, {name: found.key for name, found in types.types.items()})
    for name in sorted(types.types):
        found = types.types[name]
        key = found.key or name
        if found.key:
            registered = ("registered",) if found.registered else ()
            yield Entry(Kind.OBJECT_TYPE.value, key, registered, found.path, found.line)
        for shown, _, path, at in found.reflected.values():
            yield Entry(Kind.REFLECTED_FIELD.value, f"{key}.{shown}", (), path, at)
        for member, how, path, at in _comparison(types, found):
            signature = how
            if member.endswith("()"):
                derived = types.derived_from(name, member)
                signature = (*how, *(f"from {source}" for source in derived))
            yield Entry(Kind.COMPARED_FIELD.value, f"{key}.{member}", signature, path, at)


def _comparison(types: _Types, found: _Type) -> Iterator[tuple[str, tuple[str, ...], str, int]]:
    declared: set[str] = set()
    places = dict(found.places)
    if types.equality_kind(found.name) in _BY_FIELDS and found.key:
        for ancestor in types.ancestors(found.name):
            for member, (_, ignored, path, at) in (
                types.types[ancestor].reflected.items() if ancestor in types.types else ()
            ):
                if not ignored:
                    declared.add(member)
                    places.setdefault(member, (path, at))
    equal = found.written[EQUAL] if _decides(found, EQUAL) else declared
    hashed = found.written[HASH] if _decides(found, HASH) else declared
    for member in sorted(equal | hashed):
        how = ((EQUAL,) if member in equal else ()) + ((HASH,) if member in hashed else ())
        yield member, how, *places[member]


def _decides(found: _Type, how: str) -> bool:
    """Whether a written comparison replaces the declared one."""
    return bool(found.written[how]) or f"hook {how}" in found.places


def _classes(source: Source) -> tuple[_Class, ...]:
    return source.once(_find_classes)


def _find_classes(source: Source) -> tuple[_Class, ...]:
    blanked = text.code(source)
    found = []
    for match in _CLASS.finditer(blanked):
        close = text.closing(blanked, match.end() - 1)
        if close >= 0:
            bases = tuple(
                _bare(b.decode()) for b in (match[2] or b":")[1:].split(b",") if b.strip()
            )
            found.append(_Class(match[1].decode(), bases, source, (match.end(), close)))
    return tuple(found)


def _methods(types: _Types, source: Source, method: str) -> Iterator[tuple[str, str, text.Span]]:
    """Definitions of `method`: its class, its first parameter's name, and its body's span."""
    blanked = text.code(source)
    for match in re.finditer(rb"\b" + re.escape(method.encode()) + rb"\s*\(", blanked):
        close = text.closing(blanked, match.end() - 1)
        head = _HEAD.match(blanked, close + 1) if close >= 0 else None
        end = text.closing(blanked, head.end() - 1) if head is not None else -1
        if head is None or end < 0:
            continue
        _, qualifier = text.qualifier(blanked, match.start())
        owner = qualifier.decode().replace(" ", "").removesuffix("::").split("::")[-1]
        if not owner:
            enclosing = types.enclosing(source, match.start())
            owner = enclosing.name if enclosing is not None else ""
        words = _WORD.findall(blanked[match.end() : close].split(b",")[0])
        yield owner, (words[-1].decode() if words else ""), (head.end(), end)


def _compared(source: Source, other: str, body: text.Span) -> set[str]:
    blanked = text.code(source)[body[0] : body[1]]
    pattern = re.compile(rb"\b" + other.encode() + rb"\s*(?:->|\.)\s*(\w+)(\s*\(\s*\))?")
    return {m[1].decode() + ("()" if m[2] else "") for m in pattern.finditer(blanked)}


def _hashed(source: Source, reducer: str, body: text.Span) -> set[str]:
    blanked = text.code(source)
    found: set[str] = set()
    for match in re.finditer(rb"\b" + reducer.encode() + rb"\s*\(", blanked[body[0] : body[1]]):
        start = body[0] + match.start()
        call = text.call_at(blanked, (start, start + len(reducer)))
        if call is None:
            continue
        for span in call.arguments:
            written = re.sub(rb"\s+|this->", b"", blanked[slice(*span)])
            simple = re.fullmatch(rb"\w*?([A-Za-z_]\w*(?:\(\))?)", written)
            nested = written.startswith(reducer.encode() + b"(")
            if simple is not None and not nested:
                found.add(simple[1].decode())
                break
    return found


def _last_parameter(source: Source, body: text.Span) -> str:
    """The name of the last parameter of the function whose body is given: the hashing callback."""
    blanked = text.code(source)
    head = blanked[: body[0] - 1]
    close = head.rfind(b")")
    words = _WORD.findall(head[:close])
    return words[-1].decode() if words else ""


def _member(written: bytes) -> str:
    """`&Node::field_` → `field_`."""
    return written.decode("utf-8", "replace").strip().lstrip("&").split("::")[-1].strip()


def _bare(written: str) -> str:
    """A class's own name: no access word, namespace or template arguments."""
    name = re.sub(r"<.*", "", written, flags=re.DOTALL)
    name = re.sub(r"\b(?:public|protected|private|virtual)\b", "", name)
    return name.split("::")[-1].strip()
