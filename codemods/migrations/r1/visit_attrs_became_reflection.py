"""`VisitAttrs(AttrVisitor *v)` became a static `RegisterReflection()`.

Fields are no longer visited; they are registered once. `v->Visit("f", &f)` becomes
`.def_ro("f", &Node::f)`; the call of the parent's method goes, since a parent registers itself; the
method becomes static and overrides nothing.

Nothing calls the new method by itself, so the migration adds the call, in a static initialisation
block, where the node's type is registered or the method is defined. No compiler misses it: without
it the class has no fields for Python, printing or comparison.

A method that does more than visit fields is left and reported.
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
from cpp_rewriters.classes import Method, classes, out_of_line
from cpp_rewriters.reflection_calls import CALL_PLACES, REGISTRY_HEADER
from cpp_rewriters.text import code, indentation, lines, newline, skip_space

_VISIT = re.compile(
    rb"(?P<v>\w+)\s*->\s*Visit\s*\(\s*(?P<name>\"[^\"]*\")\s*,\s*"
    rb"(?:reinterpret_cast\s*<\s*[\w:]+\s*\*\s*>\s*\(\s*|\(\s*[\w:]+\s*\*\s*\)\s*)?"
    rb"&\s*\(?\s*(?:this\s*->\s*)?(?P<field>\w+)\s*\)?\s*\)?\s*\)\s*;"
)
_PARENT = re.compile(rb"(?:\w+::)*\w+(?:\s*<[^;]*>)?::VisitAttrs\s*\(\s*\w+\s*\)\s*;")
_FLAG = re.compile(
    rb"static\s+constexpr\s+(?:const\s+)?bool\s+_type_has_method_visit_attrs\s*=[^;]*;"
)


def _methods(source: Source) -> Iterator[Method]:
    for cls in classes(source):
        yield from (m for m in cls.methods if m.name == "VisitAttrs")
    yield from (m for m in out_of_line(source) if m.name == "VisitAttrs")


def _statements(source: Source, method: Method) -> list[re.Match[bytes]] | None:
    """The statements of the body, or None when one of them is no visit and no parent's call."""
    assert method.body is not None
    text, data = code(source), source.data
    found: list[re.Match[bytes]] = []
    position, end = skip_space(text, method.body[0]), method.body[1]
    while position < end:
        match = _VISIT.match(data, position, end) or _PARENT.match(data, position, end)
        if match is None:
            return None
        found.append(match)
        position = skip_space(text, match.end())
    return found


def _gather(source: Source) -> tuple[str, ...] | None:
    refused = [
        m.owner for m in _methods(source) if m.body is not None and _statements(source, m) is None
    ]
    return tuple(refused) or None


