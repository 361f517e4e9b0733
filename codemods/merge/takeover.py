"""Takes over upstream's version of a file that was forked from it and whose meaning changed there.

Some files no migration can port: upstream changed what they do (a calling convention, a pass's
contract), and the fork has a changed copy. `run --upstream REPO@REV` merges three ways instead:
the version that the copy was made of, found by content; the copy; upstream's at REV. Base and
copy are ported first, so that only what the two sides meant is left to merge.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from codemods import engine
from codemods.engine import Ported
from codemods.merge import companions
from codemods.merge.base import NoBase, find_base_of
from codemods.merge.git import Entry, GitError, Repository
from codemods.merge.history import first_parent_history
from codemods.merge.hunks import join, split_lines
from codemods.merge.resolvers.place import Place
from codemods.merge.syntax import language_of
from codemods.merge.text_merge import merge_file
from codemods.model import Effort, Finding, Migration

CODE = "TF931"
ALIKE = 0.3  # share of lines that two versions of one file have in common at least
_WANTED = re.compile(r"--upstream\b")


@dataclass(frozen=True)
class Source:
    """An upstream repository on this machine, and a commit of it."""

    repository: Repository
    commit: str

    @classmethod
    def parse(cls, text: str) -> Source:
        """Read `REPO@REV`; raises `GitError` where there is no such repository or revision."""
        path, at, revision = text.rpartition("@")
        if not at or not path or not revision:
            raise GitError(
                f"`{text}` is not REPO@REV, a git repository on this machine and a revision"
            )
        repository = Repository.open(path)
        return cls(repository, repository.commit(revision))


@dataclass(frozen=True)
class Origin:
    """The upstream file that one of the fork's was made of."""

    path: str
    base: bytes
    theirs: bytes
    where: str  # the base, for people


