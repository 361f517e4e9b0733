"""How a class compared and hashed itself, and what says the same in the FFI's reflection.

The old form is two methods, `SEqualReduce(other, equal)` and `SHashReduce(hash)`; the new one is a
kind, reflected fields with flags, and, for what has no field, the hooks `__s_equal__` and
`__s_hash__` (tvm-ffi: `extra/structural_equal.h`; a hook gets a callback to compare two values in
the same context). `plan` decides; `hook` and `links` write it down.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from codemods.model import Source
from cpp_rewriters.class_facts import ClassFacts, lineage
from cpp_rewriters.classes import Class, Method, members, parameter_names, simple
from cpp_rewriters.text import Span, blank, call_at, code, split

METHODS = ("SEqualReduce", "SHashReduce")
_EQUAL_TYPE = "ffi::TypedFunction<bool(AnyView, AnyView, bool, AnyView)>"
_HASH_TYPE = "ffi::TypedFunction<uint64_t(AnyView, uint64_t, bool)>"
_PLAIN = re.compile(
    r"(?:const )?(?:bool|int|unsigned|size_t|long|short|char|float|double|u?int\d+_t|std::string|"
    r"(?:(?:tvm::)?ffi::)?String|DataType)(?: (?:int|long))*$"
)


@dataclass(frozen=True)
class Plan:
    """What becomes of one class's equality. `reason` says why nothing is done; "" otherwise."""

    owner: str
    kind: str = "kTVMFFISEqHashKindTreeNode"
    kind_is_set: bool = False
    added: tuple[tuple[str, str], ...] = ()  # fields to register, with their flag or ""
    ignored: frozenset[str] = frozenset()
    defined: frozenset[str] = frozenset()
    hooks: tuple[str, ...] = ()  # the old methods that become hooks
    crossed: tuple[str, ...] = ()  # comparisons of two different fields, as written
    only_hashed: tuple[str, ...] = ()  # fields that told hashes apart, and not values
    hook_of: str = ""  # the parent whose hook this class would have to share
    reason: str = ""


@dataclass(frozen=True)
class _Term:
    """One comparison of a conjunction: a field, or None when it has none."""

    field: str | None
    define: bool = False
    crossed: str = ""


def plan(known: Mapping[str, ClassFacts], name: str) -> Plan | None:
    """How the class's equality is said in the new form; None for a class that has none.

    A class without methods of its own inherits its parent's kind in C++. Its own fields took no
    part in the comparison that it inherited, and are marked so.
    """
    cls = known.get(name)
    if cls is None:
        return None
    if cls.equal is None and cls.hash is None:
        return _inherited(known, cls)
    if cls.ambiguous:
        return Plan(name, reason=f"the tree has several classes named `{name}`")
    if cls.equal is None:
        return Plan(name, reason="it is hashed and never compared")
    if cls.declares_reflection and not cls.reflection_path:
        return Plan(name, reason=f"`{name}::RegisterReflection` is not defined in this tree")
    unsupported = _unsupported(cls)
    if unsupported:
        return Plan(name, reason=unsupported)
    kind = _kind(cls)
    terms = _terms(known, cls)
    inherited, own = _registered(known, cls)
    fields = [t.field for t in terms] if terms is not None else [None]
    compared = {f for f in fields if f is not None}
    registered = _order(known, cls)
    if (
        terms is None
        or None in fields
        or not inherited <= compared
        or not _defines_in_order(terms, registered)
    ):
        if not cls.declares_reflection and not cls.reflection_path:
            return Plan(name, reason="it has no `RegisterReflection` to register a hook in")
        if kind.endswith("FreeVar"):
            return Plan(name, reason="it is a variable, whose comparison hooks cannot say")
        hooks = METHODS if cls.hash is not None else METHODS[:1]
        crossed = tuple(t.crossed for t in terms or () if t.crossed)
        return Plan(name, kind, bool(cls.eq_kind), hooks=hooks, crossed=crossed)
    missing = [f for f in fields if f is not None and f not in inherited | own]
    if missing and not (cls.declares_reflection or cls.reflection_path):
        return Plan(name, reason="it has no `RegisterReflection` to register its fields in")
    define = frozenset(t.field for t in terms if t.define and t.field is not None)
    added = tuple((f, "SEqHashDef" if f in define else "") for f in dict.fromkeys(missing))
    return Plan(
        name,
        kind,
        bool(cls.eq_kind),
        added=added,
        ignored=frozenset(own - compared),
        defined=define & own,
        only_hashed=tuple(field for field in _hashed(cls) if field not in compared),
    )


def _order(known: Mapping[str, ClassFacts], cls: ClassFacts) -> list[str]:
    """The registered fields in the order in which reflection visits them."""
    return [
        member
        for ancestor in reversed(lineage(known, cls.name))
        for _, member, _ in ancestor.reflected
    ]


