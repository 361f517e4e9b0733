"""The one object that every report of a run is made from, and its JSON form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from codemods import __version__, notices
from codemods.model import Change, Finding

if TYPE_CHECKING:
    from codemods.residue import Region, Residue

SCHEMA = 1
"""Version of the JSON form: raised when a field changes its meaning or goes, not when one comes."""


@dataclass(frozen=True)
class Result:
    """What a run or check found and did.

    `changes` stand at their places before the run; `findings`, `residue` and `regions` at their
    places in the tree as it stands now (after the run if it was `written`). `seconds` is by phase.
    """

    command: str
    target: str
    release: str
    migrations: tuple[str, ...]
    files: int
    changed: tuple[str, ...]
    new_files: tuple[str, ...]
    changes: tuple[Change, ...]
    findings: tuple[Finding, ...]
    residue: tuple[Residue, ...] = ()
    regions: tuple[Region, ...] = ()
    written: bool = False
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def nothing_left(self) -> bool:
        """Say whether no finding, no residue and no region not analysed remains."""
        return not (self.findings or self.residue or self.regions)

    @property
    def failed(self) -> bool:
        """Say whether something that was asked could not be done."""
        return any(notices.is_fatal(finding.code) for finding in self.findings)

    def by_code(self) -> dict[str, tuple[int, int, int]]:
        """Return edits, files changed and findings of each code, in code order."""
        edits = Counter(change.code for change in self.changes)
        files = Counter(code for code, _ in {(c.code, c.path) for c in self.changes})
        found = Counter(finding.code for finding in self.findings)
        return {c: (edits[c], files[c], found[c]) for c in sorted({*edits, *found})}

    def to_json(self) -> dict[str, Any]:
        """Return the result as plain data, ready for `json.dumps`."""
        return {
            "schema": SCHEMA,
            "tool": {"name": "tvm-ffi-codemods", "version": __version__},
            "command": self.command,
            "target": self.target,
            "release": self.release,
            "written": self.written,
            "migrations": list(self.migrations),
            "summary": {
                "files": self.files,
                "changed": len(self.changed),
                "new": len(self.new_files),
                "edits": len(self.changes),
                "findings": len(self.findings),
                "residue": len(self.residue),
                "regions_not_analysed": len(self.regions),
                "nothing_left": self.nothing_left,
            },
            "changed": list(self.changed),
            "new_files": list(self.new_files),
            "changes": [
                {
                    "path": change.path,
                    "line": change.line,
                    "column": change.column,
                    "code": change.code,
                    "before": _text(change.before),
                    "after": _text(change.after),
                }
                for change in self.changes
            ],
            "findings": [
                {
                    "path": finding.path,
                    "line": finding.line,
                    "column": finding.column,
                    "code": finding.code,
                    "message": finding.message,
                    "advice": finding.advice,
                    "effort": finding.effort.value,
                }
                for finding in self.findings
            ],
            "residue": [vars(entry) for entry in self.residue],
            "regions_not_analysed": [
                {**vars(region), "names": list(region.names)} for region in self.regions
            ],
            "seconds": dict(self.seconds),
        }


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")
