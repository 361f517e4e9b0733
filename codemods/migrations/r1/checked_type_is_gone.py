"""`checked_type_` left Relax functions' and `PrimFunc`'s common base: struct info took its place.

A `PrimFunc` kept its function type there, and passes that changed parameters assigned it anew. The
field is gone and nothing has to be kept in step, so the assignment is deleted. Reading it is
reported.
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
from cpp_rewriters.text import code, lines, words

_ASSIGNED = re.compile(rb"[\w.>()*\[\]\s-]*?(?:->|\.)\s*checked_type_\s*=(?!=)[^;{}]*;")
_GUARDED = re.compile(rb"\s*(?:if|else|for|while|case|default)\b")


def _forget_it(source: Source, facts: Facts) -> Iterator[Outcome]:
    text = code(source)
    done = 0
    for word in words(source, ("checked_type_",)):
        if word.start() < done:
            continue
        start = max(text.rfind(mark, 0, word.start()) for mark in (b";", b"{", b"}")) + 1
        statement = _ASSIGNED.match(text, start)
        brace = max(text.rfind(mark, 0, start) for mark in (b"{", b"}")) + 1
        head = text[brace:start]  # `if (auto x = f(); ..) n->checked_type_ = t;`
        guarded = _GUARDED.match(text, start) is not None or head.count(b"(") > head.count(b")")
        if statement is None or statement.end() < word.end() or guarded:
            yield Remark(
                word.start(),
                "`checked_type_` is gone",
                "ask the struct info, or compute the type from parameters and `ret_type`",
                Effort.MEDIUM,
            )
            continue
        begin = start + len(statement.group()) - len(statement.group().lstrip())
        done = statement.end()
        yield Edit(*lines(source).whole(begin, done), b"")


MIGRATION = Migration(
    code="TF118",
    title="`checked_type_` is gone",
    rung=Rung.R1,
    introduced="0.1.6",
    removed="0.1.6",
    upstream=("apache/tvm#18078",),
    effort=Effort.LOW,
    rewrites=(Rewrite(Language.CPP, ("checked_type_",), _forget_it),),
    old_names=("checked_type_",),
    examples=(
        Example(
            title="kept in step",
            prelude="#include <tvm/tir/function.h>\nnamespace tvm {\nusing namespace tir;\n",
            before="""PrimFunc Finish(PrimFunc f) {
  auto *n = f.CopyOnWrite();
  n->checked_type_ = n->func_type_annotation();
  (*n).checked_type_ = f->checked_type_;
  n->ret_type = VoidType();
  return f;
}
""",
            after="""PrimFunc Finish(PrimFunc f) {
  auto *n = f.CopyOnWrite();
  n->ret_type = VoidType();
  return f;
}
""",
            postlude="}\n",
        ),
        Example(
            title="set under a condition",
            before="void Set(Node *n, Type t) { if (t.defined()) n->checked_type_ = t; }\n",
            after=None,
            finding="`checked_type_` is gone",
        ),
        Example(
            title="read",
            before="Type Of(const BaseFunc &f) { return f->checked_type_; }\n",
            after=None,
            finding="`checked_type_` is gone",
        ),
    ),
)
