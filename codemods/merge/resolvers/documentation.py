"""Both sides changed a comment or docstring, and one of them nothing else.

The code is the other side's. So are the words, if they hold every word that the first side
newly wrote; else a person decides which of the two is lost.
"""

from __future__ import annotations

from codemods.merge.hunks import Hunk
from codemods.merge.resolvers.place import Place
from codemods.merge.tokens import HAVE_TOKENS, code_and_words


def resolve(hunk: Hunk, place: Place) -> bytes | None:
    """Take the side that changed code, or upstream's where neither did."""
    language = place.language
    if language is None or language not in HAVE_TOKENS:
        return None
    (base, old), (ours, mine), (theirs, new) = (
        code_and_words(side, language) for side in (hunk.base, hunk.ours, hunk.theirs)
    )
    if ours == base and mine - old <= new:
        return hunk.theirs
    if theirs == base and new - old <= mine:
        return hunk.ours
    return None
