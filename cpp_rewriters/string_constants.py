"""String constants of a tree, so that a name can be told from the same name written out."""

from __future__ import annotations

import re
from collections.abc import Mapping

from codemods.model import Collector, Language, Source
from cpp_rewriters.text import code

_CONSTANT = re.compile(
    rb"const(?<!\wconst)(?:expr)?\b[^;={}()]*?\b(?:char|string|string_view|String|auto)\b[^;={}()]*?"
    rb"\b(\w+)\s*(?:\[\s*\])?\s*(?:=\s*|[{(]\s*)(?=\")"
    rb"|^[ \t]*#[ \t]*define[ \t]+(\w+)[ \t]+(?=\")",
    re.M,
)
_LITERAL = re.compile(rb'"(?:[^"\\\n]|\\.)*"(?=\s*(?:[;)},]|\r?$))', re.M)


def _gather(source: Source) -> dict[str, str] | None:
    found: dict[str, str] = {}
    for match in _CONSTANT.finditer(code(source)):
        literal = _LITERAL.match(source.data, match.end())
        if literal is not None:
            name = match[1] or match[2]
            found[name.decode()] = literal.group().decode("utf-8", "replace")
    return found or None


def _digest(gathered: Mapping[str, dict[str, str]]) -> dict[str, str]:
    values: dict[str, set[str]] = {}
    for constants in gathered.values():
        for name, value in constants.items():
            values.setdefault(name, set()).add(value)
    return {name: min(found) for name, found in sorted(values.items()) if len(found) == 1}


CONSTANTS = Collector(
    "string constants", Language.CPP, ("const char", "constexpr", "#define"), _gather, _digest
)
"""Maps a constant's name to its literal, quotes included; a name with two values is left out."""
