"""Takes the inventory of a tree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from codemods.inventory import tree, users
from codemods.inventory.cpp import device, objects, registrations
from codemods.inventory.cpp.prepare import CppTree
from codemods.inventory.model import Entry, Inventory
from codemods.inventory.python import exports
from codemods.inventory.python import registrations as python
from codemods.inventory.python.modules import PythonTree


def take(root: Path, revision: str | None = None, *, find_users: bool = False) -> Inventory:
    """The inventory of the folder `root`, or of `revision` of the git repository there.

    `find_users` also fills in who mentions each entry, which costs about as much again. Raises
    NotADirectoryError for a missing folder and ValueError for an unknown revision.
    """
    read = tree.read_folder(root) if revision is None else tree.read_revision(root, revision)
    found = take_files(read)
    return users.with_users(found, read) if find_users else found


def take_files(files: Mapping[str, bytes]) -> Inventory:
    """The inventory of files held in memory, by path."""
    cpp = CppTree.of({p: d for p, d in files.items() if _suffix(p) in tree.CPP_SUFFIXES})
    py = PythonTree.of({p: d for p, d in files.items() if _suffix(p) in tree.PYTHON_SUFFIXES})
    return Inventory.of([*_cpp_entries(cpp), *_python_entries(py, cpp)], py.unreadable)


def _cpp_entries(cpp: CppTree) -> Iterator[Entry]:
    yield from registrations.operators(cpp)
    yield from registrations.functions(cpp)
    yield from registrations.passes(cpp)
    yield from registrations.pass_options(cpp)
    yield from registrations.environment(cpp)
    yield from registrations.branches(cpp)
    yield from objects.object_types(cpp)
    yield from device.device_code(cpp)


def _python_entries(py: PythonTree, cpp: CppTree) -> Iterator[Entry]:
    options = frozenset(entry.name for entry in registrations.pass_options(cpp))
    yield from py.names()
    yield from exports.exported(py)
    yield from python.registered(py)
    yield from python.environment(py)
    yield from python.pass_option_keys(py, options)
    yield from python.tests(py)


def _suffix(path: str) -> str:
    return PurePosixPath(path).suffix
