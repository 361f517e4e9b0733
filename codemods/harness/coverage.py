"""How many of the kernels that a tree's sources define were lowered."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from codemods.harness.results import Row, Status

COUNTED = "counted"
"""The detail of a row whose kernel is one of those counted in the sources."""

_NUMBER = re.compile(r" [#!]\d+$")


@dataclass(frozen=True)
class Coverage:
    """For one architecture, or for all of them together (`any`), what was lowered of how many."""

    arch: str
    lowered: int
    counted: int

    def __str__(self) -> str:
        where = f"for {self.arch}" if self.arch != "any" else "for any architecture"
        return (
            f"{self.lowered} of {self.counted} kernels of the sources lowered {where} "
            f"({self.lowered / self.counted:.1%})"
        )


def coverage(rows: Iterable[Row]) -> tuple[Coverage, ...]:
    """Return the coverage of each architecture, and of any where there are several.

    A definition that was compiled in several ways counts once, as lowered where one of them was.
    """
    counted: dict[str, dict[str, bool]] = {}
    for row in rows:
        if COUNTED not in row.details:
            continue
        for arch in (row.arch, "any"):
            names = counted.setdefault(arch, {})
            name = _NUMBER.sub("", row.name)
            names[name] = names.get(name, False) or row.status is Status.PASSED
    together = counted.pop("any", {})
    if len(counted) > 1:
        counted["any"] = together
    return tuple(Coverage(a, sum(names.values()), len(names)) for a, names in counted.items())
