"""One port from files to result: what `run` and `check` have in common."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from codemods import engine, formatting, ladder, offsets, remarks, residue
from codemods.choices import Unsafe
from codemods.guiding import Headers, guided
from codemods.model import Edit, Finding, Migration
from codemods.result import Result
from codemods.tree import Tree

if TYPE_CHECKING:
    from codemods.merge.takeover import Source


@dataclass(frozen=True)
class Wish:
    """What the user asked for, beyond where. `release` is exact."""

    release: str = ladder.DEFAULT_TARGET
    migrations: tuple[Migration, ...] = ()
    unsafe: Unsafe = False
    format: bool = True
    jobs: int = 1
    guide: Headers | None = None  # the guided stage, against these headers
    upstream: Source | None = None  # whose versions are merged into files that need them


@dataclass(frozen=True)
class Port:
    """A finished port, not yet written: the new bytes by path, the new paths, the result.

    `steps` says by path how the migrations came there: each one's code and its edits to the text
    after the step before. What the guided stage, upstream's version and formatting did is no step.
    """

    files: Mapping[str, bytes]
    made: frozenset[str]
    result: Result
    tracebacks: tuple[str, ...]
    steps: Mapping[str, tuple[tuple[str, tuple[Edit, ...]], ...]] = field(default_factory=dict)


def port(command: str, found: Tree, wish: Wish, progress: engine.Progress | None = None) -> Port:
    """Port the files of a tree that was read; nothing is written."""
    clock = _Clock()
    ported = engine.port(
        found.data,
        wish.migrations,
        wish.release,
        unsafe=wish.unsafe,
        jobs=wish.jobs,
        progress=progress,
    )
    clock.lap("rewrite")
    if wish.upstream is not None:
        from codemods.merge.takeover import taken_over

        ported = taken_over(found.data, ported, wish.migrations, wish.release, wish.upstream)
        clock.lap("take over")
    if wish.guide is not None:
        ported = guided(
            found.root, found.data, ported, wish.release, wish.guide, wish.jobs, progress
        )
        clock.lap("guide")
    changed, findings = dict(ported.changed), ported.findings
    complaints = [*ported.complaints, *remarks.passed(found)]
    if wish.format and changed:
        formatted = formatting.format_changed(found.root, changed, ported.steps, wish.jobs)
        complaints += formatted.complaints
        findings = _moved(findings, changed, formatted.edits)
        for path, edits in formatted.edits.items():
            changed[path] = offsets.apply(changed[path], edits)
        clock.lap("format")
    files = {**ported.files, **changed}
    left, regions = residue.scan(files, wish.migrations, findings)
    complaints += remarks.unused(found.data, ported.used_suppressions)
    clock.lap("residue")
    result = Result(
        command=command,
        target=str(found.root),
        release=wish.release,
        migrations=tuple(migration.code for migration in wish.migrations),
        files=len(found.files),
        changed=tuple(sorted(changed)),
        new_files=ported.new_files,
        changes=ported.changes,
        findings=tuple(sorted({*findings, *complaints})),
        residue=left,
        regions=regions,
        seconds=clock.laps,
    )
    steps = {
        path: tuple(zip(ported.step_codes.get(path, ()), made, strict=False))
        for path, made in ported.steps.items()
    }
    return Port(changed, frozenset(ported.new_files), result, ported.tracebacks, steps)


def diff(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> Iterator[bytes]:
    """Yield a unified diff of whole texts by path."""
    import difflib

    for path, text in sorted(after.items()):
        old = before.get(path)
        yield from difflib.diff_bytes(
            difflib.unified_diff,
            _lines(old or b""),
            _lines(text),
            b"/dev/null" if old is None else _named("a", path),
            _named("b", path),
        )


def _named(side: str, path: str) -> bytes:
    """A path as a diff names it: quoted as git does where it could not be read otherwise."""
    name = os.fsencode(f"{side}/{path}")
    if not any(byte < 32 or byte in b'"\\\x7f' for byte in name):
        return name
    plain = (chr(b) if 32 <= b < 127 and b not in b'"\\' else f"\\{b:03o}" for b in name)
    return f'"{"".join(plain)}"'.encode()


def _lines(data: bytes) -> list[bytes]:
    lines = data.split(b"\n")
    whole = [line + b"\n" for line in lines[:-1]]
    return [*whole, lines[-1] + b"\n\\ No newline at end of file\n"] if lines[-1] else whole


def _moved(
    findings: Sequence[Finding],
    texts: Mapping[str, bytes],
    edits: Mapping[str, Sequence[Edit]],
) -> tuple[Finding, ...]:
    """Carry findings across the formatting of their files."""
    shifts = {path: offsets.Shift(made) for path, made in edits.items()}
    old = {path: offsets.Lines(texts[path]) for path in edits}
    new = {path: offsets.Lines(offsets.apply(texts[path], edits[path])) for path in edits}

    def move(finding: Finding) -> Finding:
        if finding.path not in shifts:
            return finding
        at = old[finding.path].offset(finding.line, finding.column)
        line, column = new[finding.path].at(shifts[finding.path].forward(at))
        return replace(finding, line=line, column=column)

    return tuple(sorted(map(move, findings)))


class _Clock:
    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._began = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = round(now - self._began, 3)
        self._began = now
