"""A builtin that another file asks for is declared.

`TIR_DEFINE_TL_BUILTIN(name)` defines the function `name()` and registers its operator; other files
see it by its declaration in a header. This is no change of upstream's: a tree that lost such a
declaration, by hand or in a merge, compiled at no release and would not after the port. What is
missing follows from the definition, so it is put back beside the builtin that is defined before it.
"""

from __future__ import annotations

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
    Outcome,
    Rewrite,
    Rung,
    Source,
)
from cpp_rewriters.text import calls, code, newline, preceded_by

_MACRO = "TIR_DEFINE_TL_BUILTIN"
_DECLARED = re.compile(
    rb"^[^\S\n]*(?P<head>(?:\w+\s+)*?const\s+Op\s*&\s*)(?P<name>\w+)\(\)\s*;", re.M
)
_ASKED = re.compile(rb"\bsame_as\s*\(\s*(?:(?:\w+\s*::\s*)*tl\s*::\s*)?(\w+)\s*\(\s*\)\s*\)")


@dataclass(frozen=True)
class _Seen:
    """What one file has of builtins, in order."""

    defined: tuple[str, ...]
    declared: tuple[str, ...]
    asked: frozenset[str]


def _gather(source: Source) -> _Seen | None:
    text = code(source)
    defined = tuple(
        text[slice(*call.arguments[0])].decode().strip()
        for call in calls(source, (_MACRO,))
        if len(call.arguments) == 1 and not preceded_by(text, call.name[0], b"define")
    )
    declared = tuple(match["name"].decode() for match in _DECLARED.finditer(text))
    asked = frozenset(match[1].decode() for match in _ASKED.finditer(text))
    return _Seen(defined, declared, asked) if defined or declared or asked else None


def _digest(gathered: Mapping[str, _Seen]) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """By header: the declaration to follow, and the builtins to declare after it."""
    declared = {name: path for path in sorted(gathered) for name in gathered[path].declared}
    missing: dict[str, dict[str, tuple[str, ...]]] = {}
    for path, seen in sorted(gathered.items()):
        elsewhere = {name for p, s in gathered.items() if p != path for name in s.asked}
        known = [name for name in seen.defined if name in declared]
        before = known[0] if known else ""
        for name in seen.defined:
            if name in declared:
                before = name
            elif name in elsewhere and before:
                after = missing.setdefault(declared[before], {})
                after[before] = (*after.get(before, ()), name)
    return missing


_MISSING = Collector(
    "undeclared builtins",
    Language.CPP,
    (_MACRO, "const Op", "same_as"),
    _gather,
    _digest,
    re.compile(_MACRO.encode()),
)


def _declare(source: Source, facts: Facts) -> Iterator[Outcome]:
    missing: Mapping[str, tuple[str, ...]] = facts.get(_MISSING.name, {}).get(source.path, {})
    for match in _DECLARED.finditer(code(source)) if missing else ():
        for name in missing.get(match["name"].decode(), ()):
            line = newline(source) + match["head"] + name.encode() + b"();"
            yield Edit(match.end(), match.end(), line)


_HEADER = """#include <tvm/ir/op.h>
namespace tvm {
namespace tl {
"""

MIGRATION = Migration(
    code="TF122",
    title="builtins are declared where they are used",
    rung=Rung.R1,
    introduced="0.1.6",
    removed=None,
    upstream=(),
    effort=Effort.LOW,
    rewrites=(Rewrite(Language.CPP, ("const Op",), _declare, needs=(_MISSING,)),),
    examples=(
        Example(
            title="a builtin that only its definition names",
            path="src/op/builtin.h",
            prelude=_HEADER,
            before="""/*! \\brief Waits for a tile. */
TVM_DLL const Op &tile_wait();
/*! \\brief Ends a tile. */
TVM_DLL const Op &tile_end();
""",
            after="""/*! \\brief Waits for a tile. */
TVM_DLL const Op &tile_wait();
TVM_DLL const Op &tile_push();
/*! \\brief Ends a tile. */
TVM_DLL const Op &tile_end();
""",
            postlude="}\n}\n",
            others={
                "src/op/builtin.cc": """#define TIR_DEFINE_TL_BUILTIN(OpName) /* ... */
TIR_DEFINE_TL_BUILTIN(tile_wait).set_num_inputs(1);
TIR_DEFINE_TL_BUILTIN(tile_push).set_num_inputs(2);
TIR_DEFINE_TL_BUILTIN(tile_end).set_num_inputs(0);
TIR_DEFINE_TL_BUILTIN(tile_of_nobody).set_num_inputs(0);
""",
                "src/target/codegen.cc": """#include "../op/builtin.h"
bool Pushes(const CallNode *op) { return op->op.same_as(tl::tile_push()); }
""",
            },
        ),
    ),
)
