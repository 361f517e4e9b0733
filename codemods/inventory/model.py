"""What an inventory is made of: one `Entry` for each thing that others can rely on.

Data only, with a JSON round trip. Nothing here reads a tree.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from enum import Enum
from typing import Any


class Kind(Enum):
    """What sort of thing an entry is; the value is its name in files and messages."""

    OP = "op"  # registered TIR operator
    TILE_OP = "tile_op"  # operator with a tile operator builder
    OP_ATTRIBUTE = "op_attribute"  # a further attribute of an op, such as a lowering rule
    FFI_FUNCTION = "ffi_function"  # global function registered in C++
    OBJECT_TYPE = "object_type"  # by type key
    REFLECTED_FIELD = "reflected_field"
    COMPARED_FIELD = "compared_field"  # takes part in structural equality or hashing
    OPERATOR = "operator"  # class of a tile operator, whether it is an object type or not
    OPERATOR_FIELD = "operator_field"  # its data member, whether it is reflected or not
    PASS = "pass"
    PASS_CONFIG = "pass_config"  # option registered in C++, with its type
    PASS_CONFIG_KEY = "pass_config_key"  # its name in Python
    ENVIRONMENT_SWITCH = "environment_switch"
    DEVICE_FUNCTION = "device_function"
    DEVICE_TEMPLATE = "device_template"  # class or struct of a device header
    DEVICE_FILE = "device_file"
    CODEGEN_BRANCH = "codegen_branch"  # an op that a code generator knows
    OP_BRANCH = "op_branch"  # an op that any other C++ file asks for
    PYTHON_NAME = "python_name"  # where it is defined
    PYTHON_EXPORT = "python_export"  # importable from a package
    PYTHON_FFI_FUNCTION = "python_ffi_function"  # global function registered in Python
    PYTHON_OBJECT_TYPE = "python_object_type"  # type key registered in Python
    TEST = "test"


@dataclass(frozen=True, order=True)
class Entry:
    """One thing of the tree's surface.

    `signature` is a list of parts (a parameter each, for a function), so that a change can be told
    part by part and two changes merged. `path` and `line` say where it is defined, `users` which
    other files mention it; both are for people and take no part in a comparison.
    """

    kind: str
    name: str
    signature: tuple[str, ...] = ()
    path: str = ""
    line: int = 0
    users: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the same thing on two sides."""
        return self.kind, self.name


@dataclass(frozen=True)
class Inventory:
    """The entries of one tree, sorted, and the files that could not be read."""

    entries: tuple[Entry, ...]
    unreadable: tuple[str, ...] = ()

    @classmethod
    def of(cls, entries: Iterable[Entry], unreadable: Iterable[str] = ()) -> Inventory:
        """Sort, and keep one entry for each kind, name and signature (the first place)."""
        unique: dict[tuple[str, str, tuple[str, ...]], Entry] = {}
        for entry in sorted(entries):
            unique.setdefault((entry.kind, entry.name, entry.signature), entry)
        return cls(tuple(unique.values()), tuple(sorted(unreadable)))

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def sizes(self) -> dict[str, int]:
        """How many different names there are of each kind, in the order of `Kind`."""
        names = {entry.key for entry in self.entries}
        counts = {kind.value: sum(k == kind.value for k, _ in names) for kind in Kind}
        return {kind: count for kind, count in counts.items() if count}

    def minus(self, other: Inventory) -> Inventory:
        """The entries whose kind and name `other` has not: what a fork adds to its base."""
        present = {entry.key for entry in other}
        return replace(self, entries=tuple(e for e in self if e.key not in present))

    def to_json(self) -> str:
        """One line for each entry, so that two files can be compared by eye."""
        lines = ",\n".join(json.dumps(_packed(entry)) for entry in self.entries)
        unreadable = json.dumps(list(self.unreadable))
        return f'{{"version": 1, "unreadable": {unreadable}, "entries": [\n{lines}\n]}}\n'

    @classmethod
    def from_json(cls, text: str) -> Inventory:
        """The inverse of `to_json`; raises ValueError for another version."""
        data: Mapping[str, Any] = json.loads(text)
        if data.get("version") != 1:
            raise ValueError(f"inventory of version {data.get('version')}, expected 1")
        entries = (
            Entry(
                e["kind"],
                e["name"],
                tuple(e.get("signature", ())),
                e.get("path", ""),
                e.get("line", 0),
                tuple(e.get("users", ())),
            )
            for e in data["entries"]
        )
        return cls(tuple(entries), tuple(data["unreadable"]))


def _packed(entry: Entry) -> dict[str, Any]:
    return {name: value for name, value in asdict(entry).items() if value}
