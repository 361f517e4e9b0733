"""Where upstream moved a file or a definition that the fork changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from pathlib import PurePosixPath

from codemods.merge.git import Tree
from codemods.merge.hunks import Pieces, hunks, split_lines
from codemods.merge.resolvers.place import Place
from codemods.merge.store import Store
from codemods.merge.syntax import language_of
from codemods.merge.text_merge import merge_file, split_units
from codemods.merge.units import Unit

ALIKE = 0.4  # share of the base file's lines that a renamed file must have
NAMED = 0.3  # what the same file name in another folder adds to it
CLEAR = 1.3  # how much better than the next best it must be


def renamed_to(store: Store, path: str, base: bytes, old: Tree, new: Tree) -> str | None:
    """The file of upstream's that took the place of `path`, if one clearly did.

    Finer than git's own search, which wants half of the file to be the same.
    """
    language = language_of(path)
    candidates = {
        p: e for p, e in new.items() if p not in old and language and language_of(p) is language
    }
    lines = _lines(base)
    scored = sorted(
        (
            (
                (_lines(content) & lines).total() / max(1, lines.total())
                + NAMED * (PurePosixPath(candidate).name == PurePosixPath(path).name),
                candidate,
            )
            for candidate, content in store.contents(candidates).items()
        ),
        reverse=True,
    )
    if not scored or scored[0][0] < ALIKE:
        return None
    if len(scored) > 1 and scored[1][0] * CLEAR > scored[0][0]:
        return None
    return scored[0][1]


def definition(store: Store, path: str, unit: Unit, old: Tree, new: Tree) -> str | None:
    """The one file that upstream moved a definition to, out of `path`."""
    if not unit.is_definition or len(unit.key) < 2:
        return None
    language = language_of(path)
    name = unit.key[1].encode()
    candidates = {
        p: e
        for p, e in new.items()
        if p != path and old.get(p) != e and language and language_of(p) is language
    }
    found = [
        p
        for p, content in store.contents(candidates).items()
        if name in content and unit.key in _keys(p, content)
    ]
    before = {p: old[p] for p in found if p in old}
    there = {p for p, content in store.contents(before).items() if unit.key in _keys(p, content)}
    fresh = [p for p in found if p not in there]
    return fresh[0] if len(fresh) == 1 else None


def follow(place: Place, text: bytes, base: Unit, ours: Unit) -> bytes | None:
    """`text` with the fork's change of one definition merged into it; None where it conflicts."""
    units = (split_units(place.language, text) or [[]])[0]
    at = next((n for n, unit in enumerate(units) if unit.key == ours.key), None)
    if at is None:
        return None
    outcome = merge_file(place, base.text, ours.text, units[at].text)
    if outcome.left or outcome.faults:
        return None
    merged: Pieces = outcome.pieces
    assert not hunks(merged)
    middle = b"".join(piece for piece in merged if isinstance(piece, bytes))
    head = b"".join(unit.text for unit in units[:at])
    return head + middle + b"".join(unit.text for unit in units[at + 1 :])


def _lines(text: bytes) -> Counter[bytes]:
    bare = (b"".join(line.split()) for line in split_lines(text))
    return Counter(line for line in bare if len(line) > 3)


@lru_cache(maxsize=2048)
def _keys(path: str, content: bytes) -> frozenset[tuple[str, ...]]:
    modules: Iterable[list[Unit]] = split_units(language_of(path), content) or []
    return frozenset(unit.key for units in modules for unit in units)
