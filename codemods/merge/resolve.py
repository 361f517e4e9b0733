"""What git could not merge, resolved by rule as far as a rule is sure.

Paths first (policy, deletions, renames, files that both sides added), then texts
(`codemods.merge.text_merge`). What is left stays a conflict in git's own terms.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from codemods.merge import moved, units_cpp
from codemods.merge.git import SUBMODULE, SYMLINK, Entry, Tree
from codemods.merge.hunks import Hunk, join
from codemods.merge.policy import Policy
from codemods.merge.resolvers.place import Place
from codemods.merge.store import Store
from codemods.merge.structure import lost_or_back, misplaced
from codemods.merge.syntax import language_of
from codemods.merge.text_merge import (
    Applied,
    Outcome,
    faults,
    merge_file,
    split_units,
)
from codemods.merge.three_way import Conflict, Merge
from codemods.merge.tokens import same_code
from codemods.merge.units import Unit

LABELS = ("fork", "base", "upstream")


@dataclass(frozen=True)
class Resolution:
    """A rule that resolved something: the record that a reviewer reads."""

    path: str
    rule: str
    what: str
    base: bytes = b""
    ours: bytes = b""
    theirs: bytes = b""
    result: bytes = b""


@dataclass
class Resolved:
    """The merged tree so far: `files` that are done, and `conflicts` for a person, with the text
    that shows what is left of each (None where there is no text to show). `reasons` say what is
    wrong with a text that has no hunk left, or would have none."""

    files: dict[str, Entry]
    conflicts: dict[str, Conflict] = field(default_factory=dict)
    texts: dict[str, bytes | None] = field(default_factory=dict)
    resolutions: list[Resolution] = field(default_factory=list)
    reasons: dict[str, tuple[str, ...]] = field(default_factory=dict)


class Resolver:
    """Resolves one merge of the trees `base`, `ours` and `theirs`."""

    def __init__(self, store: Store, base: Tree, ours: Tree, theirs: Tree, policy: Policy) -> None:
        self._store = store
        self._base, self._ours, self._theirs = base, ours, theirs
        self._policy = policy

    def resolve(self, merge: Merge) -> Resolved:
        """Go through the conflicts of `merge`, and through what it merged into wrong."""
        self._result = Resolved(dict(merge.files))
        wrong = list(self._wrongly_merged(merge.files))
        todo = [*merge.conflicts.values(), *wrong]
        # Renames and deletions change other files, so they come when those are merged.
        for conflict in sorted(todo, key=lambda c: (c.ours is None or c.theirs is None, c.path)):
            self._path(conflict)
        self._keep_ci()
        return self._result

    def _wrongly_merged(self, files: Tree) -> Iterator[Conflict]:
        """Files that git merged into something wrong: a feature that came by both ways stands
        twice, or a name is used whose import one side took away."""
        both = {
            path: entry
            for path, entry in files.items()
            if path in self._ours
            and path in self._theirs
            and entry not in (self._ours[path], self._theirs[path])
            and language_of(path) is not None
            and entry.mode.startswith("10")
        }
        merged = self._store.contents(both)
        for path in both:
            base, ours, theirs = (
                self._content(tree[path], path) if path in tree else b""
                for tree in (self._base, self._ours, self._theirs)
            )
            place, text = self._place(path), merged[path]
            if (
                faults(place, text, base, ours, theirs)
                or misplaced(place.language, text, base, ours, theirs)
                or lost_or_back(place.language, text, base, ours, theirs)
            ):
                yield Conflict(path, self._base.get(path), self._ours[path], self._theirs[path])
                del self._result.files[path]

    def _path(self, conflict: Conflict) -> None:
        path, base, ours, theirs = conflict.path, conflict.base, conflict.ours, conflict.theirs
        if ours and path in self._policy.documents | self._policy.ci:
            self._done(path, ours, Resolution(path, "policy", "kept as the fork has it"))
        elif ours == theirs and ours:
            self._done(path, ours, Resolution(path, "same", "both sides made the same file"))
        elif not _are_texts(base, ours, theirs):
            self._leave(conflict, None)
        elif ours and theirs:
            self._text(conflict, ours, theirs)
        elif ours and base:
            self._deleted_upstream(conflict, base, ours)
        elif theirs and base and self._same(path, base, theirs):
            resolution = Resolution(path, "deletion", "upstream only reformatted it")
            self._result.resolutions.append(resolution)
        else:
            self._leave(conflict, None)

    def _text(self, conflict: Conflict, ours: Entry, theirs: Entry) -> None:
        path = conflict.path
        base = self._content(conflict.base, path) if conflict.base else b""
        mine, new = self._content(ours, path), self._content(theirs, path)
        if b"\0" in base + mine + new:
            self._leave(conflict, None)
            return
        place = self._place(path)
        if not conflict.base and self._holds_all(place, mine, new):
            what = "upstream has all of it"
            self._done(path, theirs, Resolution(path, "converged", what, base, mine, new, new))
            return
        outcome = merge_file(place, base, mine, new, lambda b, o: self._carry(path, b, o))
        self._outcome(conflict, outcome, _mode(conflict))

    def _outcome(self, conflict: Conflict, outcome: Outcome, mode: str) -> None:
        text = join(outcome.pieces, LABELS)
        sides = [
            self._content(entry, conflict.path) if entry is not None else b""
            for entry in (conflict.base, conflict.ours, conflict.theirs)
        ]
        for applied in outcome.applied:
            whole = Hunk(sides[0], sides[1], sides[2]) if applied.rule == "definitions" else None
            self._result.resolutions.append(_resolution(conflict.path, applied, whole, text))
        if outcome.left or outcome.faults:
            self._leave(conflict, text)
            self._result.reasons[conflict.path] = outcome.faults
        else:
            self._result.files[conflict.path] = Entry(mode, self._store.write_blobs([text])[0])

    def _deleted_upstream(self, conflict: Conflict, base: Entry, ours: Entry) -> None:
        path = conflict.path
        old, mine = self._content(base, path), self._content(ours, path)
        if self._same_text(path, old, mine):
            what = "the fork only reformatted or ported it"
            self._result.resolutions.append(Resolution(path, "deletion", what, old, mine))
            return
        target = moved.renamed_to(self._store, path, old, self._base, self._theirs)
        if target is not None and target in self._result.files:
            self._renamed(path, target, base, ours)
            return
        if self._all_elsewhere(path, old, mine):
            resolution = Resolution(path, "moved", "all that the fork changed is elsewhere now")
            self._result.resolutions.append(resolution)
            return
        self._leave(conflict, mine)

    def _renamed(self, path: str, target: str, base: Entry, ours: Entry) -> None:
        """Bring the fork's changes of a file to the one that it became upstream."""
        theirs = self._result.files.pop(target)
        old, mine, now = (self._content(entry, path) for entry in (base, ours, theirs))
        outcome = merge_file(self._place(target), old, mine, now)
        what = f"renamed to `{target}` upstream, the fork's changes with it"
        self._result.resolutions.append(Resolution(path, "renamed", what, old, mine, now))
        self._outcome(Conflict(target, base, ours, theirs), outcome, theirs.mode)

    def _all_elsewhere(self, path: str, old: bytes, mine: bytes) -> bool:
        """Whether each definition that the fork changed in a deleted file was carried to where
        upstream moved it."""
        modules = split_units(language_of(path), old, mine)
        if modules is None:
            return False
        if language_of(path) is not None and len(modules) == 2:
            modules = units_cpp.told_apart(*modules)
        before = {unit.key: unit for unit in modules[0]}
        for unit in modules[1]:
            base = before.pop(unit.key, None)
            if base is not None and self._same_text(path, base.text, unit.text):
                continue
            if base is None or not self._carry(path, base, unit):
                return False
        return not before

    def _carry(self, path: str, base: Unit, ours: Unit) -> str | None:
        """Bring the fork's change of a definition to the file that upstream moved it to."""
        found = moved.definition(self._store, path, ours, self._base, self._theirs)
        if found is None or found not in self._result.files:
            return None
        now = self._content(self._result.files[found], found)
        text = moved.follow(self._place(found), now, base, ours)
        if text is None:
            return None
        self._put(found, text)
        self._result.resolutions.append(
            Resolution(path, "moved", f"`{ours.key[1]}` is in `{found}` now", base.text, ours.text)
        )
        return "moved"

    def _holds_all(self, place: Place, mine: bytes, new: bytes) -> bool:
        """Whether upstream's file defines all that the fork's does, with the same signatures."""
        if same_code(mine, new, place.language):
            return True
        modules = split_units(place.language, mine, new)
        if modules is None:
            return False
        there = {(u.key, u.signature) for u in modules[1] if u.is_definition}
        here = {(u.key, u.signature) for u in modules[0] if u.is_definition}
        return bool(here) and here <= there

    def _keep_ci(self) -> None:
        for path in self._policy.ci & self._ours.keys():
            if self._result.files.get(path) not in (None, self._ours[path]):
                self._result.files[path] = self._ours[path]
                self._result.resolutions.append(Resolution(path, "policy", "the fork's own CI"))

    def _done(self, path: str, entry: Entry, resolution: Resolution) -> None:
        self._result.files[path] = entry
        self._result.resolutions.append(resolution)

    def _put(self, path: str, text: bytes) -> None:
        mode = self._result.files[path].mode
        self._result.files[path] = Entry(mode, self._store.write_blobs([text])[0])

    def _leave(self, conflict: Conflict, text: bytes | None) -> None:
        self._result.conflicts[conflict.path] = conflict
        self._result.texts[conflict.path] = text

    def _place(self, path: str) -> Place:
        trees = (self._base.keys(), self._ours.keys(), self._theirs.keys())
        return Place(path, language_of(path), *trees)

    def _content(self, entry: Entry, path: str) -> bytes:
        return self._store.content(entry, path)

    def _same(self, path: str, one: Entry, other: Entry) -> bool:
        return self._same_text(path, self._content(one, path), self._content(other, path))

    def _same_text(self, path: str, one: bytes, other: bytes) -> bool:
        return same_code(one, other, language_of(path))


def _are_texts(*entries: Entry | None) -> bool:
    return not any(e is not None and e.mode in (SUBMODULE, SYMLINK) for e in entries)


def _mode(conflict: Conflict) -> str:
    ours, theirs, base = conflict.ours, conflict.theirs, conflict.base
    assert ours is not None and theirs is not None
    return ours.mode if base is not None and theirs.mode == base.mode else theirs.mode


def _resolution(path: str, applied: Applied, whole: Hunk | None, text: bytes) -> Resolution:
    """The record of a rule; what it did to the `whole` file has the file's sides and `text`."""
    hunk = applied.hunk or whole
    if hunk is None:
        return Resolution(path, applied.rule, applied.what)
    result = applied.text if applied.hunk else text
    return Resolution(path, applied.rule, applied.what, hunk.base, hunk.ours, hunk.theirs, result)


def counts(resolutions: list[Resolution]) -> Mapping[str, int]:
    """How often each rule was applied."""
    found: dict[str, int] = {}
    for resolution in resolutions:
        found[resolution.rule] = found.get(resolution.rule, 0) + 1
    return dict(sorted(found.items()))
