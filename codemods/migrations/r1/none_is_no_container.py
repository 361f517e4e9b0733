"""Python's `None` no longer converts to an array or a map.

A registered function that took `Array<T>` or `Map<K, V>` was given a null reference for `None`. The FFI
refuses it now, at the call, which no compiler sees. A function that asks whether such a parameter is
`.defined()` expects it: its parameter becomes an `Optional`, and a local of the old name holds what it
held before, the value or a null reference, so that the function's body means the same. A function
that takes an `Optional` already is left: somebody told which of its parameters may be missing.

Only functions that the tree registers by name are changed; for a lambda the place is reported.
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
from cpp_rewriters.registered import REGISTERED
from cpp_rewriters.syntax import Node, text, tree
from cpp_rewriters.text import code, indentation, newline, words

_CONTAINER = re.compile(r"(?:\w+::)*(?P<kind>Array|Map)\s*<.*>", re.DOTALL)


def _accept_none(source: Source, facts: Facts) -> Iterator[Outcome]:
    if not _may_ask(source):
        return
    registered: frozenset[str] = facts.get(REGISTERED.name, frozenset())
    for function in _functions(tree(source).root_node):
        declarator = function.child_by_field_name("declarator")
        body = function.child_by_field_name("body")
        if declarator is None or body is None or declarator.has_error:
            continue  # where parameters do not end, any of what follows may be taken for one
        if function.type == "lambda_expression":
            if _is_registered(function):
                yield from _lambda(source, declarator, body)
            continue
        name = declarator.child_by_field_name("declarator")
        if name is not None and text(name).rsplit("::", 1)[-1] in registered:
            yield from _function(source, declarator, body)


_ASKED = re.compile(rb"\b(\w+)\s*\.\s*\Z")
_WINDOW = 120  # how far back the name is looked for, in bytes; further back it counts as found


def _may_ask(source: Source) -> bool:
    """Whether `.defined()` is asked of any name that stands where a container's type ends."""
    data = code(source)
    names: set[bytes] = set()
    for word in words(source, ("defined",)):
        if data[: word.start()].rstrip().endswith(b"."):
            asked = _ASKED.search(data, max(0, word.start() - _WINDOW), word.start())
            if asked is None:
                return True
            names.add(asked[1])
    return bool(names) and _declares(names).search(data) is not None


def _declares(names: set[bytes]) -> re.Pattern[bytes]:
    """A container's type, and one of `names` as what is declared with it."""
    return re.compile(
        rb"(?:Array|Map)\s*<[^;{}]*>(?:[\s&*(]|\bconst\b)*(?:" + b"|".join(sorted(names)) + rb")\b"
    )


def _functions(root: Node) -> Iterator[Node]:
    stack = [root]
    while stack:
        node = stack.pop()
        if node.type in ("function_definition", "lambda_expression"):
            yield node
        stack.extend(reversed(node.named_children))


def _is_registered(node: Node) -> bool:
    call = node.parent.parent if node.parent is not None else None
    callee = call.child_by_field_name("function") if call is not None else None
    return callee is not None and text(callee).endswith(".def")


def _asked(source: Source, declarator: Node, body: Node) -> Iterator[tuple[Node, Node, Node]]:
    """Each container parameter that the body asks `.defined()` of: itself, its type, its name."""
    parameters = declarator.child_by_field_name("parameters")
    if parameters is None and declarator.type == "parameter_list":
        parameters = declarator
    listed = code(source)[parameters.start_byte : parameters.end_byte] if parameters else b""
    if re.search(rb"\bOptional\s*<", listed) is not None:
        return  # somebody told already which parameters may be missing
    inside = code(source)[body.start_byte : body.end_byte]
    for parameter in parameters.named_children if parameters is not None else ():
        kind = parameter.child_by_field_name("type")
        name = parameter.child_by_field_name("declarator")
        while name is not None and name.type != "identifier":
            name = next((c for c in name.named_children), None)
        if kind is None or name is None or _CONTAINER.fullmatch(text(kind)) is None:
            continue
        asked = rb"\b" + text(name).encode() + rb"\s*\.\s*defined\s*\("
        if re.search(asked, inside) is not None:
            yield parameter, kind, name


