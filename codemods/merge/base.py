"""The true base of a fork: the upstream commit that the fork's content was last taken from.

Git's own merge base is of no use where upstream comes in by squash or cherry-pick, and a recorded
second parent may name commits whose content never arrived. Two measures find the base instead:

* **equal files**: the upstream commit whose tree has the most files in common with the fork's,
  counted along the first-parent history without reading any content;
* **containment**: around that peak, the share of each commit's added lines that the fork holds.
  It falls like a cliff behind the base, breaks ties between commits that touch only files which
  the fork changed too, and is what refutes a recorded parent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from codemods.merge.git import SYMLINK, Entry, GitError, Repository, Tree
from codemods.merge.history import Step, first_parent_history

WINDOW = 12  # commits on each side of the peak whose containment is measured
CONTAINED = 0.5  # a commit is contained when at least this share of its added lines is there
LARGEST = 1 << 20  # bytes; larger files and binary ones do not take part in containment
TRUSTED = 0.5  # a share of equal files below this is reported as doubtful
HOPELESS = 0.05  # and below this there is no base


class Contents(Protocol):
    """Where the contents of a tree's files come from: a repository, or memory."""

    @property
    def path(self) -> Path: ...

    def blobs(self, oids: Iterable[str]) -> dict[str, bytes]: ...


class NoBase(GitError):
    """No upstream commit resembles the fork."""


@dataclass(frozen=True)
class Containment:
    """How many of the lines that an upstream commit added are in the fork's files."""

    commit: str
    subject: str
    present: int
    added: int

    @property
    def contained(self) -> bool | None:
        """None where the commit added nothing that can be looked for."""
        return self.present >= CONTAINED * self.added if self.added else None


@dataclass(frozen=True)
class Base:
    """The measured base and how sure it is.

    `equal` of `files` upstream files are the same in the fork; `margin` is how many more than at
    the best commit outside the `plateau` of equally good ones. `absent`: commits at or before the
    base whose lines the fork lacks (skipped on purpose, or changed beyond recognition);
    `picked`: commits after it whose lines the fork has (cherry-picks).
    """

    commit: str
    tree: str
    subject: str
    equal: int
    files: int
    margin: int
    plateau: tuple[str, ...]
    around: tuple[Containment, ...]
    absent: tuple[Containment, ...]
    picked: tuple[Containment, ...]
    warnings: tuple[str, ...]

    @property
    def share(self) -> float:
        return self.equal / self.files if self.files else 0.0


def find_base(fork: Repository, revision: str, upstream: Repository, onto: str) -> Base:
    """Measure which commit on the first-parent line of `onto` the fork was last based on.

    Raises `NoBase` when nothing in that history resembles the fork or when the history is cut
    off (a shallow clone) before the base can be told.
    """
    return find_base_of(fork.files(fork.commit(revision)), fork, upstream, onto)


def find_base_of(files: Tree, fork: Contents, upstream: Repository, onto: str) -> Base:
    """The same for a tree's `files`, whose contents `fork` has."""
    tree = _voting(files)
    steps = first_parent_history(upstream, upstream.commit(onto))
    counts = _equal_files(tree, steps)
    peak = max(range(len(steps)), key=lambda at: (counts[at][0], -at), default=-1)
    if peak < 0 or counts[peak][0] <= HOPELESS * min(len(tree), counts[peak][1]):
        best = f"{counts[peak][0]} of {len(tree)} files" if peak >= 0 else "no commit at all"
        raise NoBase(
            f"`{onto}` of `{upstream.path}` has no commit in common with the fork, by content: "
            f"the most similar one shares {best}; is this the upstream of `{fork.path}`?"
        )
    window = range(max(0, peak - WINDOW), min(len(steps), peak + WINDOW + 1))
    texts = _Texts(fork, upstream, tree, [steps[at] for at in window])
    around = {at: texts.containment(steps[at]) for at in window}
    chosen = _cliff(around, [count for count, _ in counts], peak)
    if chosen == 0 and upstream.is_shallow:
        raise NoBase(
            f"`{upstream.path}` is a shallow clone that begins at {steps[0].commit[:12]}, and the "
            "fork may be older: deepen it (`git fetch --unshallow`)"
        )
    missed = [steps[at] for at in window if at <= chosen and around[at].contained is False]
    lasting = _Texts(fork, upstream, tree, missed, upstream.files(steps[chosen].tree))
    absent = [c for c in map(lasting.containment, missed) if c.contained is False]
    return _report(steps, counts, around, chosen, absent, texts.unread)


def claimed_but_absent(
    fork: Repository, revision: str, upstream: Repository, base: Base, claimed: str
) -> list[Containment]:
    """What a record claims that the content refutes: commits after the measured `base`, up to
    the `claimed` upstream commit, whose added lines the fork lacks. Empty when the claim holds.

    Only lines that survive in the claimed commit count. Commits that add no line are left out.
    """
    steps = first_parent_history(upstream, upstream.commit(claimed))
    at = next((n for n, step in enumerate(steps) if step.commit == base.commit), None)
    if at is None:
        return []
    later = steps[at + 1 :]
    tree = _voting(fork.files(fork.commit(revision)))
    texts = _Texts(fork, upstream, tree, later, upstream.files(claimed))
    measured = (texts.containment(step) for step in later)
    return [commit for commit in measured if commit.contained is False]


def _voting(files: Mapping[str, Entry]) -> dict[str, Entry]:
    """The files whose equality means something: no submodules, no file that each fork has its
    own of (CI, and the documents in the root)."""
    return {
        path: entry for path, entry in files.items() if entry.mode.startswith("10") and _votes(path)
    }


