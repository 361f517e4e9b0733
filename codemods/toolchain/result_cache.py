# ruff: noqa: PTH117
# Paths stay text here: tens of thousands are looked up.
"""What the parse of a unit said, kept until the unit or a file that it includes changes.

An include that found no file, or a header newly put before another on the search path, is not
seen as a change; `fresh` results ignore the cache.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from codemods.toolchain.cache import cache_folder, write_atomically
from codemods.toolchain.diagnostics import Diagnostic, Fixit, Note, UnitResult
from codemods.toolchain.overlay import Overlay

_FORMAT = 2  # of the records; raised when they change


def load(unit: str, identity: Sequence[str], tree: Overlay) -> UnitResult | None:
    """Return the kept result of `unit` if all that it read is as it was, else None."""
    try:
        record = json.loads(_place(unit, identity, tree).read_bytes())
        for name, digest in record["read"]:
            if tree.digest(_absolute(name, tree)) != digest:
                return None
        return UnitResult(
            unit,
            tuple(_diagnostic(entry) for entry in record["errors"]),
            tuple(record["headers"]),
            cached=True,
        )
    except (OSError, ValueError, KeyError, TypeError):  # missing, or not of this version
        return None


def store(result: UnitResult, files: Sequence[str], identity: Sequence[str], tree: Overlay) -> None:
    """Keep the result of a unit that read `files`, absolute paths."""
    read = [[_name(path, tree), tree.digest(path)] for path in files]
    record = {
        "read": read,
        "errors": [asdict(error) for error in result.errors],
        "headers": result.headers,
    }
    write_atomically(_place(result.path, identity, tree), json.dumps(record).encode())


def _place(unit: str, identity: Sequence[str], tree: Overlay) -> Path:
    digest = tree.digest(str(tree.root / unit))
    key = json.dumps([_FORMAT, unit, digest, *identity]).encode()
    name = hashlib.blake2b(key, digest_size=16).hexdigest()
    return cache_folder() / "units" / name[:2] / f"{name}.json"


def _name(path: str, tree: Overlay) -> str:
    return tree.relative(path) or path


def _absolute(name: str, tree: Overlay) -> str:
    return name if os.path.isabs(name) else str(tree.root / name)


def _diagnostic(entry: dict[str, Any]) -> Diagnostic:
    notes = tuple(Note(**note) for note in entry.pop("notes"))
    ranges = tuple((start, end) for start, end in entry.pop("ranges"))
    fixits = tuple(Fixit(**fixit) for fixit in entry.pop("fixits"))
    return Diagnostic(**entry, notes=notes, ranges=ranges, fixits=fixits)
