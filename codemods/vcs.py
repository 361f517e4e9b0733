"""What git says about a target."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

HARMLESS = (
    "--no-optional-locks",
    "-c",
    f"core.hooksPath={os.devnull}",
    "-c",
    "core.fsmonitor=false",
)
"""Options of git with which a repository cannot have it run a program: no hook, no monitor."""


def uncommitted(target: Path) -> list[str]:
    """Return the paths under `target` with changes that are not committed; none outside git."""
    folder = target if target.is_dir() else target.parent
    command = ["git", *HARMLESS, *_without_filters(folder), "-C", str(folder), "status"]
    pathspec = "." if target.is_dir() else target.name
    try:
        answer = subprocess.run(
            [*command, "--porcelain=v1", "-z", "--untracked-files=no", "--", pathspec],
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        return []
    if answer.returncode:
        return []
    return [os.fsdecode(entry[3:]) for entry in answer.stdout.split(b"\0") if len(entry) > 3]


def revision(target: Path) -> str:
    """Return the commit that is checked out at `target`, empty outside git."""
    folder = target if target.is_dir() else target.parent
    command = ["git", *HARMLESS, "-C", str(folder), "rev-parse", "--verify", "--quiet", "HEAD"]
    try:
        answer = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError:
        return ""
    return answer.stdout.decode().strip()


def top_level(folder: Path) -> Path | None:
    """Return the root of the git tree that holds `folder`, None outside git."""
    real = folder.resolve()
    return next((at for at in (real, *real.parents) if (at / ".git").exists()), None)


def _without_filters(folder: Path) -> list[str]:
    """Options that switch off the programs which the repository's own settings name as filters.

    Those of the user's settings (Git LFS) stay: without them unchanged files would look changed.
    """
    wanted = r"^filter\..*\.(clean|smudge|process)$"
    command = ["git", *HARMLESS, "-C", str(folder), "config", "--local", "--name-only", "-z"]
    try:
        answer = subprocess.run(
            [*command, "--get-regexp", wanted], capture_output=True, check=False
        )
    except FileNotFoundError:
        return []
    names = [os.fsdecode(name) for name in answer.stdout.split(b"\0") if name]
    return [word for name in names for word in ("-c", f"{name}=")]
