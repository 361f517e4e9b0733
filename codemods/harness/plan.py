"""What to build, with what and where: the words that all stages share."""

from __future__ import annotations

import fnmatch
import os
from dataclasses import dataclass, field
from pathlib import Path

from codemods.harness.results import Results, Row, Status
from codemods.harness.sdk import Sdk

DEFAULT_ARCHES = ("sm_80", "sm_90a", "sm_100a", "sm_120a")


@dataclass(frozen=True)
class Plan:
    """One tree's build: where it is, what it is built against, and where everything goes.

    `tree` is only read. `python`: the interpreter that the tree's Python runs under, None where
    none was prepared. `only`: globs on paths of examples and tests; empty means all of them.
    `manifest`: a file with arguments for programs that do not reach their kernels without.
    `jobs`: processes at a time. `time_limit`: seconds for one example or test; of its own work,
    where it is only lowered. `checked`: whether the C++ library's assertions are compiled in.
    `ranks`: processes of a distributed program that leaves their number open; None for one a GPU.
    """

    tree: Path
    build: Path
    sdk: Sdk
    python: Path | None = None
    compiler: str = "c++"
    optimize: str = "-O2"
    arches: tuple[str, ...] = DEFAULT_ARCHES
    only: tuple[str, ...] = ()
    manifest: Path | None = None
    jobs: int = field(default_factory=lambda: os.cpu_count() or 1)
    time_limit: float = 300.0
    checked: bool = False
    ranks: int | None = None

    @property
    def results(self) -> Results:
        """The result table of this build folder."""
        return Results(self.build / "results.json")

    @property
    def site(self) -> Path:
        """The folder that holds the tree's packages as an installed wheel would."""
        return self.build / "site"

    @property
    def libraries(self) -> Path:
        """The folder that the linked libraries are in."""
        return self.build / "lib"

    def covers(self, row: Row) -> bool:
        """Say whether the plan asks for what a row tells of: its file and its architecture."""
        path = row.name.partition("::")[0]
        asked = not self.only or any(fnmatch.fnmatch(path, pattern) for pattern in self.only)
        return asked and (not row.arch or row.arch in self.arches)


def not_run(stage: str, reason: str, name: str = "*") -> tuple[Row, ...]:
    """Return the single row of a stage that could not run at all."""
    return (Row(stage, name, Status.NOT_RUN, reason),)
