"""Tile operators tell of their fields, and compare and hash by them.

A node that registers its fields can be read from Python, printed, and compared by structure. The
migration registers every field whose type the FFI can hold, under its name without a trailing `_`,
and calls the registration in a static initialisation block, which upstream forgot for some.

Compared are the fields that make the operator what it is: not those that `const` methods fill in as
they work (`mutable`), nor those that the node's own copy constructor leaves out, since a clone has to
equal what it was made from. A copy constructor that only forgets a field is reported. A field of a type that the FFI cannot hold (an analyzer, a
standard container, a raw pointer) is left out; one of a type that this tree does not tell is
reported.
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
    Remark,
    Rewrite,
    Rung,
    Source,
)
from cpp_rewriters import includes, reflection_calls
from cpp_rewriters.class_facts import CLASSES, ClassFacts, lineage
from cpp_rewriters.classes import Class, classes, simple
from cpp_rewriters.derived import derived
from cpp_rewriters.operator_class import Member, after_members, fields_of
from cpp_rewriters.reflection_calls import CALL_PLACES, REGISTRY_HEADER
from cpp_rewriters.signatures import value_type
from cpp_rewriters.text import code, indentation, newline

BASE = "TileOperatorNode"

_PLAIN = frozenset(
    (
        *("bool", "int", "unsigned", "float", "double", "size_t", "std::string", "DataType"),
        *("int8_t", "int16_t", "int32_t", "int64_t", "uint8_t", "uint16_t", "uint32_t", "uint64_t"),
    )
)
_REFERENCES = frozenset(
    (
        *("ObjectRef", "String", "Any", "PrimExpr", "RelaxExpr", "Var", "SizeVar", "IterVar"),
        *("Range", "IntImm", "FloatImm", "StringImm", "Bool", "Integer", "Call", "Op", "Target"),
        *("Buffer", "BufferRegion", "BufferLoad", "For", "Block", "Stmt", "PrimFunc", "GlobalVar"),
        *("Type", "PrimType", "TensorMap", "Function"),
    )
)
_HOLDERS = frozenset(("Array", "Map", "Optional", "Variant", "Tuple"))
_NEVER = re.compile(r"\bstd::|\*|\bAnalyzer\b|\bCallback\b|\b(?:Visitor|Mutator)\b|Visitor$")
_ENUM = re.compile(rb"\benum(?:\s+class|\s+struct)?\s+(\w+)")


def _gather_enums(source: Source) -> tuple[str, ...] | None:
    return tuple(m[1].decode() for m in _ENUM.finditer(code(source))) or None


def _digest_enums(gathered: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    return frozenset(name for names in gathered.values() for name in names)


_ENUMS = Collector("enumerations", Language.CPP, ("enum",), _gather_enums, _digest_enums)


def _reflect(source: Source, facts: Facts) -> Iterator[Outcome]:
    known: Mapping[str, ClassFacts] = facts.get(CLASSES.name, {})
    silent = _silent(known)
    if not silent:
        return
    added = False
    for cls in classes(source):
        if cls.name in silent and known[cls.name].path == source.path:
            added = True
            yield from _members(source, cls, facts)
            yield from reflection_calls.uncalled(facts, cls.name, cls.span[0])
    calls = list(reflection_calls.add_calls(source, facts, silent))
    yield from calls
    if added and not calls:
        yield from includes.add(source, REGISTRY_HEADER, system=True)


@derived
def _silent(known: Mapping[str, ClassFacts]) -> set[str]:
    """The operators that tell of no field."""
    return {
        name
        for name, cls in known.items()
        if cls.declares and not cls.declares_reflection and _is_operator(known, name)
    }


def _is_operator(known: Mapping[str, ClassFacts], name: str) -> bool:
    return name != BASE and any(BASE in cls.bases for cls in lineage(known, name))


def _members(source: Source, cls: Class, facts: Facts) -> Iterator[Outcome]:
    end = newline(source)
    inner = indentation(source, cls.span[0]) + b"  "
    held: list[Member] = []
    for member in fields_of(source, cls):
        able = _able(source, member, facts)
        if able:
            held.append(member)
        elif able is None:
            yield Remark(
                member.span[0],
                f"the FFI may not hold `{member.type}`, so `{member.name}` was not registered",
                "register it if its type has `TypeTraits`",
            )
    steps = ["static void RegisterReflection() {", "  namespace refl = tvm::ffi::reflection;"]
    define = f"  refl::ObjectDef<{cls.name}>()"
    if held:
        steps.append(define)
        names = {member.name for member in held}
        for member in held:
            name = member.name.rstrip("_")
            name = member.name if name in names - {member.name} else name
            last = ";" if member is held[-1] else ""
            steps.append(f'      .def_ro("{name}", &{cls.name}::{member.name}){last}')
    else:
        steps.append(define + ";")
    steps.append("}")
    copied, delegates = _copied(source, cls)
    compared = [
        member.name
        for member in held
        if not member.mutable and (copied is None or member.name in copied)
    ]
    for member in held:
        if delegates or member.mutable or copied is None or member.name in copied:
            continue
        yield Remark(
            member.span[0],
            f"the copy constructor of `{cls.name}` leaves `{member.name}` out, so a clone does not "
            "have it; it was registered and is not compared",
            "copy the field too, or say why a clone does without it",
            Effort.MEDIUM,
        )
    body = code(source)[slice(*cls.body)]
    if b"SEqualReduce" not in body and b"_type_s_eq_hash_kind" not in body:
        steps += _comparison(cls.name, compared)
    at = after_members(source, cls)
    yield Edit(at, at, end + b"".join((inner + s.encode() if s else b"") + end for s in steps))


def _copied(source: Source, cls: Class) -> tuple[set[str] | None, bool]:
    """The fields that the class's own copy constructor takes over, and whether it delegates."""
    text = code(source)
    for method in cls.methods:
        parameters = text[slice(*method.parameters)]
        copies = re.fullmatch(
            rf"\s*(?:const\s+)?{cls.name}\s*(?:const\s*)?&\s*(\w+)\s*".encode(), parameters
        )
        if method.name != cls.name or copies is None or method.body is None:
            continue
        inside = text[method.parameters[1] : method.body[1]]
        taken = re.findall(rb"\b" + copies[1] + rb"\s*\.\s*(\w+)", inside)
        delegates = re.match(rf"\)\s*:\s*{cls.name}\s*[({{]".encode(), inside) is not None
        return {name.decode() for name in taken}, delegates
    return None, False


