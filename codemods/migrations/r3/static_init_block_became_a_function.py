"""`TVM_FFI_STATIC_INIT_BLOCK({ .. })` became `TVM_FFI_STATIC_INIT_BLOCK() { .. }`.

The macro used to take the block as its argument; it now opens a function, and the block is that
function's body. The block may hold lambdas, strings and comments with brackets of their own, so its
end is found by matching brackets, never by looking for the first `});`. Several blocks may stand on
one line.

A block that is not one braced argument (a macro parameter passed on) is left and reported.
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
from cpp_rewriters.text import calls, closing, code, newline, skip_space

MACRO = "TVM_FFI_STATIC_INIT_BLOCK"
_CONTINUED = re.compile(rb"\\\r?\n|\\$")


def _open_the_function(source: Source, facts: Facts) -> Iterator[Outcome]:
    text = code(source)
    for call in calls(source, (MACRO,)):
        inner = skip_space(text, call.open + 1)
        if inner >= call.close:
            continue  # already `()`
        if text[inner : inner + 1] != b"{":
            if b"define" not in source.data[source.data.rfind(b"\n", 0, call.name[0]) + 1 :][:32]:
                yield Remark(
                    call.name[0],
                    f"`{MACRO}` is not given a braced block, so its body was not moved",
                    f"write `{MACRO}() {{ .. }}`",
                )
            continue
        end = closing(text, inner)
        if skip_space(text, end + 1) != call.close:
            yield Remark(
                call.name[0],
                f"the block of `{MACRO}` is followed by more arguments",
                f"write `{MACRO}() {{ .. }}`",
                Effort.MEDIUM,
            )
            continue
        before = _joined(source.data[call.open + 1 : inner])  # a comment, seldom
        gap = newline(source) if b"//" in before else b" "
        yield Edit(call.open, inner, b"() " + (before + gap if before else b""))
        semicolon = skip_space(text, call.end)
        stop = semicolon + 1 if text[semicolon : semicolon + 1] == b";" else call.end
        after = source.data[end + 1 : call.close] + source.data[call.close + 1 : stop]
        after = _joined(_joined(after).rstrip(b";"))
        if b"//" in after and source.data[stop : stop + 1] not in (b"\r", b"\n"):
            after += newline(source)
        yield Edit(end + 1, stop, b" " + after if after else b"")


def _joined(gap: bytes) -> bytes:
    """What stands between tokens, without line continuations, which would continue nothing."""
    return _CONTINUED.sub(b" ", gap).strip()


MIGRATION = Migration(
    code="TF301",
    title="static initialisation blocks became functions",
    rung=Rung.R3,
    introduced="0.1.7",
    removed="0.1.7",
    upstream=("apache/tvm#18312",),
    effort=Effort.LOW,
    rewrites=(Rewrite(Language.CPP, (MACRO,), _open_the_function),),
    examples=(
        Example(
            title="a registration with a lambda",
            prelude="#include <tvm/ffi/reflection/registry.h>\n",
            before="""TVM_FFI_STATIC_INIT_BLOCK({
  namespace refl = tvm::ffi::reflection;
  refl::GlobalDef().def("tl.twice", [](int x) { return "})"[0] + 2 * x; });
});
""",
            after="""TVM_FFI_STATIC_INIT_BLOCK() {
  namespace refl = tvm::ffi::reflection;
  refl::GlobalDef().def("tl.twice", [](int x) { return "})"[0] + 2 * x; });
}
""",
        ),
        Example(
            title="a block that a macro writes, over several lines",
            prelude="#include <tvm/ffi/reflection/registry.h>\n",
            before="""#define DEMO_INIT(F) \\
  TVM_FFI_STATIC_INIT_BLOCK( \\
    { F(); } \\
  )
static void Demo() {}
DEMO_INIT(Demo);
""",
            after="""#define DEMO_INIT(F) \\
  TVM_FFI_STATIC_INIT_BLOCK() { F(); }
static void Demo() {}
DEMO_INIT(Demo);
""",
        ),
        Example(
            title="several blocks on one line",
            prelude="static void First() {}\nstatic void Second() {}\n"
            "#include <tvm/ffi/reflection/registry.h>\n",
            before="TVM_FFI_STATIC_INIT_BLOCK({ First(); }); TVM_FFI_STATIC_INIT_BLOCK({ Second(); });\n",
            after="TVM_FFI_STATIC_INIT_BLOCK() { First(); } TVM_FFI_STATIC_INIT_BLOCK() { Second(); }\n",
        ),
    ),
)
