"""Runs the guided stage after the migrations, on their result, before anything is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from codemods import offsets
from codemods.engine import Ported, Progress
from codemods.model import Change, Edit, Finding


@dataclass(frozen=True)
class Headers:
    """Where the target's headers are to come from: what the user names, else as ever."""

    tvm: Path | None = None
    ffi: Path | None = None
    offline: bool = False


def guided(
    root: Path,
    original: Mapping[str, bytes],
    ported: Ported,
    release: str,
    headers: Headers,
    jobs: int,
    progress: Progress | None = None,
) -> Ported:
    """Return the port of the tree at `root` with what the guided stage added to it.

    `original`: the tree's files before the run. Where the headers cannot be had the port stays as
    it is, with a complaint that says so.
    """
    from codemods.toolchain import releases
    from codemods.toolchain.clang_session import NoCompiler
    from codemods.toolchain.fetch import Unavailable
    from codemods.toolchain.guide import guide
    from codemods.toolchain.layout import find_toolchain
    from codemods.toolchain.units import units

    try:
        target = releases.release(release)
        toolchain = find_toolchain(target, root, headers.tvm, headers.ffi, headers.offline)
        found = units(root, cuda_major=toolchain.cuda_major, texts=ported.changed)
        if progress is not None:
            progress("guide", 0)
        done = guide(root, ported.changed, found.units, toolchain, jobs)
    except (Unavailable, NoCompiler, FileNotFoundError, releases.UnknownRelease) as error:
        complaint = Finding(".", 1, 1, "TF913", f"the guided stage did not run: {error}")
        return replace(ported, complaints=(*ported.complaints, complaint))
    known = {path: ported.steps.get(path, ()) for path in done.steps}
    after = {path: ported.files[path] for path in done.steps}
    changes = [
        replace(change, line=line, column=column)
        for change in done.changes
        for line, column in [
            _undone(change, known[change.path], after, original.get(change.path, b""))
        ]
        if change.path in original
    ]
    return replace(
        ported,
        files={**ported.files, **done.changed},
        changed={**ported.changed, **done.changed},
        changes=tuple(sorted((*ported.changes, *changes))),
        findings=tuple(sorted({*moved(ported.findings, after, done.steps), *done.findings})),
        findings_before=tuple(sorted({*ported.findings_before, *done.findings})),
        steps={**ported.steps, **{p: (*known[p], *steps) for p, steps in done.steps.items()}},
    )


def moved(
    findings: Sequence[Finding],
    texts: Mapping[str, bytes],
    steps: Mapping[str, Sequence[tuple[Edit, ...]]],
) -> list[Finding]:
    """Carry findings across edits made to their files; `texts`: the files before the edits."""
    result: list[Finding] = []
    for finding in findings:
        if finding.path in steps:
            text = texts[finding.path]
            at = offsets.Lines(text).offset(finding.line, finding.column)
            for edits in steps[finding.path]:
                at = offsets.Shift(edits).forward(at)
                text = offsets.apply(text, edits)
            line, column = offsets.Lines(text).at(at)
            finding = replace(finding, line=line, column=column)
        result.append(finding)
    return result


def _undone(
    change: Change,
    steps: Sequence[tuple[Edit, ...]],
    texts: Mapping[str, bytes],
    original: bytes,
) -> tuple[int, int]:
    """Where the place of a change of the guided stage was before the migrations."""
    at = offsets.Lines(texts[change.path]).offset(change.line, change.column)
    for edits in reversed(steps):
        at = offsets.Shift(edits).backward(at)
    return offsets.Lines(original).at(at)
