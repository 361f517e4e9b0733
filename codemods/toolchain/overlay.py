# ruff: noqa: PTH113
# Paths stay text here: tens of thousands are looked up.
"""A tree as it would be with some files changed or added, without writing them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Overlay:
    """The tree at `root`, with the contents in `changed`, by path relative to it with `/`."""

    root: Path
    changed: Mapping[str, bytes] = field(default_factory=dict)
    _digests: dict[str, str | None] = field(default_factory=dict, repr=False, compare=False)
    _new: list[Mapping[str, bytes]] = field(default_factory=list, repr=False, compare=False)

    def relative(self, path: str) -> str | None:
        """Return the normal form of an absolute path relative to the tree; None outside of it."""
        inside = os.path.relpath(path, self.root)
        outside = inside.split(os.sep, 1)[0] == os.pardir
        return None if outside else inside.replace(os.sep, "/")

    def exists(self, path: str) -> bool:
        """Return whether the absolute path is a file."""
        return self.relative(path) in self.changed or os.path.isfile(path)

    def read(self, path: str) -> bytes:
        """Return the contents of the file at an absolute path."""
        inside = self.relative(path)
        if inside is not None and inside in self.changed:
            return self.changed[inside]
        return Path(path).read_bytes()

    def digest(self, path: str) -> str | None:
        """Return a digest of the contents of the file at an absolute path; None without one."""
        if path not in self._digests:
            try:
                found = hashlib.blake2b(self.read(path), digest_size=16).hexdigest()
            except OSError:
                self._digests[path] = None
            else:
                self._digests[path] = found
        return self._digests[path]

    def unsaved(self) -> list[tuple[str, bytes]]:
        """Return the changed files that are on disk, as libclang wants them."""
        new = self.new()
        return [(str(self.root / p), data) for p, data in self.changed.items() if p not in new]

    def new(self) -> Mapping[str, bytes]:
        """Return the added files: those in `changed` that are not on disk."""
        if not self._new:
            self._new.append(
                {p: data for p, data in self.changed.items() if not (self.root / p).is_file()}
            )
        return self._new[0]
