"""Both sides only added lines to the base: all of them are kept, the fork's first.

Fields and variables of C++ are an exception: upstream's come first, since its code may fill them by
place (`Args{target, layout, buffers}`).

Where they share a line, one feature may have come by two ways (the fork's sent upstream): then
what one side has is taken only if it holds all that the other one added, and else a person
decides. So it is where both give a value to one name.
"""

from __future__ import annotations

import difflib
import re

from codemods.merge.hunks import Hunk, split_lines
from codemods.merge.resolvers.place import Place
from codemods.merge.tokens import HAVE_TOKENS
from codemods.model import Language

Insertions = dict[int, list[bytes]]


def resolve(hunk: Hunk, place: Place) -> bytes | None:
    """Interleave the two sides' additions."""
    if place.language not in HAVE_TOKENS:
        return None
    base = split_lines(hunk.base)
    ours, theirs = _insertions(base, hunk.ours), _insertions(base, hunk.theirs)
    if ours is None or theirs is None or not ours or not theirs:
        return None
    out: list[bytes] = []
    for at in range(len(base) + 1):
        mine, other = ours.get(at, []), theirs.get(at, [])
        both = _both(mine, other, place.language)
        if both is None:
            return None
        out += both
        out += base[at : at + 1]
    return b"".join(out)


def _insertions(base: list[bytes], side: bytes) -> Insertions | None:
    """What a side put in front of each base line; None when it changed or deleted one."""
    lines = split_lines(side)
    matcher = difflib.SequenceMatcher(
        None, [line.strip() for line in base], [line.strip() for line in lines], autojunk=False
    )
    found: Insertions = {}
    for tag, start, end, first, last in matcher.get_opcodes():
        if tag == "insert":
            found[start] = lines[first:last]
        elif tag != "equal" or base[start:end] != lines[first:last]:
            return None
    return found


def _both(mine: list[bytes], other: list[bytes], language: Language | None) -> list[bytes] | None:
    if not mine or not other:
        return mine or other
    ours, theirs = _telling(mine), _telling(other)
    shared = set(ours) & set(theirs)
    if not shared:
        if _named(mine) & _named(other):
            return None
        fields = language is Language.CPP and all(map(_FIELD.fullmatch, mine + other))
        return other + mine if fields else mine + other
    if all(line in theirs for line in ours):
        return other
    if all(line in ours for line in theirs):
        return mine
    return None


def _telling(lines: list[bytes]) -> list[bytes]:
    """The lines that say something: not blank, no lone bracket or keyword."""
    bare = (b"".join(line.split()) for line in lines)
    return [line for line in bare if len(re.findall(rb"\w", line)) > 5]


_FIELD = re.compile(rb"\s*((?!return\b)\w[\w:<>,\s*&]*[\s*&>]\w+\s*([={][^()]*)?;\s*)?(//.*)?\s*")
_NAMED = re.compile(
    rb"""\s*(?:\#\s*define\s+(\w+)            # a macro
    | (?:set|option)\s*\(\s*(\w+)           # a CMake variable
    | ["']([^"'\n]+)["']\s*:               # an entry of a dictionary
    | [^=()\#"'\n]*?\b(\w+)\s*(?::[^=\n]*)?=(?!=))  # a variable, a constant, a field
    """,
    re.VERBOSE,
)


def _named(lines: list[bytes]) -> set[bytes]:
    """The names to which the outermost of some lines give a value."""
    full = [line for line in lines if line.strip()]
    least = min((len(line) - len(line.lstrip()) for line in full), default=0)
    outermost = (line for line in full if len(line) - len(line.lstrip()) == least)
    found = (_NAMED.match(line) for line in outermost)
    return {next(filter(None, match.groups())) for match in found if match}
