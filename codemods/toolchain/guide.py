"""The guided stage: what does not compile against the target is mended by the compiler's word.

Every unit is parsed; the diagnostics of those that fail are turned into edits
(`codemods.toolchain.mending`), and what changed is parsed again, until nothing is left or nothing
helps. An edit that does not lower the number of errors is taken back. What remains is reported in
the compiler's own words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from codemods import offsets
from codemods.model import Change, Edit, Effort, Finding, Language, Source
from codemods.toolchain.diagnostics import Diagnostic, Note, UnitResult
from codemods.toolchain.layout import Toolchain
from codemods.toolchain.mending import Rule, mend
from codemods.toolchain.overlay import Overlay
from codemods.toolchain.parse import Progress, parse_units
from codemods.toolchain.units import Unit

MENDED = "TF920"
UNMENDED = "TF921"
_ROUNDS = 10  # each mends what the one before uncovered; the longest chain seen is 3


@dataclass(frozen=True)
class Guided:
    """What the guided stage did. `changed`: texts by path. `steps`: the edits of each round, by
    path. `changes` stand at their places before the stage; `findings` after it. `results`: what
    the last parse of each unit said.
    """

    changed: Mapping[str, bytes]
    steps: Mapping[str, tuple[tuple[Edit, ...], ...]]
    changes: tuple[Change, ...]
    findings: tuple[Finding, ...]
    results: tuple[UnitResult, ...]


@dataclass
class _Stage:
    root: Path
    units: Sequence[Unit]
    toolchain: Toolchain
    jobs: int | None
    progress: Progress
    texts: dict[str, bytes]
    originals: dict[str, bytes] = field(default_factory=dict)
    steps: dict[str, list[tuple[Edit, ...]]] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    doubts: list[tuple[str, int, int, str]] = field(default_factory=list)
    refused: set[tuple[str, str, bytes]] = field(default_factory=set)

    def parse(self, texts: Mapping[str, bytes]) -> list[UnitResult]:
        tree = Overlay(self.root, texts)
        return parse_units(tree, self.units, self.toolchain, self.jobs, progress=self.progress)

    def text(self, path: str) -> bytes:
        return self.texts[path] if path in self.texts else (self.root / path).read_bytes()


def guide(
    root: Path,
    texts: Mapping[str, bytes],
    units: Sequence[Unit],
    toolchain: Toolchain,
    jobs: int | None = None,
    progress: Progress = lambda done, total: None,
) -> Guided:
    """Mend the units of the tree at `root`, with `texts` in place of its files, by path."""
    stage = _Stage(root, units, toolchain, jobs, progress, dict(texts))
    results = stage.parse(stage.texts)
    for _ in range(_ROUNDS):
        proposed = _propose(stage, results)
        if not proposed:
            break
        results = _try(stage, results, proposed)
    return Guided(
        {path: stage.texts[path] for path in stage.steps},
        {path: tuple(steps) for path, steps in stage.steps.items()},
        tuple(sorted(stage.changes)),
        tuple(sorted({*_doubts(stage), *unmended(results, toolchain)})),
        tuple(results),
    )


def unmended(results: Iterable[UnitResult], toolchain: Toolchain) -> list[Finding]:
    """Return a finding for each error, at its place in the tree, in the compiler's words."""
    target = f"TileLang {toolchain.release.name}"
    findings: dict[Finding, None] = {}
    for result in results:
        for error in result.errors:
            path, line, column = _in_tree(error, result.path)
            advice = "; ".join(dict.fromkeys(note.message for note in error.notes[:2]))
            message = f"does not compile against {target}: {error.message}"
            findings[Finding(path, line, column, UNMENDED, message, advice, Effort.MEDIUM)] = None
    return list(findings)


def _in_tree(error: Diagnostic, unit: str) -> tuple[str, int, int]:
    """An error inside one of the target's headers is told where the tree led to it."""
    everywhere: list[Diagnostic | Note] = [error, *error.notes]
    places = [(place.path, place.line, place.column) for place in everywhere]
    return next((place for place in places if not place[0].startswith("/")), (unit, 1, 1))


