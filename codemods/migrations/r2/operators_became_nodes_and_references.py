"""A tile operator is a node and a reference to it, no longer one class.

`class Op : public Operator` was built, owned and cloned through pointers. It is split as TVM's own
objects are: `OpNode : TileOperatorNode` holds the fields and the work, `Op : TileOperator` is the
counted reference that is passed around.

| what | becomes |
|---|---|
| fields, `Lower`, `InferLayout`, helpers | the node's, public, since the reference's constructor fills them |
| the constructor | the reference's: it makes a node, fills it (`node->field = ..`) and keeps it |
| a constructor that hands out `this`, or is delegated to | the node's; the reference calls it |
| `static const Op &Get()` | the reference's, which the registration macro names |
| `Clone()` | returns a `TileOperator`; an operator that the node owns is cloned with it |
| `InferLayout`, and every helper | `const`, with the fields that they change `mutable` |
| `Operator` | `TileOperatorNode`, whose `Lower`, `InferLayout` and `Clone` are pure, and `TileOperator` |
| the builder of `TLOpBuilder` | returns a `TileOperator` by value |

A class that relied on the base's own `Lower` or `InferLayout` gets one that does the same. The type
key is the namespace and the class's name, as upstream's keys are.

What holds operators by pointer is the next migration's.
"""

from __future__ import annotations

import posixpath
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
    Remark,
    Rename,
    Rewrite,
    Rung,
    Source,
)
from cpp_rewriters import includes
from cpp_rewriters.classes import Class, classes, out_of_line
from cpp_rewriters.operator_class import Hierarchy, hierarchy, is_const, semicolon_after
from cpp_rewriters.operator_declaration import Names, declare
from cpp_rewriters.operator_definition import define
from cpp_rewriters.text import (
    Span,
    closing,
    code,
    indentation,
    lines,
    newline,
    skip_space,
    words,
)

NAMES = Names("Operator", "TileOperatorNode", "TileOperator", ("Lower", "InferLayout", "Clone"))
HIERARCHY = hierarchy(NAMES.base, NAMES.node, "InferLayout")

# Upstream's keys that are not the class's name.
_KEYS = {"Conv2DIm2ColOp": "Conv2DIm2Col"}

_ALIAS = re.compile(
    rb"^[ \t]*using\s+\w+\s*=\s*(?:\w+::)*(?:TypedFunction|TypedPackedFunc)\s*<\s*"
    rb"(?P<result>void\s*\*)\s*\(",
    re.M,
)
_NEW = re.compile(rb"(?P<cast>\(\s*void\s*\*\s*\)\s*\(?\s*)new\s+(?P<type>\w+)\s*\(")


def _convert(source: Source, facts: Facts) -> Iterator[Outcome]:
    known: Hierarchy | None = facts.get(HIERARCHY.name)
    if known is None or not _is_the_base(known):
        return
    done: list[Span] = []
    for cls in classes(source):
        if cls.name == NAMES.base:
            done.append(cls.span)
            yield from (_base if known.converted is None else _spent)(source, cls, known)
        elif cls.name in known.classes and cls.bases and cls.name not in known.torn:
            done.append(cls.span)
            yield from _class(source, cls, known)
    for method in out_of_line(source):
        if method.owner in known.classes or method.owner == NAMES.base:
            if method.owner == NAMES.base or method.name == NAMES.result:
                done.append(method.span)
            yield from define(source, method, known, NAMES)
    yield from _builder(source)
    yield from _mentions(source, known, done)


def _is_the_base(known: Hierarchy) -> bool:
    """Whether the tree's `Operator` is the one meant: what tile operators derive from.

    In a tree that is half ported it may be gone already.
    """
    base = known.base or known.converted
    return base is not None and {"Lower", "InferLayout"} <= set(base.methods)


