"""`run --commit`: one git commit for each migration, so that a port can be reviewed step by step.

The commits are made from the bytes of the port itself, below git's surface: no hook of the
repository runs, no filter changes a byte, and the working tree is written once, as without
`--commit`. Their sum is what one run writes. They are stored before the tree is written, and become
its history in one step when it is: after a killed run the next command sees to it that there are
both or neither.
"""

from __future__ import annotations

import os
import re
import tempfile
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click

from codemods import __version__, disarmed_git, ladder, offsets, sanity
from codemods.journal import LastStep
from codemods.merge.git import GitError, Repository
from codemods.model import Edit, Migration, Rung, Source
from codemods.porting import Port
from codemods.tree import classify


@dataclass(frozen=True)
class Commit:
    """A commit to be made: its message, and the files that differ from the one before."""

    message: str
    files: Mapping[str, bytes]


def history(
    root: Path, before: Mapping[str, bytes], done: Port, known: Sequence[Migration]
) -> LastStep | None:
    """Store the commits of a port of `root`; return the step that takes them for its history, None
    where the port changes nothing.

    Raises ClickException where that cannot be done.
    """
    git = _Git(root)
    git.refuse_unlike(before, done)
    last = git.store(plan(before, done, known))
    return step(root, git.head, last) if last != git.head else None


def step(root: Path, head: str, last: str) -> LastStep:
    """The step from one commit to another, for `journal.write`."""

    def take() -> None:
        git = _Git(root)
        git.ask("update-ref", "-m", "codemods: port", "HEAD", last, head)
        git.stage(head, last)

    return LastStep(f"{head} {last}", take, partial(taken, root))


_NOTE = re.compile(r"([0-9a-f]{40,64}) ([0-9a-f]{40,64})")


def taken(root: Path, note: str) -> bool:
    """Say whether the step of that note was taken, and finish it then. Raises ClickException."""
    match = _NOTE.fullmatch(note)
    if match is None:
        return False
    head, last = match.groups()
    git = _Git(root)
    if git.head == last:
        git.stage(head, last)
        return True
    return git.has(last)


def plan(before: Mapping[str, bytes], done: Port, known: Sequence[Migration]) -> list[Commit]:
    """Return the commits of a port, in the order of the ladder.

    What a migration did again because of a later one belongs to the later one's commit. A file
    that would not parse at a commit takes that step with the next.
    """
    by_code = {migration.code: migration for migration in known}
    every = [migration.code for _, members in ladder.by_rung(known) for migration in members]
    order = {code: number for number, code in enumerate(every)}
    files = {path: _File(before[path], path, steps, order) for path, steps in done.steps.items()}
    codes = {code for steps in done.steps.values() for code, edits in steps if edits}
    commits: list[Commit] = []
    new = {path: done.files[path] for path in done.made if path in done.files}
    for code in sorted(codes, key=order.__getitem__):
        number = order[code]
        changed = {path: file.text for path, file in files.items() if file.advance(number)}
        if changed:
            commits.append(Commit(_message(by_code[code], len(changed)), {**new, **changed}))
            new = {}
    now = {**before, **{path: file.text for path, file in files.items()}}
    for commit in commits:
        now.update(commit.files)
    rest = {path: data for path, data in done.files.items() if now.get(path) != data}
    if rest:
        commits.append(Commit(_LAST, rest))
    return commits


_LAST = f"""\
Format what the port changed, and finish it

The tree's own formatter on the changed lines, and what no single migration
did: new files, upstream's versions, what the guided stage mended.

Made by tvm-ffi-codemods {__version__}.
"""


class _File:
    """One file on its way through the commits."""

    def __init__(
        self,
        text: bytes,
        path: str,
        steps: Sequence[tuple[str, tuple[Edit, ...]]],
        order: Mapping[str, int],
    ) -> None:
        self.text = text
        self._path = path
        self._sound = text
        self._ahead = list(_folded(steps, order))

    def advance(self, number: int) -> bool:
        """Go as far as the commit of that number does; say whether the file changed."""
        text = self._sound
        while self._ahead and self._ahead[0][0] <= number:
            text = offsets.apply(text, self._ahead.pop(0)[1])
        self._sound = text
        if text == self.text or self._is_worse(text):
            return False
        self.text = text
        return True

    def _is_worse(self, text: bytes) -> bool:
        language = classify(self._path)
        assert language is not None
        old, new = (Source(self._path, data, language) for data in (self.text, text))
        return sanity.worse(old, new) is not None


def _folded(
    steps: Sequence[tuple[str, tuple[Edit, ...]]], order: Mapping[str, int]
) -> Iterator[tuple[int, tuple[Edit, ...]]]:
    """The steps, each under the latest number so far: order is kept, and numbers only rise."""
    latest = 0
    for code, edits in steps:
        latest = max(latest, order[code])
        yield latest, edits


