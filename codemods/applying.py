"""Applies the migrations of one rung to one file: the part of a run that knows one text only."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import groupby
from typing import Any

from codemods import offsets, sanity, suppress
from codemods.choices import Choices, Unsafe, sites
from codemods.model import Edit, Facts, Migration, NewFile, Remark, Source
from codemods.offsets import Lines

NOT_SAFE = "not changed, the fix is not safe"
"""How the finding of a fix ends that nobody accepted."""


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


def holds(text: bytes, tokens: Sequence[str]) -> bool:
    """Say whether any of `tokens` stands in `text`; no tokens at all means every text does."""
    if not tokens:
        return True
    for token in _encoded(tuple(tokens)):  # noqa: SIM110 - a generator costs more than a search
        if token in text:
            return True
    return False


@cache
def _encoded(tokens: tuple[str, ...]) -> tuple[bytes, ...]:
    return tuple(token.encode() for token in tokens)


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
        except Exception as error:  # a bug of ours must not cost the user the other files
            message = f"internal error in {migration.code}, not applied here: {error!r}"
            failures.append(Failure("TF911", message, trace=traceback.format_exc()))
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


def _apply(
    source: Source, migration: Migration, facts: Facts, unsafe: Unsafe
) -> tuple[Step, list[NewFile], set[int]]:
    edits: list[Edit] = []
    remarks: list[Remark] = []
    new_files: list[NewFile] = []
    for rewrite in migration.rewrites:
        if rewrite.language is not source.language or not holds(source.data, rewrite.tokens):
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
    used: set[int] = set()
    known = suppress.directives(source.data)
    if known and (edits or remarks):
        edits = [e for e in edits if not _covered(source, e.start, migration, known, used)]
        remarks = [r for r in remarks if not _covered(source, r.offset, migration, known, used)]
    ordered = offsets.in_order(edits)
    if not migration.safe and unsafe is not True:
        chosen, left = _chosen(source, migration, ordered, unsafe or Choices())
        remarks += _unsafe_remarks(source, migration, left)
        ordered, new_files = chosen, new_files if chosen else []
    shift = offsets.Shift(ordered)
    moved = (replace(r, offset=shift.forward(r.offset)) for r in remarks)
    return Step(migration.code, ordered, tuple(dict.fromkeys(moved))), new_files, used


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


def _covered(
    source: Source,
    offset: int,
    migration: Migration,
    known: Sequence[suppress.Directive],
    used: set[int],
) -> bool:
    line = source.once(_lines).line(offset)
    for directive in known:
        if directive.covers == line and directive.matches(migration.code):
            used.add(directive.start)
            return True
    return False


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
