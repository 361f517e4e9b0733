"""An `Optional<String>` is no longer a pointer: `.defined()` became `.has_value()`.

Small strings are stored in place now, so `Optional<String>` (and an optional of a plain value) holds a
value or none, and has no `.defined()`. `Optional<PrimExpr>` and every other reference stays a pointer,
where `.defined()` stays right and `.has_value()` may not exist. The type of the receiver decides: its
declaration, what it was initialised with (`GetAttr<String>(..)`), or the declared result of the
tree's function that made it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from codemods.model import (
    Collector,
    Edit,
    Effort,
    Example,
    Facts,
    Language,
    Migration,
    Outcome,
    Rewrite,
    Rung,
    Source,
)
from cpp_rewriters.class_facts import CLASSES, ClassFacts
from cpp_rewriters.classes import classes, out_of_line
from cpp_rewriters.derived import derived
from cpp_rewriters.syntax import declaration
from cpp_rewriters.text import code, skip_space_back, words

_PLAIN = r"(?:(?:::)?(?:tvm::)?(?:ffi::|runtime::)?(?:String|Bytes)|std::string|bool|double|float|u?int\d*(?:_t)?|DLDataType|DataType)"
_VALUE_OPTIONAL = re.compile(rf"(?:^|[\s:])Optional\s*<\s*{_PLAIN}\s*>")
_VALUE_GETTER = re.compile(rf"\b(?:GetAttr|GetConfig|get_attr)\s*<\s*{_PLAIN}\s*>\s*\([^()]*\)\s*$")
_RESULT = re.compile(rf"Optional(?<!\wOptional)\s*<\s*{_PLAIN}\s*>\s+(?:\w+::)*(\w+)\s*\(".encode())
_NO_ARGUMENTS = re.compile(rb"\s*\(\s*\)")
_RECEIVER = re.compile(rb"(?:(\w+)\s*(?:->|\.)\s*)?(\w+)$")
_WINDOW = 256  # how far back a receiver is looked for, in bytes
_CALLED = re.compile(r"(?:^|[.>:\s])(\w+)\s*\([^;]*\)\s*$")


def _gather(source: Source) -> list[str] | None:
    return sorted({m[1].decode() for m in _RESULT.finditer(code(source))}) or None


RESULTS = Collector(
    name="functions that return an optional value",
    language=Language.CPP,
    tokens=("Optional",),
    gather=_gather,
    digest=lambda gathered: frozenset(name for names in gathered.values() for name in names),
)


def _use_has_value(source: Source, facts: Facts) -> Iterator[Outcome]:
    text = code(source)
    if not _speaks_of_values(text, facts):
        return
    for match in words(source, ("defined",)):
        dot = skip_space_back(text, match.start()) - 1
        if text[dot : dot + 1] != b"." or not _NO_ARGUMENTS.match(text, match.end()):
            continue
        if _holds_a_value(source, facts, dot):
            yield Edit(*match.span(), b"has_value")


_TELLING = tuple(
    re.compile(rf"{name}\s*<\s*{_PLAIN}\s*>".encode())
    for name in ("Optional", "GetAttr", "GetConfig", "get_attr")
)


def _speaks_of_values(text: bytes, facts: Facts) -> bool:
    """Whether anything in the file can be an optional of a value: most files are not parsed."""
    if any(pattern.search(text) is not None for pattern in _TELLING):
        return True
    names = _value_names(facts.get(RESULTS.name, frozenset()), facts.get(CLASSES.name, {}))
    return any(name in text for name in names)


@derived
def _value_names(results: frozenset[str], known: Mapping[str, ClassFacts]) -> frozenset[bytes]:
    """The tree's functions and fields that have an optional of a value."""
    fields = {
        field
        for cls in known.values()
        for field, kind in cls.fields
        if _VALUE_OPTIONAL.search(kind) is not None
    }
    return frozenset(name.encode() for name in results | fields)


def _holds_a_value(source: Source, facts: Facts, dot: int) -> bool:
    text = code(source)
    end = skip_space_back(text, dot)
    results = facts.get(RESULTS.name, frozenset())
    if text[end - 1 : end] == b")":
        receiver = _call_before(text, end)
        return receiver is not None and _is_value("auto", receiver, results)
    first = max(0, end - _WINDOW)
    name = _RECEIVER.search(text[first:end])
    if name is None:
        return False
    member = name[2].decode()
    if name[1] is not None and name[1] != b"this":
        return _member_is_value(source, facts, name[1].decode(), member, first + name.start(1))
    declared = declaration(source, member, first + name.start(2))
    if declared is None:
        return _own_field_is_value(source, facts, member, dot)
    return _is_value(_without_alias(text, declared.type), declared.initialiser, results)


