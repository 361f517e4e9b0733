"""`TVMArgs` and `TVMRetValue` became `ffi::PackedArgs` and `ffi::Any`.

An argument converted itself to whatever it was assigned to. An `AnyView` does not: each use says
which type it wants, `args[0].cast<T>()`. The type is the one that the value converted to before:

* of a cast: `static_cast<T>(args[0])`, `T(args[0])`;
* of the variable, the field or the array's element that is initialised or assigned;
* of the parameter, where the tree declares the function or constructor that is called and the
  overloads of that many arguments agree;
* what the function returns.

`args.num_args` became `args.size()`. A use whose type the tree does not tell is left and reported,
and so is one of the arrays behind the arguments (`args.values`, `args.type_codes`), which are gone.
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
    Remark,
    Rewrite,
    Rung,
    Source,
)
from cpp_rewriters import any_values
from cpp_rewriters.ffi_names import ffi, qualified
from cpp_rewriters.signatures import value_type
from cpp_rewriters.syntax import Node, declaration, node_at, text
from cpp_rewriters.text import words

_RENAMED = {
    "TVMArgs": "PackedArgs",
    "TVMArgValue": "AnyView",
    "TVMMovableArgValue_": "AnyView",
    "TVMMovableArgValueWithContext_": "AnyView",
    "TVMRetValue": "Any",
}
_GONE = ("TVMPODValue_", "TVMArgsSetter", "TVMArgTypeCode")
_VALUES = ("TVMArgValue", "TVMMovableArgValue_", "TVMRetValue")


def _ask_for_types(source: Source, facts: Facts) -> Iterator[Outcome]:
    variables: set[str] = set()
    for match in words(source, _RENAMED):
        start, end = qualified(source, match.span())
        new = ffi(source, start, _RENAMED[match.group().decode()])
        yield Edit(start, end, new.encode())
        name = _variable(node_at(source, *match.span()))
        if name is not None:
            variables.add(name)
    for match in words(source, _GONE):
        yield Remark(
            match.start(),
            f"`{match.group().decode()}` has no equal in the FFI",
            "use `ffi::AnyView`, `ffi::PackedArgs` and `ffi::Function::CallPacked`",
            Effort.MEDIUM,
        )
    for match in words(source, variables) if variables else ():
        node = node_at(source, *match.span())
        if node.type == "type_identifier":
            yield from _vexing(source, node)
        if node.type != "identifier":
            continue
        declared = declaration(source, text(node), match.start())
        kind = value_type(declared.type).rsplit("::", 1)[-1] if declared is not None else ""
        if kind == "TVMArgs":
            yield from _use_of_arguments(source, facts, node)
        elif kind in _VALUES:
            yield from _use_of_value(source, facts, node)


def _variable(node: Node) -> str | None:
    """The variable or parameter that a type's name declares."""
    current: Node | None = node
    while current is not None and current.type in (
        "type_identifier",
        "namespace_identifier",
        "qualified_identifier",
    ):
        current = current.parent
    if current is None or current.type not in (
        "parameter_declaration",
        "optional_parameter_declaration",
        "declaration",
        "field_declaration",
    ):
        return None
    declarator = current.child_by_field_name("declarator")
    while declarator is not None and declarator.type not in ("identifier", "field_identifier"):
        inner = declarator.child_by_field_name("declarator")
        if inner is None:
            inner = next((c for c in declarator.named_children if c.type == "identifier"), None)
        declarator = inner
    return text(declarator) if declarator is not None else None


def _use_of_arguments(source: Source, facts: Facts, node: Node) -> Iterator[Outcome]:
    parent = node.parent
    if parent is None:
        return
    if parent.type == "subscript_expression" and parent.child_by_field_name("argument") == node:
        yield from any_values.convert(source, facts, parent)
        yield from _type_code(source, parent)
    elif parent.type == "field_expression":
        field = parent.child_by_field_name("field")
        name = text(field) if field is not None else ""
        if field is not None and name == "num_args":
            yield Edit(field.start_byte, field.end_byte, b"size()")
        elif name in ("values", "type_codes"):
            yield Remark(
                parent.start_byte,
                f"`{text(parent)}`: the arrays behind packed arguments are gone",
                "`args.data()` is an array of `ffi::AnyView`",
                Effort.MEDIUM,
            )


def _use_of_value(source: Source, facts: Facts, node: Node) -> Iterator[Outcome]:
    parent = node.parent
    if parent is None or parent.type.endswith("declaration"):
        return
    if "declarator" in parent.type and parent.type != "init_declarator":
        return
    if parent.type in ("pointer_expression", "reference_expression"):
        return
    if parent.type == "assignment_expression" and parent.child_by_field_name("left") == node:
        return
    if parent.type == "init_declarator" and parent.child_by_field_name("declarator") == node:
        return
    yield from any_values.convert(source, facts, node)
    yield from _type_code(source, node)


def _type_code(source: Source, value: Node) -> Iterator[Outcome]:
    parent = value.parent
    field = parent.child_by_field_name("field") if parent is not None else None
    if field is not None and text(field) == "type_code":
        yield Edit(field.start_byte, field.end_byte, b"type_index")


