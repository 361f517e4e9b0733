"""Finds the files of a tree and says what language each is in.

In a git tree git itself says which files there are, so that its ignore rules hold; elsewhere the
folders are walked, without hidden ones and without what builds leave behind. Submodules are other
people's trees and are never entered, symbolic links are never followed out of the tree, and no
file is listed twice.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from codemods import vcs
from codemods.model import Language

_SUFFIXES: dict[str, Language] = {
    **dict.fromkeys(
        (
            *(".c", ".cc", ".cpp", ".cxx", ".c++", ".h", ".hh", ".hpp", ".hxx", ".h++"),
            *(".inl", ".inc", ".ipp", ".tpp", ".cu", ".cuh", ".hip", ".m", ".mm"),
        ),
        Language.CPP,
    ),
    **dict.fromkeys((".py", ".pyi", ".pyw"), Language.PYTHON),
    **dict.fromkeys((".pyx", ".pxd", ".pxi"), Language.CYTHON),
    ".cmake": Language.CMAKE,
    ".toml": Language.TOML,
    **dict.fromkeys((".md", ".rst", ".ipynb"), Language.PROSE),
}
_REQUIREMENTS = re.compile(r"(?:.*/)?(?:requirements|constraints)(?:[-_./].*)?\.(?:txt|in)")
REPORT_MARK = ".codemods-report"
"""A file that says of its folder: a report is here, which quotes every old name."""

_BUILD_MARKS = ("CMakeCache.txt", "pyvenv.cfg", REPORT_MARK)
_PROJECT_MARKS = ("pyproject.toml", "setup.py")
_NEVER = frozenset({"__pycache__", "node_modules"})

HUGE = 8 * 1024 * 1024
"""Bytes above which a file is taken for generated and left alone, with a finding."""


class NoSuchTree(Exception):
    """The path given as target does not exist."""


@dataclass(frozen=True)
class Passed:
    """A file that was not read, with the reason's code."""

    path: str
    code: str
    reason: str


@dataclass(frozen=True)
class Tree:
    """What was found below `root`: paths relative to it, with `/`, in order."""

    root: Path
    files: dict[str, Language]
    is_git: bool
    passed: tuple[Passed, ...] = ()
    submodules: tuple[str, ...] = ()
    data: dict[str, bytes] = field(default_factory=dict, repr=False)


def classify(path: str) -> Language | None:
    """Return the language of the file at `path` by its name, None for one we do not handle."""
    name = path.rpartition("/")[2]
    if name == "CMakeLists.txt":
        return Language.CMAKE
    if name.endswith((".txt", ".in")) and _REQUIREMENTS.fullmatch(path):
        return Language.REQUIREMENTS
    stem, dot, suffix = name.removesuffix(".in").rpartition(".")
    return _SUFFIXES.get(dot + suffix.lower()) if stem else None


def enclosing(folder: Path) -> Path | None:
    """Return the root of the tree that `folder` is in: git's, else the project's; None for neither.

    A project begins where the nearest `pyproject.toml` or, without one, `setup.py` is, else at the
    top of the folders with a `CMakeLists.txt`.
    """
    root = vcs.top_level(folder)
    if root is not None:
        return root
    here = folder.absolute()
    for mark in _PROJECT_MARKS:
        for at in (here, *here.parents):
            if (at / mark).is_file():
                return at
    for at in (here, *here.parents):
        if (at / "CMakeLists.txt").is_file():
            while (at.parent / "CMakeLists.txt").is_file():
                at = at.parent
            return at
    return None


def is_project(folder: Path) -> bool:
    """Say whether a folder is a tree by itself, whatever it lies in."""
    return any((folder / mark).exists() for mark in (*_PROJECT_MARKS, ".git"))


def find(target: Path) -> Tree:
    """List the files of the tree (or the one file) at `target`; raises `NoSuchTree`."""
    if not target.exists():
        raise NoSuchTree(f"`{target}` does not exist")
    real = target.resolve()
    if real.is_file():
        language = classify(real.name)
        files = {} if language is None else {real.name: language}
        return Tree(real.parent, files, is_git=vcs.listed(real.parent) is not None)
    listed = vcs.listed(real)
    submodules = _submodules(real)
    paths = sorted(_walk(real, submodules)) if listed is None else listed
    known = ((path, classify(path)) for path in paths if not _below(path, submodules))
    files, passed = _own(real, ((path, kind) for path, kind in known if kind is not None))
    return Tree(real, files, listed is not None, tuple(passed), submodules)