def _comparison(name: str, compared: list[str]) -> list[str]:
    terms = [f"equal({member}, other->{member})" for member in compared] or ["true"]
    return [
        "",
        f"bool SEqualReduce(const {name} *other, SEqualReducer equal) const {{",
        *(
            ("  return " if i == 0 else "         ")
            + term
            + (";" if i + 1 == len(terms) else " &&")
            for i, term in enumerate(terms)
        ),
        "}",
        "",
        "void SHashReduce(SHashReducer hash_reduce) const {",
        *(f"  hash_reduce({member});" for member in compared),
        "}",
        "",
        "static constexpr bool _type_has_method_sequal_reduce = true;",
        "static constexpr bool _type_has_method_shash_reduce = true;",
    ]


def _able(source: Source, member: Member, facts: Facts) -> bool | None:
    """Whether the FFI can hold the field; None where that is not known."""
    declared = code(source)[slice(*member.span)]
    if re.search(rf"\b{member.name}\s*\[".encode(), declared) is not None:
        return False
    return _holds(value_type(member.type), facts)


def _holds(kind: str, facts: Facts) -> bool | None:
    if kind in _PLAIN:
        return True
    if _NEVER.search(kind) is not None:
        return False
    name = simple(kind)
    if name in _HOLDERS or name in _REFERENCES or name in _PLAIN:
        return True
    if name in facts.get(_ENUMS.name, frozenset()):
        return True
    known: Mapping[str, ClassFacts] = facts.get(CLASSES.name, {})
    roots = {base for cls in lineage(known, name) for base in cls.bases}
    if not roots.isdisjoint(_REFERENCES | {"ObjectRef"}):
        return True
    return None