def _class(source: Source, cls: Class, known: Hierarchy) -> Iterator[Outcome]:
    info = known.classes[cls.name]
    if info.path != source.path:
        yield Remark(
            cls.span[0],
            f"`{cls.name}` is declared in `{info.path}` too, and only that one was converted",
            "give the classes different names",
            Effort.MEDIUM,
        )
        return
    space = f"{info.space}." if info.space else ""
    yield from declare(source, cls, known, NAMES, space + _KEYS.get(cls.name, cls.name))


def _spent(source: Source, cls: Class, known: Hierarchy) -> Iterator[Edit]:
    """The old base goes where its node is there already."""
    yield Edit(*lines(source).whole(cls.span[0], semicolon_after(code(source), cls)), b"")
    assert known.converted is not None
    if known.converted.path != source.path:
        here = posixpath.dirname(source.path) or "."
        name = posixpath.relpath(known.converted.path, here)
        yield from includes.add(source, name, system=False)


def _base(source: Source, cls: Class, known: Hierarchy) -> Iterator[Edit]:
    text = code(source)
    end, margin = newline(source), indentation(source, cls.span[0])
    head = f"class {NAMES.reference};".encode() + end + end + margin
    if _ALIAS.search(text, 0, cls.span[0]) is not None:
        head = b""
    head += f"class {NAMES.node} : public Object ".encode()
    yield Edit(cls.span[0], cls.body[0] - 1, head)
    for method in cls.methods:
        if method.name.startswith("~"):
            yield Edit(*lines(source).whole(*method.span), b"")
        elif method.name == NAMES.result:
            new = f"virtual {NAMES.reference} {NAMES.result}() const = 0;".encode()
            yield Edit(*method.span, new)
        elif method.name in NAMES.pure:
            const = b"" if is_const(text, method) else b" const"
            at = method.parameters[1] + 1
            stop = text.index(b"const", at) + 5 if not const else at
            yield Edit(stop, method.span[1], const + b" = 0;")
    inner = margin + b"  "
    added = b""
    if not any(m.name == NAMES.result for m in cls.methods):
        added += inner + f"virtual {NAMES.reference} {NAMES.result}() const = 0;".encode() + end
    space = f"{known.base.space}." if known.base is not None and known.base.space else ""
    key = f'static constexpr const char *_type_key = "{space}{NAMES.reference}";'
    added += end + inner + key.encode() + end
    added += inner + f"TVM_DECLARE_BASE_OBJECT_INFO({NAMES.node}, Object);".encode() + end
    close = text.rfind(b"\n", 0, cls.body[1]) + 1
    at = close if not text[close : cls.body[1]].strip() else cls.body[1]
    yield Edit(at, at, added)
    after = semicolon_after(text, cls)
    reference = end + end + margin + f"class {NAMES.reference} : public ObjectRef {{".encode()
    reference += end + margin + b"public:" + end + inner
    macro = f"TVM_DEFINE_OBJECT_REF_METHODS({NAMES.reference}, ObjectRef, {NAMES.node});"
    yield Edit(after, after, reference + macro.encode() + end + margin + b"};")


def _builder(source: Source) -> Iterator[Edit]:
    """What builds an operator from a call returns it by value."""
    text = code(source)
    alias = _ALIAS.search(text)
    built = list(_NEW.finditer(text))
    if alias is None or not built:
        return
    declared = f"class {NAMES.reference};".encode() + newline(source) + newline(source)
    yield Edit(alias.start(), alias.start(), declared)
    yield Edit(*alias.span("result"), NAMES.reference.encode())
    for match in built:
        opened = match["cast"].count(b"(") - match["cast"].count(b")")
        if not opened:
            yield Edit(match.start(), match.start("type"), b"")
            continue
        close = closing(text, match.end() - 1)
        last = skip_space(text, close + 1)
        if close >= 0 and text[last : last + 1] == b")":
            yield Edit(match.start(), match.start("type"), b"")
            yield Edit(close + 1, last + 1, b"")


_MEMBER = re.compile(rb"\s*::\s*(\w+)")