def _vexing(source: Source, node: Node) -> Iterator[Outcome]:
    """`T x(args[0]);` reads as a function's declaration; the grammar takes `args` for a type."""
    parameter = node.parent
    parameters = parameter.parent if parameter is not None else None
    declarator = parameters.parent if parameters is not None else None
    whole = declarator.parent if declarator is not None else None
    if parameter is None or parameters is None or whole is None or whole.type != "declaration":
        return
    kind = whole.child_by_field_name("type")
    inner = parameter.child_by_field_name("declarator")
    if kind is None or inner is None or inner.type != "abstract_array_declarator":
        return
    if parameters.named_child_count != 1:
        yield Remark(
            node.start_byte, f"`{text(parameter)}` is converted to a type that is not told"
        )
        return
    at = parameter.end_byte
    yield Edit(at, at, f".cast<{value_type(text(kind))}>()".encode())


_PRELUDE = """#include <tvm/ffi/function.h>
#include <tvm/tir/expr.h>
#include <tvm/tir/var.h>
namespace tvm {
namespace tl {
using ffi::Array;
using ffi::Map;
using ffi::ObjectRef;
using ffi::String;
"""
_POSTLUDE = "}\n}\n"

MIGRATION = Migration(
    code="TF102",
    title="packed arguments no longer convert themselves",
    rung=Rung.R1,
    introduced="0.1.6",
    removed="0.1.6",
    upstream=("apache/tvm#17920", "tile-ai/tilelang#595"),
    effort=Effort.MEDIUM,
    rewrites=(Rewrite(Language.CPP, (*_RENAMED, *_GONE), _ask_for_types, needs=any_values.NEEDS),),
    old_names=(*_RENAMED, *_GONE),
    examples=(
        Example(
            title="variables, casts, fields and array elements",
            prelude=_PRELUDE,
            before="""struct Box {
  void *address;
  uint64_t dims[5];
  int rank;
};
Box Unpack(TVMArgs args) {
  Box box;
  int i = 0;
  ICHECK(args.num_args >= 4);
  PrimExpr value = args[i++];
  box.address = args[i++];
  box.rank = static_cast<int>(static_cast<int64_t>(args[i++]));
  for (int d = 0; d < box.rank; d++) {
    box.dims[d] = args[i++];
  }
  return box;
}
""",
            after="""struct Box {
  void *address;
  uint64_t dims[5];
  int rank;
};
Box Unpack(ffi::PackedArgs args) {
  Box box;
  int i = 0;
  ICHECK(args.size() >= 4);
  PrimExpr value = args[i++].cast<PrimExpr>();
  box.address = args[i++].cast<void*>();
  box.rank = static_cast<int>(args[i++].cast<int64_t>());
  for (int d = 0; d < box.rank; d++) {
    box.dims[d] = args[i++].cast<uint64_t>();
  }
  return box;
}
""",
            postlude=_POSTLUDE,
        ),
        Example(
            title="parameters of the overload that takes as many arguments",
            prelude=_PRELUDE,
            before="""PrimExpr Pick(Array<PrimExpr> values, const PrimExpr &otherwise, int at = 0);
PrimExpr Pick(Array<PrimExpr> values);
void Call(TVMArgs args, TVMRetValue *rv) {
  *rv = Pick(args[0], args[1]);
  *rv = Pick(Array<PrimExpr>(args[0]));
  std::string name = args[2].operator std::string();
  tir::Var var(args[3]);
  *rv = args[0];
}
""",
            after="""PrimExpr Pick(Array<PrimExpr> values, const PrimExpr &otherwise, int at = 0);
PrimExpr Pick(Array<PrimExpr> values);
void Call(ffi::PackedArgs args, ffi::Any *rv) {
  *rv = Pick(args[0].cast<Array<PrimExpr>>(), args[1].cast<PrimExpr>());
  *rv = Pick(args[0].cast<Array<PrimExpr>>());
  std::string name = args[2].cast<std::string>();
  tir::Var var(args[3].cast<tir::Var>());
  *rv = args[0];
}
""",
            postlude=_POSTLUDE,
        ),
        Example(
            title="an argument kept as it is, and looked at",
            prelude=_PRELUDE,
            before="""bool IsText(runtime::TVMArgs args) {
  runtime::TVMArgValue first = args[0];
  if (first.IsObjectRef<String>()) {
    String text = first;
    return text.size() > 0;
  }
  return args[1];
}
""",
            after="""bool IsText(ffi::PackedArgs args) {
  ffi::AnyView first = args[0];
  if (first.as<String>().has_value()) {
    String text = first.cast<String>();
    return text.size() > 0;
  }
  return args[1].cast<bool>();
}
""",
            postlude=_POSTLUDE,
        ),
        Example(
            title="a parameter that the tree does not declare",
            before="void F(TVMArgs args) { Elsewhere(args[0], 1); }\n",
            after="void F(tvm::ffi::PackedArgs args) { Elsewhere(args[0], 1); }\n",
            finding="a type that this tree does not tell",
            compiles=False,
        ),
    ),
)
