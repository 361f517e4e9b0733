"""`x.as<Ref>()` answers a standard optional, which is no reference itself.

The optional of the legacy runtime was a reference that may be null. What relied on that:

| before | after |
|---|---|
| `x.as<Ref>().get()` | `x.as<RefNode>()` |
| `x.as<Ref>().same_as(y)` | `x.same_as(y)`: the same pointer, and null only when `x` is |
| `auto r = x.as<Ref>(); r.defined()` | `r.has_value()` |
| `r.get()` of such a variable | `(r ? r.value().get() : nullptr)` |

`r.value()`, `if (r)` and `!r` read the same.
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
from cpp_rewriters.syntax import declaration
from cpp_rewriters.text import closing_angle, code, words

_AS = re.compile(rb"(?P<access>\.|->)\s*as\s*(?=<)")
_GET = re.compile(rb"\s*\(\s*\)\s*\.\s*get\s*\(\s*\)")
_SAME = re.compile(rb"\s*\(\s*\)\s*\.\s*(?=same_as\s*\()")
_DEFINED = re.compile(rb"\s*\(\s*\)\s*\.\s*defined\s*\(\s*\)")
_VARIABLE = re.compile(rb"\b(?:const\s+)?auto\s*&?\s*(\w+)\s*=\s*[^;={}]*$")
_USE = re.compile(rb"\s*\.\s*(defined|get)\s*\(\s*\)")
_AS_AT_END = re.compile(r"(?:\.|->)\s*as\s*<([\w:]+(?:<[^;]*>)?)>\s*\(\s*\)\s*$")


def _read_optionals(source: Source, facts: Facts) -> Iterator[Outcome]:
    text = code(source)
    variables: set[str] = set()
    for match in _AS.finditer(text):
        angle = closing_angle(text, match.end())
        if angle < 0:
            continue
        name = text[match.end() + 1 : angle].strip()
        if name.endswith(b"Node"):
            continue
        after = angle + 1
        if got := _GET.match(text, after):
            if re.fullmatch(rb"[\w:]+", name):
                yield Edit(angle, angle, b"Node")
                yield Edit(after, got.end(), b"()")
        elif same := _SAME.match(text, after):
            access = match["access"]
            yield Edit(match.start(), same.end(), access)
        elif defined := _DEFINED.match(text, after):
            yield Edit(text.index(b".", after), defined.end(), b".has_value()")
        elif declared := _VARIABLE.search(text, max(0, match.start() - 200), match.start()):
            variables.add(declared[1].decode())
    for word in words(source, variables) if variables else ():
        use = _USE.match(text, word.end())
        if use is None or not _is_optional(source, word.group().decode(), word.start()):
            continue
        if use[1] == b"defined":
            yield Edit(*use.span(1), b"has_value")
        else:
            name = word.group()
            yield Edit(word.start(), use.end(), b"(%s ? %s.value().get() : nullptr)" % (name, name))


def _is_optional(source: Source, name: str, offset: int) -> bool:
    declared = declaration(source, name, offset)
    if declared is None or "auto" not in declared.type:
        return False
    match = _AS_AT_END.search(declared.initialiser)
    return match is not None and not match[1].endswith("Node")


MIGRATION = Migration(
    code="TF110",
    title="`as<Ref>()` answers a standard optional",
    rung=Rung.R1,
    introduced="0.1.6",
    removed="0.1.6",
    upstream=("apache/tvm#17920", "tile-ai/tilelang#595"),
    effort=Effort.LOW,
    rewrites=(Rewrite(Language.CPP, ("as<", "as <"), _read_optionals),),
    examples=(
        Example(
            title="pointers, comparison and tests",
            prelude="#include <tvm/tir/expr.h>\nnamespace tvm {\nnamespace tl {\nusing namespace tir;\n",
            before="""bool Check(const PrimExpr &x, const Var &v) {
  const VarNode *node = x.as<Var>().get();
  auto found = x.as<Var>();
  ICHECK(found.defined()) << "no variable";
  return x.as<Var>().same_as(v) || node == nullptr || found.value().same_as(v);
}
""",
            after="""bool Check(const PrimExpr &x, const Var &v) {
  const VarNode *node = x.as<VarNode>();
  auto found = x.as<Var>();
  ICHECK(found.has_value()) << "no variable";
  return x.same_as(v) || node == nullptr || found.value().same_as(v);
}
""",
            postlude="}\n}\n",
        ),
    ),
)
