"""`ProducerStore` and `ProducerRealize` left TIR.

They never occur in a `PrimFunc`; only passes from tensor expressions made them. A visitor's overload
for them overrides nothing any more, so it is deleted; any other use is reported.
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
from cpp_rewriters.classes import classes, out_of_line
from cpp_rewriters.text import Span, code, lines, words

_NODES = ("ProducerStoreNode", "ProducerRealizeNode")
_NAMES = (*_NODES, "ProducerStore", "ProducerRealize")
_PARAMETER = re.compile(rb"\b(?:ProducerStoreNode|ProducerRealizeNode)\b")
_VISITS = re.compile(r"(?:Dispatch)?(?:Visit|Mutate)\w*_?|Visit\w*")


def _delete_visitors(source: Source, facts: Facts) -> Iterator[Outcome]:
    text = code(source)
    deleted: list[Span] = []
    methods = [m for cls in classes(source) for m in cls.methods]
    for method in (*methods, *out_of_line(source)):
        if _VISITS.fullmatch(method.name) and _PARAMETER.search(text, *method.parameters):
            span = _with_comment(source, method.span)
            deleted.append(span)
            yield Edit(*span, b"")
    for word in words(source, _NAMES):
        if not any(start <= word.start() < end for start, end in deleted):
            yield Remark(
                word.start(),
                f"`{word.group().decode()}` left TIR",
                "delete what handles it: no `PrimFunc` holds one",
            )


def _with_comment(source: Source, span: Span) -> Span:
    """The method's whole lines, with the comment lines directly above and one empty line."""
    start, end = lines(source).whole(*span)
    while start > 0:
        above = lines(source).span(start - 1)
        if not source.data[slice(*above)].lstrip().startswith(b"//"):
            break
        start = above[0]
    after = lines(source).span(end) if end < len(source.data) else (end, end)
    if after[0] == end and after[1] > end and not source.data[slice(*after)].strip():
        before = lines(source).span(start - 1) if start > 0 else (0, 0)
        if not source.data[slice(*before)].strip():
            end = after[1]
    return start, end


MIGRATION = Migration(
    code="TF117",
    title="`ProducerStore` and `ProducerRealize` left TIR",
    rung=Rung.R1,
    introduced="0.1.6",
    removed="0.1.6",
    upstream=("apache/tvm#18057",),
    effort=Effort.LOW,
    rewrites=(Rewrite(Language.CPP, _NAMES, _delete_visitors),),
    old_names=_NAMES,
    examples=(
        Example(
            title="an overload of a mutator",
            prelude="#include <tvm/tir/stmt_functor.h>\nnamespace tvm {\nusing namespace tir;\n",
            before="""class Widen : public StmtMutator {
public:
  Stmt VisitStmt_(const ForNode *op) final { return StmtMutator::VisitStmt_(op); }

  // ProducerStore
  Stmt VisitStmt_(const ProducerStoreNode *op) final {
    LOG(FATAL) << "cannot appear";
    return Stmt();
  }

private:
  int lanes_;
};
""",
            after="""class Widen : public StmtMutator {
public:
  Stmt VisitStmt_(const ForNode *op) final { return StmtMutator::VisitStmt_(op); }

private:
  int lanes_;
};
""",
            postlude="}\n",
        ),
        Example(
            title="a class that derives from a functor",
            prelude="#include <tvm/tir/expr_functor.h>\n#include <tvm/tir/stmt_functor.h>\n"
            "namespace tvm {\nusing namespace tir;\n",
            before="""class Both : public StmtMutator, public ExprFunctor<PrimExpr(const PrimExpr &)> {
  Stmt VisitStmt_(const ProducerRealizeNode *op) final { return StmtMutator::VisitStmt_(op); }
  int lanes_;
};
""",
            after="""class Both : public StmtMutator, public ExprFunctor<PrimExpr(const PrimExpr &)> {
  int lanes_;
};
""",
            postlude="}\n",
        ),
        Example(
            title="any other use",
            before="bool Is(const Stmt &s) { return s.as<ProducerStoreNode>() != nullptr; }\n",
            after=None,
            finding="left TIR",
        ),
    ),
)