def _defines_in_order(terms: list[_Term], registered: list[str]) -> bool:
    """Whether each field that defines variables is visited before what was compared after it.

    A field that uses a variable and is visited before its definition takes it for a free one.
    """
    written = [term.field for term in terms if term.field is not None]
    visited = [field for field in registered if field in written]
    visited += [field for field in written if field not in visited]
    defined = [term.field for term in terms if term.define and term.field is not None]
    return all(
        (written.index(field) < written.index(other))
        == (visited.index(field) < visited.index(other))
        for field in defined
        for other in written
        if other != field
    )


def _inherited(known: Mapping[str, ClassFacts], cls: ClassFacts) -> Plan | None:
    """What becomes of the fields of a class that compares itself as its parent in the tree does."""
    parent = next((c for c in lineage(known, cls.name)[1:] if c.equal is not None), None)
    made = plan(known, parent.name) if parent is not None else None
    own = frozenset(member for _, member, extra in cls.reflected if "SEqHash" not in extra)
    if parent is None or made is None or made.reason or cls.eq_kind or not cls.declares:
        return None
    if made.hooks:
        return Plan(cls.name, kind_is_set=True, hook_of=parent.name)
    return Plan(cls.name, kind_is_set=True, ignored=own) if own else None


def _hashed(cls: ClassFacts) -> list[str]:
    """The class's own fields that `SHashReduce` hashes by name."""
    if cls.hash is None or not cls.hash_name:
        return []
    text = blank(cls.hash.encode()).decode("utf-8", "replace")
    hashed = re.findall(rf"\b{cls.hash_name}\s*\(\s*(?:this\s*->\s*)?(\w+)\s*\)", text)
    return [field for field in dict.fromkeys(hashed) if field in dict(cls.fields)]


def _kind(cls: ClassFacts) -> str:
    body = cls.equal or ""
    if "MarkGraphNode" in body or "MarkGraphNode" in (cls.hash or ""):
        return "kTVMFFISEqHashKindDAGNode"
    if "FreeVarEqualImpl" in body:
        return "kTVMFFISEqHashKindFreeVar"
    return "kTVMFFISEqHashKindTreeNode"


def _unsupported(cls: ClassFacts) -> str:
    """Why the bodies cannot be said in the new form at all; "" when they can."""
    allowed = {"DefEqual", "DefHash", "MarkGraphNode", "FreeVarEqualImpl", "FreeVarHashImpl"}
    for body, reducer in ((cls.equal, cls.equal_names[1]), (cls.hash, cls.hash_name)):
        if body is None:
            continue
        if not reducer:
            if body.strip() not in ("", "return true;"):
                return "its reducer parameter has no name"
            continue
        for match in re.finditer(rf"\b{reducer}\s*(?:->|\.)\s*(\w+)", body):
            free = match[1].startswith("FreeVar")
            if match[1] not in allowed or (free and not _is_free_var(body, match.start())):
                return f"it asks the reducer for `{match[1]}`, which hooks do not have"
        if re.search(rf"[(,]\s*{reducer}\s*[,)]", body) and "SEqualReduce" not in body:
            return f"it passes `{reducer}` on to another function"
    return ""


_FREE = re.compile(
    r"\w+\s*(?:->|\.)\s*(?:FreeVarEqualImpl\(\s*this\s*,\s*\w+\s*\)|FreeVarHashImpl\(\s*this\s*\))"
)


def _is_free_var(body: str, start: int) -> bool:
    """Whether the object itself is the variable, as a term of a conjunction: the kind says so."""
    found = _FREE.match(body, start)
    alone = r"\s*(?:return\b[^|?:;]*&&\s*|return\s*)$|[;{}]\s*$|^\s*$"
    return (
        found is not None
        and re.search(alone, body[:start]) is not None
        and re.match(r"\s*;", body[found.end() :]) is not None
    )


def _terms(known: Mapping[str, ClassFacts], cls: ClassFacts) -> list[_Term] | None:
    """The conjunction that `SEqualReduce` returns, or None when its body says more than that."""
    assert cls.equal is not None
    other, equal = cls.equal_names
    data = cls.equal.encode()
    text = blank(data)
    text = re.sub(rb"\b\w+\s*->\s*MarkGraphNode\s*\(\s*\)\s*;", lambda m: b" " * len(m[0]), text)
    match = re.fullmatch(rb"\s*return\b(.*);\s*", text, re.DOTALL)
    if match is None:
        return None
    expression = match[1].decode("utf-8", "replace")
    if expression.strip() == "true":
        return []
    terms: list[_Term] = []
    for part in _conjuncts(expression):
        if _FREE.fullmatch(part):
            continue
        parents = re.fullmatch(rf"(\w+)::SEqualReduce\(\s*{other}\s*,\s*{equal}\s*\)", part)
        if parents is not None:
            parent = known.get(parents[1])
            inner = _terms(known, parent) if parent is not None and parent.equal else None
            if inner is None:
                return None
            terms.extend(inner)
        else:
            terms.append(_term(known, cls, part, other, equal))
    return terms