_PRELUDE = """#include <tvm/ffi/reflection/registry.h>
#include <tvm/arith/analyzer.h>
#include <tvm/tir/buffer.h>
#include <tvm/tir/stmt.h>
namespace tvm {
namespace tl {
using namespace tir;
using ffi::Array;
class TileOperatorNode : public Object {
public:
  static constexpr const char *_type_key = "tl.TileOperator";
  TVM_DECLARE_BASE_OBJECT_INFO(TileOperatorNode, Object);
};
"""

MIGRATION = Migration(
    code="TF203",
    title="tile operators tell of their fields",
    rung=Rung.R2,
    introduced="0.1.6",
    removed=None,
    upstream=("tile-ai/tilelang#783",),
    effort=Effort.MEDIUM,
    rewrites=(Rewrite(Language.CPP, (), _reflect, needs=(CLASSES, _ENUMS, CALL_PLACES)),),
    examples=(
        Example(
            title="fields, a cache, an analyzer",
            prelude=_PRELUDE,
            before="""class ScaleNode : public TileOperatorNode {
public:
  Buffer source_;
  Array<PrimExpr> factors;
  enum class Kind { kOnce, kTwice } kind;
  mutable bool completed_ = false;
  mutable arith::Analyzer analyzer_;
  static constexpr const char *_type_key = "tl.Scale";
  TVM_DECLARE_FINAL_OBJECT_INFO(ScaleNode, TileOperatorNode);
};
""",
            after="""class ScaleNode : public TileOperatorNode {
public:
  Buffer source_;
  Array<PrimExpr> factors;
  enum class Kind { kOnce, kTwice } kind;
  mutable bool completed_ = false;
  mutable arith::Analyzer analyzer_;
  static constexpr const char *_type_key = "tl.Scale";
  TVM_DECLARE_FINAL_OBJECT_INFO(ScaleNode, TileOperatorNode);

  static void RegisterReflection() {
    namespace refl = tvm::ffi::reflection;
    refl::ObjectDef<ScaleNode>()
        .def_ro("source", &ScaleNode::source_)
        .def_ro("factors", &ScaleNode::factors)
        .def_ro("kind", &ScaleNode::kind)
        .def_ro("completed", &ScaleNode::completed_);
  }

  bool SEqualReduce(const ScaleNode *other, SEqualReducer equal) const {
    return equal(source_, other->source_) &&
           equal(factors, other->factors) &&
           equal(kind, other->kind);
  }

  void SHashReduce(SHashReducer hash_reduce) const {
    hash_reduce(source_);
    hash_reduce(factors);
    hash_reduce(kind);
  }

  static constexpr bool _type_has_method_sequal_reduce = true;
  static constexpr bool _type_has_method_shash_reduce = true;
};

TVM_FFI_STATIC_INIT_BLOCK({ ScaleNode::RegisterReflection(); });
""",
            postlude="}\n}\n",
        ),
        Example(
            title="a copy constructor that forgets a field",
            prelude=_PRELUDE,
            before="""class PadNode : public TileOperatorNode {
public:
  Buffer source;
  int by;
  PadNode() = default;
  PadNode(const PadNode &other) : source(other.source) {}
  static constexpr const char *_type_key = "tl.Pad";
  TVM_DECLARE_FINAL_OBJECT_INFO(PadNode, TileOperatorNode);
};
""",
            after="""class PadNode : public TileOperatorNode {
public:
  Buffer source;
  int by;
  PadNode() = default;
  PadNode(const PadNode &other) : source(other.source) {}
  static constexpr const char *_type_key = "tl.Pad";
  TVM_DECLARE_FINAL_OBJECT_INFO(PadNode, TileOperatorNode);

  static void RegisterReflection() {
    namespace refl = tvm::ffi::reflection;
    refl::ObjectDef<PadNode>()
        .def_ro("source", &PadNode::source)
        .def_ro("by", &PadNode::by);
  }

  bool SEqualReduce(const PadNode *other, SEqualReducer equal) const {
    return equal(source, other->source);
  }

  void SHashReduce(SHashReducer hash_reduce) const {
    hash_reduce(source);
  }

  static constexpr bool _type_has_method_sequal_reduce = true;
  static constexpr bool _type_has_method_shash_reduce = true;
};

TVM_FFI_STATIC_INIT_BLOCK({ PadNode::RegisterReflection(); });
""",
            finding="leaves `by` out",
            postlude="}\n}\n",
        ),
    ),
)
