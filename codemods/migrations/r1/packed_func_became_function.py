"""`PackedFunc` became `ffi::Function`, `TypedPackedFunc<Sig>` became `ffi::TypedFunction<Sig>`.

What calling a `PackedFunc` returns no longer converts itself: each use says the type that it wants.
"""

from __future__ import annotations

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
from cpp_rewriters import any_values
from cpp_rewriters.ffi_names import ffi, qualified
from cpp_rewriters.signatures import value_type
from cpp_rewriters.syntax import declaration, node_at, text
from cpp_rewriters.text import words

_RENAMED = {
    "PackedFunc": "Function",
    "PackedFuncObj": "FunctionObj",
    "TypedPackedFunc": "TypedFunction",
}


def _rename(source: Source, facts: Facts) -> Iterator[Outcome]:
    variables: set[str] = set()
    for match in words(source, _RENAMED):
        start, end = qualified(source, match.span())
        yield Edit(start, end, ffi(source, start, _RENAMED[match.group().decode()]).encode())
        if match.group() == b"PackedFunc":
            variables.update(_declares(source, match.end()))
    for match in words(source, variables) if variables else ():
        node = node_at(source, *match.span())
        call = node.parent
        if call is None or call.type != "call_expression":
            continue
        declared = declaration(source, text(node), match.start())
        if declared is not None and value_type(declared.type).endswith("PackedFunc"):
            yield from any_values.convert(source, facts, call)


def _declares(source: Source, end: int) -> Iterator[str]:
    """The name that `PackedFunc` stands before, if any."""
    node = node_at(source, end - 1)
    while node.parent is not None and node.parent.type == "qualified_identifier":
        node = node.parent
    declarator = node.parent.child_by_field_name("declarator") if node.parent is not None else None
    while declarator is not None:
        if declarator.type in ("identifier", "field_identifier"):
            yield text(declarator)
            return
        inner = declarator.child_by_field_name("declarator")
        if inner is None:
            inner = next((c for c in declarator.named_children if c.type == "identifier"), None)
        declarator = inner


MIGRATION = Migration(
    code="TF104",
    title="packed functions became FFI functions",
    rung=Rung.R1,
    introduced="0.1.6",
    removed="0.1.6",
    upstream=("apache/tvm#17923",),
    effort=Effort.LOW,
    rewrites=(Rewrite(Language.CPP, tuple(_RENAMED), _rename, needs=any_values.NEEDS),),
    old_names=tuple(_RENAMED),
    examples=(
        Example(
            title="types, and what a call returns",
            prelude="#include <tvm/ffi/function.h>\n#include <tvm/ir/function.h>\n#include <tvm/tir/expr.h>\nnamespace tvm {\n",
            before="""using Builder = TypedPackedFunc<PrimExpr(int)>;
PrimExpr Run(runtime::PackedFunc f, const Builder &build) {
  int count = f(1);
  f(2);
  return build(count);
}
bool packed(CallingConv c) { return c == CallingConv::kCPackedFunc; }
""",
            after="""using Builder = ffi::TypedFunction<PrimExpr(int)>;
PrimExpr Run(ffi::Function f, const Builder &build) {
  int count = f(1).cast<int>();
  f(2);
  return build(count);
}
bool packed(CallingConv c) { return c == CallingConv::kCPackedFunc; }
""",
            postlude="}\n",
        ),
    ),
)
