"""Takes over upstream's version of a file that was forked from it and whose meaning changed there.

Some files no migration can port: upstream changed what they do (a calling convention, a pass's
contract), and the fork has a changed copy. `run --upstream REPO@REV` merges three ways instead:
the version that the copy was made of, found by content; the copy; upstream's at REV. Base and
copy are ported first, so that only what the two sides meant is left to merge.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from codemods import engine
from codemods.engine import Ported
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
    origins = _origins(original, wanted, source)
    bases = {path: origin.base for path, origin in origins.items()}
    lifted = engine.port({**original, **bases}, migrations, release).files
    merged: dict[str, bytes] = {}
    said: list[Finding] = []
    for path in wanted:
        origin = origins.get(path)
        if origin is None:
            said.append(_say(path, "upstream has no version that this file was made of", "HIGH"))
            continue
        place = Place(path, language_of(path), set(), set(), set())
        outcome = merge_file(place, lifted[path], ported.files[path], origin.theirs)
        if outcome.left or outcome.faults:
            why = "; ".join(outcome.faults) or f"{outcome.left} places conflict"
            message = f"upstream's version was not taken over from `{origin.path}`: {why}"
            said.append(_say(path, message, "HIGH"))
            continue
        merged[path] = join(outcome.pieces)
        said.append(
            _say(
                path,
                f"upstream's `{origin.path}` was merged in, from the base {origin.where}",
                "LOW",
            )
        )
    if not merged:
        return replace(ported, findings=tuple(sorted({*ported.findings, *said})))
    again = engine.port({**ported.files, **merged}, migrations, release)
    still = [f for f in again.findings if f.path not in merged or not _WANTED.search(f.advice)]
    changed = {**ported.changed, **again.changed, **{path: again.files[path] for path in merged}}
    return replace(
        ported,
        files=again.files,
        changed={path: text for path, text in changed.items() if original.get(path) != text},
        findings=tuple(sorted({*still, *said})),
        complaints=tuple(sorted({*ported.complaints, *again.complaints})),
        steps={path: steps for path, steps in ported.steps.items() if path not in merged},
    )


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
