"""Macros that stand as members of a class."""

from __future__ import annotations

from collections.abc import Iterator

from codemods.model import Edit, Source
from cpp_rewriters.directives import definition_at
from cpp_rewriters.text import Call, code, skip_space


def ended(source: Source, call: Call) -> Iterator[Edit]:
    """Ends a member that a macro makes with a `;` where it has none: an older macro brought its
    own.

    One in the body of a `#define` is left, since what follows it cannot be told.
    """
    text = code(source)
    after = skip_space(text, call.end)
    if text[after : after + 1] != b";" and definition_at(source, call.end) is None:
        yield Edit(call.end, call.end, b";")
