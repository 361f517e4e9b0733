"""Both sides changed the same lines, but different tokens of them: both changes are taken."""

from __future__ import annotations

from codemods.merge.hunks import Hunk
from codemods.merge.resolvers.place import Place
from codemods.merge.tokens import merge_tokens


def resolve(hunk: Hunk, place: Place) -> bytes | None:
    """Merge by token."""
    return merge_tokens(hunk, place.language) if place.language else None
