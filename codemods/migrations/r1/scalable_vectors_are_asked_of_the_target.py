"""`arith::TargetHasSVE()` is gone: scalable vectors are no longer Arm's alone.

Its successor `TargetHasVLA` also answers for RISC-V. The question that the code asked is kept: the
feature `has_sve` of the current target, no where there is none.
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
from cpp_rewriters.syntax import namespace_of
from cpp_rewriters.text import calls, code, qualifier

_NAME = "TargetHasSVE"


def _ask_the_target(source: Source, facts: Facts) -> Iterator[Outcome]:
    text = code(source)
    for call in calls(source, (_NAME,)):
        start, qualified = qualifier(text, call.name[0])
        if call.arguments or not qualified.endswith(b"arith::"):
            continue  # a helper of the tree's own
        target = "Target" if "tvm" in namespace_of(source, start) else "tvm::Target"
        current = f"{target}::Current()"
        asked = f'{current}->GetFeature<Bool>("has_sve").value_or(Bool(false))->value != 0'
        yield Edit(start, call.end, f"({current}.defined() && {asked})".encode())


MIGRATION = Migration(
    code="TF120",
    title="`arith::TargetHasSVE` is gone",
    rung=Rung.R1,
    introduced="0.1.6",
    removed="0.1.6",
    upstream=("apache/tvm", "tile-ai/tilelang#595"),
    effort=Effort.LOW,
    rewrites=(Rewrite(Language.CPP, (_NAME,), _ask_the_target),),
    old_names=(f"arith::{_NAME}",),
    examples=(
        Example(
            title="a check",
            prelude="#include <tvm/target/target.h>\n#include <tvm/tir/op.h>\nnamespace tvm {\n",
            before="""void Check(bool scalable) { ICHECK(scalable && arith::TargetHasSVE()); }
""",
            after="""void Check(bool scalable) { ICHECK(scalable && (Target::Current().defined() && \
Target::Current()->GetFeature<Bool>("has_sve").value_or(Bool(false))->value != 0)); }
""",
            postlude="}\n",
        ),
    ),
)
