"""What git says about a target."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


def uncommitted(target: Path) -> list[str]:
    """Return the paths under `target` with changes that are not committed; none outside git."""
    folder = target if target.is_dir() else target.parent
    command = ["git", "-C", str(folder), "status", "--porcelain=v1", "-z", "--untracked-files=no"]
    try:
        answer = subprocess.run(
            [*command, "--", "." if target.is_dir() else target.name],
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
    command = ["git", "-C", str(folder), "rev-parse", "--verify", "--quiet", "HEAD"]
    try:
        answer = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError:
        return ""
    return answer.stdout.decode().strip()


def top_level(folder: Path) -> Path | None:
    """Return the root of the git tree that holds `folder`, None outside git."""
    real = folder.resolve()
    return next((at for at in (real, *real.parents) if (at / ".git").exists()), None)
