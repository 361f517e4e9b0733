"""A scratch object store in which a merge is made, so that no repository of the user's changes.

It borrows the objects of the fork and of upstream (git's alternates) and holds its own new ones. It
has no configuration but its own: no hook, filter or merge driver can be reached from it.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from codemods.merge.git import Entry, GitError, Repository, Tree

OLDEST_GIT = (2, 38)


class Store(Repository):
    """The scratch store. Contents missing from a partial clone are asked of their owner."""

    def __init__(self, path: Path, lenders: tuple[Repository, ...]) -> None:
        super().__init__(path, isolated=True)
        self._lenders = lenders

    def content(self, entry: Entry, path: str) -> bytes:
        """The content of one file; `path` is for the message when no clone has it."""
        return self.contents({path: entry})[path]

    def contents(self, tree: Tree) -> dict[str, bytes]:
        """The contents of these files, by path. Raises where no clone has one of them."""
        found = self.blobs(entry.oid for entry in tree.values())
        for lender in self._lenders:
            lacking = {e.oid for e in tree.values()} - found.keys()
            fetched = lender.blobs(lacking) if lacking else {}  # git fetches what it promised
            for oid, content in fetched.items():
                found[oid] = content
                if self.write_blobs([content]) != [oid]:
                    raise GitError(f"object {oid} of `{lender.path}` is corrupt")
        for path, entry in tree.items():
            if entry.oid not in found:
                raise GitError(
                    f"the content of `{path}` ({entry.oid[:12]}) is in none of the clones and the "
                    "merge needs it: fetch it, or use a full clone"
                )
        return {path: found[entry.oid] for path, entry in tree.items()}


@contextmanager
def scratch_store(*lenders: Repository) -> Iterator[Store]:
    """A store that sees all objects of `lenders`; gone when the block ends."""
    _check_version(lenders[0])
    with tempfile.TemporaryDirectory(prefix="codemods-sync-") as folder:
        path = Path(folder)
        subprocess.run(
            ["git", "init", "--quiet", "--bare", "--template=", "."],
            cwd=path,
            check=True,
            capture_output=True,
        )
        store = Store(path, lenders)
        objects = [f"{lender.common_dir / 'objects'}\n" for lender in lenders]
        info = path / "objects" / "info"
        info.mkdir(exist_ok=True)
        (info / "alternates").write_text("".join(objects))
        shallow = "".join(sorted(_shallow(lenders)))
        if shallow:
            (path / "shallow").write_text(shallow)
        yield store


def _check_version(repository: Repository) -> None:
    """Raise where git is too old to merge trees without a working tree."""
    found = re.search(r"(\d+)\.(\d+)", repository.git("--version"))
    if found is None or (int(found[1]), int(found[2])) < OLDEST_GIT:
        raise GitError(
            f"git {'.'.join(map(str, OLDEST_GIT))} or newer is needed, for its `merge-tree`"
        )


def _shallow(lenders: Iterable[Repository]) -> set[str]:
    lines = set()
    for lender in lenders:
        file = lender.common_dir / "shallow"
        if file.is_file():
            lines |= set(file.read_text().splitlines(keepends=True))
    return lines
