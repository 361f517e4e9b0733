"""The verb that renames: a macro, a qualified name, a header."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from codemods.model import Edit, Facts, Language, Outcome, Rewrite, Source
from cpp_rewriters import includes
from cpp_rewriters.text import words


def identifiers(renamed: Mapping[str, str], *, include: str = "") -> Rewrite:
    """Rename whole identifiers wherever they stand in code, macro bodies included.

    `include`: a system header that the new name needs, added where something was renamed.
    """

    def apply(source: Source, facts: Facts) -> Iterator[Outcome]:
        found = False
        for match in words(source, renamed):
            found = True
            yield Edit(*match.span(), renamed[match.group().decode()].encode())
        if found and include:
            yield from includes.add(source, include, system=True)

    return Rewrite(Language.CPP, tuple(renamed), apply)


def headers(renamed: Mapping[str, str]) -> Rewrite:
    """Include the new header where the old one was included."""

    def apply(source: Source, facts: Facts) -> Iterator[Outcome]:
        for old, new in renamed.items():
            yield from includes.rename(source, old, new)

    return Rewrite(Language.CPP, tuple(renamed), apply)
