"""Reads the files of a tree, from a folder or from a git revision. Nothing of it is executed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from codemods import disarmed_git

CPP_SUFFIXES = frozenset((".cc", ".cpp", ".cxx", ".h", ".hpp", ".cu", ".cuh", ".mm"))
PYTHON_SUFFIXES = frozenset((".py",))
_SUFFIXES = CPP_SUFFIXES | PYTHON_SUFFIXES

_NOT_OURS = frozenset(
    ("3rdparty", "third_party", "node_modules", "build", "dist", "__pycache__", "site-packages")
)
"""Folders with other projects' sources or generated files."""


def read_folder(root: Path) -> Mapping[str, bytes]:
    """The sources below `root`, by path relative to it; links are not followed."""
    if not root.is_dir():
        raise NotADirectoryError(f"{root}: not a folder")
    return {path: (root / path).read_bytes() for path in _walk(root)}


def _walk(root: Path) -> Iterator[str]:
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(f for f in folders if f not in _NOT_OURS and not f.startswith("."))
        for name in sorted(files):
            path = Path(folder, name)
            if path.suffix in _SUFFIXES and not path.is_symlink():
                yield path.relative_to(root).as_posix()


def read_revision(repository: Path, revision: str) -> Mapping[str, bytes]:
    """The sources of a commit or tree of a git repository (bare or not), by path.

    Raises ValueError with git's own words when the revision is unknown.
    """
    listing = _git(repository, "ls-tree", "-r", "-z", revision)
    wanted: list[tuple[str, str]] = []
    for record in listing.decode("utf-8", "surrogateescape").split("\0"):
        if not record:
            continue
        meta, path = record.split("\t", 1)
        mode, _, blob = meta.split(" ")
        if mode in ("100644", "100755") and _is_source(PurePosixPath(path)):
            wanted.append((path, blob))
    batch = _git(
        repository, "cat-file", "--batch", stdin="".join(f"{blob}\n" for _, blob in wanted)
    )
    files: dict[str, bytes] = {}
    position = 0
    for path, blob in wanted:
        head_end = batch.index(b"\n", position)
        head = batch[position:head_end].split()
        if head[1:2] == [b"missing"]:
            raise ValueError(f"{repository}: blob {blob} of `{path}` is missing")
        size = int(head[2])
        files[path] = batch[head_end + 1 : head_end + 1 + size]
        position = head_end + 1 + size + 1
    return files


def _is_source(path: PurePosixPath) -> bool:
    folders = path.parts[:-1]
    return path.suffix in _SUFFIXES and not any(
        folder in _NOT_OURS or folder.startswith(".") for folder in folders
    )


def _git(repository: Path, *arguments: str, stdin: str | None = None) -> bytes:
    done = subprocess.run(
        ["git", *arguments],
        cwd=repository,
        env=disarmed_git.environment(repository),
        input=None if stdin is None else stdin.encode(),
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        words = done.stderr.decode("utf-8", "replace").strip()
        raise ValueError(f"{repository}: git {arguments[0]} failed: {words}")
    return done.stdout