class _Memory:
    """A tree in memory, as a place that contents come from."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.path = Path()
        self.tree = {path: Entry("100644", _blob_id(data)) for path, data in files.items()}
        self._contents = {self.tree[path].oid: data for path, data in files.items()}

    def blobs(self, oids: Iterable[str]) -> dict[str, bytes]:
        return {oid: self._contents[oid] for oid in oids if oid in self._contents}


def taken_over(
    original: Mapping[str, bytes],
    ported: Ported,
    migrations: Sequence[Migration],
    release: str,
    source: Source,
) -> Ported:
    """The port with upstream's version merged into each file that a finding asks it for.

    `original`: the tree before the port. A merge that leaves conflicts, or that some rule finds
    fault with, changes nothing; a finding says so.
    """
    wanted = sorted({f.path for f in ported.findings if _WANTED.search(f.advice)})
    merging = _Merging(original, ported, migrations, release, source)
    merging.take(wanted)
    merged, said = merging.result(wanted)
    if not merged:
        return replace(ported, findings=tuple(sorted({*ported.findings, *said})))
    again = engine.port({**ported.files, **merged}, migrations, release)
    still = {f for f in again.findings if f.path not in merged or not _WANTED.search(f.advice)}
    # what was remarked beside an edit is not remarked a second time
    still |= {f for f in ported.findings if again.files[f.path] == ported.files[f.path]}
    changed = {**ported.changed, **again.changed, **{path: again.files[path] for path in merged}}
    brought = [path for path in merged if path not in ported.files]
    return replace(
        ported,
        files=again.files,
        changed={path: text for path, text in changed.items() if original.get(path) != text},
        findings=tuple(sorted({*still, *said})),
        complaints=tuple(sorted({*ported.complaints, *again.complaints})),
        new_files=tuple(dict.fromkeys([*ported.new_files, *again.new_files, *brought])),
        steps={path: steps for path, steps in ported.steps.items() if path not in merged},
    )


class _Merging:
    """Upstream's versions of the files that are asked for, and of what those cannot do without."""

    def __init__(
        self,
        original: Mapping[str, bytes],
        ported: Ported,
        migrations: Sequence[Migration],
        release: str,
        source: Source,
    ) -> None:
        self._original, self._ported = original, ported
        self._migrations, self._release, self._source = migrations, release, source
        self._theirs = source.repository.files(source.commit)
        self._texts: dict[str, bytes] = {}
        self._told: dict[str, str] = {}  # where it came from, for people
        self._failed: dict[str, str] = {}  # why it was not taken over
        self._needs: dict[str, set[str]] = defaultdict(set)
        self._constants: dict[str, dict[str, tuple[str, str]]] = {}
        self._upstream_path: dict[str, str] = {}

    def take(self, wanted: Sequence[str], paths: Mapping[str, str] | None = None) -> None:
        """Take over the files `wanted`, then what they need, and so on. `paths`: upstream's path
        of each, where that is known."""
        known = paths or {}
        new = [path for path in wanted if path not in self._original]
        for path in new:
            self._texts[path] = self._read(known[path])
            self._told[path] = f"upstream's `{known[path]}` was brought along"
            self._upstream_path[path] = known[path]
        self._merge([path for path in wanted if path in self._original])
        more: dict[str, str] = {}
        for path in wanted:
            if path in self._texts:
                more |= self._companions(path, self._upstream_path[path])
        if more:
            self.take(sorted(more), more)

    def result(self, wanted: Sequence[str]) -> tuple[dict[str, bytes], list[Finding]]:
        """Return the texts to write and what is to be said of them; a file that needs one that
        could not be had is not written, nor what only such files need."""
        why = {path: self._why_not(path, set()) for path in wanted}
        good: set[str] = set()
        waiting = [path for path in wanted if not why[path]]
        while waiting:
            path = waiting.pop()
            if path not in good:
                good.add(path)
                waiting.extend(self._needs[path])
        texts = {path: self._texts[path] for path in good}
        said = [_say(path, self._told[path], "LOW") for path in sorted(good)]
        said += [_say(path, reason, "HIGH") for path, reason in why.items() if reason]
        for path in sorted(good):
            for name, (ours, theirs) in self._constants.get(path, {}).items():
                header = texts.get(ours, self._ported.files[ours])
                if name.encode() not in companions.words(header):
                    made = companions.declare(name, header, self._read(theirs))
                    assert made is not None, (name, theirs)  # `_companions` tried it
                    texts[ours] = made
                    message = f"upstream's `{name}` was brought along, which `{path}` uses"
                    said.append(_say(ours, message, "LOW"))
        return texts, said

    def _why_not(self, path: str, asked: set[str]) -> str:
        if path in self._failed:
            return self._failed[path]
        asked.add(path)
        for needed in sorted(self._needs[path] - asked):
            if self._why_not(needed, asked):
                origin = self._upstream_path.get(path, path)
                return (
                    f"upstream's version was not taken over from `{origin}`: "
                    f"it needs `{needed}`, and {self._why_not(needed, {path})}"
                )
        return ""

    def _merge(self, wanted: Sequence[str]) -> None:
        origins = _origins(self._original, wanted, self._source)
        self._upstream_path |= {path: origin.path for path, origin in origins.items()}
        bases = {path: origin.base for path, origin in origins.items()}
        lifted = self._lift(bases)
        for path in wanted:
            origin = origins.get(path)
            if origin is None:
                self._failed[path] = "upstream has no version that this file was made of"
                continue
            place = Place(path, language_of(path), set(), set(), set())
            outcome = merge_file(place, lifted[path], self._ported.files[path], origin.theirs)
            if outcome.left or outcome.faults:
                why = "; ".join(outcome.faults) or f"{outcome.left} places conflict"
                self._failed[path] = (
                    f"upstream's version was not taken over from `{origin.path}`: {why}"
                )
                continue
            self._texts[path] = join(outcome.pieces)
            self._told[path] = (
                f"upstream's `{origin.path}` was merged in, from the base {origin.where}"
            )

    def _lift(self, bases: Mapping[str, bytes]) -> Mapping[str, bytes]:
        if not bases:
            return {}
        return engine.port({**self._original, **bases}, self._migrations, self._release).files

    def _companions(self, path: str, upstream_path: str) -> dict[str, str]:
        """Note what a taken file needs; return those files that are still to be taken."""
        files = self._ported.files
        found = companions.needs(
            path, self._texts[path], upstream_path, files, self._theirs, self._read
        )
        for name, (ours, theirs) in found.names.items():
            if companions.declare(name, files[ours], self._read(theirs)) is None:
                self._failed[path] = (
                    f"upstream's version was not taken over from `{upstream_path}`: it needs "
                    f"`{name}`, which upstream declares in `{theirs}`"
                )
                return {}
        self._constants[path] = dict(found.names)
        self._needs[path] |= set(found.files)
        done = {*self._texts, *self._failed}
        return {ours: theirs for ours, theirs in found.files.items() if ours not in done}

    def _read(self, path: str) -> bytes:
        oid = self._theirs[path].oid
        return self._source.repository.blobs([oid])[oid]