def _digest(gathered: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    return frozenset(name for names in gathered.values() for name in names)


_REFUSED = Collector("visits_that_do_more", Language.CPP, ("VisitAttrs",), _gather, _digest)


def _reflect(source: Source, facts: Facts) -> Iterator[Outcome]:
    refused = facts.get(_REFUSED.name, frozenset())
    done: set[str] = set()
    for method in _methods(source):
        if method.owner in refused:
            yield Remark(
                method.span[0],
                f"`{method.owner}::VisitAttrs` does more than visit fields",
                "register the fields in a static `RegisterReflection` and call it in a "
                "`TVM_FFI_STATIC_INIT_BLOCK`",
                Effort.MEDIUM,
            )
            continue
        done.add(method.owner)
        if method.body is None:
            yield Edit(*_head(source, method), b"static void RegisterReflection()")
        else:
            yield from _define(source, method)
        yield from reflection_calls.uncalled(facts, method.owner, method.span[0])
    for flag in _FLAG.finditer(code(source)):
        yield Edit(*lines(source).whole(*flag.span()), b"")
    if any(m.body is not None and m.owner in done for m in _methods(source)):
        calls = list(reflection_calls.add_calls(source, facts, _visited(facts) - refused))
        yield from calls
        if not calls:
            yield from includes.add(source, REGISTRY_HEADER, system=True)
    else:
        yield from reflection_calls.add_calls(source, facts, _visited(facts) - refused)


def _gather_visited(source: Source) -> tuple[str, ...] | None:
    return tuple(m.owner for m in _methods(source) if m.body is not None) or None


_VISITED = Collector("visited_classes", Language.CPP, ("VisitAttrs",), _gather_visited, _digest)


def _visited(facts: Facts) -> frozenset[str]:
    visited: frozenset[str] = facts.get(_VISITED.name, frozenset())
    return visited


def _head(source: Source, method: Method) -> tuple[int, int]:
    """The declarator with its qualifiers: from the return type to before `;` or `{`."""
    text = code(source)
    start = method.span[0]
    end = method.span[1] - 1 if method.body is None else method.body[0] - 1
    stop = len(text[:end].rstrip())
    return start, stop


def _define(source: Source, method: Method) -> Iterator[Edit]:
    assert method.body is not None
    statements = _statements(source, method) or []
    visits = [s for s in statements if "field" in s.re.groupindex]
    inside = any(c.body[0] <= method.span[0] < c.body[1] for c in classes(source))
    head = "static void RegisterReflection()"
    if not inside:
        head = f"void {method.owner}::RegisterReflection()"
    yield Edit(*_head(source, method), head.encode())
    end = newline(source)
    margin = indentation(source, method.span[0]) + b"  "
    opening = (
        end
        + margin
        + b"namespace refl = tvm::ffi::reflection;"
        + end
        + margin
        + f"refl::ObjectDef<{method.owner}>()".encode()
        + (b"" if visits else b";")
    )
    brace = method.body[0]
    one_line = b"\n" not in source.data[brace : method.body[1]]
    yield Edit(brace, brace, opening + (b"" if not one_line else b"" if visits else end))
    for statement in statements:
        if statement not in visits:
            start, stop = lines(source).whole(*statement.span())
            if start == statement.start():
                start = len(source.data[:start].rstrip(b" \t"))
            yield Edit(start, stop, b"")
            continue
        last = statement is visits[-1]
        define = (
            b"    .def_ro("
            + statement["name"]
            + f", &{method.owner}::".encode()
            + statement["field"]
            + b")"
            + (b";" if last else b"")
        )
        start = statement.start()
        if one_line:
            start = len(source.data[:start].rstrip(b" \t"))
            define = end + margin + define
        yield Edit(start, statement.end(), define)
    if one_line:
        at = len(source.data[: method.body[1]].rstrip(b" \t"))
        tail = end + indentation(source, method.span[0]) if visits else b""
        yield Edit(max(at, brace), method.body[1], tail)


_PRELUDE = """#include <tvm/ffi/reflection/registry.h>
#include <tvm/tir/expr.h>
namespace tvm {
namespace tl {
"""
_POSTLUDE = "}\n}\n"

MIGRATION = Migration(
    code="TF107",
    title="visited attributes became registered fields",
    rung=Rung.R1,
    introduced="0.1.6",
    removed="0.1.6",
    upstream=("apache/tvm#18091", "apache/tvm#18096", "apache/tvm#18098", "apache/tvm#18106"),
    effort=Effort.MEDIUM,
    rewrites=(
        Rewrite(
            Language.CPP,
            ("VisitAttrs", "TVM_REGISTER_NODE_TYPE", "make_object", "_type_has_method_visit_attrs"),
            _reflect,
            needs=(CALL_PLACES, _REFUSED, _VISITED),
        ),
    ),
    old_names=("VisitAttrs", "AttrVisitor"),
    examples=(
        Example(
            title="in the class",
            prelude=_PRELUDE,
            before="""class BoxNode : public Object {
public:
  PrimExpr width;
  PrimExpr height_;

  void VisitAttrs(tvm::AttrVisitor *v) {
    v->Visit("width", &width);
    // under its own name
    v->Visit("height", &height_);
  }

  static constexpr const char *_type_key = "tl.Box";
  TVM_DECLARE_FINAL_OBJECT_INFO(BoxNode, Object);
};

TVM_REGISTER_NODE_TYPE(BoxNode);
""",
            after="""class BoxNode : public Object {
public:
  PrimExpr width;
  PrimExpr height_;

  static void RegisterReflection() {
    namespace refl = tvm::ffi::reflection;
    refl::ObjectDef<BoxNode>()
        .def_ro("width", &BoxNode::width)
    // under its own name
        .def_ro("height", &BoxNode::height_);
  }

  static constexpr const char *_type_key = "tl.Box";
  TVM_DECLARE_FINAL_OBJECT_INFO(BoxNode, Object);
};

TVM_REGISTER_NODE_TYPE(BoxNode);
TVM_FFI_STATIC_INIT_BLOCK({ BoxNode::RegisterReflection(); });
""",
            postlude=_POSTLUDE,
        ),
        Example(
            title="out of line, with a parent; nothing registers the types",
            prelude=_PRELUDE,
            before="""class ShapeNode : public Object {
public:
  int sides;
  void VisitAttrs(AttrVisitor *v) { v->Visit("sides", &sides); }
  static constexpr const char *_type_key = "tl.Shape";
  TVM_DECLARE_BASE_OBJECT_INFO(ShapeNode, Object);
};
class SquareNode : public ShapeNode {
public:
  int side;
  void VisitAttrs(AttrVisitor *v);
  static constexpr const char *_type_key = "tl.Square";
  TVM_DECLARE_FINAL_OBJECT_INFO(SquareNode, ShapeNode);
};
void SquareNode::VisitAttrs(AttrVisitor *v) {
  ShapeNode::VisitAttrs(v);
  v->Visit("side", &side);
}
""",
            after="""class ShapeNode : public Object {
public:
  int sides;
  static void RegisterReflection() {
    namespace refl = tvm::ffi::reflection;
    refl::ObjectDef<ShapeNode>()
        .def_ro("sides", &ShapeNode::sides);
  }
  static constexpr const char *_type_key = "tl.Shape";
  TVM_DECLARE_BASE_OBJECT_INFO(ShapeNode, Object);
};

TVM_FFI_STATIC_INIT_BLOCK({ ShapeNode::RegisterReflection(); });
class SquareNode : public ShapeNode {
public:
  int side;
  static void RegisterReflection();
  static constexpr const char *_type_key = "tl.Square";
  TVM_DECLARE_FINAL_OBJECT_INFO(SquareNode, ShapeNode);
};
void SquareNode::RegisterReflection() {
  namespace refl = tvm::ffi::reflection;
  refl::ObjectDef<SquareNode>()
      .def_ro("side", &SquareNode::side);
}

TVM_FFI_STATIC_INIT_BLOCK({ SquareNode::RegisterReflection(); });
""",
            postlude=_POSTLUDE,
        ),
        Example(
            title="a method that computes",
            before="""struct PairNode : Object {
  int first, second;
  void VisitAttrs(AttrVisitor *v) {
    int sum = first + second;
    v->Visit("sum", &sum);
  }
};
""",
            after=None,
            finding="does more than visit fields",
        ),
    ),
)
