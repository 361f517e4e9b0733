"""Which `apache-tvm-ffi` goes with which target: the range belongs to the TVM, not to the fork.

An open range broke within days upstream (tile-ai/tilelang#1373), and a wrong one fails at import
with an undefined symbol, aborts, or gives wrong results. The table is `tvm_ffi_ranges.csv`.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources

from codemods import ladder

PACKAGE = "apache-tvm-ffi"


@cache
def _rows() -> tuple[dict[str, str], ...]:
    table = resources.files("codemods").joinpath("tvm_ffi_ranges.csv").read_text("utf-8")
    return tuple(csv.DictReader(table.splitlines()))


@cache
def ranges() -> dict[str, str]:
    """Return the range of `apache-tvm-ffi` for each release that needs the package."""
    return {row["release"]: row["range"] for row in _rows()}


@cache
def tried() -> dict[str, str]:
    """Return the exact `apache-tvm-ffi` that was tried with a release's wheel, where one was."""
    return {row["release"]: row["tried"] for row in _rows() if row["tried"]}


def range_for(release: str) -> str:
    """Return the range for `release`, the newest known one for a release after the table's last.

    Raises `KeyError` for a release that needs no such package.
    """
    known = ranges()
    if release in known:
        return known[release]
    last = max(known, key=ladder.position)
    if ladder.position(release) > ladder.position(last):
        return known[last]
    raise KeyError(release)
