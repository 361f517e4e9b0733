"""`Call` gained annotations, and a rebuilt call must keep them.

The constructor takes the annotations before the span. A call that passes a span does not compile any
more; a call rebuilt from another one without a span still compiles and loses what the first one
carried (coalesced widths, TMA and eviction hints), silently.

A call is taken as rebuilt from `x` when its operator is `x->op`, or its type is `x`'s and its operator
is computed from `x->op`: it gets `x->annotations`. A new call that names a span gets none, `{}`.

In Python, a span by position would be taken for the annotations, and a call built from `x.dtype` and
`x.op` would lose them; both are written as keywords, which hold on either side.
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
    Remark,
    Rewrite,
    Rung,
    Source,
)
from cpp_rewriters.construct import constructions, is_span, owner_of
from cpp_rewriters.syntax import declaration
from cpp_rewriters.text import code
from py_rewriters.calls import Grown, keyword_for_position, member_kept

# a call of another dialect, whose first argument is no data type, has other arguments
_TYPED = re.compile(r"dtype\b|\bDataType\b")


def _keep_annotations(source: Source, facts: Facts) -> Iterator[Outcome]:
    for built in constructions(source, "Call"):
        arguments = built.texts
        if len(arguments) not in (3, 4) or any("annotations" in a for a in arguments[3:]):
            continue
        origin = _origin(source, built.name[0], arguments)
        if len(arguments) == 3:
            if origin is not None:
                yield Edit(built.last, built.last, f", {origin}annotations".encode())
            continue
        if is_span(source, arguments[3], built.arguments[3][0]):
            at = built.arguments[3][0]
            yield Edit(at, at, (f"{origin}annotations" if origin else "{}").encode() + b", ")
        elif not arguments[3].startswith("{") and _TYPED.search(arguments[0]):
            yield Remark(
                built.arguments[3][0],
                f"the fourth argument of `Call`, `{arguments[3]}`, was a span and is now annotations",
                "write `Call(dtype, op, args, annotations, span)`",
                Effort.LOW,
            )


def _origin(source: Source, offset: int, arguments: list[str]) -> str | None:
    """The call that this one is rebuilt from, written as before a member; None for a new call."""
    operator = arguments[1]
    if re.fullmatch(r"[A-Za-z_]\w*", operator):
        operator = _value_of(source, operator, offset) or operator
    origin = owner_of(operator, "op")
    if origin is not None and (origin.endswith("->") or _is_call(source, origin[:-1], offset)):
        return origin
    typed = re.match(r"(.+?)(?:->dtype\b|\.dtype\(\))", arguments[0])
    if typed is not None and re.search(rf"(?<![\w>.]){re.escape(typed[1])}->op\b", operator):
        return f"{typed[1]}->"
    return None


def _value_of(source: Source, name: str, offset: int) -> str | None:
    """What a local variable is made of, where that is one call's operator and never changes."""
    text = code(source)[:offset]
    made = list(
        re.finditer(rf"[\w&>]\s+&?{name}\s*[=({{]\s*([^;,=]*?)\s*[)}}]?\s*;".encode(), text)
    )
    if not made or re.search(rf"\b{name}\s*=(?!=)".encode(), text[made[-1].end() :]):
        return None
    return re.sub(r"\s+", "", made[-1][1].decode("utf-8", "replace"))


def _is_call(source: Source, name: str, offset: int) -> bool:
    declared = declaration(source, name, offset) if re.fullmatch(r"\w+", name) else None
    return declared is not None and re.search(r"\bCall(?:Node)?\b", declared.type) is not None


_PYTHON = ("tvm.tir.Call", "tvm.tir.expr.Call")

_PRELUDE = """#include <tvm/tir/expr.h>
#include <tvm/tir/builtin.h>
namespace tvm {
using namespace tir;
using ffi::Array;
"""

