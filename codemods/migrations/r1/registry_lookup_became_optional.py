"""`Registry::Get("k")` became `ffi::Function::GetGlobal("k")`, an optional and no pointer.

`if (f)`, `!f` and `(*f)(..)` read the same; `f == nullptr` becomes a question of `has_value()`.
What a call returns is a dynamic value, so each use of it says which type it wants, as with packed
arguments. `Registry::Remove` and `Registry::ListNames` have equals too. A pointer that outlives its
declaration (a field, a return value) is left and reported.
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
from cpp_rewriters import any_values
from cpp_rewriters.ffi_names import ffi, qualified
from cpp_rewriters.syntax import declaration, node_at
from cpp_rewriters.text import closing, code, lines, skip_space, words

_METHODS = {
    b"Get": "Function::GetGlobal",
    b"Remove": "Function::RemoveGlobal",
    b"ListNames": "Function::ListGlobalNames",
}
_CALL = re.compile(rb"\s*::\s*(\w+)\s*\(")
_USING = re.compile(rb"\busing\s+(?:::)?(?:\w+::)*Registry\s*;")
_POINTER = re.compile(
    rb"(?:(?<=[;{}(\s])|^)(?P<type>(?:const\s+)?(?:auto|(?:\w+::)*PackedFunc)(?:\s+const)?\s*\*\s*"
    rb"(?:const\s+)?)(?P<name>\w+)\s*=\s*$"
)


_DEDUCED = re.compile(rb"\bauto\s+(?:const\s+)?(?P<name>\w+)\s*=\s*$")


def _ask_for_the_function(source: Source, facts: Facts) -> Iterator[Outcome]:
    text = code(source)
    for using in _USING.finditer(text):
        yield Edit(*lines(source).whole(*using.span()), b"")
    pointers: set[str] = set()
    for match in words(source, ("Registry",)):
        call = _CALL.match(text, match.end())
        if call is None or call[1] not in _METHODS:
            if call is not None and call[1] == b"Register":
                yield Remark(
                    match.start(),
                    "`Registry::Register` is gone",
                    "use `tvm::ffi::Function::SetGlobal(key, function)` or a `GlobalDef`",
                )
            continue
        start, _ = qualified(source, match.span())
        yield Edit(start, call.end(1), ffi(source, start, _METHODS[call[1]]).encode())
        if call[1] != b"Get":
            continue
        pointer = _POINTER.search(text, max(0, start - 200), start)
        if pointer is not None:
            pointers.add(pointer["name"].decode())
            const = b"const " if pointer["type"].startswith(b"const") else b""
            yield Edit(*pointer.span("type"), const + b"auto ")
            continue
        deduced = _DEDUCED.search(text, max(0, start - 200), start)
        if deduced is not None:
            pointers.add(deduced["name"].decode())
            continue
        before = text[:start].rstrip()
        if before.endswith((b"=", b"return")) and not before.endswith(b"=="):
            yield Remark(
                start,
                "what `Registry::Get` found is kept as a pointer; the function is now a value",
                "keep an `Optional<ffi::Function>`",
                Effort.MEDIUM,
            )
    for match in words(source, pointers) if pointers else ():
        yield from _use(source, facts, match.start(), match.end())


def _use(source: Source, facts: Facts, start: int, end: int) -> Iterator[Outcome]:
    text, name = code(source), source.data[start:end].decode("utf-8", "replace")
    declared = declaration(source, name, start)
    if declared is None or "Registry" not in declared.initialiser:
        return
    before, after = text[:start].rstrip(), text[end : end + 40]
    compared = re.match(rb"\s*(==|!=)\s*nullptr\b", after)
    if compared is not None:
        no = b"!" if compared[1] == b"==" else b""
        yield Edit(start, end + compared.end(), no + name.encode() + b".has_value()")
    elif (reverse := re.search(rb"\bnullptr\s*(==|!=)\s*$", before[-40:])) is not None:
        no = b"!" if reverse[1] == b"==" else b""
        first = len(before) - len(before[-40:]) + reverse.start()
        yield Edit(first, end, no + name.encode() + b".has_value()")
    elif before.endswith(b"*"):
        close = skip_space(text, end)
        opening = skip_space(text, close + 1)
        if text[close : close + 1] == b")" and text[opening : opening + 1] == b"(":
            stop = closing(text, opening)
            star = before.rindex(b"(")
            if stop >= 0:
                yield from any_values.convert(source, facts, node_at(source, star, stop + 1))


_PRELUDE = """#include <tvm/ffi/function.h>
#include <tvm/tir/expr.h>
namespace tvm {
namespace tl {
using ffi::Array;
"""
_POSTLUDE = "}\n}\n"

MIGRATION = Migration(
    code="TF103",
    title="a looked-up global function is an optional value, no pointer",
    rung=Rung.R1,
    introduced="0.1.6",
    removed="0.1.6",
    upstream=("apache/tvm#17923", "apache/tvm#17920", "tile-ai/tilelang#595"),
    effort=Effort.LOW,
    rewrites=(Rewrite(Language.CPP, ("Registry",), _ask_for_the_function, needs=any_values.NEEDS),),
    old_names=("Registry::Get", "runtime::Registry"),
    examples=(
        Example(
            title="a callback and its results",
            prelude=_PRELUDE,
            before="""std::string Process(std::string code, PrimExpr target) {
  using tvm::runtime::Registry;
  if (const auto *f = Registry::Get("tl.postprocess")) {
    code = (*f)(code, target).operator std::string();
  }
  const runtime::PackedFunc *g = runtime::Registry::Get("tl.shape");
  if (g != nullptr) {
    Array<PrimExpr> shape = (*g)(target);
    int rank = (*g)(target, shape);
  }
  auto h = Registry::Get("tl.rank");
  ICHECK(h != nullptr);
  return code;
}
""",
            after="""std::string Process(std::string code, PrimExpr target) {
  if (const auto f = ffi::Function::GetGlobal("tl.postprocess")) {
    code = (*f)(code, target).cast<std::string>();
  }
  const auto g = ffi::Function::GetGlobal("tl.shape");
  if (g.has_value()) {
    Array<PrimExpr> shape = (*g)(target).cast<Array<PrimExpr>>();
    int rank = (*g)(target, shape).cast<int>();
  }
  auto h = ffi::Function::GetGlobal("tl.rank");
  ICHECK(h.has_value());
  return code;
}
""",
            postlude=_POSTLUDE,
        ),
        Example(
            title="a pointer that outlives its declaration",
            before="""struct Holder {
  const runtime::PackedFunc *found;
  void Find() { found = runtime::Registry::Get("tl.f"); }
};
""",
            after="""struct Holder {
  const runtime::PackedFunc *found;
  void Find() { found = tvm::ffi::Function::GetGlobal("tl.f"); }
};
""",
            finding="kept as a pointer",
            compiles=False,
        ),
    ),
)
