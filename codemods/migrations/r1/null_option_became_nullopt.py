"""`NullOpt` became `std::nullopt`: TVM's own spelling is gone."""

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
from cpp_rewriters.ffi_names import qualified
from cpp_rewriters.text import words

_RENAMED = {"NullOpt": b"std::nullopt", "NullOptType": b"std::nullopt_t"}


def _use_the_standard(source: Source, facts: Facts) -> Iterator[Outcome]:
    for match in words(source, _RENAMED):
        yield Edit(*qualified(source, match.span()), _RENAMED[match.group().decode()])


MIGRATION = Migration(
    code="TF105",
    title="`NullOpt` became `std::nullopt`",
    rung=Rung.R1,
    introduced="0.1.6",
    removed="0.1.6",
    upstream=("apache/tvm#17929",),
    effort=Effort.LOW,
    rewrites=(Rewrite(Language.CPP, tuple(_RENAMED), _use_the_standard),),
    old_names=tuple(_RENAMED),
    examples=(
        Example(
            title="an argument, a default, an initialiser",
            prelude="#include <tvm/tir/expr.h>\nnamespace tvm {\nusing ffi::Optional;\n",
            before="""struct S {
  Optional<PrimExpr> found{NullOpt};
};
Optional<PrimExpr> Find(Optional<PrimExpr> from = NullOpt) {
  return from ? from : Optional<PrimExpr>(runtime::NullOpt);
}
""",
            after="""struct S {
  Optional<PrimExpr> found{std::nullopt};
};
Optional<PrimExpr> Find(Optional<PrimExpr> from = std::nullopt) {
  return from ? from : Optional<PrimExpr>(std::nullopt);
}
""",
            postlude="}\n",
        ),
    ),
)