MIGRATION = Migration(
    code="TF312",
    title="calls gained annotations, which a rebuilt call must keep",
    rung=Rung.R3,
    introduced="0.1.7.post2",
    removed="0.1.7.post2",
    upstream=("tile-ai/tilelang#1539", "tile-ai/tilelang#1663"),
    effort=Effort.LOW,
    rewrites=(
        Rewrite(Language.CPP, ("Call",), _keep_annotations),
        keyword_for_position(Grown(_PYTHON, 3, "span", "annotations")),
        member_kept(_PYTHON, ((0, "dtype"), (1, "op")), 2, 3, "annotations"),
    ),
    examples=(
        Example(
            title="with and without a span, rebuilt and new",
            prelude=_PRELUDE,
            before="""PrimExpr Again(const CallNode *op, Array<PrimExpr> args) {
  auto kept = Call(op->dtype, op->op, args, op->span);
  auto lost = Call(op->dtype.with_lanes(4), op->op, {kept, Call(op->dtype, op->op, args)});
  Call named(op->dtype, op->op, args);
  return Call(DataType::Handle(), builtin::call_extern(), {lost, named}, Span());
}
""",
            after="""PrimExpr Again(const CallNode *op, Array<PrimExpr> args) {
  auto kept = Call(op->dtype, op->op, args, op->annotations, op->span);
  auto lost = Call(op->dtype.with_lanes(4), op->op, {kept, Call(op->dtype, op->op, args, op->annotations)}, op->annotations);
  Call named(op->dtype, op->op, args, op->annotations);
  return Call(DataType::Handle(), builtin::call_extern(), {lost, named}, {}, Span());
}
""",
            postlude="}\n",
        ),
        Example(
            title="whatever names the call, and an operator that was taken out of it",
            prelude=_PRELUDE,
            before="""PrimExpr Again(PrimExpr e, const CallNode &op, Array<Call> calls, Array<PrimExpr> args) {
  auto callee = op.op;
  const Call kept{calls[0]->dtype, calls[0]->op, args};
  PrimExpr cast = Call(e.as<CallNode>()->dtype, e.as<CallNode>()->op, {kept});
  auto changed = op.op;
  changed = builtin::ret();
  return Call(op.dtype, callee, {cast, Call(op.dtype, changed, {Call(op.dtype, op.op, args)})});
}
""",
            after="""PrimExpr Again(PrimExpr e, const CallNode &op, Array<Call> calls, Array<PrimExpr> args) {
  auto callee = op.op;
  const Call kept{calls[0]->dtype, calls[0]->op, args, calls[0]->annotations};
  PrimExpr cast = Call(e.as<CallNode>()->dtype, e.as<CallNode>()->op, {kept}, \
e.as<CallNode>()->annotations);
  auto changed = op.op;
  changed = builtin::ret();
  return Call(op.dtype, callee, {cast, Call(op.dtype, changed, {Call(op.dtype, op.op, args, \
op.annotations)})}, op.annotations);
}
""",
            postlude="}\n",
        ),
        Example(
            title="in Python, where a span by position would become the annotations",
            language=Language.PYTHON,
            before=(
                "from tvm import tir\n\n\n"
                "def again(call: tir.Call, args) -> tir.Call:\n"
                "    return tir.Call(call.dtype, call.op, args, call.span)\n"
            ),
            after=(
                "from tvm import tir\n\n\n"
                "def again(call: tir.Call, args) -> tir.Call:\n"
                "    return tir.Call("
                "call.dtype, call.op, args, span=call.span, annotations=call.annotations)\n"
            ),
        ),
        Example(
            title="in Python, an argument that may be either",
            language=Language.PYTHON,
            before=(
                "from tvm import tir\n\n\n"
                "def again(call: tir.Call, args, extra) -> tir.Call:\n"
                "    return tir.Call(call.dtype, call.op, args, extra)\n"
            ),
            after=None,
            finding="which one is meant cannot be told",
        ),
    ),
)
