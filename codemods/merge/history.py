"""Upstream's history as a list of small changes: which file got which content, commit by commit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from codemods.merge.git import SUBMODULE, Entry, GitError, Repository


@dataclass(frozen=True)
class Delta:
    """One file that a commit changed against its first parent; None where there is no file."""

    path: str
    old: Entry | None
    new: Entry | None


@dataclass(frozen=True)
class Step:
    """A commit of the first-parent history, oldest first, with what it changed."""

    commit: str
    tree: str
    subject: str
    deltas: tuple[Delta, ...]


def first_parent_history(upstream: Repository, tip: str, *paths: str) -> list[Step]:
    """Every commit on the first-parent line that ends in `tip`, oldest first; with `paths`, those
    that changed one of them.

    The first step holds all files of its commit, also where a shallow clone begins. No file's
    content is read, so that a clone without blobs will do; one without trees will not.
    """
    try:
        output = upstream.git(
            "log",
            "--first-parent",
            "-m",
            "--raw",
            "-z",
            "--no-abbrev",
            "--no-renames",
            "--no-ext-diff",
            "--root",
            "--reverse",
            "--format=%x01%H %T %s",
            tip,
            "--",
            *(f":(literal){path}" for path in paths),
        )
    except GitError as error:
        raise GitError(
            f"the history of upstream cannot be read ({error}); a partial clone must at least "
            "have its trees: clone with `--filter=blob:none`, or fetch the rest"
        ) from error
    return list(_steps(output))


def _steps(output: str) -> Iterator[Step]:
    head: str | None = None
    deltas: list[Delta] = []
    tokens = iter(output.split("\0"))
    for token in tokens:
        if token.startswith("\x01"):
            if head is not None:
                yield _step(head, deltas)
            head, deltas = token[1:], []
        elif token.lstrip("\n").startswith(":"):
            old_mode, new_mode, old, new, _ = token.lstrip("\n")[1:].split(" ")
            deltas.append(Delta(next(tokens), _entry(old_mode, old), _entry(new_mode, new)))
    if head is not None:
        yield _step(head, deltas)


def _step(head: str, deltas: list[Delta]) -> Step:
    commit, tree, subject = head.split(" ", 2)
    return Step(commit, tree, subject, tuple(deltas))


def _entry(mode: str, oid: str) -> Entry | None:
    return None if mode in {"000000", SUBMODULE} else Entry(mode, oid)
