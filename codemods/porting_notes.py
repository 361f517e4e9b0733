"""Writes `PORTING.md`: what a run did to a tree and why, what is left, how to go on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from codemods.model import Finding, Migration
from codemods.result import Result

_STALE = """\
The port changes how kernels are called and what is compiled into them, so everything that was
compiled before it is stale, although nothing may say so. Remove:

- the build folder of the C++ library (`build/`), and installed copies of the package;
- TileLang's kernel cache, `~/.tilelang/cache` or wherever `TILELANG_CACHE_DIR` points, and its
  autotuner's cache beside it;
- `__pycache__` of modules that moved, and Cython's generated `.cpp` files and `.so` files;
- ccache only if it was told to ignore headers: it is keyed by what the compiler reads.
"""

_TEST = """\
1. `python -m codemods.verify --target {target}`: every C++ unit parsed against the target's real
   headers, every Python name resolved.
2. Take the submodule `3rdparty/tvm` to the revision that TileLang {release} pins, or install the
   published wheel of that release beside the tree; install `apache-tvm-ffi` in the range that the
   port wrote into the requirements.
3. Build as before, from an empty build folder.
4. `python -m codemods.build --target {target}`: compile, link, lower, and run the suites.
"""


def notes(result: Result, migrations: Sequence[Migration]) -> str:
    """Return the text of `PORTING.md`."""
    parts = [
        f"# Port to TileLang {result.release}",
        f"{len(result.changed)} of {result.files} files changed by {len(result.changes)} edits"
        f" of {len(_used(result, migrations))} migrations; {len(result.new_files)} files are new."
        + ("" if result.written else " Nothing has been written yet."),
        "## What was done, and why",
        *_done(result, migrations),
        "## What is left",
        *_left(result),
        "## How to build and test it",
        _TEST.format(target=result.target, release=result.release),
        "## Caches that are stale now",
        _STALE,
    ]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _used(result: Result, migrations: Sequence[Migration]) -> list[Migration]:
    codes = {change.code for change in result.changes}
    return [migration for migration in migrations if migration.code in codes]


def _done(result: Result, migrations: Sequence[Migration]) -> Iterable[str]:
    counts = result.by_code()
    for migration in _used(result, migrations):
        edits, files, _ = counts[migration.code]
        why = migration.doc.split("\n\n")
        upstream = f" Upstream: {', '.join(migration.upstream)}." if migration.upstream else ""
        yield f"### {migration.code} {migration.title}"
        yield f"{edits} edits in {files} files.{upstream}"
        yield (why[1] if len(why) > 1 else why[0]).replace("\n", " ")
    if result.new_files:
        yield "### New files"
        yield "\n".join(f"- `{path}`" for path in result.new_files)
    if not result.changes:
        yield "Nothing: the tree already has the form of the target."


def _left(result: Result) -> Iterable[str]:
    if result.nothing_left:
        yield "Nothing: no findings, no residue, no region not analysed."
        return
    by_effort: dict[str, list[Finding]] = defaultdict(list)
    for finding in result.findings:
        by_effort[finding.effort.value].append(finding)
    for effort in ("high", "medium", "low"):
        if by_effort[effort]:
            yield f"### Findings, {effort} effort: {len(by_effort[effort])}"
            yield "\n".join(map(_line, by_effort[effort]))
    if result.residue:
        yield f"### Old names still standing: {len(result.residue)}"
        yield "\n".join(
            f"- `{entry.path}:{entry.line}` `{entry.name}` ({entry.kind})"
            for entry in result.residue
        )
    if result.regions:
        yield f"### Regions not analysed: {len(result.regions)}"
        yield "\n".join(
            f"- `{region.path}:{region.line}` to line {region.end_line} ({region.reason}): "
            + ", ".join(f"`{name}`" for name in region.names)
            for region in result.regions
        )


def _line(finding: Finding) -> str:
    words = "; ".join(part for part in (finding.message, finding.advice) if part)
    return f"- `{finding.path}:{finding.line}` {finding.code}: {words}"