def _without_alias(text: bytes, type_text: str) -> str:
    """The type that a name of the file's own stands for: `using Name = Optional<String>;`."""
    name = re.sub(r"\bconst\b|[*&\s]|\w+::", "", type_text)
    if not re.fullmatch(r"\w+", name) or name == "auto":
        return type_text
    alias = re.search(
        rf"\busing\s+{name}\s*=([^;]+);|\btypedef\s+([^;]+?)\s+{name}\s*;".encode(), text
    )
    return type_text if alias is None else (alias[1] or alias[2]).decode("utf-8", "replace")


def _is_value(type_text: str, initialiser: str, results: frozenset[str]) -> bool:
    if _VALUE_OPTIONAL.search(type_text):
        return True
    if not re.search(r"\bauto\b", type_text):
        return False
    if _VALUE_GETTER.search(initialiser):
        return True
    called = _CALLED.search(initialiser)
    return called is not None and called[1] in results


def _call_before(text: bytes, end: int) -> str | None:
    """The call expression that ends at `end`, back to its callee's name."""
    depth = 0
    for at in range(end - 1, -1, -1):
        char = text[at : at + 1]
        depth += (char == b")") - (char == b"(")
        if depth == 0:
            first = max(0, at - _WINDOW)
            start = re.search(rb"\w+\s*(?:<[^<>]*(?:<[^<>]*>)?[^<>]*>)?\s*$", text[first:at])
            return (
                text[first + start.start() : end].decode("utf-8", "replace")
                if start is not None
                else None
            )
    return None


def _member_is_value(source: Source, facts: Facts, owner: str, member: str, at: int) -> bool:
    declared = declaration(source, owner, at)
    known: Mapping[str, ClassFacts] = facts.get(CLASSES.name, {})
    if declared is None:
        return False
    name = re.sub(r"\bconst\b|[*&\s]|\w+::", "", declared.type)
    for candidate in (name, name + "Node"):
        for field, kind in known[candidate].fields if candidate in known else ():
            if field == member:
                return _VALUE_OPTIONAL.search(kind) is not None
    return False


def _own_field_is_value(source: Source, facts: Facts, member: str, at: int) -> bool:
    """A field of the class whose method this is, declared in another file."""
    known: Mapping[str, ClassFacts] = facts.get(CLASSES.name, {})
    around = [c.name for c in classes(source) if c.body[0] <= at < c.body[1]]
    inside = [m.owner for m in out_of_line(source) if m.span[0] <= at < m.span[1]]
    for name in [*around[-1:], *inside[-1:]]:
        for field, kind in known[name].fields if name in known else ():
            if field == member:
                return _VALUE_OPTIONAL.search(kind) is not None
    return False


MIGRATION = Migration(
    code="TF309",
    title="`Optional<String>` lost `.defined()`",
    rung=Rung.R3,
    introduced="0.1.7",
    removed="0.1.7",
    upstream=("apache/tvm#18185",),
    effort=Effort.LOW,
    rewrites=(Rewrite(Language.CPP, ("defined",), _use_has_value, needs=(RESULTS, CLASSES)),),
    examples=(
        Example(
            title="a type under a name of the file's own",
            prelude="#include <tvm/tir/function.h>\nnamespace tvm {\nusing ffi::Optional;\nusing ffi::String;\n",
            before="""using Name = Optional<String>;
bool Has(const Name &name) { return name . defined(); }
""",
            after="""using Name = Optional<String>;
bool Has(const Name &name) { return name . has_value(); }
""",
            postlude="}\n",
        ),
        Example(
            title="only the optional of a string changes",
            prelude="#include <tvm/tir/function.h>\nnamespace tvm {\nusing ffi::Optional;\nusing ffi::String;\n"
            'inline Optional<String> NameOf(const tir::PrimFunc &f) { return f->GetAttr<String>("name"); }\n',
            before="""bool Named(const tir::PrimFunc &f, Optional<PrimExpr> size, Optional<String> tag) {
  auto symbol = f->GetAttr<String>(tvm::attr::kGlobalSymbol);
  auto arity = f->GetAttr<Integer>("arity");
  auto name = NameOf(f);
  return symbol.defined() && arity.defined() && size.defined() && tag.defined() && name.defined();
}
""",
            after="""bool Named(const tir::PrimFunc &f, Optional<PrimExpr> size, Optional<String> tag) {
  auto symbol = f->GetAttr<String>(tvm::attr::kGlobalSymbol);
  auto arity = f->GetAttr<Integer>("arity");
  auto name = NameOf(f);
  return symbol.has_value() && arity.defined() && size.defined() && tag.has_value() && name.has_value();
}
""",
            postlude="}\n",
        ),
    ),
)
