"""What git says about a target, asked so that nothing of the repository is executed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from codemods import disarmed_git


def uncommitted(target: Path) -> list[str]:
    """Return the paths under `target` with changes that are not committed; none outside git."""
    folder = target if target.is_dir() else target.parent
    pathspec = "." if target.is_dir() else target.name
    said = _ask(folder, "status", "--porcelain=v1", "-z", "--untracked-files=no", "--", pathspec)
    return [os.fsdecode(entry[3:]) for entry in (said or b"").split(b"\0") if len(entry) > 3]


def revision(target: Path) -> str:
    """Return the commit that is checked out at `target`, empty outside git."""
    folder = target if target.is_dir() else target.parent
    return (_ask(folder, "rev-parse", "--verify", "--quiet", "HEAD") or b"").decode().strip()


def listed(root: Path) -> list[str] | None:
    """Return the files that git knows or would take below `root`.

    None outside a git tree, and where git ignores the whole folder: then it says nothing of it.
    """
    if top_level(root.resolve()) is None:
        return None
    said = _ask(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    if said is None or (not said and _ask(root, "check-ignore", "-q", ".") is not None):
        return None
    return sorted({os.fsdecode(name) for name in said.split(b"\0") if name})


def top_level(folder: Path) -> Path | None:
    """Return the root of the git tree that holds `folder` as it is spelled, None outside git."""
    here = folder.absolute()
    return next((at for at in (here, *here.parents) if (at / ".git").exists()), None)


def _ask(folder: Path, *arguments: str) -> bytes | None:
    """Return what git prints, None if it fails or is not there."""
    try:
        answer = subprocess.run(
            ["git", *arguments],
            cwd=folder,
            env=disarmed_git.environment(folder),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        return None
    return None if answer.returncode else answer.stdout