def _mentions(source: Source, known: Hierarchy, done: list[Span]) -> Iterator[Edit]:
    """Forward declarations, friends, pointers and nested names, wherever else they stand."""
    text = code(source)
    for match in words(source, set(known.classes)):
        start, end = match.span()
        name = match.group().decode()
        before = text[max(0, start - 40) : start].rstrip()
        after = text[skip_space(text, end) :][:2]
        inside = any(a <= start < b for a, b in done)
        if name in known.torn and after != b"::":
            continue
        if before.endswith((b"class", b"struct")) and after[:1] == b";":
            friend = re.search(rb"\bfriend\s+(?:class|struct)$", before) is not None
            other = b"" if friend else b";" + newline(source) + b"class " + match.group()
            yield Edit(end, end, b"Node" + other)
        elif not inside and after == b"::":
            member = _MEMBER.match(text, end)
            if member is not None and member[1].decode() not in ("Get", name):
                yield Edit(end, end, b"Node")
        elif not inside and after[:1] == b"*" and not before.endswith((b"operator", b"return")):
            yield Edit(end, end, b"Node")


_PRELUDE = """#include <tvm/arith/analyzer.h>
#include <tvm/ir/op.h>
#include <tvm/target/target.h>
#include <tvm/tir/op.h>
#include <tvm/tir/op_attr_types.h>
#include <tvm/tir/stmt.h>
namespace tvm {
namespace tl {
using namespace tir;
using ffi::Array;
using ffi::Map;
struct LowerArgs {
  Target target;
};
struct LayoutInferArgs {
  Target target;
};
using LayoutMap = Map<Buffer, ObjectRef>;
using BufferMap = Map<Var, Buffer>;
enum class InferLevel { kFree, kStrict };
"""
_POSTLUDE = "}\n}\n"
_BASE_BEFORE = """using OpBuilderFunc = ffi::TypedFunction<void *(Array<PrimExpr>, BufferMap)>;
#define REGISTER(Entry)                                                        \\
  static auto build = [](Array<PrimExpr> a, BufferMap b) {                     \\
    return (void *)(new Entry(a, b));                                          \\
  }

class Operator {
public:
  virtual Stmt Lower(const LowerArgs &T, arith::Analyzer *analyzer) const;
  virtual LayoutMap InferLayout(const LayoutInferArgs &T, InferLevel level);
  virtual ~Operator() = default;
  virtual std::unique_ptr<Operator> Clone() const = 0;
};
"""
_BASE_AFTER = """class TileOperator;

using OpBuilderFunc = ffi::TypedFunction<TileOperator(Array<PrimExpr>, BufferMap)>;
#define REGISTER(Entry)                                                        \\
  static auto build = [](Array<PrimExpr> a, BufferMap b) {                     \\
    return Entry(a, b);                                          \\
  }

class TileOperatorNode : public Object {
public:
  virtual Stmt Lower(const LowerArgs &T, arith::Analyzer *analyzer) const = 0;
  virtual LayoutMap InferLayout(const LayoutInferArgs &T, InferLevel level) const = 0;
  virtual TileOperator Clone() const = 0;

  static constexpr const char *_type_key = "tl.TileOperator";
  TVM_DECLARE_BASE_OBJECT_INFO(TileOperatorNode, Object);
};

class TileOperator : public ObjectRef {
public:
  TVM_DEFINE_OBJECT_REF_METHODS(TileOperator, ObjectRef, TileOperatorNode);
};
"""

