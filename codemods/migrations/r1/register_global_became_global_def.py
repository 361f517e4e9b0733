"""`TVM_REGISTER_GLOBAL(k).set_body_typed(F)` became `GlobalDef` in a static initialisation block.

The macro and the `Registry` behind it are gone. Functions are registered through reflection, inside
a block that runs when the library is loaded:

| before | after |
|---|---|
| `.set_body_typed(F)` | `.def("k", F)` |
| `.set_body([](TVMArgs args, TVMRetValue *rv) {..})` | `.def_packed("k", ..)` |
| `.set_body_method<Ref>(&Node::Method)` | `.def_method("k", &Node::Method)` |

Registrations that follow one another directly share a block. **The key is passed on as it is
written**: it may be a constant whose value is not its name, and putting quotes round an identifier
registers the function under a wrong name, which no compiler sees.

A registration inside a function's body cannot become a block; it is reported, and so is one with a
call that the new interface does not have.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

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
from cpp_rewriters import includes
from cpp_rewriters.directives import definition_at
from cpp_rewriters.functions import inside_a_function
from cpp_rewriters.margins import shift
from cpp_rewriters.text import (
    Call,
    Span,
    call_at,
    calls,
    code,
    indentation,
    newline,
    preceded_by,
    skip_space,
)

MACRO = "TVM_REGISTER_GLOBAL"
REGISTRY_HEADER = "tvm/ffi/reflection/registry.h"

_METHODS = {
    b"set_body_typed": b"def",
    b"set_body": b"def_packed",
    b"set_body_method": b"def_method",
}
_LINK = re.compile(rb"\s*(?:\\\r?\n\s*)*\.\s*(?:\\\r?\n\s*)*(\w+)")


@dataclass(frozen=True)
class _Registration:
    """`TVM_REGISTER_GLOBAL(key).method(arguments)`, with its `;` where it has one."""

    macro: Call
    method: bytes
    body: Call
    semicolon: int  # -1: none, as in a macro's definition


def _define_globally(source: Source, facts: Facts) -> Iterator[Outcome]:
    found: list[_Registration] = []
    for call in calls(source, (MACRO,)):
        if source.data[: call.name[0]].rstrip().endswith(b"define"):
            continue
        read = _read(source, call)
        if isinstance(read, Remark):
            yield read
        else:
            found.append(read)
    text = code(source)
    for index, registration in enumerate(found):
        first = index == 0 or not _adjacent(source, found[index - 1], registration)
        last = index + 1 == len(found) or not _adjacent(source, registration, found[index + 1])
        yield from _rewrite(source, registration, first, last)
        if not last:
            start, end = registration.semicolon, found[index + 1].macro.name[0]
            gap = newline(source) + indentation(source, registration.macro.name[0])
            yield Edit(start, end, gap + b"      ")
            assert not text[start + 1 : end].strip()
    if found:
        yield from includes.add(source, REGISTRY_HEADER, system=True)


def _read(source: Source, macro: Call) -> _Registration | Remark:
    text = code(source)
    link = _LINK.match(text, macro.end)
    body = call_at(text, link.span(1)) if link is not None else None
    if (
        link is None
        or body is None
        or not body.arguments
        or len(macro.arguments) != 1
        or preceded_by(text, macro.name[0], b"(", b",")
        or _follows_on_its_line(text, macro.name[0])
    ):
        return Remark(
            macro.name[0],
            f"`{MACRO}` is not followed by a call that gives the function",
            'register it with `refl::GlobalDef().def("key", function)` in a '
            "`TVM_FFI_STATIC_INIT_BLOCK`",
            Effort.MEDIUM,
        )
    method = link[1]
    another = _LINK.match(text, body.end)
    unknown = method if method not in _METHODS else another[1] if another is not None else None
    if unknown is not None:
        return Remark(
            macro.name[0],
            f"`.{unknown.decode()}(..)` of a registration has no equal in `GlobalDef`",
            "use `def`, `def_packed` or `def_method`",
            Effort.MEDIUM,
        )
    if method == b"set_body_typed" and body.template is not None:
        return Remark(
            macro.name[0],
            "`set_body_typed` is given its signature as a template argument",
            "give the function itself, or a `ffi::TypedFunction` of that signature",
        )
    if inside_a_function(source, macro.name[0]):
        return Remark(
            macro.name[0],
            f"`{MACRO}` stands inside a function, where no static initialisation block can",
            "register with `tvm::ffi::Function::SetGlobal(key, function)` or move it to file scope",
            Effort.MEDIUM,
        )
    after = skip_space(text, body.end)
    return _Registration(macro, method, body, after if text[after : after + 1] == b";" else -1)


def _follows_on_its_line(text: bytes, start: int) -> bool:
    """Whether something in brackets stands before on the line: perhaps part of an expression."""
    return text[text.rfind(b"\n", 0, start) + 1 : start].rstrip().endswith(b")")


def _adjacent(source: Source, one: _Registration, next_one: _Registration) -> bool:
    """Whether only white space is between the two, so that one block can hold both."""
    if one.semicolon < 0 or next_one.semicolon < 0:
        return False
    between = source.data[one.semicolon + 1 : next_one.macro.name[0]]
    return not between.strip() and definition_at(source, one.macro.name[0]) is None


def _rewrite(
    source: Source, registration: _Registration, first: bool, last: bool
) -> Iterator[Edit]:
    macro, body = registration.macro, registration.body
    in_macro = definition_at(source, macro.name[0]) is not None
    line = b" " if in_macro else newline(source) + indentation(source, macro.name[0])
    step = b"" if in_macro else b"  "
    define = b"." + _METHODS[registration.method] + b"("
    if first:
        yield Edit(
            macro.name[0],
            macro.open + 1,
            b"TVM_FFI_STATIC_INIT_BLOCK({"
            + line
            + step
            + b"namespace refl = tvm::ffi::reflection;"
            + line
            + step
            + b"refl::GlobalDef()"
            + (b"" if last else line + step + b"    ")
            + define,
        )
    else:
        yield Edit(macro.name[0], macro.open + 1, define)
    yield from _join(source, (macro.close, body.open + 1))
    if not in_macro:
        margin = len(indentation(source, macro.name[0])) + (2 if first and last else 6)
        yield from shift(source, (body.open + 1, body.close + 1), body.name[0], margin)
    if last:
        end = registration.semicolon
        tail = b";" + line + b"})"
        if end >= 0:
            yield Edit(end, end, tail)
        else:
            yield Edit(body.end, body.end, tail)


def _join(source: Source, span: Span) -> Iterator[Edit]:
    """`) .method<..>(` becomes `, `; a comment in between stays."""
    start, end = span
    text, data = code(source), source.data
    if text[start:end].replace(b" ", b"") == data[start:end].replace(b" ", b""):
        yield Edit(start, end, b", ")
        return
    yield Edit(start, start + 1, b",")
    for match in re.finditer(rb"[^\s]+", text[start + 1 : end]):
        yield Edit(start + 1 + match.start(), start + 1 + match.end(), b"")


_PRELUDE = """#include <tvm/tir/expr.h>
namespace tvm {
namespace tl {
inline int Twice(int x) { return 2 * x; }
inline int Thrice(int x) { return 3 * x; }
constexpr const char *kRemoteKey = "__tl_remote";
"""
_PRELUDE_AFTER = "}\n}\n"

MIGRATION = Migration(
    code="TF101",
    title="`TVM_REGISTER_GLOBAL` became `GlobalDef` in a static initialisation block",
    rung=Rung.R1,
    introduced="0.1.6",
    removed="0.1.6",
    upstream=("apache/tvm#18148", "apache/tvm#18062", "tile-ai/tilelang#595"),
    effort=Effort.LOW,
    rewrites=(Rewrite(Language.CPP, (MACRO,), _define_globally),),
    old_names=(MACRO, "set_body_typed", "set_body_method"),
    examples=(
        Example(
            title="a typed function",
            prelude="#include <tvm/ffi/reflection/registry.h>\n" + _PRELUDE,
            before="""TVM_REGISTER_GLOBAL("tl.Twice").set_body_typed(Twice);
""",
            after="""TVM_FFI_STATIC_INIT_BLOCK({
  namespace refl = tvm::ffi::reflection;
  refl::GlobalDef().def("tl.Twice", Twice);
});
""",
            postlude=_PRELUDE_AFTER,
        ),
        Example(
            title="two that follow one another, the second under a constant's value",
            prelude="#include <tvm/ffi/reflection/registry.h>\n" + _PRELUDE,
            before="""TVM_REGISTER_GLOBAL("tl.Twice")
    .set_body_typed([](int x) {
      return Twice(x);
    });

TVM_REGISTER_GLOBAL(kRemoteKey).set_body_typed(Thrice);
""",
            after="""TVM_FFI_STATIC_INIT_BLOCK({
  namespace refl = tvm::ffi::reflection;
  refl::GlobalDef()
      .def("tl.Twice", [](int x) {
        return Twice(x);
      })
      .def(kRemoteKey, Thrice);
});
""",
            postlude=_PRELUDE_AFTER,
        ),
        Example(
            title="a method",
            prelude="#include <tvm/ffi/reflection/registry.h>\n#include <tvm/ir/module.h>\n"
            "namespace tvm {\n",
            before='TVM_REGISTER_GLOBAL("tl.Lookup").set_body_method<IRModule>'
            "(&IRModuleNode::GetGlobalVars);\n",
            after="""TVM_FFI_STATIC_INIT_BLOCK({
  namespace refl = tvm::ffi::reflection;
  refl::GlobalDef().def_method("tl.Lookup", &IRModuleNode::GetGlobalVars);
});
""",
            postlude="}\n",
        ),
        Example(
            title="in a macro",
            prelude="#include <tvm/ffi/reflection/registry.h>\n" + _PRELUDE,
            before="""#define TL_REGISTER(Name) \\
  TVM_REGISTER_GLOBAL("tl." #Name).set_body_typed(Name)
TL_REGISTER(Twice);
""",
            after="""#define TL_REGISTER(Name) \\
  TVM_FFI_STATIC_INIT_BLOCK({ namespace refl = tvm::ffi::reflection; \
refl::GlobalDef().def("tl." #Name, Name); })
TL_REGISTER(Twice);
""",
            postlude=_PRELUDE_AFTER,
        ),
        Example(
            title="inside a function",
            before="""void Setup() {
  TVM_REGISTER_GLOBAL("tl.Twice").set_body_typed(Twice);
}
""",
            after=None,
            finding="stands inside a function",
        ),
    ),
)
