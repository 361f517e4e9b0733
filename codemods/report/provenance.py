"""Which versions took part in a run, and how each was found."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping
from importlib import metadata

from codemods import __version__, ladder, tvm_ffi_ranges
from codemods.model import Migration
from codemods.result import Result

ENGINES = ("libclang", "libcst", "tree-sitter", "tree-sitter-cpp", "clang-format")


def provenance(
    result: Result, known: Mapping[str, Migration], revision: str
) -> list[dict[str, str]]:
    """Return rows of `what`, `version` and `how` it was found."""
    rows = [
        ("target", f"TileLang {result.release}", _how_target(result.release)),
        _start(result, known),
    ]
    if result.release in tvm_ffi_ranges.ranges():
        told = tvm_ffi_ranges.range_for(result.release)
        rows.append((tvm_ffi_ranges.PACKAGE, told, "the toolkit's table of ranges by release"))
    if revision:
        rows.append(("tree before the run", revision, "git's HEAD"))
    return [*_as_rows(rows), *tools()]


def tools() -> list[dict[str, str]]:
    """Return the rows of the toolkit itself, the interpreter and the engines."""
    rows = [
        ("tvm-ffi-codemods", __version__, "the package that ran"),
        ("Python", platform.python_version(), "the interpreter that ran"),
    ]
    for name in ENGINES:
        try:
            rows.append((name, metadata.version(name), "installed beside the toolkit"))
        except metadata.PackageNotFoundError:
            rows.append((name, "not installed", "not among the installed packages"))
    return _as_rows(rows)


def _as_rows(rows: Iterable[tuple[str, str, str]]) -> list[dict[str, str]]:
    return [{"what": what, "version": version, "how": how} for what, version, how in rows]


def _how_target(release: str) -> str:
    if release == ladder.DEFAULT_TARGET:
        return "the default of `--to`, or asked for with it"
    return "asked for with `--to`"


def _start(result: Result, known: Mapping[str, Migration]) -> tuple[str, str, str]:
    """Where the tree stood: before the earliest change that there was still work for."""
    what = "where the tree stood"
    worked = [known[c] for c, (edits, _, _) in result.by_code().items() if edits and c in known]
    if not worked:
        return what, f"at TileLang {result.release}", "no migration had anything to change"
    oldest = min(worked, key=lambda m: (ladder.position(m.introduced), m.code))
    edits, files, _ = result.by_code()[oldest.code]
    return (
        what,
        f"in part before TileLang {oldest.introduced}",
        f"from its code: {oldest.code} found {edits} places in {files} files",
    )