def _message(migration: Migration, files: int) -> str:
    title = migration.title[:1].lower() + migration.title[1:]
    paragraphs = migration.doc.split("\n\n")
    why = " ".join((paragraphs[1] if len(paragraphs) > 1 else paragraphs[0]).split())
    upstream = ", ".join(migration.upstream) or "not recorded"
    told = f"Upstream: {upstream}\nNew form since: TileLang {migration.introduced}"
    if migration.rung is Rung.OWN:
        told = "A rule of the fork's own"
    return "\n\n".join(
        (
            f"{migration.code}: {title}",
            textwrap.fill(why, 72, break_long_words=False, break_on_hyphens=False),
            told,
            f"Made by tvm-ffi-codemods {__version__} in {files} file{'s' * (files != 1)}.\n",
        )
    )


class _Git:
    """The repository around `root`, with its hooks, filters and monitors left out."""

    def __init__(self, root: Path) -> None:
        self._identity = disarmed_git.identity()
        try:
            Repository.open(root)
            self._repository = Repository(root)
            self._prefix = self._repository.git("rev-parse", "--show-prefix")
            self.head = self._repository.commit("HEAD")
        except GitError as error:
            message = f"`--commit` needs a git repository with a commit: {error}"
            raise click.ClickException(message) from error

    def ask(self, *arguments: str, data: bytes = b"", index: str = "") -> str:
        """Run git and return what it prints; raises ClickException with its words."""
        return self._run(arguments, data, index).decode().strip()

    def _run(self, arguments: Sequence[str], data: bytes = b"", index: str = "") -> bytes:
        env = {**self._identity, **({"GIT_INDEX_FILE": index} if index else {})}
        try:
            return self._repository.run(*arguments, stdin=data, env=env).stdout
        except GitError as error:
            raise click.ClickException(str(error)) from error

    def stage(self, head: str, last: str) -> None:
        """Carry the index from one commit to the other; what else is staged stays."""
        self.ask("read-tree", "-i", "-m", head, last)

    def has(self, commit: str) -> bool:
        """Say whether a commit is in the history of what is checked out."""
        asked = ("merge-base", "--is-ancestor", commit, self.head)
        return self._repository.run(*asked, ok=(0, 1, 128)).returncode == 0

    def refuse_unlike(self, before: Mapping[str, bytes], done: Port) -> None:
        """Refuse where git's bytes are not the file's: then commits could not be exact."""
        self._modes = self._tracked()
        for path in done.files:
            if path in done.made:
                continue
            if path not in self._modes:
                hint = "add and commit it first, or ignore it"
                raise click.ClickException(f"`{path}` is not in git; {hint}")
        old = [path for path in done.files if path not in done.made]
        for path, name in zip(old, self._hashes(before[p] for p in old), strict=True):
            if name != self._modes[path][1]:
                raise click.ClickException(
                    f"git converts `{path}` (line ends or a filter), so commits could not be "
                    "exact; run without `--commit`"
                )

    def _tracked(self) -> dict[str, tuple[str, str]]:
        """Mode and object name of each file of HEAD below the root, by path from there."""
        entries = self._run(("ls-tree", "-r", "-z", "HEAD")).split(b"\0")
        found: dict[str, tuple[str, str]] = {}
        for entry in filter(None, entries):
            about, _, path = entry.partition(b"\t")
            mode, _, name = about.decode().split(" ")
            found[os.fsdecode(path)] = (mode, name)
        return found

    def _hashes(self, texts: Iterator[bytes]) -> list[str]:
        return [
            self.ask("hash-object", "-w", "--no-filters", "--stdin", data=text) for text in texts
        ]

    def store(self, commits: Sequence[Commit]) -> str:
        """Store the commits on top of what is checked out; return the last one's name."""
        head = self.head
        with tempfile.TemporaryDirectory() as folder:
            index = str(Path(folder) / "index")
            self.ask("read-tree", head, index=index)
            for commit in commits:
                names = self._hashes(iter(commit.files.values()))
                lines = b"".join(
                    self._entry(path, name) for path, name in zip(commit.files, names, strict=True)
                )
                self.ask("update-index", "-z", "--index-info", data=lines, index=index)
                tree = self.ask("write-tree", index=index)
                message = commit.message.encode()
                head = self.ask("commit-tree", tree, "-p", head, data=message)
        return head

    def _entry(self, path: str, name: str) -> bytes:
        mode = self._modes.get(path, ("100644", ""))[0]
        return f"{mode} {name}\t".encode() + os.fsencode(self._prefix + path) + b"\0"
