"""Operators are held by reference, no longer by an owning pointer or by value.

A reference class counts its node itself, so what owned, borrowed or compared pointers changes:

| before | after |
|---|---|
| `std::unique_ptr<Operator>`, `std::unique_ptr<ScaleOp>` | `TileOperator`, `ScaleOp` |
| `std::make_unique<ScaleOp>(x)`, `new ScaleOp(x)` | `ScaleOp(x)` |
| `p == nullptr`, `p != nullptr`, `if (p)`, `!p` | `!p.defined()`, `p.defined()` |
| `dynamic_cast<ScaleOp *>(p.get())` | `p.as<ScaleOpNode>()` |
| `std::unique_ptr<ScaleOp>(static_cast<ScaleOp *>(p->Clone().release()))` | `Downcast<ScaleOp>(p->Clone())` |
| `ScaleOp r(x); r.GetBuffer()` | `r->GetBuffer()` |
| `return nullptr;` where an operator is returned | `return TileOperator();` |

A variable's type decides: its declaration, what it was made with, the elements of the container that
it was taken from, or the field's declaration in its class.
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
from cpp_rewriters.classes import simple
from cpp_rewriters.derived import derived
from cpp_rewriters.functions import blocks
from cpp_rewriters.syntax import declaration
from cpp_rewriters.text import closing, code, skip_space, skip_space_back, word_start, words

NODE, REFERENCE, OLD = "TileOperatorNode", "TileOperator", "Operator"
_POINTER = re.compile(rb"\b(?:std\s*::\s*)?(?:unique_ptr|shared_ptr)\s*<\s*(?P<of>\w+)\s*>")
_MADE = re.compile(
    rb"\b(?:(?:std\s*::\s*)?make_(?:unique|shared)\s*<\s*(?P<made>\w+)\s*>|new\s+(?P<new>\w+))(?=\s*\()"
)
_CAST = re.compile(
    rb"\b(?P<how>dynamic_cast|static_cast)\s*<\s*(?:const\s+)?(?P<to>\w+)\s*\*\s*>\s*\(\s*"
    rb"(?P<from>[\w.\[\]>-]+?)\s*\.\s*get\s*\(\s*\)\s*\)"
)
_RELEASED = re.compile(
    rb"(?:std\s*::\s*)?unique_ptr\s*<\s*(?P<of>\w+)\s*>\s*\(\s*static_cast\s*<\s*\w+\s*\*\s*>\s*\(\s*"
    rb"(?P<from>[\w.>-]+?\s*->\s*Clone\s*\(\s*\))\s*\.\s*release\s*\(\s*\)\s*\)\s*\)"
)
_TAKEN = re.compile(
    rb"\b(?:TileOperatorNode|Operator)\s*\*\s*(?P<name>\w+)\s*=\s*"
    rb"static_cast\s*<\s*(?:TileOperatorNode|Operator)\s*\*\s*>\s*(?=\()"
)
_OWNED = re.compile(r"(?:std\s*::\s*)?(?:unique_ptr|shared_ptr)\s*<\s*(\w+)\s*>")
_CONTAINER = re.compile(r"(?:std\s*::\s*)?(?:vector|deque|list|Array)\s*<\s*(?P<of>.+)\s*>$")
_ELEMENT = re.compile(
    r"^(?:std::move\s*\(\s*)?(?P<of>\w+)\s*(?:\[[^\]]*\]|\.(?:front|back|at)\s*\()"
)
_OPERAND = re.compile(rb"\s*(?P<sign>==|!=)\s*nullptr\b")
_RESULT = re.compile(
    rb"(?P<type>(?:std\s*::\s*)?unique_ptr\s*<\s*\w+\s*>|\b\w+)\s+(?:\w+::)*(?P<name>\w+)\s*"
    rb"\([^(){};]*\)\s*(?:const\s*)?(?:override\s*|final\s*)*(?=[;{])"
)
_REFERENCE_METHODS = ("defined", "get", "as", "same_as", "unique", "use_count", "operator")


def _gather_results(source: Source) -> dict[str, str] | None:
    """The functions that return an owning pointer, or a reference, to something."""
    found: dict[str, str] = {}
    for match in _RESULT.finditer(code(source)):
        of = _OWNED.fullmatch(match["type"].decode())
        found[match["name"].decode()] = of[1] if of is not None else match["type"].decode()
    return found or None


def _digest_results(gathered: Mapping[str, dict[str, str]]) -> dict[str, str]:
    return {name: of for path in sorted(gathered) for name, of in gathered[path].items()}


_RESULTS = Collector(
    "operator_results", Language.CPP, ("Operator",), _gather_results, _digest_results
)


@derived
def _names(known: Mapping[str, ClassFacts]) -> frozenset[str]:
    """The names of the reference classes, and of the old base."""
    names = {REFERENCE}
    grown = True
    while grown:
        more = {n for n, c in known.items() if not names.isdisjoint(c.bases)}
        grown = not more <= names
        names |= more
    return frozenset(names if OLD in known else names | {OLD})


@derived
def _fields(known: Mapping[str, ClassFacts]) -> frozenset[str]:
    """The fields whose type speaks of an operator."""
    words = re.compile("|".join(map(re.escape, sorted(_names(known)))))
    return frozenset(
        member for cls in known.values() for member, kind in cls.fields if words.search(kind)
    )


@derived
def _types_of_fields(known: Mapping[str, ClassFacts]) -> Mapping[str, list[str]]:
    """The types that fields of each name have, whatever their classes."""
    found: dict[str, list[str]] = {}
    for cls in known.values():
        for member, kind in cls.fields:
            found.setdefault(member, []).append(kind)
    return found


@derived
def _telling(known: Mapping[str, ClassFacts], results: Mapping[str, str]) -> tuple[str, ...]:
    """The names without which a file says nothing of operators."""
    names = _names(known)
    return tuple(sorted(names | {name for name, of in results.items() if of in names}))


class _Operators:
    """Which names are references to operators, in one file."""

    def __init__(self, source: Source, facts: Facts) -> None:
        self.source = source
        self.known: Mapping[str, ClassFacts] = facts.get(CLASSES.name, {})
        self.results: Mapping[str, str] = facts.get(_RESULTS.name, {})
        self.names = _names(self.known)

    def named(self, name: str) -> str:
        """The reference class that `name` is or was called."""
        return REFERENCE if name in (OLD, NODE) else name

    def of_type(self, written: str) -> tuple[str, bool] | None:
        """The operator that a type holds, and whether by value of the class itself."""
        plain = re.sub(r"\b(?:const|mutable)\b|&", "", written).strip()
        if plain == f"{OLD}*":  # what a builder answered; taken over below
            return REFERENCE, False
        owned = _OWNED.fullmatch(plain)
        if owned is not None:
            return (self.named(owned[1]), False) if owned[1] in self.names else None
        name = simple(plain)
        return (self.named(name), True) if name in self.names and "*" not in plain else None

    def of(self, name: str, offset: int) -> tuple[str, bool] | None:
        """The operator that a variable or field holds, as far as the tree says."""
        declared = declaration(self.source, name, offset)
        if declared is None:
            return self.of_field(name)
        if "auto" not in declared.type:
            return self.of_type(declared.type)
        return self.of_value(declared.initialiser.strip(), offset)

    def of_field(self, name: str) -> tuple[str, bool] | None:
        found = {self.of_type(kind) for kind in _types_of_fields(self.known).get(name, ())}
        return found.pop() if len(found) == 1 else None

    def of_value(self, value: str, offset: int) -> tuple[str, bool] | None:
        made = _MADE.match(value.encode())
        if made is not None:
            name = (made["made"] or made["new"]).decode()
            return (self.named(name), False) if name in self.names else None
        element = _ELEMENT.match(value)
        if element is not None:
            return self.of_element(element["of"], offset)
        called = re.match(r"(?:\w+(?:\.|->|::))*(\w+)\s*\(", value)
        if called is None:
            return None
        if called[1] in self.names:
            return self.named(called[1]), True
        result = self.results.get(called[1])
        return (self.named(result), False) if result in self.names else None

    def of_element(self, container: str, offset: int) -> tuple[str, bool] | None:
        declared = declaration(self.source, container, offset)
        kinds = [declared.type] if declared is not None else []
        if not kinds:
            kinds = _types_of_fields(self.known).get(container, [])
        for kind in kinds:
            match = _CONTAINER.search(re.sub(r"\bconst\b|&", "", kind).strip())
            if match is not None:
                return self.of_type(match["of"])
        return None


def _refer(source: Source, facts: Facts) -> Iterator[Outcome]:
    operators = _Operators(source, facts)
    text = code(source)
    if REFERENCE not in operators.known:
        return
    telling = _telling(operators.known, operators.results)
    if next(words(source, telling), None) is None:
        return
    done: list[tuple[int, int]] = []
    for match in _RELEASED.finditer(text) if b"release" in text else ():
        if match["of"].decode() in operators.names:
            done.append(match.span())
            name = operators.named(match["of"].decode())
            yield Edit(*match.span(), f"Downcast<{name}>(".encode() + match["from"] + b")")
    yield from _casts(source, operators, done)
    yield from _makers(source, operators, done)
    yield from _uses(source, operators, done)
    yield from _nothing(source, operators)


def _casts(source: Source, operators: _Operators, done: list[tuple[int, int]]) -> Iterator[Edit]:
    text = code(source)
    if b"_cast" not in text:
        return
    for match in _CAST.finditer(text):
        to = match["to"].decode()
        if to.removesuffix("Node") in operators.names or to in operators.names:
            done.append(match.span())
            node = to if to.endswith("Node") else f"{to}Node"
            yield Edit(*match.span(), match["from"] + f".as<{node}>()".encode())
    for match in _TAKEN.finditer(text):
        done.append(match.span())
        close = closing(text, skip_space(text, match.end()))
        yield Edit(*match.span(), f"{REFERENCE} ".encode() + match["name"] + b" = ")
        opening = skip_space(text, match.end())
        yield Edit(match.end(), opening + 1, b"")
        yield Edit(close, close + 1, b"")


def _makers(source: Source, operators: _Operators, done: list[tuple[int, int]]) -> Iterator[Edit]:
    text = code(source)
    for match in _MADE.finditer(text):
        name = (match["made"] or match["new"]).decode()
        if name in operators.names:
            yield Edit(*match.span(), operators.named(name).encode())
    for match in _POINTER.finditer(text) if b"_ptr" in text else ():
        name = match["of"].decode()
        if name not in operators.names or any(a <= match.start() < b for a, b in done):
            continue
        after = skip_space(text, match.end())
        if text[after : after + 1] == b"(":  # made of a pointer, which is a reference already
            close = closing(text, after)
            yield Edit(match.start(), after + 1, b"")
            yield Edit(close, close + 1, b"")
        else:
            yield Edit(*match.span(), operators.named(name).encode())


_WORD = re.compile(  # before a comparison, a member, or what ends an expression
    rb"(?<![\w.:])(?<!->)([A-Za-z_]\w*)(?=(?P<index>\s*\[[^\[\]]*\])?[\s\\]*(?:[=!]=|[.)?;]|&&|\|\|))"
)
_MEMBER = re.compile(rb".??(->|\.)\Z", re.DOTALL)
_GOES_ON = re.compile(rb"\s*(?:[.(\[]|->)")


def _uses(source: Source, operators: _Operators, done: list[tuple[int, int]]) -> Iterator[Edit]:
    """Comparisons with null, tests, and members reached through a value."""
    text = code(source)
    for match in re.finditer(
        rb"nullptr(?<!\wnullptr)\s*(==|!=)\s*(\w+)\b(?!\s*(?:\.|->|\[|\())", text
    ):
        if operators.of(match[2].decode(), match.start(2)) is not None:
            no = b"!" if match[1] == b"==" else b""
            yield Edit(*match.span(), no + match[2] + b".defined()")
    candidates = _candidates(source, operators)
    encoded = {name.encode() for name in candidates}
    for match in _WORD.finditer(text):
        if match[1] not in encoded or any(a <= match.start() < b for a, b in done):
            continue
        if not any(_use(source, match, True)) and not any(_use(source, match, False)):
            continue  # whatever it holds; looking that up costs more
        held = _held(operators, match, match[1].decode())
        if held is not None:
            yield from _use(source, match, held[1])
    for match in words(source, candidates & _types_of_fields(operators.known).keys()):
        of = _holder(text, match.start())
        if of is None or _GOES_ON.match(text, match.end()):
            continue
        if operators.of_field(match[0].decode()) is not None:
            yield from _tested(source, of, match.end())


def _holder(text: bytes, field: int) -> int | None:
    """Where the name before the dot or arrow of `other.field` begins, None for no such name."""
    before = skip_space_back(text, field)
    sign = _MEMBER.match(text[max(0, before - 2) : before])
    if sign is None:
        return None
    end = skip_space_back(text, before - len(sign[1]))
    begin = word_start(text, end)
    return begin if begin < end else None


def _held(operators: _Operators, match: re.Match[bytes], name: str) -> tuple[str, bool] | None:
    if match["index"] is not None:
        return operators.of_element(name, match.start())
    return operators.of(name, match.start())


_DECLARED = re.compile(rb"(?:\s*>)*[&*\s]+(\w+)")


def _candidates(source: Source, operators: _Operators) -> set[str]:
    """Names that may hold an operator: cheap to find, so that few are looked up."""
    text = code(source)
    names = {
        m[1].decode() for m in re.finditer(rb"(?:auto|Operator)[&*\s>]+(\w+)\s*[=:;),(]", text)
    }
    for kind in words(source, operators.names):
        declared = _DECLARED.match(text, kind.end())
        if declared is not None:
            names.add(declared[1].decode())
    return (names | _fields(operators.known)) - operators.names


def _use(source: Source, match: re.Match[bytes], by_value: bool) -> Iterator[Edit]:
    text = code(source)
    end = match.end("index") if match["index"] is not None else match.end(1)
    compared = _OPERAND.match(text, end)
    if compared is not None:
        if compared["sign"] == b"==":
            yield Edit(match.start(), match.start(), b"!")
        yield Edit(end, compared.end(), b".defined()")
        return
    after = skip_space(text, end)
    if text[after : after + 1] == b"." and by_value:
        member = re.match(rb"\.\s*(\w+)", text[after : after + 60])
        if member is not None and member[1].decode() not in _REFERENCE_METHODS:
            yield Edit(after, after + 1, b"->")
        return
    yield from _tested(source, match.start(), end)


def _tested(source: Source, start: int, end: int) -> Iterator[Edit]:
    """`if (p)`, `!p`, `p && ..` ask whether there is an operator."""
    text = code(source)
    before, after = text[max(0, start - 40) : start].rstrip(), text[skip_space(text, end) :][:2]
    closes = after[:1] in (b")", b"?", b";") or after in (b"&&", b"||")
    if not closes:
        return
    asks = re.search(rb"(?:\b(?:if|while)\s*\(|\bI?CHECK\s*\(|!|&&|\|\|)$", before) is not None
    if asks and not before.endswith((b"!=", b"==")):
        yield Edit(end, end, b".defined()")


def _nothing(source: Source, operators: _Operators) -> Iterator[Edit]:
    """`return nullptr;` in a function that returns an operator."""
    text = code(source)
    for match in _RESULT.finditer(text) if b"nullptr" in text else ():
        opening = match.end()
        if text[opening : opening + 1] != b"{":
            continue
        of = operators.of_type(match["type"].decode())
        end = next((b for a, b in blocks(source) if a == opening), -1)
        if of is None or end < 0:
            continue
        for word in re.finditer(rb"\breturn\s+(nullptr)\s*;", text[opening:end]):
            span = (opening + word.start(1), opening + word.end(1))
            yield Edit(*span, f"{of[0]}()".encode())


_PRELUDE = """#include <memory>
#include <vector>
#include <tvm/tir/stmt.h>
namespace tvm {
namespace tl {
using namespace tir;
class TileOperator;
class TileOperatorNode : public Object {
public:
  virtual TileOperator Clone() const = 0;
  static constexpr const char *_type_key = "tl.TileOperator";
  TVM_DECLARE_BASE_OBJECT_INFO(TileOperatorNode, Object);
};
class TileOperator : public ObjectRef {
public:
  TVM_DEFINE_OBJECT_REF_METHODS(TileOperator, ObjectRef, TileOperatorNode);
};
class ScaleOpNode : public TileOperatorNode {
public:
  int Factor() const { return 2; }
  TileOperator Clone() const final;
  static constexpr const char *_type_key = "tl.ScaleOp";
  TVM_DECLARE_FINAL_OBJECT_INFO(ScaleOpNode, TileOperatorNode);
};
class ScaleOp : public TileOperator {
public:
  TVM_DEFINE_OBJECT_REF_METHODS(ScaleOp, TileOperator, ScaleOpNode);
  ScaleOp(PrimExpr by);
};
"""

MIGRATION = Migration(
    code="TF202",
    title="pointers to operators became references",
    rung=Rung.R2,
    introduced="0.1.6",
    removed="0.1.6",
    upstream=("tile-ai/tilelang#763",),
    effort=Effort.MEDIUM,
    rewrites=(Rewrite(Language.CPP, (), _refer, needs=(CLASSES, _RESULTS)),),
    old_names=("std::unique_ptr<Operator>",),
    examples=(
        Example(
            title="owned, compared, cast, copied",
            prelude=_PRELUDE,
            before="""std::unique_ptr<Operator> Parse(PrimExpr e);
struct Pass {
  std::vector<std::unique_ptr<Operator>> all_;
  std::unique_ptr<ScaleOp> own_;
  Pass() = default;
  Pass(const Pass &other) {
    if (other.own_)
      own_ = std::unique_ptr<ScaleOp>(static_cast<ScaleOp *>(other.own_->Clone().release()));
  }
  int Run(PrimExpr e) {
    auto p = Parse(e);
    if (p != nullptr) {
      all_.push_back(std::move(p));
    }
    if (own_ == nullptr) {
      own_ = std::make_unique<ScaleOp>(e);
    }
    auto &next = all_[0];
    ICHECK(next != nullptr) << "none";
    ICHECK(all_[1] != nullptr);
    std::unique_ptr<Operator> first = std::move(all_[0]);
    if (auto scale = dynamic_cast<ScaleOp *>(first.get())) {
      return scale->Factor();
    }
    auto direct = ScaleOp(e);
    ScaleOp other(e);
    return direct.Factor() + other.Factor();
  }
};
std::unique_ptr<Operator> Parse(PrimExpr e) {
  if (!e.defined()) return nullptr;
  return std::make_unique<ScaleOp>(e);
}
""",
            after="""TileOperator Parse(PrimExpr e);
struct Pass {
  std::vector<TileOperator> all_;
  ScaleOp own_;
  Pass() = default;
  Pass(const Pass &other) {
    if (other.own_.defined())
      own_ = Downcast<ScaleOp>(other.own_->Clone());
  }
  int Run(PrimExpr e) {
    auto p = Parse(e);
    if (p.defined()) {
      all_.push_back(std::move(p));
    }
    if (!own_.defined()) {
      own_ = ScaleOp(e);
    }
    auto &next = all_[0];
    ICHECK(next.defined()) << "none";
    ICHECK(all_[1].defined());
    TileOperator first = std::move(all_[0]);
    if (auto scale = first.as<ScaleOpNode>()) {
      return scale->Factor();
    }
    auto direct = ScaleOp(e);
    ScaleOp other(e);
    return direct->Factor() + other->Factor();
  }
};
TileOperator Parse(PrimExpr e) {
  if (!e.defined()) return TileOperator();
  return ScaleOp(e);
}
""",
            postlude="}\n}\n",
        ),
    ),
)