Proposal = tuple[Rule, Diagnostic, tuple[Edit, ...]]


def _propose(stage: _Stage, results: Sequence[UnitResult]) -> dict[str, list[Proposal]]:
    """The edits that the errors call for, by path; of two that overlap, the first."""
    errors: dict[str, dict[Diagnostic, None]] = {}
    for result in results:
        for error in result.errors:
            if not error.path.startswith("/"):
                errors.setdefault(error.path, {})[error] = None
    proposed: dict[str, list[Proposal]] = {}
    for path, found in sorted(errors.items()):
        source = Source(path, stage.text(path), Language.CPP)
        taken: list[Edit] = []
        for error in found:
            outcome = mend(source, error)
            if outcome is None:
                continue
            rule, edits = outcome
            line = source.data[error.offset - error.column + 1 :].split(b"\n", 1)[0]
            if (path, rule.name, line) in stage.refused or _clash(edits, taken):
                continue
            new = tuple(edit for edit in edits if edit not in taken)
            if new:
                taken += new
                proposed.setdefault(path, []).append((rule, error, new))
    return proposed


def _clash(edits: Sequence[Edit], taken: Sequence[Edit]) -> bool:
    return any(
        edit.start < other.end and other.start < edit.end and edit != other
        for edit in edits
        for other in taken
    )


def _try(
    stage: _Stage, before: Sequence[UnitResult], proposed: Mapping[str, list[Proposal]]
) -> list[UnitResult]:
    """Apply the proposals; file by file, take back those after which no fewer errors are left."""
    texts = dict(stage.texts)
    made: dict[str, tuple[Edit, ...]] = {}
    for path, proposals in proposed.items():
        made[path] = offsets.in_order([edit for _, _, edits in proposals for edit in edits])
        texts[path] = offsets.apply(stage.text(path), made[path])
    after = stage.parse(texts)
    worse = _not_better(before, after, made)
    for path in worse:
        data = stage.text(path)
        for rule, error, _ in proposed[path]:
            line = data[error.offset - error.column + 1 :].split(b"\n", 1)[0]
            stage.refused.add((path, rule.name, line))
        if path in stage.texts:
            texts[path] = stage.texts[path]
        else:
            del texts[path]
    for path in made.keys() - worse:
        _record(stage, path, made[path], proposed[path])
    stage.texts = texts
    return stage.parse(texts) if worse else after


def _not_better(
    before: Sequence[UnitResult], after: Sequence[UnitResult], made: Mapping[str, object]
) -> set[str]:
    old = {result.path: result for result in before}
    worse: set[str] = set()
    for path in made:
        reading = [r for r in after if path == r.path or path in r.headers]
        count = sum(len(result.errors) for result in reading)
        if count >= sum(len(old[result.path].errors) for result in reading):
            worse.add(path)
    return worse


def _record(
    stage: _Stage, path: str, edits: tuple[Edit, ...], proposals: Sequence[Proposal]
) -> None:
    data = stage.text(path)
    lines = offsets.Lines(stage.originals.setdefault(path, data))
    for edit in edits:
        at = edit.start
        for earlier in reversed(stage.steps.get(path, [])):
            at = offsets.Shift(earlier).backward(at)
        old = data[edit.start : edit.end]
        stage.changes.append(Change(path, *lines.at(at), MENDED, old, edit.text))
    done = len(stage.steps.setdefault(path, [])) + 1
    stage.steps[path].append(edits)
    shift = offsets.Shift(edits)
    for rule, error, _ in proposals:
        if rule.doubt:
            stage.doubts.append((path, shift.forward(error.offset), done, rule.doubt))


def _doubts(stage: _Stage) -> Iterable[Finding]:
    for path, offset, seen, doubt in stage.doubts:
        for later in stage.steps[path][seen:]:
            offset = offsets.Shift(later).forward(offset)
        place = offsets.Lines(stage.texts[path]).at(offset)
        yield Finding(
            path,
            *place,
            MENDED,
            f"mended by the compiler's word: {doubt}",
            "look whether it should",
            Effort.MEDIUM,
        )
