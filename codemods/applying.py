"""Applies the migrations of one rung to one file: the part of a run that knows one text only."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from typing import Any

from codemods import offsets, sanity, suppress
from codemods.choices import Choices, Unsafe, sites
from codemods.model import Edit, Facts, Migration, NewFile, Remark, Source
from codemods.offsets import Lines
from codemods.tokens import holds

NOT_SAFE = "not changed, the fix is not safe"
"""How the finding of a fix ends that nobody accepted."""

UNREADABLE = "TF901"
"""The code of a failure for which a whole file stays as it was."""


class NeedsTree(Exception):
    """A migration that concerns the given files must know the rest of the tree."""


class UnknownFacts(dict[str, Any]):
    """The facts of a run that sees a part of a tree: asking for one raises `NeedsTree`."""

    def __missing__(self, name: str) -> Any:
        raise NeedsTree(name)

    def get(self, name: str, default: Any = None) -> Any:
        """Return what `[]` would; a default is no answer about the rest of the tree."""
        return self[name]

    def __contains__(self, name: object) -> bool:
        raise NeedsTree(str(name))


@dataclass(frozen=True)
class Step:
    """What one migration did to one file: edits in order, remarks by offset into the text after."""

    code: str
    edits: tuple[Edit, ...]
    remarks: tuple[Remark, ...]

    @cached_property
    def shift(self) -> offsets.Shift:
        """Where the edits move what stands around them."""
        return offsets.Shift(self.edits)


@dataclass(frozen=True)
class Failure:
    """Why something could not be done to a file: a TF9xx code, the words, a bug's traceback."""

    code: str
    message: str
    line: int = 1
    trace: str = ""


@dataclass(frozen=True)
class Rewritten:
    """What one pass did to one file; `text` is None where nothing changed."""

    path: str
    text: bytes | None
    steps: tuple[Step, ...]
    new_files: tuple[NewFile, ...]
    suppressed: frozenset[int]  # offsets of the directives used, in the text before the pass
    failures: tuple[Failure, ...]
    read: tuple[str, ...] = ()  # other files whose texts had a say


def apply_all(
    source: Source, migrations: Sequence[Migration], facts: Facts, unsafe: Unsafe
) -> tuple[Rewritten, Source]:
    """Run one pass over one file; a migration that fails leaves the file as it found it.

    Returns also the source as it stands afterwards, with what was computed from it.
    """
    first, before = source, source.data
    steps: list[Step] = []
    new_files: list[NewFile] = []
    suppressed: set[int] = set()
    failures: list[Failure] = []
    for migration in migrations:
        try:
            step, made, kept = _apply(source, migration, facts, unsafe)
            text = offsets.apply(source.data, step.edits)
        except NeedsTree:
            raise
        except offsets.OverlappingEdits as error:
            failures.append(_overlap(source, migration, error))
            continue
        except Exception as error:  # a bug of ours must not cost the user the other files
            failures.append(_bug(migration, error))
            continue
        if kept:
            suppressed |= {trace_back(steps, at) for at in kept}
        new_files += made
        if step.edits or step.remarks:
            steps.append(step)
        if text != source.data:
            source = Source(source.path, text, source.language)
    problem = sanity.problem(first)
    if problem is not None:
        failures.append(Failure(*problem))
    text_after = None if source.data == before else source.data
    done = Rewritten(
        source.path,
        text_after,
        tuple(steps),
        tuple(new_files),
        frozenset(suppressed),
        tuple(failures),
    )
    return done, source


def _overlap(source: Source, migration: Migration, error: offsets.OverlappingEdits) -> Failure:
    """Why a migration's edits got in each other's way: a bug, but for what cannot be read."""
    start, end = error.one.start, max(error.one.end, error.other.end)
    if not sanity.cannot_be_read(source, start, end):
        return _bug(migration, error)
    line = source.data.count(b"\n", 0, start) + 1
    return Failure(UNREADABLE, f"cannot be read, left as it was ({migration.code})", line)


def _bug(migration: Migration, error: Exception) -> Failure:
    message = f"internal error in {migration.code}, not applied here: {error!r}"
    return Failure("TF911", message, trace=traceback.format_exc())


def _apply(
    source: Source, migration: Migration, facts: Facts, unsafe: Unsafe
) -> tuple[Step, list[NewFile], set[int]]:
    edits, remarks, new_files = _outcomes(source, migration, facts)
    used: set[int] = set()
    known = [d for d in suppress.directives(source.data) if d.matches(migration.code)]
    if known and (edits or remarks):
        edits, remarks, new_files, used = _kept(source, migration, facts, known)
    ordered = offsets.in_order(edits)
    if not migration.safe and unsafe is not True:
        chosen, left = _chosen(source, migration, ordered, unsafe or Choices())
        remarks += _unsafe_remarks(source, migration, left)
        ordered, new_files = chosen, new_files if chosen else []
    shift = offsets.Shift(ordered)
    moved = (replace(r, offset=shift.forward(r.offset)) for r in remarks)
    return Step(migration.code, ordered, tuple(dict.fromkeys(moved))), new_files, used


_Outcomes = tuple[list[Edit], list[Remark], list[NewFile]]


