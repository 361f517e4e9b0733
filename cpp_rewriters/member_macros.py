"""Macros that stand as members of a class."""

from __future__ import annotations

import re
from collections.abc import Iterator

from codemods.model import Edit, Source
from cpp_rewriters.directives import definition_at
from cpp_rewriters.text import Call, code, skip_space

_NEXT_MEMBER = re.compile(rb"[}\w#~:]|\[\[|$")


def ended(source: Source, call: Call) -> Iterator[Edit]:
    """Ends a member that a macro makes with a `;` where it has none: an older macro brought its
    own.

    One in the body of a `#define` is left, since what follows it cannot be told, and so is one that
    no member, directive or end of the class follows: it stands in an expression.
    """
    text = code(source)
    after = skip_space(text, call.end)
    if _NEXT_MEMBER.match(text, after) and definition_at(source, call.end) is None:
        yield Edit(call.end, call.end, b";")