MIGRATION = Migration(
    code="TF201",
    title="tile operators became nodes and references",
    rung=Rung.R2,
    introduced="0.1.6",
    removed="0.1.6",
    upstream=("tile-ai/tilelang#763", "tile-ai/tilelang#757", "tile-ai/tilelang#771"),
    effort=Effort.HIGH,
    rewrites=(Rewrite(Language.CPP, (), _convert, needs=(HIERARCHY,)),),
    renames=(
        Rename("operator", f"*.{NAMES.base}", f"*.{NAMES.reference}"),
        *(Rename("operator", f"*.{old}", f"*.{new}") for old, new in _KEYS.items()),
        *(Rename("operator_field", f"*.{old}.*", f"*.{new}.*") for old, new in _KEYS.items()),
    ),
    old_names=("std::unique_ptr<Operator>", "public Operator"),
    examples=(
        Example(
            title="the base, an operator, its constructor and its helpers",
            prelude=_PRELUDE,
            before=_BASE_BEFORE
            + """
class Scale : public Operator {
public:
  Scale(Array<PrimExpr> args, BufferMap vmap);
  Stmt Lower(const LowerArgs &T, arith::Analyzer *analyzer) const final;
  LayoutMap InferLayout(const LayoutInferArgs &T, InferLevel level) final;
  static const Op &Get();

  std::unique_ptr<Operator> Clone() const final {
    return std::make_unique<Scale>(*this);
  }

private:
  enum class Kind { kOnce, kTwice } kind;
  PrimExpr Offset(PrimExpr by);
  PrimExpr source, factor;
  bool completed_ = false;
};

Stmt Operator::Lower(const LowerArgs &T, arith::Analyzer *analyzer) const {
  return Evaluate(0);
}
LayoutMap Operator::InferLayout(const LayoutInferArgs &T, InferLevel level) {
  return {};
}

PrimExpr Scale::Offset(PrimExpr by) { return source + by; }

Scale::Scale(Array<PrimExpr> args, BufferMap vmap) : source(args[0]) {
  if (args.size() < 2)
    return;
  auto factor = args[1];
  this->factor = Offset(factor);
  kind = Kind::kTwice;
}

Stmt Scale::Lower(const LowerArgs &T, arith::Analyzer *analyzer) const {
  return Evaluate(factor);
}

LayoutMap Scale::InferLayout(const LayoutInferArgs &T, InferLevel level) {
  completed_ = true;
  return {};
}
""",
            after=_BASE_AFTER
            + """
class ScaleNode : public TileOperatorNode {
public:
  Stmt Lower(const LowerArgs &T, arith::Analyzer *analyzer) const final;
  LayoutMap InferLayout(const LayoutInferArgs &T, InferLevel level) const final;

  TileOperator Clone() const final;

  enum class Kind { kOnce, kTwice } kind;
  PrimExpr Offset(PrimExpr by) const;
  PrimExpr source, factor;
  mutable bool completed_ = false;

  static constexpr const char *_type_key = "tl.Scale";
  TVM_DECLARE_FINAL_OBJECT_INFO(ScaleNode, TileOperatorNode);
};

class Scale : public TileOperator {
public:
  TVM_DEFINE_OBJECT_REF_METHODS(Scale, TileOperator, ScaleNode);
  TVM_DLL Scale(Array<PrimExpr> args, BufferMap vmap);
  static const Op &Get();
};


PrimExpr ScaleNode::Offset(PrimExpr by) const { return source + by; }

Scale::Scale(Array<PrimExpr> args, BufferMap vmap) {
  ObjectPtr<ScaleNode> node = make_object<ScaleNode>();
  node->source = args[0];
  if (args.size() < 2)
    { data_ = std::move(node); return; }
  auto factor = args[1];
  node->factor = node->Offset(factor);
  node->kind = ScaleNode::Kind::kTwice;
  data_ = std::move(node);
}

TileOperator ScaleNode::Clone() const { return Scale(make_object<ScaleNode>(*this)); }

Stmt ScaleNode::Lower(const LowerArgs &T, arith::Analyzer *analyzer) const {
  return Evaluate(factor);
}

LayoutMap ScaleNode::InferLayout(const LayoutInferArgs &T, InferLevel level) const {
  completed_ = true;
  return {};
}
""",
            postlude=_POSTLUDE,
            path="src/scale.cc",
        ),
    ),
)