def _conjuncts(expression: str) -> list[str]:
    parts: list[str] = []
    depth = start = 0
    for index, char in enumerate(expression):
        depth += (char in "([{") - (char in ")]}")
        if depth == 0 and expression.startswith("&&", index):
            parts.append(expression[start:index])
            start = index + 2
    parts.append(expression[start:])
    if any("||" in part or "?" in part for part in parts):
        return ["?"]
    return [_unwrap(part.strip()) for part in parts]


def _unwrap(part: str) -> str:
    while part.startswith("(") and part.endswith(")") and _balanced(part[1:-1]):
        part = part[1:-1].strip()
    return part


def _balanced(text: str) -> bool:
    depth = 0
    for char in text:
        depth += (char == "(") - (char == ")")
        if depth < 0:
            return False
    return depth == 0


def _term(
    known: Mapping[str, ClassFacts], cls: ClassFacts, part: str, other: str, equal: str
) -> _Term:
    call = re.fullmatch(rf"{equal}\s*(?:(?:->|\.)\s*(DefEqual)\s*)?\((.*)\)", part, re.DOTALL)
    if call is not None:
        sides = [call[2][a:b] for a, b in split(call[2].encode(), 0, len(call[2].encode()))]
        same = _same_field(known, cls, sides, other)
        crossed = " ".join(part.split()) if same is None and _crosses(sides, other) else ""
        return _Term(same, call[1] is not None, crossed)
    if part.count("==") == 1:
        sides = [side.strip() for side in part.split("==")]
        same = _same_field(known, cls, sides, other)
        return _Term(same if same is not None and _is_plain(known, cls, same) else None)
    return _Term(None)


def _same_field(
    known: Mapping[str, ClassFacts], cls: ClassFacts, sides: list[str], other: str
) -> str | None:
    """The field that both sides name, one of this object and one of the other."""
    if len(sides) != 2:
        return None
    if sides[0].startswith(f"{other}->"):
        sides = sides[::-1]
    mine = re.fullmatch(r"(?:this\s*->\s*)?(\w+)(\(\s*\))?", sides[0])
    theirs = re.fullmatch(rf"{other}\s*->\s*(\w+)(\(\s*\))?", sides[1])
    if mine is None or theirs is None or mine.groups() != theirs.groups():
        return None
    for ancestor in lineage(known, cls.name):
        if mine[2] is None and mine[1] in dict(ancestor.fields):
            return mine[1]
        if mine[2] is not None and mine[1] in dict(ancestor.accessors):
            return dict(ancestor.accessors)[mine[1]]
    return None


def _crosses(sides: list[str], other: str) -> bool:
    """Whether one field of this object is compared with a different one of the other."""
    if len(sides) != 2:
        return False
    mine = re.fullmatch(r"(?:this\s*->\s*)?(\w+)", sides[0])
    theirs = re.fullmatch(rf"{other}\s*->\s*(\w+)", sides[1])
    return mine is not None and theirs is not None and mine[1] != theirs[1]


def _is_plain(known: Mapping[str, ClassFacts], cls: ClassFacts, field: str) -> bool:
    for ancestor in lineage(known, cls.name):
        kind = dict(ancestor.fields).get(field)
        if kind is not None:
            enum = known.get(simple(kind))
            return _PLAIN.match(kind) is not None or (enum is not None and enum.is_enum)
    return False


def _registered(known: Mapping[str, ClassFacts], cls: ClassFacts) -> tuple[set[str], set[str]]:
    """Fields that are compared as reflected ones: those of the ancestors, and the class's own."""
    own = {member for _, member, extra in cls.reflected if "SEqHashIgnore" not in extra}
    inherited: set[str] = set()
    for ancestor in lineage(known, cls.name)[1:]:
        ignored: frozenset[str] = frozenset()
        parent = plan(known, ancestor.name)
        if parent is not None and not parent.reason:
            ignored = parent.ignored
            inherited |= {field for field, _ in parent.added}
        inherited |= {
            member
            for _, member, extra in ancestor.reflected
            if "SEqHashIgnore" not in extra and member not in ignored
        }
    return inherited, own


_FLAG = re.compile(
    rb"(?:(?:static|constexpr|inline|const)\s+)+bool\s+"
    rb"(_type_has_method_s(?:equal|hash)_reduce)\s*=\s*(?:true|false)\s*;"
)


def flags(source: Source, cls: Class) -> Iterator[tuple[str, Span]]:
    """The class's `_type_has_method_..` members: name and span."""
    text = code(source)
    for start, end in members(text, *cls.body):
        match = _FLAG.match(text, start, end)
        if match is not None:
            yield match[1].decode(), match.span()