def _function(source: Source, declarator: Node, body: Node) -> Iterator[Edit]:
    line = newline(source)
    margin = indentation(source, body.start_byte) or b""
    first = next((c for c in body.named_children), None)
    if first is not None:
        margin = indentation(source, first.start_byte)
    locals_ = b""
    for parameter, kind, name in _asked(source, declarator, body):
        of, held = text(kind), text(name)
        optional = of[: of.index(_kind(of))] + f"Optional<{of}>"
        yield Edit(parameter.start_byte, name.start_byte, f"{optional} ".encode())
        yield Edit(name.end_byte, name.end_byte, b"_or_none")
        null = f"{of}(ObjectPtr<Object>(nullptr))"
        local = f"{of} {held} = {held}_or_none.value_or({null});"
        locals_ += line + margin + local.encode()
    if locals_:
        yield Edit(body.start_byte + 1, body.start_byte + 1, locals_)


def _kind(of: str) -> str:
    match = _CONTAINER.fullmatch(of)
    assert match is not None
    return match["kind"]


def _lambda(source: Source, declarator: Node, body: Node) -> Iterator[Remark]:
    for parameter, kind, name in _asked(source, declarator, body):
        yield Remark(
            parameter.start_byte,
            f"`{text(name)}` may be `None` in Python, which no longer converts to `{text(kind)}`",
            f"take an `Optional<{text(kind)}>`",
            Effort.MEDIUM,
        )


_PRELUDE = """#include <tvm/ffi/reflection/registry.h>
#include <tvm/tir/expr.h>
namespace tvm {
namespace tl {
using ffi::Array;
using ffi::Map;
using ffi::Optional;
"""

MIGRATION = Migration(
    code="TF111",
    title="`None` no longer converts to a container",
    rung=Rung.R1,
    introduced="0.1.6",
    removed="0.1.6",
    upstream=("apache/tvm#17920", "tile-ai/tilelang#595"),
    effort=Effort.MEDIUM,
    rewrites=(Rewrite(Language.CPP, ("defined",), _accept_none, needs=(REGISTERED,)),),
    examples=(
        Example(
            title="a parameter that may be missing",
            prelude=_PRELUDE,
            before="""int Threads(Array<PrimExpr> grid, Array<PrimExpr> block) {
  if (block.defined()) {
    return block.size();
  }
  return grid.size();
}
TVM_FFI_STATIC_INIT_BLOCK({
  namespace refl = tvm::ffi::reflection;
  refl::GlobalDef().def("tl.Threads", Threads);
});
""",
            after="""int Threads(Array<PrimExpr> grid, Optional<Array<PrimExpr>> block_or_none) {
  Array<PrimExpr> block = block_or_none.value_or(Array<PrimExpr>(ObjectPtr<Object>(nullptr)));
  if (block.defined()) {
    return block.size();
  }
  return grid.size();
}
TVM_FFI_STATIC_INIT_BLOCK({
  namespace refl = tvm::ffi::reflection;
  refl::GlobalDef().def("tl.Threads", Threads);
});
""",
            postlude="}\n}\n",
        ),
        Example(
            title="a function that says already what may be missing",
            before="""int Size(Optional<Array<PrimExpr>> first, Array<PrimExpr> second) {
  return second.defined() ? 1 : 0;
}
TVM_FFI_STATIC_INIT_BLOCK({ tvm::ffi::reflection::GlobalDef().def("tl.Size", Size); });
""",
            after="""int Size(Optional<Array<PrimExpr>> first, Array<PrimExpr> second) {
  return second.defined() ? 1 : 0;
}
TVM_FFI_STATIC_INIT_BLOCK({ tvm::ffi::reflection::GlobalDef().def("tl.Size", Size); });
""",
            prelude=_PRELUDE,
            postlude="}\n}\n",
        ),
        Example(
            title="a lambda",
            before="""TVM_FFI_STATIC_INIT_BLOCK({
  refl::GlobalDef().def("tl.Size", [](Array<int> a) { return a.defined() ? 1 : 0; });
});
""",
            after=None,
            finding="may be `None` in Python",
        ),
    ),
)
