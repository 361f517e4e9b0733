"""One side changed nothing but the formatting: the other side's change is taken.

This also covers what one side deleted and the other only reformatted, and the same change made
by both sides in different formatting (then it is upstream's).
"""

from __future__ import annotations

from codemods.merge.hunks import Hunk
from codemods.merge.resolvers.place import Place
from codemods.merge.tokens import same_code


def resolve(hunk: Hunk, place: Place) -> bytes | None:
    """Take the side that changed more than formatting."""
    if same_code(hunk.ours, hunk.theirs, place.language):
        return hunk.theirs
    if same_code(hunk.base, hunk.ours, place.language):
        return hunk.theirs
    if same_code(hunk.base, hunk.theirs, place.language):
        return hunk.ours
    return None
