# ruff: noqa: PTH113, PTH118, PTH120
# Paths stay text here: tens of thousands are looked up.
"""Which of the target's headers a unit includes before any code of the tree itself.

Those, and only those, may be precompiled for the unit without hiding an include that it lacks: the
tree's first line of code is reached with exactly their declarations visible. Anything but includes,
include guards, `#pragma once` and comments counts as code.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from codemods.toolchain.overlay import Overlay

_TOKEN = re.compile(
    rb"""
      \s+ | //[^\n]* | /\*.*?\*/
    | \#[ \t]*include[ \t]*(?P<include><[^>\n]*>|"[^"\n]*")[^\n]*
    | \#[ \t]*(?P<directive>\w+)(?P<rest>(?:[^\n\\]|\\.)*)
    | (?P<code>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_INCLUDE = re.compile(
    rb'^[ \t]*#[ \t]*(?:(include)[ \t]*(<[^>\n]*>|"[^"\n]*")|(\w+))', re.MULTILINE
)


@dataclass(frozen=True)
class Leading:
    """`spelled`: the target's headers that the unit (or a header of the tree) names before any
    code of the tree, in order and as spelled; `reached`: every header that these lead to, as
    absolute paths, or as spelled where they are the system's.
    """

    spelled: tuple[str, ...]
    reached: frozenset[str]


@dataclass
class IncludeScanner:
    """Follows includes by text. `folders`: the target's include folders, in order."""

    tree: Overlay
    folders: Sequence[str]
    _closures: dict[str, frozenset[str]] = field(default_factory=dict, repr=False)

    def leading(self, unit: str, includes: Sequence[str] = ()) -> Leading:
        """Return the leading target headers of `unit`; `includes`: its own folders in the tree."""
        spelled: list[str] = []
        self._follow(str(self.tree.root / unit), includes, set(), spelled)
        reached: set[str] = set()
        for name in spelled:
            reached |= self.closure(name)
        return Leading(tuple(spelled), frozenset(reached))

    def closure(self, name: str) -> frozenset[str]:
        """Return what a target header, as spelled, leads to unconditionally, with itself."""
        if name not in self._closures:
            path = self._target(name, None)
            found: set[str] = set()
            if path is None:
                found.add(name)
            else:
                self._collect(path, found)
            self._closures[name] = frozenset(found)
        return self._closures[name]

    def _follow(
        self, path: str, includes: Sequence[str], seen: set[str], spelled: list[str]
    ) -> bool:
        """Add the headers that `path` starts with; return whether it holds nothing but includes."""
        data = self.tree.read(path)
        position, guard = 0, b""
        while position < len(data):
            match = _TOKEN.match(data, position)
            if match is None:
                return False
            position = match.end()
            if match["include"]:
                name = os.fsdecode(match["include"])
                own = self._own(name, path, includes)
                if own is None:
                    if name not in spelled:
                        spelled.append(name)
                elif own not in seen:
                    seen.add(own)
                    if not self._follow(own, includes, seen, spelled):
                        return False
            elif match["code"] or not _harmless(match["directive"], match["rest"], guard):
                if match["directive"] == b"ifndef" and not guard:
                    guard = match["rest"].strip()
                    continue
                return False
        return True

    def _own(self, name: str, includer: str, includes: Sequence[str]) -> str | None:
        """The file of the tree that an include names; None for the target's and the system's."""
        folders = [str(self.tree.root / folder) for folder in includes]
        if name.startswith('"'):
            folders.insert(0, os.path.dirname(includer))
        for folder in folders:
            path = os.path.normpath(os.path.join(folder, name[1:-1]))
            if self.tree.exists(path):
                return path
        return None

    def _target(self, name: str, includer: str | None) -> str | None:
        folders = list(self.folders)
        if includer is not None and name.startswith('"'):
            folders.insert(0, os.path.dirname(includer))
        for folder in folders:
            path = os.path.normpath(os.path.join(folder, name[1:-1]))
            if os.path.isfile(path):
                return path
        return None

    def _collect(self, path: str, found: set[str]) -> None:
        waiting = [path]
        while waiting:
            current = waiting.pop()
            if current in found:
                continue
            found.add(current)
            depth, guard = 0, None
            for match in _INCLUDE.finditer(self.tree.read(current)):
                if match[3] is not None:
                    depth, guard = _nesting(match[3], depth, guard)
                elif depth == (guard or 0):  # an include under a further condition may not happen
                    name = os.fsdecode(match[2])
                    inner = self._target(name, current)
                    if inner is None:
                        found.add(name)
                    else:
                        waiting.append(inner)


def _harmless(directive: bytes | None, rest: bytes | None, guard: bytes) -> bool:
    if directive is None:
        return True
    if directive == b"pragma":
        return (rest or b"").split() == [b"once"]
    return bool(guard) and (
        directive == b"endif" or (directive == b"define" and (rest or b"").split()[:1] == [guard])
    )


def _nesting(directive: bytes, depth: int, guard: int | None) -> tuple[int, int | None]:
    if directive in (b"if", b"ifdef", b"ifndef"):
        if depth == 0 and guard is None and directive == b"ifndef":
            return 1, 1  # the include guard
        return depth + 1, guard
    if directive == b"endif":
        return depth - 1, guard
    return depth, guard
