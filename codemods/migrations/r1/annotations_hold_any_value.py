"""Annotations of loops and blocks became maps to `Any`.

`For`, `Block` and the frames that build them carried `Map<String, ObjectRef>`; they carry
`Map<String, Any>`. So:

* a variable of the old map type that takes such annotations becomes a map to `ffi::Any`, and so does
  a parameter that a registered function gives to a loop or a block: what Python puts into it need not
  be an object any more. Other maps stay: they convert, and later annotations of calls are objects;
* `annotations.Get(k)` is an optional `Any`: `x.defined()` is `x.has_value()`, `Downcast<T>(x)` takes
  `x.value()`, and so does a map that is given it;
* `x.as<T>()` is `x->as<T>()` where the value was tested before, and `x.value_or(ffi::Any()).as<T>()`
  where it was not, since the old optional answered null and the new one must not be followed. An
  untested `x->as<T>()` that a hand wrote in place of it is undefined where the key is absent (a crash
  that comes and goes with the compiler; tile-ai/tilelang#2093 mended one) and becomes the same.

`Downcast<T>(any)` and `any.as<T>()` work on an `Any` as they did on an object.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from codemods.model import (
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
from cpp_rewriters.ffi_names import ffi
from cpp_rewriters.functions import function_around
from cpp_rewriters.registered import REGISTERED
from cpp_rewriters.syntax import declaration
from cpp_rewriters.text import Span, call_at, closing, code, qualifier, skip_space, words

_MAP = re.compile(
    rb"Map(?<!\wMap)\s*<\s*(?:\w+::)*String\s*,\s*(?P<value>(?:\w+::)*ObjectRef)\s*>\s*(?:const\s*)?&?\s*"
    rb"(?P<name>\w+)"
)
_HELD = rb"(?:->|\.)\s*annotations"
_GET = re.compile(rb"(?:->|\.)\s*annotations\s*\.\s*Get\s*\(")
_OPTIONAL = re.compile(
    rb"(?:const\s+)?(?P<type>auto|(?:\w+::)*Optional\s*<\s*(?:\w+::)*ObjectRef\s*>|(?:\w+::)*ObjectRef)"
    rb"\s*&?\s*(?P<name>\w+)\s*=\s*$"
)
_RECEIVER = re.compile(rb"[\w\s.>()\[\]-]*$")
_HOLDER = re.compile(rb"(\w+)\s*(?:->\s*|\.\s*)(?:\w+\(\)\s*->\s*)?$")
_AS = re.compile(rb"\s*(?P<access>\.|->)\s*as\s*<")
_DEFINED = re.compile(rb"\s*\.\s*defined\s*\(\s*\)")
_GOT = re.compile(rb"\b(\w+)\s*=\s*[\w\s.>()-]*?" + _HELD + rb"\s*\.\s*Get\s*\(")
_LOOP = re.compile(
    rb"\bfor\s*\(\s*(?:const\s+)?auto\s*&?\s*(?:\[\s*\w+\s*,\s*(?P<value>\w+)\s*\]|(?P<pair>\w+))\s*:\s*"
    rb"(?P<of>\w+)\s*" + _HELD + rb"\s*\)"
)
_BUILDERS = rb"(?:For|Block|SBlock|BlockRealize|Allocate|AllocateConst|While)"


def _hold_any(source: Source, facts: Facts) -> Iterator[Outcome]:
    yield from _maps(source, facts.get(REGISTERED.name, frozenset()))
    yield from _gets(source)


def _maps(source: Source, registered: frozenset[str]) -> Iterator[Edit]:
    text = code(source)
    for match in _MAP.finditer(text):
        scope, name = _scope(source, match.end()), match["name"]
        if _takes(source, scope, match.end(), name) or (
            _parameter_of(text, match.start()) in registered and _gives(source, scope, name)
        ):
            start, end = match.span("value")
            yield Edit(start, end, ffi(source, start, "Any").encode())


def _parameter_of(text: bytes, offset: int) -> str:
    """The function whose parameter list `offset` is in, or ""."""
    depth = 0
    for index in range(offset - 1, max(0, offset - 2000), -1):
        char = text[index : index + 1]
        if char in (b";", b"{", b"}"):
            return ""
        if char == b")":
            depth += 1
        elif char == b"(":
            if depth == 0:
                match = re.search(rb"(\w+)\s*$", text[:index])
                return match[1].decode() if match is not None else ""
            depth -= 1
    return ""


def _scope(source: Source, offset: int) -> Span:
    """Where a name declared at `offset` can be used: the function around it, or the one it heads."""
    around = function_around(source, offset)
    if around is not None:
        return offset, around[1]
    text = code(source)
    brace = text.find(b"{", offset)
    semicolon = text.find(b";", offset)
    if brace < 0 or 0 <= semicolon < brace:
        return offset, offset
    end = closing(text, brace)
    return offset, max(end, offset)


def _takes(source: Source, scope: Span, after: int, name: bytes) -> bool:
    """Whether the map takes its entries from a loop's or a block's annotations."""
    text = code(source)[slice(*scope)]
    initial = re.compile(rb"\s*(?:=|\(|\{)\s*(\w+)\s*" + _HELD + rb"\b(?!\s*\.)").match(
        code(source), after
    )
    if initial is not None and not _is_call(source, initial[1], initial.start(1)):
        return True
    values = {m[1] for m in _GOT.finditer(text)}
    for loop in _LOOP.finditer(text):
        if not _is_call(source, loop["of"], scope[0] + loop.start("of")):
            values |= {loop["value"]} if loop["value"] else {loop["pair"] + b".second"}
    entries = b"|".join(re.escape(value) for value in sorted(values))
    put = rb"\b" + name + rb"\s*\.\s*Set\s*\([^;]*,\s*(?:" + entries + rb")(?:\.value\(\))?\s*\)"
    return bool(values) and re.search(put, text) is not None


def _gives(source: Source, scope: Span, name: bytes) -> bool:
    """Whether the map becomes the annotations of a loop or a block."""
    text = code(source)[slice(*scope)]
    base = scope[0]
    assigned = re.compile(rb"(\w+)\s*" + _HELD + rb"\s*=\s*\b" + name + rb"\b")
    if any(not _is_call(source, m[1], base + m.start(1)) for m in assigned.finditer(text)):
        return True
    for built in re.finditer(rb"\b" + _BUILDERS + rb"\b(?=\s*\()", text):
        call = call_at(code(source), (base + built.start(), base + built.end()))
        if call is None:
            continue
        if any(code(source)[slice(*argument)].strip() == name for argument in call.arguments):
            return True
    return False


def _is_call(source: Source, holder: bytes, offset: int) -> bool:
    declared = declaration(source, holder.decode(), offset)
    return declared is not None and re.search(r"\bCall(?:Node)?\b", declared.type) is not None


def _gets(source: Source) -> Iterator[Edit]:
    text = code(source)
    named: list[tuple[str, int, bool]] = []
    for match in _GET.finditer(text):
        close = closing(text, match.end() - 1)
        holder = _HOLDER.search(text[max(0, match.start() - 80) : match.start() + 2])
        if close < 0 or (holder and _is_call(source, holder[1], match.start() - 1)):
            continue
        end = close + 1
        counted = _counted(source, match.start(), source.data[match.end() : close])
        yield from _use(source, end, tested=counted, name=None)
        receiver = _RECEIVER.search(text, max(0, match.start() - 120), match.start())
        start = receiver.start() if receiver is not None else match.start()
        start = skip_space(text, start)
        declared = _OPTIONAL.search(text, max(0, start - 160), start)
        if declared is not None and skip_space(text, end) < len(text):
            follows = text[skip_space(text, end) : skip_space(text, end) + 1]
            if follows in (b";", b")"):
                named.append((declared["name"].decode(), end, counted))
                if declared["type"] != b"auto":
                    yield Edit(*declared.span("type"), b"auto")
    for name in sorted({name for name, _, _ in named}):
        ends = {end: counted for known, end, counted in named if known == name}
        yield from _uses(source, name, ends)


def _uses(source: Source, name: str, ends: dict[int, bool]) -> Iterator[Edit]:
    for match in words(source, (name,)):
        declared = declaration(source, name, match.start())
        if declared is None or "annotations" not in declared.initialiser:
            continue
        if ".Get(" not in re.sub(r"\s", "", declared.initialiser):
            continue
        start = max((end for end in ends if end < match.start()), default=-1)
        if start < 0:
            continue
        tested = ends[start] or _tested(source, name, start, match.start())
        yield from _use(source, match.end(), tested=tested, name=match.span())


def _use(source: Source, end: int, *, tested: bool, name: Span | None) -> Iterator[Edit]:
    """What follows the optional that ends at `end`, or stands around the variable `name`."""
    text = code(source)
    defined = _DEFINED.match(text, end)
    if defined is not None:
        yield Edit(end, defined.end(), b".has_value()")
        return
    cast = _AS.match(text, end)
    if cast is not None:
        new = b"->as<" if tested else f".value_or({ffi(source, end, 'Any')}()).as<".encode()
        if not (tested and cast["access"] == b"->"):
            yield Edit(cast.start("access"), cast.end(), new)
        return
    if name is None:
        before = text[: _start_of_chain(text, end)].rstrip()
        if re.search(rb"\bDowncast\s*<[^;()]*>\s*\($", before[-200:]):
            yield Edit(end, end, b".value()")
        return
    before, after = text[: name[0]].rstrip(), text[skip_space(text, end) :][:1]
    if after != b")":
        return
    if re.search(rb"\bDowncast\s*<[^;()]*>\s*\($", before[-200:]) or re.search(
        rb"\.\s*Set\s*\([^;{}]*,$", before[-200:]
    ):
        yield Edit(end, end, b".value()")


def _start_of_chain(text: bytes, end: int) -> int:
    opening = text.rfind(b".", 0, end)
    start = opening
    while start > 0 and (text[start - 1 : start].isalnum() or text[start - 1 : start] in b"_.->"):
        start -= 1
    return qualifier(text, start)[0]


def _counted(source: Source, offset: int, key: bytes) -> bool:
    """Whether the function asked `annotations.count(key)` before."""
    around = function_around(source, offset)
    start = around[0] if around is not None else 0
    words = rb"\s*".join(re.escape(part) for part in key.split())
    asked = re.compile(rb"annotations\s*\.\s*(?:count|contains|find)\s*\(\s*" + words + rb"\s*\)")
    return asked.search(source.data, start, offset) is not None


def _tested(source: Source, name: str, start: int, offset: int) -> bool:
    word = rf"\b{name}\b".encode()
    between = code(source)[start:offset]
    if re.match(rb"\s*\)", between):  # declared in a condition
        return True
    return (
        re.search(word + rb"\s*\.\s*(?:defined|has_value)\s*\(", between) is not None
        or re.search(rb"(?:[(!;]|&&|\|\|)\s*" + word + rb"\s*(?:\)|&&|\|\|)", between) is not None
        or re.search(word + rb"\s*(?:\?|[!=]=)", between) is not None
    )


_PRELUDE = """#include <tvm/tir/expr.h>
#include <tvm/tir/stmt.h>
namespace tvm {
namespace tl {
using namespace tir;
using ffi::Array;
using ffi::Map;
using ffi::Optional;
using ffi::String;
"""
_POSTLUDE = "}\n}\n"

MIGRATION = Migration(
    code="TF109",
    title="annotations of loops and blocks hold any value",
    rung=Rung.R1,
    introduced="0.1.6",
    removed="0.1.6",
    upstream=("apache/tvm#17920", "tile-ai/tilelang#595", "tile-ai/tilelang#2093"),
    effort=Effort.MEDIUM,
    rewrites=(Rewrite(Language.CPP, ("annotations", "Map"), _hold_any, needs=(REGISTERED,)),),
    examples=(
        Example(
            title="read, tested and passed on",
            prelude=_PRELUDE,
            before="""int Stages(const ForNode *op, Map<String, ObjectRef> options) {
  auto stages = op->annotations.Get("num_stages");
  if (!stages.defined()) {
    return 0;
  }
  auto order = op->annotations.Get("order");
  if (order.defined()) {
    auto parts = Downcast<Array<Integer>>(order);
    Map<String, ObjectRef> kept = op->annotations;
    kept.Set("order_of_stages", order);
  }
  if (auto width = op->annotations.Get("width")) {
    ICHECK(width.as<IntImmNode>());
  }
  return stages.as<IntImmNode>()->value;
}
bool Even(const ForNode *op) {
  auto count = op->annotations.Get("count");
  return count.as<IntImmNode>() != nullptr;
}
""",
            after="""int Stages(const ForNode *op, Map<String, ObjectRef> options) {
  auto stages = op->annotations.Get("num_stages");
  if (!stages.has_value()) {
    return 0;
  }
  auto order = op->annotations.Get("order");
  if (order.has_value()) {
    auto parts = Downcast<Array<Integer>>(order.value());
    Map<String, ffi::Any> kept = op->annotations;
    kept.Set("order_of_stages", order.value());
  }
  if (auto width = op->annotations.Get("width")) {
    ICHECK(width->as<IntImmNode>());
  }
  return stages->as<IntImmNode>()->value;
}
bool Even(const ForNode *op) {
  auto count = op->annotations.Get("count");
  return count.value_or(ffi::Any()).as<IntImmNode>() != nullptr;
}
""",
            postlude=_POSTLUDE,
        ),
        Example(
            title="followed untested, and asked for another key",
            prelude=_PRELUDE,
            before="""Map<Var, PrimExpr> Widths(const ForNode *op) {
  if (op->annotations.count("heights")) {
    auto widths = op->annotations.Get("widths")->as<Map<Var, PrimExpr>>();
    if (widths) return widths.value();
  }
  auto lengths = op->annotations.Get("lengths");
  auto map = lengths->as<Map<Var, PrimExpr>>();
  if (op->annotations.count("depths"))
    map = op->annotations.Get("depths")
              ->as<Map<Var, PrimExpr>>();
  return map ? map.value() : Map<Var, PrimExpr>();
}
""",
            after="""Map<Var, PrimExpr> Widths(const ForNode *op) {
  if (op->annotations.count("heights")) {
    auto widths = op->annotations.Get("widths").value_or(ffi::Any()).as<Map<Var, PrimExpr>>();
    if (widths) return widths.value();
  }
  auto lengths = op->annotations.Get("lengths");
  auto map = lengths.value_or(ffi::Any()).as<Map<Var, PrimExpr>>();
  if (op->annotations.count("depths"))
    map = op->annotations.Get("depths")
              ->as<Map<Var, PrimExpr>>();
  return map ? map.value() : Map<Var, PrimExpr>();
}
""",
            postlude=_POSTLUDE,
        ),
        Example(
            title="given by Python, made for a loop, and asked for after counting",
            prelude="#include <tvm/ffi/reflection/registry.h>\n" + _PRELUDE,
            before="""Stmt Loop(Map<String, ObjectRef> annotations, PrimExpr n, Stmt body) {
  Var i;
  return For(i, 0, n, ForKind::kSerial, body, std::nullopt, annotations);
}
Stmt Within(const BlockNode *op, Var i, PrimExpr n, Stmt body) {
  Map<String, ObjectRef> own;
  Map<String, ObjectRef> kept;
  for (const auto &[key, value] : op->annotations) {
    kept.Set(key, value);
  }
  if (op->annotations.count("widths")) {
    auto widths = op->annotations.Get("widths")
                      .as<Map<Var, PrimExpr>>()
                      .value();
    n = widths[i];
  }
  return For(i, 0, n, ForKind::kSerial, body, std::nullopt, own);
}
TVM_FFI_STATIC_INIT_BLOCK({ ffi::reflection::GlobalDef().def("tl.Loop", Loop); });
""",
            after="""Stmt Loop(Map<String, ffi::Any> annotations, PrimExpr n, Stmt body) {
  Var i;
  return For(i, 0, n, ForKind::kSerial, body, std::nullopt, annotations);
}
Stmt Within(const BlockNode *op, Var i, PrimExpr n, Stmt body) {
  Map<String, ObjectRef> own;
  Map<String, ffi::Any> kept;
  for (const auto &[key, value] : op->annotations) {
    kept.Set(key, value);
  }
  if (op->annotations.count("widths")) {
    auto widths = op->annotations.Get("widths")
                      ->as<Map<Var, PrimExpr>>()
                      .value();
    n = widths[i];
  }
  return For(i, 0, n, ForKind::kSerial, body, std::nullopt, own);
}
TVM_FFI_STATIC_INIT_BLOCK({ ffi::reflection::GlobalDef().def("tl.Loop", Loop); });
""",
            postlude=_POSTLUDE,
        ),
    ),
)