def without(found: Tree, paths: Iterable[Path]) -> Tree:
    """Return the tree less the files at `paths`, which may lie anywhere."""
    gone = {path.resolve() for path in paths}
    files = {p: language for p, language in found.files.items() if found.root / p not in gone}
    return replace(found, files=files, data={p: d for p, d in found.data.items() if p in files})


def some(root: Path, paths: Iterable[str]) -> Tree:
    """Return the named files of the tree at `root`, without looking for others."""
    known = ((path, classify(path)) for path in sorted(paths))
    files, passed = _own(root.resolve(), ((p, kind) for p, kind in known if kind is not None))
    return Tree(root, files, is_git=False, passed=tuple(passed))


def read(tree: Tree) -> Tree:
    """Return the tree with the bytes of its files; the unreadable ones moved to `passed`."""
    data: dict[str, bytes] = {}
    passed = list(tree.passed)
    for path in tree.files:
        try:
            with open(f"{tree.root}/{path}", "rb") as stream:  # noqa: PTH123
                status = os.fstat(stream.fileno())
                if status.st_size > HUGE:
                    reason = f"{status.st_size} bytes, taken for generated and not read"
                    passed.append(Passed(path, "TF907", reason))
                    continue
                content = stream.read()
        except OSError as error:
            reason = f"cannot be read: {(error.strerror or str(error)).lower()}"
            passed.append(Passed(path, "TF908", reason))
            continue
        if b"\0" in content:
            passed.append(Passed(path, "TF907", "holds NUL bytes, taken for binary and not read"))
            continue
        data[path] = content
    files = {path: tree.files[path] for path in data}
    return Tree(tree.root, files, tree.is_git, tuple(passed), tree.submodules, data)


def read_only(root: Path, paths: Iterable[str]) -> list[str]:
    """Return those of the paths, relative to `root`, that nobody may write."""
    return [path for path in paths if is_read_only(root / path)]


def is_read_only(path: Path) -> bool:
    """Say whether no one may write the file, whoever asks; one that is gone is not read-only."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return False
    if not mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH):
        return True
    return not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))


def _submodules(root: Path) -> tuple[str, ...]:
    listing = root / ".gitmodules"
    if not listing.is_file():
        return ()
    text = listing.read_text(encoding="utf-8", errors="replace")
    return tuple(re.findall(r"(?m)^\s*path\s*=\s*(\S.*?)/?\s*$", text))


def _below(path: str, folders: tuple[str, ...]) -> bool:
    return any(path == folder or path.startswith(folder + "/") for folder in folders)


def _walk(root: Path, submodules: tuple[str, ...]) -> Iterator[str]:
    for folder, below, names in os.walk(root):
        here = os.path.relpath(folder, root)
        prefix = "" if here == "." else here.replace(os.sep, "/") + "/"
        below[:] = [
            name
            for name in below
            if not name.startswith(".")
            and name not in _NEVER
            and prefix + name not in submodules
            and not any(os.path.exists(f"{folder}/{name}/{m}") for m in (*_BUILD_MARKS, ".git"))  # noqa: PTH110
        ]
        for name in names:
            yield prefix + name


def _own(
    root: Path, paths: Iterable[tuple[str, Language]]
) -> tuple[dict[str, Language], list[Passed]]:
    """Those of the paths that are files of the tree itself, and what is told of the others."""
    files: dict[str, Language] = {}
    passed: list[Passed] = []
    straight: dict[str, bool] = {"": True}
    for path, language in paths:
        folder = path.rpartition("/")[0]
        if folder not in straight:  # git may list files behind a folder that is now a link
            here = os.path.join(root, folder)  # noqa: PTH118 - the root may be `/`
            straight[folder] = os.path.realpath(here) == here
        if not straight[folder] or os.path.islink(f"{root}/{path}"):  # noqa: PTH114
            reason = _judge_link(root, path)
            passed += [reason] if reason else []
        elif os.path.isfile(f"{root}/{path}"):  # noqa: PTH113 - a submodule is not, nor a pipe
            files[path] = language
    return files, passed


def _judge_link(root: Path, path: str) -> Passed | None:
    """A link to a file of the tree is that file, listed under its own name; any other is told."""
    target = (root / path).resolve()
    if not target.exists():
        return Passed(path, "TF910", "symbolic link to nothing")
    if target.is_relative_to(root):
        return None
    return Passed(path, "TF910", "symbolic link out of the tree, not followed")
