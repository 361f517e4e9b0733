"""`Array`, `Map`, `String`, `Optional` and their kin are no longer names of namespace `tvm`.

They live in `tvm::ffi` only. The tree keeps writing them as it does: one header of aliases says which
of them its code uses, and each file that uses them includes it, directly or through its own headers.
That is upstream's own way at this release; the other one, writing `ffi::` a thousand times, changes
every line that a merge touches. `using namespace ffi;` is no way: it fails in a header without a TVM
include, and does nothing for `tvm::codegen`.

Includes go where the names are used, headers first, so that no file compiles by the order of somebody
else's includes. A name already written `ffi::` stays. `runtime::String` and the like, which named the
same classes through a namespace that lost them, become `ffi::`.

A tree that has such a header keeps it: missing names are added there.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from codemods.model import (
    Collector,
    Edit,
    Effort,
    Example,
    Facts,
    Language,
    Migration,
    NewFile,
    Outcome,
    Rewrite,
    Rung,
    Source,
)
from cpp_rewriters import includes
from cpp_rewriters.text import code, newline, qualifier, skip_space_back, words

HEADERS = {
    "Any": "any",
    "AnyView": "any",
    "Array": "container/array",
    "ArrayObj": "container/array",
    "Bytes": "string",
    "Function": "function",
    "Map": "container/map",
    "MapObj": "container/map",
    "ObjectPtr": "object",
    "ObjectRef": "object",
    "Optional": "optional",
    "PackedArgs": "function",
    "Shape": "container/shape",
    "String": "string",
    "Tuple": "container/tuple",
    "TypedFunction": "function",
    "Variant": "container/variant",
}
"""The names, and the FFI header (without `tvm/ffi/` and `.h`) that defines each."""

# still visible in namespace `tvm` through TVM's own headers at the target
_STILL_VISIBLE = {"Any", "AnyView", "ObjectPtr", "ObjectRef", "PackedArgs"}
NAMES = tuple(sorted(set(HEADERS) - _STILL_VISIBLE))
_OLD_QUALIFIERS = (b"runtime::", b"tvm::runtime::", b"::tvm::runtime::")
_FOLLOWS = re.compile(rb"\s*(?:<|\(|&|\*|[A-Za-z_]|>|,|\)|\{|::|;)")
_ALIAS = re.compile(rb"\busing\s+(?:::)?(?:tvm\s*::\s*)?ffi\s*::\s*(\w+)\s*;")
_IN_TVM = re.compile(rb"\bnamespace\s+tvm\b|\btvm\s*::")


@dataclass(frozen=True)
class _File:
    uses: tuple[str, ...]
    aliases: tuple[str, ...]
    included: tuple[includes.Include, ...]


@dataclass(frozen=True)
class Plan:
    """Which header holds the aliases, and who must include it."""

    header: str  # tree-relative
    exists: bool
    missing: tuple[str, ...]  # names that the existing header lacks, or all names of a new one
    includers: frozenset[str]


def _gather(source: Source) -> _File | None:
    text = code(source)
    uses: set[str] = set()
    if _IN_TVM.search(text):
        for match in words(source, NAMES):
            name = match.group().decode()
            if name not in uses and _is_use(text, match):
                uses.add(name)
    aliases: set[str] = set()
    if b"namespace tvm" in text and not source.path.endswith((".cc", ".cpp", ".cu")):
        aliases = {m[1].decode() for m in _ALIAS.finditer(text)} & set(HEADERS)
    included = tuple(i for i in includes.includes(source) if not i.system)
    if not uses and not aliases and not included:
        return None
    return _File(tuple(sorted(uses)), tuple(sorted(aliases)), included)


def _is_use(text: bytes, match: re.Match[bytes]) -> bool:
    """Whether the word names the class, unqualified or through `tvm::`."""
    begin, qualified = qualifier(text, match.start())
    if qualified not in (b"", b"tvm::", b"::tvm::"):
        return False
    before = skip_space_back(text, begin)
    if text[before - 1 : before] == b"." or text[before - 2 : before] in (b"->", b"::"):
        return False
    return _FOLLOWS.match(text, match.end()) is not None


def _digest(gathered: Mapping[str, _File]) -> Plan | None:
    users = {path: file for path, file in gathered.items() if file.uses}
    existing = sorted(path for path, file in gathered.items() if len(file.aliases) >= 3)
    wanted = {name for file in users.values() for name in file.uses}
    if not wanted:
        return None
    if existing:
        header = existing[0]
        missing = wanted - set(gathered[header].aliases)
    else:
        root = posixpath.commonpath([posixpath.dirname(p) for p in users]) if users else ""
        header = posixpath.join(root, "support", "ffi_aliases.h")
        missing = wanted
    known = frozenset(gathered)
    graph = {
        path: [t for i in file.included if (t := includes.resolve(path, i, known)) is not None]
        for path, file in gathered.items()
    }
    # a file that has every name it uses from elsewhere (its own aliases) needs nothing
    needing = {
        path
        for path, file in users.items()
        if path != header and not set(file.uses) <= set(file.aliases)
    }
    return Plan(
        header,
        bool(existing),
        tuple(sorted(missing)),
        frozenset(_includers(needing, graph, header)),
    )


def _includers(needing: set[str], graph: Mapping[str, list[str]], header: str) -> set[str]:
    """Files that must include the header themselves: no header of theirs, included by them, does."""
    has: set[str] = set()
    order: list[str] = []
    seen: set[str] = set()

    for start in sorted(graph):  # included files first
        stack = [(start, iter(sorted(graph.get(start, []))))]
        if start in seen:
            continue
        seen.add(start)
        while stack:
            path, children = stack[-1]
            child = next((c for c in children if c not in seen), None)
            if child is None:
                order.append(path)
                stack.pop()
            else:
                seen.add(child)
                stack.append((child, iter(sorted(graph.get(child, [])))))
    chosen: set[str] = set()
    for path in order:
        if header in graph.get(path, []) or any(child in has for child in graph.get(path, [])):
            has.add(path)
        elif path in needing:
            has.add(path)
            chosen.add(path)
    return chosen


USES = Collector(
    name="uses of containers in namespace tvm",
    language=Language.CPP,
    tokens=(*NAMES, "#include"),
    gather=_gather,
    digest=_digest,
)


def _alias(source: Source, facts: Facts) -> Iterator[Outcome]:
    text = code(source)
    for match in words(source, NAMES):
        begin, qualified = qualifier(text, match.start())
        if qualified in _OLD_QUALIFIERS:
            yield Edit(begin, match.start(), b"ffi::" if qualified[:3] == b"run" else b"tvm::ffi::")
    plan: Plan | None = facts.get(USES.name)
    if plan is None:
        return
    if source.path == plan.header and plan.exists:
        yield from _extend(source, plan)
    elif source.path in plan.includers:
        yield from includes.add(source, includes.relative(source.path, plan.header), system=False)
        if not plan.exists:
            yield NewFile(plan.header, _header(plan, newline(source)))


def _extend(source: Source, plan: Plan) -> Iterator[Outcome]:
    last = max((m for m in _ALIAS.finditer(code(source))), key=lambda m: m.end())
    end = newline(source)
    for name in plan.missing:
        yield Edit(last.end(), last.end(), end + b"using ffi::" + name.encode() + b";")
        yield from includes.add(source, f"tvm/ffi/{HEADERS[name]}.h", system=True)


def _header(plan: Plan, end: bytes) -> bytes:
    guard = re.sub(r"\W", "_", "TVM_" + plan.header.upper().removeprefix("SRC/")) + "_"
    lines = [
        "/*!",
        f" * \\file {posixpath.basename(plan.header)}",
        " * \\brief The FFI's containers under the names that this tree's code gives them.",
        " */",
        f"#ifndef {guard}",
        f"#define {guard}",
        "",
        *(f"#include <tvm/ffi/{h}.h>" for h in sorted({HEADERS[n] for n in plan.missing})),
        "",
        "namespace tvm {",
        "",
        *(f"using ffi::{name};" for name in plan.missing),
        "",
        "} // namespace tvm",
        "",
        f"#endif // {guard}",
        "",
    ]
    return end.join(line.encode() for line in lines)


MIGRATION = Migration(
    code="TF306",
    title="the containers left namespace `tvm`",
    rung=Rung.R3,
    introduced="0.1.7",
    removed="0.1.7",
    upstream=("apache/tvm#18280", "tile-ai/tilelang#1108"),
    effort=Effort.LOW,
    rewrites=(Rewrite(Language.CPP, NAMES, _alias, needs=(USES,)),),
    examples=(
        Example(
            title="an alias header, included where the names are used",
            path="src/op/sizes.cc",
            before="""#include <tvm/tir/expr.h>

namespace tvm {
namespace tl {
Array<PrimExpr> Sizes(const runtime::String &name, Optional<PrimExpr> size) {
  return {size.value()};
}
} // namespace tl
} // namespace tvm
""",
            after="""#include <tvm/tir/expr.h>

#include "support/ffi_aliases.h"

namespace tvm {
namespace tl {
Array<PrimExpr> Sizes(const ffi::String &name, Optional<PrimExpr> size) {
  return {size.value()};
}
} // namespace tl
} // namespace tvm
""",
        ),
    ),
)
