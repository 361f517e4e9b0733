"""Both sides changed the code alike, and wrote different comments about it.

The fork's change went upstream, or upstream's came by a cherry-pick: from now on it is upstream's,
and so are the words. What the fork said of it ("unlike upstream, ...") need not be true any more.
"""

from __future__ import annotations

from codemods.merge.hunks import Hunk
from codemods.merge.resolvers.place import Place
from codemods.merge.tokens import HAVE_TOKENS, code_and_words


def resolve(hunk: Hunk, place: Place) -> bytes | None:
    """Take upstream's text where the two say the same and the base something else."""
    language = place.language
    if language is None or language not in HAVE_TOKENS:
        return None
    base, ours, theirs = (
        code_and_words(side, language)[0] for side in (hunk.base, hunk.ours, hunk.theirs)
    )
    return hunk.theirs if ours == theirs != base else None
