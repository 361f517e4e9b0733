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
from collections.abc import Callable, Mapping

from codemods.merge.hunks import split_lines
from codemods.merge.tokens import HAVE_TOKENS, canonical, renamed
from codemods.model import Language

SHORTEST = 3  # letters; shorter names are variables, which mean another thing in each function
ENOUGH = 2  # lines that must show a rename
_NAME = re.compile(rb"[A-Za-z_]\w*\Z")
_IMPORT = re.compile(rb"\s*(?:from|import)\s+([A-Za-z_][\w.]*)")
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


def follow(
    text: bytes,
    renames: Mapping[bytes, bytes],
    language: Language | None,
    is_module: Callable[[str], bool] = lambda name: False,
) -> bytes:
    """The text with the renames carried out in its code, not in comments and strings. A module of
    the tree's own (`is_module` knows them) that is still called so keeps its name."""
    if not renames or language is None:
        return text
    done = renamed(text, renames, language)
    if language is not Language.PYTHON or done == text:
        return done
    lines = zip(split_lines(text), split_lines(done), strict=True)
    return b"".join(_with_module(before, after, is_module) for before, after in lines)


def _with_module(before: bytes, after: bytes, is_module: Callable[[str], bool]) -> bytes:
    old, new = _IMPORT.match(before), _IMPORT.match(after)
    if not old or not new or old[1] == new[1]:
        return after
    if not is_module(old[1].decode()) or is_module(new[1].decode()):
        return after
    return after[: new.start(1)] + old[1] + after[new.end(1) :]


def _pairs(before: bytes, after: bytes, language: Language) -> list[tuple[bytes, bytes]]:
    """The names that differ between two lines that differ in nothing else. A line in which a
    name changed that is still there elsewhere shows no rename: another thing is meant."""
    one, other = canonical(before, language), canonical(after, language)
    if len(one) != len(other):
        return []
    differing = [(a, b) for a, b in zip(one, other, strict=True) if a != b]
    return differing if all(_NAME.match(a) and _NAME.match(b) for a, b in differing) else []
