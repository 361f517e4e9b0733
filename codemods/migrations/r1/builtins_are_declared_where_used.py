"""A builtin that another file asks for is declared.

`TIR_DEFINE_TL_BUILTIN(name)` defines the function `name()` and registers its operator; other files
see it by its declaration in a header. This is no change of upstream's: a tree that lost such a
declaration, by hand or in a merge, compiled at no release and would not after the port. What is
missing follows from the definition, so it is put back beside the builtin that is defined before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

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
from cpp_rewriters.builtins import BUILTINS, DECLARED, Builtins
from cpp_rewriters.derived import derived
from cpp_rewriters.text import code, newline


@derived
def _missing(known: Builtins) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """By header: the declaration to follow, and the builtins to declare after it."""
    missing: dict[str, dict[str, tuple[str, ...]]] = {}
    for path, seen in sorted(known.files.items()):
        elsewhere = {name for p, s in known.files.items() if p != path for name in s.asked}
        before = next((name for name in seen.defined if name in known.headers), "")
        for name in seen.defined:
            if name in known.headers:
                before = name
            elif name in elsewhere and before:
                after = missing.setdefault(known.headers[before], {})
                after[before] = (*after.get(before, ()), name)
    return missing


def _declare(source: Source, facts: Facts) -> Iterator[Outcome]:
    known: Builtins | None = facts.get(BUILTINS.name)
    missing = _missing(known).get(source.path, {}) if known is not None else {}
    for match in DECLARED.finditer(code(source)) if missing else ():
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
    rewrites=(Rewrite(Language.CPP, ("const Op",), _declare, needs=(BUILTINS,)),),
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
