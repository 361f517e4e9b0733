"""A three-way merge of three trees by git itself, with a base of our choosing.

Git merges commits, and finds their base in the history. So three commits are made that have the
wanted history and nothing else: `base`, and the two sides with `base` as their only parent. This
works with every git since 2.38, needs no working tree, and runs nothing of the repository.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from codemods.merge.git import Entry, GitError, Tree
from codemods.merge.store import Store

_IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (
        ("NAME", "codemods"),
        ("EMAIL", "codemods@localhost"),
        ("DATE", "1000000000 +0000"),
    )
}


@dataclass(frozen=True)
class Conflict:
    """A path that git could not merge, as git's index would hold it (stages 1, 2 and 3)."""

    path: str
    base: Entry | None
    ours: Entry | None
    theirs: Entry | None


@dataclass(frozen=True)
class Merge:
    """What git made of three trees: `files` for the paths that merged, `conflicts` for the rest."""

    files: Tree
    conflicts: Mapping[str, Conflict]
    notes: tuple[str, ...]


def merge_trees(store: Store, base: str, ours: str, theirs: str) -> Merge:
    """Merge the tree `theirs` into `ours`, both changed since the tree `base`."""
    root = commit_tree(store, base, (), "base")
    sides = [commit_tree(store, tree, (root,), name) for tree, name in ((ours, "a"), (theirs, "b"))]
    return merge_commits(store, *sides)


def merge_commits(store: Store, ours: str, theirs: str) -> Merge:
    """Merge two commits from the base that git finds."""
    done = store.run(
        "-c",
        "merge.renameLimit=20000",
        "-c",
        "merge.directoryRenames=conflict",
        "merge-tree",
        "--write-tree",
        "-z",
        "--messages",
        "--allow-unrelated-histories",
        ours,
        theirs,
        ok=(0, 1),
    )
    output = done.stdout.decode("utf-8", "surrogateescape")
    tree, _, rest = output.partition("\0")
    if not tree:
        raise GitError(f"`git merge-tree` gave no tree: {done.stderr.decode('utf-8', 'replace')}")
    records, _, notes = rest.partition("\0\0") if done.returncode else ("", "", rest)
    conflicts = _conflicts(records)
    files = {p: e for p, e in store.files(tree).items() if p not in conflicts}
    return Merge(files, conflicts, _notes(notes))


def commit_tree(store: Store, tree: str, parents: tuple[str, ...], message: str) -> str:
    """A commit that exists only to tell git what its merge base is."""
    named = [part for parent in parents for part in ("-p", parent)]
    made = store.run("commit-tree", tree, *named, "-m", message, env=_IDENTITY)
    return made.stdout.decode().strip()


def _conflicts(records: str) -> dict[str, Conflict]:
    stages: dict[str, dict[str, Entry]] = {}
    for record in filter(None, records.split("\0")):
        facts, _, path = record.partition("\t")
        mode, oid, stage = facts.split(" ")
        stages.setdefault(path, {})[stage] = Entry(mode, oid)
    return {
        path: Conflict(path, found.get("1"), found.get("2"), found.get("3"))
        for path, found in stages.items()
    }


def _notes(text: str) -> tuple[str, ...]:
    """The lines about conflicts among git's messages (`count path... kind message`, by NUL)."""
    return tuple(
        part.strip() for part in text.split("\0") if part.lstrip().startswith("CONFLICT (")
    )