def _say(path: str, message: str, effort: str) -> Finding:
    advice = {
        "LOW": "read it once: what the fork changed in this file is merged by rule",
        "HIGH": "take upstream's version over by hand, with the fork's changes since the base",
    }[effort]
    return Finding(path, 1, 1, CODE, message, advice, Effort[effort])


def _origins(
    original: Mapping[str, bytes], wanted: Sequence[str], source: Source
) -> dict[str, Origin]:
    """What each wanted file was made of: of the tree's base, where upstream is what the whole
    tree was forked from, and else the most similar version of the file."""
    repository = source.repository
    new = repository.files(source.commit)
    memory = _Memory(original)
    try:
        base = find_base_of(memory.tree, memory, repository, source.commit)
        old, where = repository.files(base.tree), base.commit[:12]
    except NoBase:
        old, where = {}, ""
    found = {}
    for path in wanted:
        theirs = path if path in new else _namesake(original[path], path, new, repository)
        if theirs is None:
            continue
        text = repository.blobs([new[theirs].oid])[new[theirs].oid]
        if path in old:
            base_text = repository.blobs([old[path].oid])[old[path].oid]
            found[path] = Origin(theirs, base_text, text, where)
            continue
        nearest = _nearest(original[path], theirs, source)
        if nearest is not None:
            found[path] = Origin(theirs, nearest[0], text, nearest[1])
    return found


def _namesake(
    text: bytes, path: str, new: Mapping[str, Entry], repository: Repository
) -> str | None:
    """The upstream file of the same name in another folder that is most like it."""
    name = PurePosixPath(path).name
    same = {p: e for p, e in new.items() if PurePosixPath(p).name == name}
    contents = repository.blobs(e.oid for e in same.values())
    scored = [(_alike(text, contents.get(e.oid, b"")), p) for p, e in same.items()]
    best = max(scored, default=(0.0, None))
    return best[1] if best[0] >= ALIKE else None


def _nearest(text: bytes, path: str, source: Source) -> tuple[bytes, str] | None:
    """The version of an upstream file that the text is most like, and its commit; of equally
    good ones the oldest."""
    versions: dict[str, str] = {}
    for step in first_parent_history(source.repository, source.commit, path):
        for delta in step.deltas:
            if delta.path == path and delta.new is not None:
                versions.setdefault(delta.new.oid, step.commit[:12])
    contents = source.repository.blobs(versions)
    scored = [
        (_alike(text, contents[oid]), -at, oid)
        for at, oid in enumerate(versions)
        if oid in contents
    ]
    if not scored or max(scored)[0] < ALIKE:
        return None
    oid = max(scored)[2]
    return contents[oid], versions[oid]


def _alike(one: bytes, other: bytes) -> float:
    """The share of lines that two texts have in common, white space aside."""
    first, second = (
        Counter(b"".join(line.split()) for line in split_lines(t)) for t in (one, other)
    )
    return (first & second).total() / max(1, (first | second).total())


def _blob_id(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
