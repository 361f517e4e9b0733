"""Git's plumbing, run so that nothing of a repository is executed.

Hooks, monitors, drivers, filters and helpers are switched off for each command (`disarmed_git`);
what a repository's settings or attributes name is never started.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from codemods import disarmed_git

SUBMODULE = "160000"
SYMLINK = "120000"
TREE = "040000"

_SETTINGS = {"core.quotePath": "false", "core.symlinks": "true"}
_PROTOCOLS = "https:http:ssh:file"
"""For the objects that a partial clone lacks, and for what is fetched from another folder."""


class GitError(RuntimeError):
    """A git command failed, or a repository lacks what the work needs."""


@dataclass(frozen=True, order=True)
class Entry:
    """A file of a tree: its mode as git writes it, and the id of its content."""

    mode: str
    oid: str


Tree = Mapping[str, Entry]
"""All files of a commit, by path."""


class Repository:
    """A git repository on this machine, or one object store that only we write to."""

    def __init__(self, path: str | Path, *, isolated: bool = False) -> None:
        self.path = Path(path)
        self._isolated = isolated
        if not self.path.is_dir():
            raise GitError(f"`{path}` is not a folder")
        if shutil.which("git") is None:
            raise GitError("no `git` on the search path")

    @classmethod
    def open(cls, path: str | Path) -> Repository:
        """The repository that holds `path`: a working tree, from its root on, or a bare one."""
        repository = cls(path)
        try:
            repository.git("rev-parse", "--git-dir")
        except GitError as error:
            if "not a git repository" not in str(error):
                raise
            raise GitError(f"`{path}` is not in a git repository") from error
        if repository.is_bare:
            return repository
        return cls(repository.git("rev-parse", "--show-toplevel"))

    @cached_property
    def _environment(self) -> dict[str, str]:
        made = disarmed_git.environment(
            self.path,
            protocols=_PROTOCOLS,
            users_drivers=False,
            settings=_SETTINGS,
            isolated=self._isolated,
        )
        return made | {"GIT_ATTR_NOSYSTEM": "1"}

    def run(
        self,
        *arguments: str,
        stdin: bytes | None = None,
        ok: Sequence[int] = (0,),
        env: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[bytes]:
        """Run git; an exit status outside `ok` raises with git's own words."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.path,
            env={**self._environment, **(env or {})},
            input=stdin if stdin is not None else b"",
            capture_output=True,
            check=False,
        )
        if done.returncode not in ok:
            words = done.stderr.decode("utf-8", "replace").strip() or "no message"
            raise GitError(f"`git {' '.join(arguments[:3])}` failed in `{self.path}`: {words}")
        return done

    def git(self, *arguments: str, stdin: bytes | None = None) -> str:
        """Standard output of a git command, decoded, without its last newline."""
        output = self.run(*arguments, stdin=stdin).stdout
        return output.decode("utf-8", "surrogateescape").rstrip("\n")

    def commit(self, revision: str) -> str:
        """The full id of the commit that `revision` names."""
        if revision.startswith("-"):
            raise GitError(f"`{revision}` is not a revision")
        done = self.run(
            "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", ok=(0, 1, 128)
        )
        if done.returncode != 0:
            raise GitError(f"`{self.path}` has no commit `{revision}`; fetch it first")
        return done.stdout.decode().strip()

    def tree_of(self, commit: str) -> str:
        return self.git("rev-parse", "--verify", f"{commit}^{{tree}}")

    def has(self, oid: str) -> bool:
        return self.run("cat-file", "-e", oid, ok=(0, 1, 128)).returncode == 0

    @cached_property
    def is_bare(self) -> bool:
        return self.git("rev-parse", "--is-bare-repository") == "true"

    @cached_property
    def is_shallow(self) -> bool:
        return self.git("rev-parse", "--is-shallow-repository") == "true"

    @cached_property
    def git_dir(self) -> Path:
        return Path(self.git("rev-parse", "--absolute-git-dir"))

    @cached_property
    def common_dir(self) -> Path:
        return (self.path / self.git("rev-parse", "--git-common-dir")).resolve()

    def files(self, revision: str) -> dict[str, Entry]:
        """Every file of a commit or tree, submodules included, by path."""
        found = {}
        for record in self.git("ls-tree", "-r", "-z", revision).split("\0"):
            if record:
                facts, _, path = record.partition("\t")
                mode, _, oid = facts.split(" ")
                if not is_inside(path):
                    raise GitError(f"`{revision}` has a file `{path}`, which no tree may have")
                found[path] = Entry(mode, oid)
        return found

    def blobs(self, oids: Iterable[str]) -> dict[str, bytes]:
        """The content of those of `oids` that the repository has; the missing are left out."""
        wanted = sorted(set(oids))
        if not wanted:
            return {}
        output = self.run("cat-file", "--batch", stdin="\n".join([*wanted, ""]).encode()).stdout
        return dict(_batch(output))

    def write_blobs(self, contents: Sequence[bytes]) -> list[str]:
        """Store each of `contents`; their ids, in the same order."""
        if not contents:
            return []
        stream = bytearray()
        for mark, content in enumerate(contents, 1):
            stream += b"blob\nmark :%d\ndata %d\n%s\n" % (mark, len(content), content)
        stream += b"".join(b"get-mark :%d\n" % mark for mark in range(1, len(contents) + 1))
        done = self.run("fast-import", "--quiet", "--done", stdin=bytes(stream + b"done\n"))
        return done.stdout.decode().split()

    def write_tree(self, tree: Tree) -> str:
        """Store a tree object with exactly these files; its id."""
        index = self.git_dir / f"codemods-index-{os.getpid()}"
        env = {"GIT_INDEX_FILE": str(index)}
        lines = "".join(f"{e.mode} {e.oid}\t{path}\0" for path, e in sorted(tree.items()))
        try:
            self.run(
                "update-index",
                "-z",
                "--index-info",
                stdin=lines.encode("utf-8", "surrogateescape"),
                env=env,
            )
            return self.run("write-tree", "--missing-ok", env=env).stdout.decode().strip()
        finally:
            index.unlink(missing_ok=True)


def is_inside(path: str) -> bool:
    """Whether a path, as git writes it, names a place within a tree and not in git's own folder."""
    return not {"", ".", "..", ".git"} & set(path.lower().split("/"))


_HEADER = re.compile(rb"([0-9a-f]{40,64}) (\w+)(?: (\d+))?\n")


def _batch(output: bytes) -> Iterator[tuple[str, bytes]]:
    """The `(id, content)` pairs of `git cat-file --batch`'s output."""
    at = 0
    while at < len(output):
        header = _HEADER.match(output, at)
        if header is None:
            raise GitError("`git cat-file --batch` answered something that is not understood")
        at = header.end()
        if header[3] is not None:
            size = int(header[3])
            if header[2] == b"blob":
                yield header[1].decode(), output[at : at + size]
            at += size + 1
