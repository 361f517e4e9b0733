"""Which C++ sources a tree's own CMake compiles, by backend.

Read from the tree's `CMakeLists.txt`. A tree without one, or whose CMake names no source that
exists, falls back to every C++ source outside of hidden, third-party, build, test and template
folders; `Units.guessed` says so.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from codemods.toolchain.cmake import Project, Target

BACKENDS = ("CUDA", "ROCM", "METAL")
_SOURCES = (".cc", ".cpp", ".cxx")
_NOT_SOURCES = frozenset({"3rdparty", "third_party", "build", "dist", "test", "tests", "testing"})


@dataclass(frozen=True)
class Unit:
    """A translation unit: `path` relative to the tree with `/`, and what its target says of it.

    `includes` are the include folders inside the tree, relative to it.
    """

    path: str
    defines: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Units:
    """The units of one backend in path order. `guessed`: CMake did not say, see the module."""

    tree: Path
    units: tuple[Unit, ...]
    guessed: bool = False

    @property
    def paths(self) -> tuple[str, ...]:
        """The units' paths, relative to the tree."""
        return tuple(unit.path for unit in self.units)


def units(
    tree: Path,
    backend: str = "CUDA",
    cuda_major: int = 12,
    texts: Mapping[str, bytes] | None = None,
) -> Units:
    """Return the sources that `tree` compiles for `backend`, one of `BACKENDS`.

    `cuda_major` stands for the toolkit's version, which CMake would probe. `texts`: contents of
    CMake files that are not on disk yet, by path relative to the tree.
    """
    tree = Path(os.path.normpath(tree.absolute()))
    changed = {tree / path: text for path, text in (texts or {}).items()}
    project = Project(tree, *_settings(backend, cuda_major), texts=changed)
    found: dict[str, Unit] = {}
    for target in project.targets.values():
        for source in target.sources:
            path = _inside(source, tree)
            if path is not None and source.is_file() and path not in found:
                found[path] = Unit(path, *_flags(target, tree))
    if found:
        return Units(tree, tuple(found[path] for path in sorted(found)))
    return Units(tree, tuple(Unit(path) for path in _every_source(tree)), guessed=True)


def _settings(backend: str, cuda_major: int) -> tuple[dict[str, str], dict[str, str]]:
    variables = {f"USE_{name}": "ON" if name == backend else "OFF" for name in BACKENDS}
    environment = {f"USE_{backend}": "ON"}
    variables |= {
        "CUDAToolkit_VERSION": f"{cuda_major}.0",
        "CUDAToolkit_VERSION_MAJOR": str(cuda_major),
    }
    return variables, environment


def _flags(target: Target, tree: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    folders = (_inside(folder, tree) for folder in target.includes)
    inside = [folder for folder in folders if folder is not None and (tree / folder).is_dir()]
    return tuple(dict.fromkeys(target.defines)), tuple(dict.fromkeys(inside))


def _inside(path: Path, tree: Path) -> str | None:
    normal = Path(os.path.normpath(path))
    return normal.relative_to(tree).as_posix() if normal.is_relative_to(tree) else None


def _every_source(tree: Path) -> list[str]:
    found: list[str] = []
    for folder, folders, files in os.walk(tree):
        folders[:] = [
            name
            for name in folders
            if name not in _NOT_SOURCES and not name.startswith(".") and "template" not in name
        ]
        base = Path(folder).relative_to(tree)
        found += [(base / name).as_posix() for name in files if name.endswith(_SOURCES)]
    return sorted(found)
