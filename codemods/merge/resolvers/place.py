"""What a rule is told of the file that a hunk is in."""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass

from codemods.merge.hunks import Hunk
from codemods.model import Language


@dataclass(frozen=True)
class Place:
    """A file, and which files the three trees have."""

    path: str
    language: Language | None
    base: Set[str]
    ours: Set[str]
    theirs: Set[str]


Rule = Callable[[Hunk, Place], bytes | None]
"""The text that a hunk becomes, or None where the rule does not apply or is not sure."""
