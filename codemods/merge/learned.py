"""Renames that upstream made in one file, learned from the file itself.

When upstream replaced a name in a file everywhere by one other name (a base class, a module), the
fork's own lines in that file use the old one still, and every line that both touched conflicts. So
the rename is carried out on base and fork before the merge.

A rename is learned only where it leaves no doubt: the old name is gone from upstream's file, every
line that shows what became of it says the same, and at least two do.
"""

from __future__ import annotations

import difflib
import keyword
import re
from collections import Counter, defaultdict
from collections.abc import Mapping

from codemods.merge.hunks import split_lines
from codemods.merge.tokens import HAVE_TOKENS, canonical, renamed
from codemods.model import Language

SHORTEST = 3  # letters; shorter names are variables, which mean another thing in each function
ENOUGH = 2  # lines that must show a rename
_NAME = re.compile(rb"[A-Za-z_]\w*\Z")
_KEYWORDS = {word.encode() for word in keyword.kwlist}


def learn(base: bytes, theirs: bytes, language: Language | None) -> dict[bytes, bytes]:
    """The renames that upstream made between two versions of a file: old name to new."""
    if language not in HAVE_TOKENS or language is None:
        return {}
    names = [set(filter(_NAME.match, canonical(text, language))) for text in (base, theirs)]
    gone = {name for name in names[0] - names[1] if len(name) >= SHORTEST} - _KEYWORDS
    if not gone:
        return {}
    became: dict[bytes, Counter[bytes]] = defaultdict(Counter)
    old, new = split_lines(base), split_lines(theirs)
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for tag, start, end, first, last in matcher.get_opcodes():
        if tag == "replace" and end - start == last - first:
            for before, after in zip(old[start:end], new[first:last], strict=True):
                pairs = _pairs(before, after, language)
                for one, other in pairs if gone.issuperset(name for name, _ in pairs) else ():
                    became[one][other] += 1
    return {
        name: next(iter(became[name]))
        for name in sorted(gone)
        if len(became[name]) == 1 and became[name].total() >= ENOUGH
    }


def follow(text: bytes, renames: Mapping[bytes, bytes], language: Language | None) -> bytes:
    """The text with the renames carried out in its code, not in comments and strings."""
    if not renames or language is None:
        return text
    return renamed(text, renames, language)


def _pairs(before: bytes, after: bytes, language: Language) -> list[tuple[bytes, bytes]]:
    """The names that differ between two lines that differ in nothing else. A line in which a
    name changed that is still there elsewhere shows no rename: another thing is meant."""
    one, other = canonical(before, language), canonical(after, language)
    if len(one) != len(other):
        return []
    differing = [(a, b) for a, b in zip(one, other, strict=True) if a != b]
    return differing if all(_NAME.match(a) and _NAME.match(b) for a, b in differing) else []
