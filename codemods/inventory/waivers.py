"""Waivers: differences that somebody looked at and accepted, each with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit

from codemods.inventory.model import Kind

GATES = ("lost", "invented", "resurrected", "upstream-lost")
_KINDS = frozenset(kind.value for kind in Kind)


@dataclass(frozen=True)
class Waiver:
    """Accepts what `gate` says of `kind` and `name`; each `*` in the name stands for any text."""

    gate: str
    kind: str
    name: str
    reason: str


def read_waivers(path: Path) -> tuple[Waiver, ...]:
    """The `[[waiver]]` tables of a TOML file.

    Raises ValueError when a table lacks a key, gives no reason, or names an unknown gate or kind.
    """
    data = tomlkit.parse(path.read_text("utf-8")).unwrap()
    return tuple(
        _waiver(f"{path}: waiver {number}", table)
        for number, table in enumerate(data.get("waiver", []), 1)
    )


def _waiver(where: str, table: Mapping[str, Any]) -> Waiver:
    missing = [key for key in ("gate", "kind", "name", "reason") if not table.get(key)]
    if missing:
        raise ValueError(f"{where}: missing {', '.join(missing)}")
    waiver = Waiver(table["gate"], table["kind"], table["name"], table["reason"].strip())
    if waiver.gate not in GATES:
        raise ValueError(f"{where}: unknown gate `{waiver.gate}`; one of {', '.join(GATES)}")
    if waiver.kind not in _KINDS:
        known = ", ".join(sorted(_KINDS))
        raise ValueError(f"{where}: unknown kind `{waiver.kind}`; one of {known}")
    return waiver
