"""A buffer is of TVM's own two kinds: `kDefault` and `kAutoBroadcast`.

A fork of TVM may have added kinds to `BufferType`, with buffers in the front end to match. The
target's TVM knows none of them, so no buffer can be of such a kind. What the tree does with them is
its own affair: each place is reported, and the unit does not compile until it is decided.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from codemods.model import (
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
from cpp_rewriters.text import code, words

_KNOWN = ("kDefault", "kAutoBroadcast")
_KIND = re.compile(rb"\s*::\s*(k\w+)")


def _report(source: Source, facts: Facts) -> Iterator[Outcome]:
    text = code(source)
    for word in words(source, ("BufferType",)):
        kind = _KIND.match(text, word.end())
        if kind is not None and kind[1].decode() not in _KNOWN:
            yield Remark(
                word.start(),
                f"`BufferType::{kind[1].decode()}` belonged to a fork of TVM; not changed because "
                "only the tree's owner knows how such buffers are told apart now",
                "tell them apart by an attribute of the function, or drop the case",
                Effort.HIGH,
            )


MIGRATION = Migration(
    code="TF121",
    title="buffer kinds of a fork of TVM are gone",
    rung=Rung.R1,
    introduced="0.1.6",
    removed="0.1.6",
    upstream=("tile-ai/tilelang#595",),
    effort=Effort.HIGH,
    rewrites=(Rewrite(Language.CPP, ("BufferType",), _report),),
    examples=(
        Example(
            title="a kind that TVM does not have",
            before="""bool Remote(const Buffer &b) { return b->buffer_type == BufferType::kRemote; }
bool Plain(const Buffer &b) { return b->buffer_type == BufferType::kDefault; }
""",
            after=None,
            finding="`BufferType::kRemote` belonged to a fork of TVM",
        ),
    ),
)