def links(made: Plan, prefix: str) -> list[str]:
    """The `.def_ro(..)` calls that register the plan's missing fields."""
    written = []
    for field, flag in made.added:
        extra = f", {prefix}AttachFieldFlag::{flag}()" if flag else ""
        written.append(f'.def_ro("{field}", &{made.owner}::{field}{extra})')
    return written


def hook_names(made: Plan) -> list[tuple[str, str]]:
    """Type attribute and method name of each hook of the plan."""
    names = {"SEqualReduce": ("__s_equal__", "SEqual"), "SHashReduce": ("__s_hash__", "SHash")}
    return [names[method] for method in made.hooks]


def hook(source: Source, method: Method, owner: str, *, qualified: bool) -> bytes:
    """The method's text as a hook: a declaration, or a definition with its body carried over."""
    text = code(source)
    names = parameter_names(text, method.parameters)
    prefix = f"{owner}::" if qualified else ""
    if method.name == "SEqualReduce":
        other, equal = (*names, "", "")[:2]
        head = f"bool {prefix}SEqual(const {owner} *{other}, {_EQUAL_TYPE} {equal}) const"
        body = _equal_body(source, method, equal)
    else:
        hasher = names[0] if names else ""
        head = f"uint64_t {prefix}SHash(uint64_t init_hash, {_HASH_TYPE} {hasher}) const"
        body = _hash_body(source, method, hasher)
    return head.encode() + (b";" if body is None else b" {" + body + b"}")


def _equal_body(source: Source, method: Method, equal: str) -> bytes | None:
    """The body, each comparison told whether it defines variables, and what it compares."""
    if method.body is None:
        return None
    edits: list[tuple[int, int, bytes]] = []
    text = code(source)
    for match in re.finditer(rf"\b{equal}\b".encode(), text[: method.body[1]]):
        if match.start() < method.body[0]:
            continue
        name_end, define = match.end(), b"false"
        selected = re.compile(rb"\s*(?:->|\.)\s*(\w+)").match(text, name_end)
        if selected is not None:
            if selected[1] == b"MarkGraphNode":
                edits.append((match.start(), _statement_end(text, selected.end()), b""))
            if selected[1] != b"DefEqual":
                continue
            edits.append((name_end, selected.end(), b""))
            name_end, define = selected.end(), b"true"
        call = call_at(text, (match.start(), name_end))
        if call is not None and len(call.arguments) == 2:
            first = source.data[slice(*call.arguments[0])].decode("utf-8", "replace")
            label = re.sub(r"^this\s*->\s*|\(\s*\)$", "", first)
            label = re.sub(r'[\\"\n]', " ", label)
            edits.append((call.close, call.close, b", " + define + f', "{label}"'.encode()))
    return _apply(source.data, method.body, edits)


def _hash_body(source: Source, method: Method, hasher: str) -> bytes | None:
    """The body as a fold: each hashed value combines into `init_hash`, which is returned."""
    if method.body is None:
        return None
    edits: list[tuple[int, int, bytes]] = []
    text = code(source)
    for match in re.finditer(rf"\b{hasher}\b".encode(), text[: method.body[1]]):
        if match.start() < method.body[0]:
            continue
        name_end, define = match.end(), b"false"
        selected = re.compile(rb"\s*(?:->|\.)\s*(\w+)").match(text, name_end)
        if selected is not None:
            if selected[1] == b"MarkGraphNode":
                edits.append((match.start(), _statement_end(text, selected.end()), b""))
            if selected[1] != b"DefHash":
                continue
            edits.append((name_end, selected.end(), b""))
            name_end, define = selected.end(), b"true"
        call = call_at(text, (match.start(), name_end))
        if call is not None and len(call.arguments) == 1:
            edits.append((match.start(), match.start(), b"init_hash = "))
            edits.append((call.close, call.close, b", init_hash, " + define))
    body = _apply(source.data, method.body, edits)
    indent = re.search(rb"\n([ \t]*)\S", body)
    pad = indent[1] if indent is not None else b""
    tail = re.search(rb"\s*\Z", body)
    end = tail.start() if tail is not None else len(body)
    joint = b"\n" + pad if indent is not None else b" "
    return body[:end] + joint + b"return init_hash;" + body[end:]


def _statement_end(text: bytes, offset: int) -> int:
    found = text.find(b";", offset)
    return len(text) if found < 0 else found + 1


def _apply(data: bytes, span: Span, edits: list[tuple[int, int, bytes]]) -> bytes:
    parts: list[bytes] = []
    last = span[0]
    for start, end, new in sorted(edits, key=lambda e: e[:2]):
        parts += [data[last:start], new]
        last = end
    return b"".join([*parts, data[last : span[1]]])