def _votes(path: str) -> bool:
    in_root = "/" not in path
    return not path.startswith(".github/") and not (
        in_root and path.lower().endswith((".md", ".rst", ".txt"))
    )


def _equal_files(tree: Tree, steps: Sequence[Step]) -> list[tuple[int, int]]:
    """For each commit: how many of its files the fork has unchanged, and how many it has."""
    counts, equal, total = [], 0, 0
    for step in steps:
        for delta in step.deltas:
            mine = tree.get(delta.path)
            for entry, sign in ((delta.old, -1), (delta.new, 1)):
                if entry is not None and entry.mode.startswith("10"):
                    total += sign
                    equal += sign * (mine is not None and mine.oid == entry.oid)
        counts.append((equal, total))
    return counts


def _cliff(around: Mapping[int, Containment], equal: Sequence[int], peak: int) -> int:
    """The commit behind which containment breaks off, near the peak.

    The split that leaves most contained commits before it and most absent ones after it: a fork
    that skipped one commit or picked one from further on does not move it. Of equally good
    splits the one with the most equal files wins, then the oldest: a base too old gives
    needless conflicts, one too new silently drops upstream's lines.
    """
    verdicts = {at: commit.contained for at, commit in around.items()}

    def score(split: int) -> tuple[int, int, int]:
        agree = sum(
            verdict is not None and verdict == (at <= split) for at, verdict in verdicts.items()
        )
        return agree, equal[split], -split

    known = [at for at, verdict in verdicts.items() if verdict is not None]
    return max(verdicts, key=score) if known else peak


def _report(
    steps: Sequence[Step],
    counts: Sequence[tuple[int, int]],
    around: Mapping[int, Containment],
    chosen: int,
    absent: Sequence[Containment],
    unread: int,
) -> Base:
    equal, files = counts[chosen]
    top = max(count for count, _ in counts)
    plateau = [at for at, (count, _) in enumerate(counts) if count == top]
    rest = max((count for count, _ in counts if count != top), default=0)
    picked = [c for at, c in around.items() if at > chosen and c.contained]
    warnings = []
    if equal < TRUSTED * files:
        warnings.append(
            f"only {equal} of upstream's {files} files are unchanged in the fork; "
            "the base is a guess, look at it before you merge"
        )
    if chosen not in plateau:
        warnings.append(
            f"{top - equal} more files are equal at {steps[plateau[0]].commit[:12]}, but lines of "
            "commits between the two are missing or there: upstream came in piecemeal"
        )
    if unread:
        warnings.append(f"{unread} file contents are missing from the clones and were not compared")
    return Base(
        commit=steps[chosen].commit,
        tree=steps[chosen].tree,
        subject=steps[chosen].subject,
        equal=equal,
        files=files,
        margin=top - rest,
        plateau=tuple(steps[at].commit for at in plateau),
        around=tuple(around[at] for at in sorted(around)),
        absent=tuple(absent),
        picked=tuple(picked),
        warnings=tuple(warnings),
    )


class _Texts:
    """The lines of the files that some upstream commits touch, on both sides.

    With `alive` (the files of an upstream commit) only added lines that are still there count.
    """

    def __init__(
        self,
        fork: Contents,
        upstream: Repository,
        tree: Tree,
        steps: Sequence[Step],
        alive: Tree | None = None,
    ) -> None:
        self._tree = tree
        self._alive = alive
        deltas = [delta for step in steps for delta in step.deltas if _is_text(delta.new)]
        touched = {delta.path for delta in deltas}
        theirs = {e.oid for d in deltas for e in (d.old, d.new) if e is not None}
        theirs |= {alive[path].oid for path in touched if alive and path in alive}
        mine = {tree[path].oid for path in touched if path in tree}
        contents = upstream.blobs(theirs)
        contents |= fork.blobs(mine - contents.keys())
        self.unread = len((theirs | mine) - contents.keys())
        self._contents = contents
        self._lines: dict[str, Counter[bytes] | None] = {}

    def containment(self, step: Step) -> Containment:
        present = added = 0
        for delta in step.deltas:
            new = self._of(delta.new) if _votes(delta.path) else None
            if new is None:
                continue
            old = self._of(delta.old) or Counter()
            fresh = new - old
            if self._alive is not None:
                fresh &= self._of(self._alive.get(delta.path)) or Counter()
            mine = self._of(self._tree.get(delta.path)) or Counter()
            added += fresh.total()
            present += (fresh & (mine - old)).total()
        return Containment(step.commit, step.subject, present, added)

    def _of(self, entry: Entry | None) -> Counter[bytes] | None:
        """The lines of a text without their white space; None for no file and for a binary."""
        if entry is None or not _is_text(entry):
            return None
        if entry.oid not in self._lines:
            content = self._contents.get(entry.oid)
            readable = content is not None and len(content) <= LARGEST and b"\0" not in content
            self._lines[entry.oid] = _lines(content) if content and readable else None
        return self._lines[entry.oid]


def _lines(content: bytes) -> Counter[bytes]:
    """Lines that tell something: at least one letter or digit, white space taken out."""
    bare = (b"".join(line.split()) for line in content.splitlines())
    return Counter(line for line in bare if len(line) > 3 and any(map(_IS_WORD, line)))


_IS_WORD: Callable[[int], bool] = frozenset(
    b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
).__contains__


def _is_text(entry: Entry | None) -> bool:
    return entry is not None and entry.mode.startswith("10") and entry.mode != SYMLINK
