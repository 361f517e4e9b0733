"""A buffer is of TVM's own two kinds: `kDefault` and `kAutoBroadcast`.

A fork of TVM may have added kinds to `BufferType`, with buffers in the front end to match. The
target's TVM knows none of them: its front end refuses a `buffer_type` of another name, so no buffer
can be of such a kind. What the tree does with them is its own affair: each place is reported, and
the unit does not compile until it is decided.

Over the target's TVM a comparison with such a kind can only be false. With `--unsafe-fixes` it is
written so: the unit compiles, and what the kind was for is off.
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
from cpp_rewriters.syntax import enclosing, node_at
from cpp_rewriters.text import Span, code, words

_KNOWN = ("kDefault", "kAutoBroadcast")
_KIND = re.compile(rb"\s*::\s*(k\w+)")
_ANSWERS = {"==": b"false", "!=": b"true"}


def _report(source: Source, facts: Facts) -> Iterator[Outcome]:
    text = code(source)
    for word in words(source, ("BufferType",)):
        kind = _KIND.match(text, word.end())
        if kind is None or kind[1].decode() in _KNOWN:
            continue
        yield Remark(
            word.start(),
            f"`BufferType::{kind[1].decode()}` belonged to a fork of TVM; not decided because "
            "only the tree's owner knows how such buffers are told apart now",
            "tell them apart by an attribute of the function, or drop the case",
            Effort.HIGH,
        )
        compared = _comparison(source, (word.start(), kind.end()))
        if compared is not None:
            (start, end), answer = compared
            yield Edit(start, end, answer + b" /* BufferType::" + kind[1] + b" */")


def _comparison(source: Source, kind: Span) -> tuple[Span, bytes] | None:
    """The comparison with the kind as an operand, and what it can only be."""
    node = enclosing(node_at(source, *kind), "binary_expression")
    operator = node.child_by_field_name("operator") if node is not None else None
    if node is None or operator is None or operator.type not in _ANSWERS:
        return None
    sides = [node.child_by_field_name(name) for name in ("left", "right")]
    if not any(side is not None and side.end_byte == kind[1] for side in sides):
        return None
    return (node.start_byte, node.end_byte), _ANSWERS[operator.type]


MIGRATION = Migration(
    code="TF121",
    title="buffer kinds of a fork of TVM are gone",
    rung=Rung.R1,
    introduced="0.1.6",
    removed="0.1.6",
    upstream=("tile-ai/tilelang#595",),
    effort=Effort.HIGH,
    safe=False,
    rewrites=(Rewrite(Language.CPP, ("BufferType",), _report),),
    examples=(
        Example(
            title="a kind that TVM does not have",
            prelude="#include <tvm/tir/buffer.h>\nnamespace tvm {\nnamespace tir {\n",
            before="""bool Remote(const Buffer &b) { return b->buffer_type == BufferType::kRemote; }
bool Local(const Buffer &b) { return BufferType::kRemote != b->buffer_type; }
bool Plain(const Buffer &b) { return b->buffer_type == BufferType::kDefault; }
""",
            after="""bool Remote(const Buffer &b) { return false /* BufferType::kRemote */; }
bool Local(const Buffer &b) { return true /* BufferType::kRemote */; }
bool Plain(const Buffer &b) { return b->buffer_type == BufferType::kDefault; }
""",
            postlude="}\n}\n",
            finding="`BufferType::kRemote` belonged to a fork of TVM",
        ),
        Example(
            title="a kind that is not compared",
            before="BufferType Remote() { return BufferType::kRemote; }\n",
            after=None,
            finding="`BufferType::kRemote` belonged to a fork of TVM",
        ),
    ),
)
