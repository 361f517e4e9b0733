"""`SEqualReduce` and `SHashReduce` were deleted; structural equality is a property of reflected fields.

A node used to compare and hash itself in two methods. It now says what kind of thing it is
(`_type_s_eq_hash_kind`), and its reflected fields are compared and hashed for it, except those marked
`SEqHashIgnore`. A node that only loses its methods still compiles, and then throws when somebody
compares two of it: TVM's own callers do.

What the old methods compared, the new form compares, no more and no less:

* a compared field that was not reflected is registered;
* a reflected field that was not compared is marked `SEqHashIgnore`, also one of a class that
  inherits the comparison of its parent;
* a method that only returns a field stands for the field; `DefEqual` becomes `SEqHashDef`;
* what has no field (a value computed, a plain struct compared with `==`, two different fields compared
  with each other) keeps its method, as the hooks `__s_equal__` and `__s_hash__`.

A field that was compared and not hashed is hashed now, which no caller can see. One that was hashed
and not compared made equal values hash apart, so that no lookup could rely on either; it is not hashed
any more, and reported, since the comparison may have forgotten it. A method whose body
says more than a conjunction of comparisons becomes a hook as it stands; one that asks the reducer for
things that hooks do not have is left and reported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from codemods.model import (
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
from cpp_rewriters import equality, includes
from cpp_rewriters.class_facts import CLASSES, ClassFacts
from cpp_rewriters.classes import Class, Method, classes, out_of_line
from cpp_rewriters.reflections import reflections
from cpp_rewriters.text import indentation, lines, newline

TOKENS = ("SEqualReduce", "SHashReduce", "_type_has_method_s", "ObjectDef")
_FLAGS = ("_type_has_method_sequal_reduce", "_type_has_method_shash_reduce")


def _compare_fields(source: Source, facts: Facts) -> Iterator[Outcome]:
    known: Mapping[str, ClassFacts] = facts.get(CLASSES.name, {})
    hooked = False
    for cls in classes(source):
        plan = equality.plan(known, cls.name)
        if _is_replaced(source, cls.span[0]):
            continue
        if plan is None:
            yield from _drop_inherited_flags(source, cls)
            continue
        if plan.reason:
            yield from _report(source, cls, plan)
            continue
        if plan.hook_of:
            yield Remark(
                cls.span[0],
                f"`{cls.name}` compares itself as `{plan.hook_of}` does, by a hook that holds for "
                f"`{plan.hook_of}` alone",
                "define the hooks `__s_equal__` and `__s_hash__` for it too",
                Effort.MEDIUM,
            )
        for comparison in plan.crossed:
            yield Remark(
                cls.span[0],
                f"`{cls.name}` compares two different fields with each other, `{comparison}`, "
                "which looks like a slip; it was kept in the hook as it was",
                "compare the same field on both sides, or drop the hook and let the reflected "
                "fields be compared",
            )
        for field in plan.only_hashed:
            yield Remark(
                cls.span[0],
                f"`{cls.name}` hashed `{field}` and did not compare it, so that equal values could "
                "hash apart; it is neither compared nor hashed now",
                f"if `{field}` must tell two values apart, register it without `SEqHashIgnore`",
            )
        yield from _rewrite_class(source, cls, plan)
    for method in out_of_line(source):
        plan = equality.plan(known, method.owner)
        if plan is None or plan.reason:
            continue
        if method.name in equality.METHODS:
            yield from _rewrite_definition(source, method, plan)
    for outcome in _rewrite_reflections(source, known):
        hooked = True
        yield outcome
    if hooked:
        yield from includes.add(source, "tvm/ffi/reflection/registry.h", system=True)


def _report(source: Source, cls: Class, plan: equality.Plan) -> Iterator[Remark]:
    method = next((m for m in cls.methods if m.name in equality.METHODS), None)
    if method is not None:
        yield Remark(
            method.span[0],
            f"the structural equality of `{cls.name}` was not ported: {plan.reason}",
            "set `_type_s_eq_hash_kind` and register the compared fields, or write the hooks "
            "`__s_equal__` and `__s_hash__`",
            Effort.MEDIUM,
        )


def _drop_inherited_flags(source: Source, cls: Class) -> Iterator[Edit]:
    """A flag set to false, or set by a class without methods, says nothing any more."""
    for _, span in equality.flags(source, cls):
        yield Edit(*lines(source).whole(*span), b"")


def _rewrite_class(source: Source, cls: Class, plan: equality.Plan) -> Iterator[Edit]:
    kind = f"static constexpr TVMFFISEqHashKind _type_s_eq_hash_kind = {plan.kind};".encode()
    placed = plan.kind_is_set
    for name, span in equality.flags(source, cls):
        if name == _FLAGS[0] and not placed:
            placed = True
            yield Edit(*span, kind)
        else:
            yield Edit(*lines(source).whole(*span), b"")
    for method in cls.methods:
        if method.name not in equality.METHODS:
            continue
        yield from _rewrite_method(source, method, plan, b"" if placed else kind)
        placed = True


def _rewrite_method(
    source: Source, method: Method, plan: equality.Plan, kind: bytes
) -> Iterator[Edit]:
    pad = indentation(source, method.span[0])
    end = newline(source)
    if plan.hooks:
        text = equality.hook(source, method, plan.owner, qualified=False)
        lead = kind + end + pad if kind else b""
        yield Edit(*method.span, lead + text)
        return
    if kind:
        yield Edit(*method.span, kind)
        return
    yield Edit(*_with_blank_line(source, method.span), b"")


def _rewrite_definition(source: Source, method: Method, plan: equality.Plan) -> Iterator[Edit]:
    if plan.hooks:
        yield Edit(*method.span, equality.hook(source, method, plan.owner, qualified=True))
    else:
        yield Edit(*_with_blank_line(source, method.span), b"")


def _with_blank_line(source: Source, span: tuple[int, int]) -> tuple[int, int]:
    """Whole lines, and the blank line after them where one stands before them too."""
    start, stop = lines(source).whole(*span)
    data = source.data
    if (start, stop) != span and data[stop : stop + 2] == b"\r\n":
        stop += 2
    elif (start, stop) != span and data[stop : stop + 1] == b"\n":
        stop += 1
    return start, stop


def _is_replaced(source: Source, offset: int) -> bool:
    """Whether `offset` lies in a written comparison, which goes as a whole."""
    return any(start <= offset < stop for start, stop in source.once(_written_comparisons))


def _written_comparisons(source: Source) -> list[tuple[int, int]]:
    methods = [*out_of_line(source), *(m for cls in classes(source) for m in cls.methods)]
    return [method.span for method in methods if method.name in equality.METHODS]


def _rewrite_reflections(source: Source, known: Mapping[str, ClassFacts]) -> Iterator[Edit]:
    for chain in reflections(source):
        plan = equality.plan(known, chain.owner)
        if plan is None or plan.reason or _is_replaced(source, chain.start):
            continue
        for entry in chain.fields:
            if entry.member in plan.ignored and "SEqHashIgnore" not in entry.extra:
                last = entry.call.arguments[-1][1]
                yield Edit(last, last, f", {chain.prefix}AttachFieldFlag::SEqHashIgnore()".encode())
            if entry.member in plan.defined and "SEqHashDef" not in entry.extra:
                last = entry.call.arguments[-1][1]
                yield Edit(last, last, f", {chain.prefix}AttachFieldFlag::SEqHashDef()".encode())
        pad = _link_indentation(source, chain.fields[-1].call.name[0] if chain.fields else -1)
        if not pad:
            pad = indentation(source, chain.start) + b"    "
        added = b"".join(
            newline(source) + pad + link.encode() for link in equality.links(plan, chain.prefix)
        )
        if plan.hooks:
            end = newline(source)
            first = indentation(source, chain.start)
            added += (
                b";"
                + end
                + first
                + f"{chain.prefix}TypeAttrDef<{plan.owner}>()".encode()
                + b"".join(
                    end + pad + f'.def("{attribute}", &{plan.owner}::{name})'.encode()
                    for attribute, name in equality.hook_names(plan)
                )
            )
        if added:
            yield Edit(chain.end, chain.end, added)


def _link_indentation(source: Source, name: int) -> bytes:
    if name < 0:
        return b""
    start, _ = lines(source).span(name)
    head = source.data[start:name]
    return head[: len(head) - len(head.lstrip())] if head.strip() == b"." else b""


_PRELUDE = """#include <tvm/tir/expr.h>
#include <tvm/ffi/reflection/registry.h>
namespace tvm {
namespace refl = ffi::reflection;
"""
_HEAD = """class PutOpNode : public Object {
public:
  PrimExpr src;
  PrimExpr offset;
  std::string scope;
  bool fenced;
"""
_KEY = '  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tl.PutOp", PutOpNode, Object);\n};\n'

MIGRATION = Migration(
    code="TF307",
    title="structural equality became a property of reflected fields",
    rung=Rung.R3,
    introduced="0.1.7",
    removed="0.1.7",
    upstream=("apache/tvm#18156", "apache/tvm#18166", "apache/tvm#18172"),
    effort=Effort.MEDIUM,
    rewrites=(Rewrite(Language.CPP, TOKENS, _compare_fields, needs=(CLASSES,)),),
    old_names=("SEqualReduce", "SHashReduce", "SEqualReducer", "SHashReducer", *_FLAGS),
    examples=(
        Example(
            title="compared and not reflected: registered; reflected and not compared: ignored",
            prelude=_PRELUDE,
            before=_HEAD
            + """
  static void RegisterReflection() {
    refl::ObjectDef<PutOpNode>()
        .def_ro("src", &PutOpNode::src)
        .def_ro("scope", &PutOpNode::scope)
        .def_ro("fenced", &PutOpNode::fenced);
  }

  bool SEqualReduce(const PutOpNode *other, SEqualReducer equal) const {
    return equal(src, other->src) && equal(offset, other->offset) &&
           scope == other->scope;
  }

  void SHashReduce(SHashReducer hash_reduce) const {
    hash_reduce(src);
    hash_reduce(offset);
    hash_reduce(scope);
  }

  static constexpr bool _type_has_method_sequal_reduce = true;
  static constexpr bool _type_has_method_shash_reduce = true;
"""
            + _KEY,
            after=_HEAD
            + """
  static void RegisterReflection() {
    refl::ObjectDef<PutOpNode>()
        .def_ro("src", &PutOpNode::src)
        .def_ro("scope", &PutOpNode::scope)
        .def_ro("fenced", &PutOpNode::fenced, refl::AttachFieldFlag::SEqHashIgnore())
        .def_ro("offset", &PutOpNode::offset);
  }

  static constexpr TVMFFISEqHashKind _type_s_eq_hash_kind = kTVMFFISEqHashKindTreeNode;
"""
            + _KEY,
            postlude="}\n",
        ),
        Example(
            title="a class that compares itself as its parent does",
            prelude=_PRELUDE,
            before="""class BaseNode : public Object {
public:
  PrimExpr a;
  static void RegisterReflection() {
    refl::ObjectDef<BaseNode>().def_ro("a", &BaseNode::a);
  }
  bool SEqualReduce(const BaseNode *other, SEqualReducer equal) const { return equal(a, other->a); }
  void SHashReduce(SHashReducer hash_reduce) const { hash_reduce(a); }
  static constexpr bool _type_has_method_sequal_reduce = true;
  static constexpr bool _type_has_method_shash_reduce = true;
  TVM_FFI_DECLARE_OBJECT_INFO("tl.Base", BaseNode, Object);
};
class NamedNode : public BaseNode {
public:
  ffi::String name;
  static void RegisterReflection() {
    refl::ObjectDef<NamedNode>().def_ro("name", &NamedNode::name);
  }
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tl.Named", NamedNode, BaseNode);
};
""",
            after="""class BaseNode : public Object {
public:
  PrimExpr a;
  static void RegisterReflection() {
    refl::ObjectDef<BaseNode>().def_ro("a", &BaseNode::a);
  }
  static constexpr TVMFFISEqHashKind _type_s_eq_hash_kind = kTVMFFISEqHashKindTreeNode;
  TVM_FFI_DECLARE_OBJECT_INFO("tl.Base", BaseNode, Object);
};
class NamedNode : public BaseNode {
public:
  ffi::String name;
  static void RegisterReflection() {
    refl::ObjectDef<NamedNode>().def_ro("name", &NamedNode::name, refl::AttachFieldFlag::SEqHashIgnore());
  }
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tl.Named", NamedNode, BaseNode);
};
""",
            postlude="}\n",
        ),
        Example(
            title="a value without a field: the method becomes a hook",
            prelude=_PRELUDE
            + "struct Pattern {\n  int bits;\n  bool operator==(const Pattern &other) const { return bits == other.bits; }\n};\n",
            before="""class SwizzleNode : public Object {
public:
  PrimExpr size_;
  Pattern pattern_;
  PrimExpr Size() const { return size_; }
  static void RegisterReflection() {
    refl::ObjectDef<SwizzleNode>().def_ro("size", &SwizzleNode::size_);
  }
  static constexpr bool _type_has_method_sequal_reduce = true;
  bool SEqualReduce(const SwizzleNode *other, SEqualReducer equal) const {
    return equal(this->Size(), other->Size()) && pattern_ == other->pattern_;
  }
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tl.Swizzle", SwizzleNode, Object);
};
""",
            after="""class SwizzleNode : public Object {
public:
  PrimExpr size_;
  Pattern pattern_;
  PrimExpr Size() const { return size_; }
  static void RegisterReflection() {
    refl::ObjectDef<SwizzleNode>().def_ro("size", &SwizzleNode::size_);
    refl::TypeAttrDef<SwizzleNode>()
        .def("__s_equal__", &SwizzleNode::SEqual);
  }
  static constexpr TVMFFISEqHashKind _type_s_eq_hash_kind = kTVMFFISEqHashKindTreeNode;
  bool SEqual(const SwizzleNode *other, ffi::TypedFunction<bool(AnyView, AnyView, bool, AnyView)> equal) const {
    return equal(this->Size(), other->Size(), false, "Size") && pattern_ == other->pattern_;
  }
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tl.Swizzle", SwizzleNode, Object);
};
""",
            postlude="}\n",
        ),
    ),
)
