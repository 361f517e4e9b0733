"""No function comes from a legacy tensor-expression schedule any more.

`IsFromLegacyTESchedule(f)` asked for an attribute that nothing sets, and is gone: its answer is no.
`if (!IsFromLegacyTESchedule(f)) {..} else {..}` becomes its first branch, `if (IsFromLegacy..(f))`
its second; elsewhere the call becomes `false`.
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
    Rewrite,
    Rung,
    Source,
)
from cpp_rewriters.margins import shift
from cpp_rewriters.text import Span, calls, closing, code, indentation, lines, qualifier, skip_space

_NAME = "IsFromLegacyTESchedule"
_IF = re.compile(rb"\bif\s*\(\s*(?P<no>!\s*)?$")


def _take_the_answer(source: Source, facts: Facts) -> Iterator[Outcome]:
    text = code(source)
    done = 0  # what lies before is rewritten; a call in a branch that is kept is seen again
    for call in calls(source, (_NAME,)):
        start = qualifier(text, call.name[0])[0]
        if start < done:
            continue
        head = _IF.search(text, max(0, start - 60), start)
        close = skip_space(text, call.end)
        if head is None or text[close : close + 1] != b")":
            yield Edit(start, call.end, b"false")
            done = call.end
            continue
        branches = _branches(text, close + 1)
        if branches is None:
            yield Edit(start, call.end, b"false")
            done = call.end
            continue
        yes, no, end = branches
        kept = yes if head["no"] else no
        done = end
        yield from _keep(source, (head.start(), end), kept)


def _branches(text: bytes, start: int) -> tuple[Span, Span | None, int] | None:
    """Both blocks of an `if`, and where the statement ends; None unless they are in braces."""
    opening = skip_space(text, start)
    if text[opening : opening + 1] != b"{":
        return None
    end = closing(text, opening)
    after = skip_space(text, end + 1)
    if end < 0 or not re.match(rb"else\b", text[after : after + 5]):
        return None if end < 0 else ((opening, end), None, end + 1)
    other = skip_space(text, after + 4)
    if text[other : other + 1] != b"{":
        return None
    stop = closing(text, other)
    return None if stop < 0 else ((opening, end), (other, stop), stop + 1)


def _keep(source: Source, whole: Span, kept: Span | None) -> Iterator[Edit]:
    if kept is None:
        yield Edit(*lines(source).whole(*whole), b"")
        return
    data = source.data
    first = min(skip_space(data, kept[0] + 1), kept[1])
    last = max(len(data[: kept[1]].rstrip()), first)
    yield Edit(whole[0], first, b"")
    yield Edit(last, whole[1], b"")
    if b"\n" in data[kept[0] : first]:
        margin = len(indentation(source, whole[0]))
        yield from shift(source, (first, last), first, margin)


MIGRATION = Migration(
    code="TF119",
    title="no function comes from a legacy schedule",
    rung=Rung.R1,
    introduced="0.1.6",
    removed="0.1.6",
    upstream=("apache/tvm#17701",),
    effort=Effort.LOW,
    rewrites=(Rewrite(Language.CPP, (_NAME,), _take_the_answer),),
    old_names=(_NAME,),
    examples=(
        Example(
            title="both branches, one branch, an expression",
            prelude="#include <tvm/tir/function.h>\nnamespace tvm {\nusing namespace tir;\n"
            "PrimFunc Work(PrimFunc f);\n",
            before="""PrimFunc Apply(PrimFunc f) {
  // not for schedules
  if (!IsFromLegacyTESchedule(f)) {
    f = Work(f);
    return f;
  } else {
    return f;
  }
}
PrimFunc Again(PrimFunc f) {
  if (IsFromLegacyTESchedule(f)) {
    return f;
  }
  return IsFromLegacyTESchedule(f) ? f : Work(f);
}
""",
            after="""PrimFunc Apply(PrimFunc f) {
  // not for schedules
  f = Work(f);
  return f;
}
PrimFunc Again(PrimFunc f) {
  return false ? f : Work(f);
}
""",
            postlude="}\n",
        ),
    ),
)
