"""`make_object` and `GetRef` are no longer names of namespace `tvm`.

Both moved to `tvm::ffi`, and `tvm` stopped repeating them. They are called with explicit template
arguments, so argument-dependent lookup never finds them (before C++20); code compiled unqualified
only where some header still said `using`. The new name is written in full, which is right in every
namespace and on every rung.
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
from cpp_rewriters.text import code, preceded_by, qualifier, skip_space, skip_space_back, words

NAMES = ("make_object", "GetRef", "make_inplace_array_object")
OLD_QUALIFIERS = (
    b"",
    b"tvm::",
    b"::tvm::",
    b"runtime::",
    b"tvm::runtime::",
    b"::tvm::runtime::",
)


def _qualify(source: Source, facts: Facts) -> Iterator[Outcome]:
    text = code(source)
    for match in words(source, NAMES):
        begin, qualified = qualifier(text, match.start())
        if qualified.replace(b" ", b"") not in OLD_QUALIFIERS or preceded_by(
            text, begin, b".", b"->", b"template"
        ):
            continue
        after = skip_space(text, match.end())
        used = text.startswith(b"<", after)
        imported = text.startswith(b";", after) and _in_using(text, begin)
        if (used and not _declares(text, begin)) or imported:
            yield Edit(begin, match.end(), b"tvm::ffi::" + match.group())


def _in_using(text: bytes, begin: int) -> bool:
    before = skip_space_back(text, begin)
    return text[max(0, before - 5) : before] == b"using"


def _declares(text: bytes, begin: int) -> bool:
    """Whether the name is being declared: a type stands right before it."""
    before = skip_space_back(text, begin)
    return text[before - 1 : before] == b">" and text[before - 2 : before] not in (b"->", b">>")


MIGRATION = Migration(
    code="TF304",
    title="`make_object` and `GetRef` left namespace `tvm`",
    rung=Rung.R3,
    introduced="0.1.7",
    removed="0.1.7",
    upstream=("apache/tvm#18280",),
    effort=Effort.LOW,
    rewrites=(Rewrite(Language.CPP, NAMES, _qualify),),
    examples=(
        Example(
            title="a node made and a reference taken",
            prelude="#include <tvm/tir/expr.h>\nnamespace tvm {\nnamespace tl {\nusing namespace tir;\n",
            before="""PrimExpr Again(const AddNode *op) {
  auto node = make_object<AddNode>(*op);
  return Mul(Add(node), GetRef<PrimExpr>(op)) + runtime::GetRef<Add>(op);
}
""",
            after="""PrimExpr Again(const AddNode *op) {
  auto node = tvm::ffi::make_object<AddNode>(*op);
  return Mul(Add(node), tvm::ffi::GetRef<PrimExpr>(op)) + tvm::ffi::GetRef<Add>(op);
}
""",
            postlude="}\n}\n",
        ),
    ),
)