def _outcomes(source: Source, migration: Migration, facts: Facts) -> _Outcomes:
    """Return what the migration does to a text."""
    edits: list[Edit] = []
    remarks: list[Remark] = []
    new_files: list[NewFile] = []
    for rewrite in migration.rewrites:
        if rewrite.language is not source.language or not holds(source, rewrite.tokens):
            continue
        for outcome in rewrite.apply(source, facts):
            if isinstance(outcome, Edit):
                edit = _with_line_ends(source, outcome)
                if source.data[edit.start : edit.end] != edit.text:
                    edits.append(edit)
            elif isinstance(outcome, Remark):
                remarks.append(outcome)
            else:
                new_files.append(outcome)
    return edits, remarks, new_files


def _kept(
    source: Source, migration: Migration, facts: Facts, known: Sequence[suppress.Directive]
) -> tuple[list[Edit], list[Remark], list[NewFile], set[int]]:
    """Return what the migration does where no directive covers it, and the directives' offsets.

    What is covered is hidden from it, with as much around as it takes to leave it whole: half of a
    change is worse than none.
    """
    from codemods import hiding  # only for the few files with such comments

    edits, remarks, new_files = _outcomes(source, migration, facts)
    spans = [(d.start, hiding.covered(source, d)) for d in known]
    every: list[Edit | Remark] = [*edits, *remarks]
    met = [(at, span) for at, span in spans if any(hiding.touches(o, span) for o in every)]
    if not met:
        return edits, remarks, new_files, set()
    covered = [span for _, span in met]
    met_at = {at for at, _ in met}
    lines = [not hiding.is_construct(source, d) for d in known if d.start in met_at]
    if any(hiding.touches(edit, span) for edit in edits for span in covered):
        edits, remarks, new_files = _veiled(source, migration, facts, covered, lines)
    remarks = [r for r in remarks if not any(hiding.touches(r, span) for span in covered)]
    return edits, remarks, new_files, met_at


def _veiled(
    source: Source,
    migration: Migration,
    facts: Facts,
    covered: Sequence[tuple[int, int]],
    lines: Sequence[bool],
) -> _Outcomes:
    """Return what the migration does when it cannot see what is covered.

    Where it still does, more around is hidden, and nothing is changed in the end. What collectors
    learned of the tree is not hidden then, so edits that speak of what is hidden do not count.
    `lines`: whether a line alone is covered, and not a construct, which collectors do not see.
    """
    from codemods import hiding

    own = [rewrite for rewrite in migration.rewrites if rewrite.language is source.language]
    tokens = {token for rewrite in own for token in rewrite.tokens}
    veils = [[span, *hiding.widened(source, span)] for span in covered]
    for level in range(max(map(len, veils))):
        spans = [veil[min(level, len(veil) - 1)] for veil in veils]
        masked = hiding.hidden(source, spans, tokens)
        edits, remarks, new_files = _outcomes(masked, migration, facts)
        around = [
            hiding.declaring(source, veil[level:]) if level or alone else set()
            for veil, alone in zip(veils, lines, strict=True)
        ]
        if hiding.is_copied(source, tokens, edits) or hiding.are_spoken_of(around, source, edits):
            continue
        if not any(hiding.touches(edit, span) for edit in edits for span in covered):
            return edits, remarks, new_files
    left = Remark(
        covered[0][1],
        f"{migration.code} changed nothing in this file: what is kept by a comment cannot be told "
        "apart from the rest",
        "put the comment on the line where the class, function or statement begins",
    )
    return [], [left], []


def _chosen(
    source: Source, migration: Migration, edits: Sequence[Edit], choices: Choices
) -> tuple[tuple[Edit, ...], tuple[Edit, ...]]:
    """Return the edits that were accepted, and the others."""
    found = sites(source.data, edits)
    wanted = choices.wanted(source.path, migration.code, found)
    pairs = [(edit, yes) for site, yes in zip(found, wanted, strict=True) for edit in site.edits]
    return tuple(e for e, yes in pairs if yes), tuple(e for e, yes in pairs if not yes)


def _with_line_ends(source: Source, edit: Edit) -> Edit:
    """Give the new text the line ends that the file has."""
    if b"\n" not in edit.text or not source.once(_has_crlf):
        return edit
    return replace(edit, text=edit.text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))


def _has_crlf(source: Source) -> bool:
    return source.data.count(b"\r\n") * 2 > source.data.count(b"\n")


def trace_back(steps: Sequence[Step], offset: int) -> int:
    """Return where a place in the text after `steps` stood before them."""
    for step in reversed(steps):
        offset = step.shift.backward(offset)
    return offset


def _unsafe_remarks(
    source: Source, migration: Migration, edits: Sequence[Edit]
) -> Iterable[Remark]:
    lines = source.once(_lines)
    for _, group in groupby(edits, key=lambda edit: lines.line(edit.start)):
        advice = "look at each with `--interactive`, apply all with `--unsafe-fixes`"
        title = migration.title[:1].lower() + migration.title[1:]
        message = f"{title}: {NOT_SAFE}"
        yield Remark(next(group).start, message, advice, migration.effort)


def _lines(source: Source) -> Lines:
    return Lines(source.data)
