# ruff: noqa: PTH116, PTH117, PTH202
# Paths stay text here: tens of thousands are looked up.
"""Which headers to precompile for a set of units, so that their cost is paid once.

A precompiled set may serve a unit only when every header in it is among those that the unit
includes before its first line of code (`codemods.toolchain.include_scan`); so nothing becomes
visible that the unit does not include itself.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from filelock import FileLock

from codemods.toolchain import clang_session
from codemods.toolchain.cache import cache_folder, forget_unused, write_atomically
from codemods.toolchain.include_scan import IncludeScanner, Leading

_KEPT = 40  # sets in the cache, about a gigabyte
_MOST = 8  # sets at most; each costs a few seconds and some tens of megabytes in the cache


@dataclass(frozen=True)
class HeaderSet:
    """Headers to precompile, as spelled, and all that they reach."""

    spelled: tuple[str, ...]
    reached: frozenset[str]


def plan(
    leading: Mapping[str, Leading], scanner: IncludeScanner, arguments: Sequence[str]
) -> dict[str, HeaderSet]:
    """Return the set to use for each unit that gains by one.

    Sets are picked one after the other, each the one that saves most text to be parsed again,
    less its own; one that is in the cache costs nothing.
    """
    candidates = _candidates(list(leading.values()), scanner)
    fits = {
        index: [unit for unit, own in leading.items() if candidate.reached <= own.reached]
        for index, candidate in enumerate(candidates)
    }
    weights = [sum(map(_weight, candidate.reached)) for candidate in candidates]
    costs = [
        0 if place(candidate, arguments).is_file() else weight
        for candidate, weight in zip(candidates, weights, strict=True)
    ]
    saved = dict.fromkeys(leading, 0)
    chosen: dict[str, HeaderSet] = {}
    for _ in range(_MOST):
        gains = [
            sum(max(0, weights[index] - saved[unit]) for unit in units) - costs[index]
            for index, units in fits.items()
        ]
        best = max(range(len(gains)), key=gains.__getitem__, default=-1)
        if best < 0 or gains[best] <= 0:
            break
        for unit in fits[best]:
            if weights[best] > saved[unit]:
                saved[unit] = weights[best]
                chosen[unit] = candidates[best]
    return chosen


def place(headers: HeaderSet, arguments: Sequence[str]) -> Path:
    """Return where the cache keeps the precompiled set for the given compiler arguments."""
    stamps = [
        (path, stat.st_size, stat.st_mtime_ns)
        for path in sorted(headers.reached)
        if os.path.isabs(path)
        for stat in [os.stat(path)]
    ]
    identity = [clang_session.version(), list(headers.spelled), list(arguments), stamps]
    name = hashlib.blake2b(json.dumps(identity).encode(), digest_size=16).hexdigest()
    return cache_folder() / "precompiled" / f"{name}.pch"


def build(headers: HeaderSet, arguments: Sequence[str]) -> Path | None:
    """Return the precompiled set, making it unless the cache has it; None if it cannot be made."""
    output = place(headers, arguments)
    if output.is_file():
        output.touch()
        return output
    output.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(output.with_suffix(".lock")):
        if output.is_file():
            return output
        scratch = output.with_suffix(f".{os.getpid()}")
        try:
            parsed = clang_session.precompile(headers.spelled, arguments, scratch)
        except clang_session.ParserCrash:
            return None
        if parsed.errors:
            return None
        write_atomically(files_of(output), json.dumps(parsed.files).encode())
        scratch.replace(output)
    forget_unused(output.parent, "*.pch", _KEPT)
    return output


def files_of(output: Path) -> Path:
    """Return the file that lists every header inside of a precompiled set."""
    return output.with_suffix(".json")


def _candidates(units: Sequence[Leading], scanner: IncludeScanner) -> list[HeaderSet]:
    order: dict[str, None] = {}
    for own in units:
        order.update(dict.fromkeys(own.spelled))
    distinct = list(dict.fromkeys(own.reached for own in units))
    shared = {one & other for one in distinct for other in distinct}
    result: dict[frozenset[str], HeaderSet] = {}
    for common in sorted(shared, key=lambda names: (len(names), sorted(names))):
        spelled = tuple(name for name in order if scanner.closure(name) <= common)
        reached: frozenset[str] = frozenset().union(*map(scanner.closure, spelled))
        if reached:
            result[reached] = HeaderSet(spelled, reached)
    return list(result.values())


@cache
def _weight(name: str) -> int:
    """How much text a header is; the system's, which are not looked up, count as a typical one."""
    try:
        return os.path.getsize(name) if os.path.isabs(name) else 30_000
    except OSError:
        return 0
