"""Small repositories that the tests of syncing make for themselves."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from codemods.merge.git import Repository

Files = Mapping[str, str | bytes | None]


class History:
    """A repository under construction: each `commit` writes some files and returns its id."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True)
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str) -> str:
        env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        env.update(GIT_CONFIG_GLOBAL=os.devnull, GIT_CONFIG_NOSYSTEM="1")
        for who in ("AUTHOR", "COMMITTER"):
            env.update({f"GIT_{who}_NAME": "A. Tester", f"GIT_{who}_EMAIL": "a@example.org"})
            env[f"GIT_{who}_DATE"] = "2026-01-02T03:04:05Z"
        done = subprocess.run(
            ["git", "-c", "protocol.file.allow=always", *arguments],
            cwd=self.path,
            env=env,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def write(self, files: Files) -> None:
        """Write the files into the working tree and the index; None deletes one."""
        for name, content in files.items():
            file = self.path / name
            if content is None:
                file.unlink()
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode() if isinstance(content, str) else content)
        self.git("add", "-A")

    def commit(self, files: Files, message: str = "a change") -> str:
        self.write(files)
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    @property
    def repository(self) -> Repository:
        return Repository.open(self.path)


@pytest.fixture
def history(tmp_path: Path) -> Callable[[str], History]:
    """Makes an empty repository of the given name."""
    return lambda name: History(tmp_path / name)


def numbered(name: str, count: int = 12) -> str:
    """A text of `count` lines that no other name gives."""
    return "".join(f"{name} line {number}\n" for number in range(1, count + 1))
