"""What a run says about files and comments rather than about code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from codemods import suppress
from codemods.model import Finding
from codemods.tree import Tree


def passed(found: Tree) -> Iterable[Finding]:
    """Yield a finding for each file that was not read."""
    return (Finding(entry.path, 1, 1, entry.code, entry.reason) for entry in found.passed)


def unused(before: Mapping[str, bytes], used: frozenset[tuple[str, int]]) -> Iterable[Finding]:
    """Yield a finding for each suppression that no migration met. `used`: paths and lines."""
    for path, data in before.items():
        for directive in suppress.directives(data):
            if (path, directive.line) not in used:
                yield Finding(path, directive.line, 1, "TF905", "unused suppression", "remove it")
