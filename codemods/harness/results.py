"""The one result table that every stage of the harness writes its rows into.

A row has passed, failed or was not run, and whatever did not pass says why. Rows are kept as JSON
in the build folder, so that a later command can show, resume or compare them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any


class Status(Enum):
    """What became of one thing that a stage was asked to do. A skip is never a pass."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not run"


@dataclass(frozen=True)
class Row:
    """One line of the table.

    `name`: what was tried (a unit, a library, a module, a kernel, a test). `arch`: for which GPU
    architecture, if any. `reason`: why it did not pass; never empty then. `details`: measured
    numbers and further facts, by name. `log`: the file that holds the tool's own words.
    """

    stage: str
    name: str
    status: Status
    reason: str = ""
    arch: str = ""
    seconds: float = 0.0
    log: str = ""
    details: Mapping[str, str | int | float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.status is not Status.PASSED and not self.reason:
            raise ValueError(f"a row that did not pass needs its reason: {self.stage} {self.name}")

    def as_json(self) -> dict[str, Any]:
        """Return the row as plain JSON values."""
        return {**asdict(self), "status": self.status.value, "details": dict(self.details)}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Row:
        """Return the row that `as_json` made `data` of."""
        return Row(**{**data, "status": Status(data["status"])})


FORMAT = 1


class Results:
    """The rows of one build folder, by stage. `path` need not exist yet."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.facts: dict[str, Any] = {}
        self._rows: dict[str, list[Row]] = {}
        if path.is_file():
            stored = json.loads(path.read_text(encoding="utf-8"))
            if stored.get("format") != FORMAT:
                raise ValueError(
                    f"{path} has format {stored.get('format')}, this version reads {FORMAT}"
                )
            self.facts = stored["facts"]
            self._rows = {
                stage: [Row.from_json(row) for row in rows]
                for stage, rows in stored["stages"].items()
            }

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages that have rows, in the order in which they were first written."""
        return tuple(self._rows)

    def rows(self, stage: str) -> tuple[Row, ...]:
        """Return the rows of `stage`; none where it never ended."""
        return tuple(self._rows.get(stage, ()))

    def replace(self, stage: str, rows: Iterable[Row]) -> None:
        """Put `rows` in place of all rows of `stage` and store the table."""
        self._rows[stage] = list(rows)
        self._store()

    def counts(self, stage: str) -> Counter[Status]:
        """Return how many rows of `stage` passed, failed and were not run."""
        return Counter(row.status for row in self.rows(stage))

    def _store(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(
            {
                "format": FORMAT,
                "facts": self.facts,
                "stages": {s: [r.as_json() for r in rows] for s, rows in self._rows.items()},
            },
            indent=1,
        )
        part = self.path.with_suffix(".part")
        part.write_text(text + "\n", encoding="utf-8")
        part.replace(self.path)
