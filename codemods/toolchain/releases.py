"""The TileLang releases that are known as targets, and what each goes with.

The pair of TVM and tvm-ffi is fixed by the TVM commit inside a TileLang release, so the tvm-ffi
version is data, in `codemods/tvm_ffi_ranges.csv`, and never a guess.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from codemods.tvm_ffi_ranges import tried

DEFAULT = "0.1.7.post2"


@dataclass(frozen=True)
class Release:
    """A published TileLang release.

    `tvm`: the version its TVM gives itself. `headers`: whether its wheel carries TVM's headers.
    `marks`: texts that TVM's headers must hold, by path under `include/`, for a checkout to count
    as this release's.
    """

    name: str
    tvm: str
    headers: bool
    marks: tuple[tuple[str, str], ...] = ()

    @property
    def ffi(self) -> str | None:
        """The exact `apache-tvm-ffi` that was tried with it, None before that package existed."""
        return tried().get(self.name)


_CALL_ANNOTATIONS = ("tvm/tir/expr.h", r"Map<.*>\s+annotations;")
_FOR_STEP = ("tvm/tir/stmt.h", r"Optional<PrimExpr>\s+step;")
_FOR = ("tvm/tir/stmt.h", r"\bclass ForNode\b")
_TIRX = ("tvm/tirx/stmt.h", r"\bclass ForNode\b")

RELEASES = (
    Release("0.1.5", "0.17.dev0", False),
    Release("0.1.6.post2", "0.22.dev0", False),
    Release("0.1.7.post1", "0.23.dev0", True, (_FOR, _FOR_STEP)),
    Release("0.1.7.post2", "0.23.dev0", True, (_FOR_STEP, _CALL_ANNOTATIONS)),
    Release("0.1.7.post3", "0.23.dev0", True, (_FOR_STEP, _CALL_ANNOTATIONS)),
    Release("0.1.10", "0.25.dev0", True, (_TIRX,)),
    Release("0.1.15", "0.25.dev0", True, (_TIRX,)),
)

SUPPORT_ARCHIVE = "0.1.7.post3"
"""The TileLang source archive that holds dmlc-core's and picojson's headers."""

_ALIASES = {"0.1.6": "0.1.6.post2", "0.1.7": DEFAULT}


class UnknownRelease(ValueError):
    """A release that the table does not hold."""


def release(name: str = DEFAULT) -> Release:
    """Return the release called `name`; a bare series such as `0.1.7` means its last known one.

    Raises `UnknownRelease`, whose text names the releases that are known.
    """
    exact = _ALIASES.get(name.removeprefix("v"), name.removeprefix("v"))
    for candidate in RELEASES:
        if candidate.name == exact:
            return candidate
    known = ", ".join(f"`{candidate.name}`" for candidate in RELEASES)
    raise UnknownRelease(f"unknown release `{name}`; known are {known}")


def is_at(tvm: Path, wanted: Release) -> bool:
    """Return whether the TVM checkout or package in `tvm` has the API of the release `wanted`."""
    if not wanted.marks:
        return False
    for path, pattern in wanted.marks:
        header = tvm / "include" / path
        if not header.is_file():
            return False
        if re.search(pattern, header.read_text(encoding="utf-8", errors="replace")) is None:
            return False
    return True
