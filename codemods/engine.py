"""Ports a tree held in memory: collect, rewrite, settle, rung by rung.

Pure: bytes by path go in, bytes by path come out, with every change and finding. Reading and
writing belong to `codemods.tree` and `codemods.journal`.

Per rung, in ladder order, the collectors that its migrations need see the tree as it stands; then
each file goes through the rung's migrations in code order, each on the result of the one before.
That is repeated until nothing changes, so that a second run finds nothing to do.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby
from typing import Any

from codemods import ladder, offsets, sanity, suppress, workers
from codemods.model import (
    TARGET,
    Change,
    Collector,
    Edit,
    Facts,
    Finding,
    Language,
    Migration,
    NewFile,
    Remark,
    Source,
)
from codemods.offsets import Lines
from codemods.tree import classify

MAX_PASSES = 8
"""Passes over one rung before its files count as not settled; the ladder's longest chain is 3."""

SMALL = 200_000
"""Bytes of work below which more processes would cost more than they save."""

Progress = Callable[[str, int], None]
"""Called with the name of a phase and the number of its files, and with "" and 1 per file done."""


class InternalError(Exception):
    """A bug of a migration, with the facts needed to mend it."""


class NeedsTree(Exception):
    """A migration that concerns the given files must know the rest of the tree."""


@dataclass(frozen=True)
class Ported:
    """The tree after the port, and how it came there.

    `files` is the whole tree; `changed` what differs from before, new files included. Changes
    stand where they were in the text before the run, `findings` where they are after it,
    `findings_before` where they were. `complaints` are findings about the run itself (TF9xx), and
    `tracebacks` belong to those that are bugs of ours.
    """

    files: Mapping[str, bytes]
    changed: Mapping[str, bytes]
    changes: tuple[Change, ...]
    findings: tuple[Finding, ...]
    findings_before: tuple[Finding, ...]
    complaints: tuple[Finding, ...] = ()
    new_files: tuple[str, ...] = ()
    tracebacks: tuple[str, ...] = ()
    used_suppressions: frozenset[tuple[str, int]] = frozenset()  # path, line before the run
    steps: Mapping[str, tuple[tuple[Edit, ...], ...]] = field(default_factory=dict, repr=False)


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


@dataclass(frozen=True)
class _Note:
    step: int  # how many of the file's steps the remark's place has seen
    code: str
    remark: Remark
    sticky: bool  # made beside an edit, so that a later pass cannot see its reason any more


@dataclass
class _File:
    path: str
    language: Language
    original: bytes
    text: bytes
    is_new: bool = False
    steps: list[Step] = field(default_factory=list)
    notes: list[_Note] = field(default_factory=list)
    used: set[int] = field(default_factory=set)  # lines of directives, before the run

    def source(self) -> Source:
        return Source(self.path, self.text, self.language)

    def record(self, done: Rewritten, ran: set[str]) -> None:
        """Take over what one pass did; what a migration says now replaces what it said before."""
        if done.suppressed:
            lines = Lines(self.original)
            self.used |= {lines.line(_trace_back(self.steps, at)) for at in done.suppressed}
        self.notes = [note for note in self.notes if note.sticky or note.code not in ran]
        for step in done.steps:
            self.steps.append(step)
            self.notes += (
                _Note(len(self.steps), step.code, remark, bool(step.edits))
                for remark in step.remarks
            )

    def give_up(self) -> None:
        """Go back to the text before the run, keeping what was said about it."""
        self.notes = []
        self.steps = []
        self.text = self.original

    def findings(self) -> Iterable[tuple[Finding, Finding]]:
        """Yield each finding twice: where it stands now, and where it stood before the run."""
        if not self.notes:
            return
        now, then = Lines(self.text), Lines(self.original)
        for note in self.notes:
            after = note.remark.offset
            for step in self.steps[note.step :]:
                after = step.shift.forward(after)
            before = _trace_back(self.steps[: note.step], note.remark.offset)
            yield self._finding(note, now.at(after)), self._finding(note, then.at(before))

    def _finding(self, note: _Note, place: tuple[int, int]) -> Finding:
        remark = note.remark
        line, column = place
        return Finding(
            self.path, line, column, note.code, remark.message, remark.advice, remark.effort
        )

    def changes(self) -> Iterable[Change]:
        """Yield the edits made, at their places in the text before the run."""
        if self.is_new:
            return
        lines = Lines(self.original)
        text = self.original
        for count, step in enumerate(self.steps):
            for edit in step.edits:
                at = _trace_back(self.steps[:count], edit.start)
                old = text[edit.start : edit.end]
                yield Change(self.path, *lines.at(at), step.code, old, edit.text)
            text = offsets.apply(text, step.edits)


def port(
    files: Mapping[str, bytes],
    migrations: Iterable[Migration],
    target: str = ladder.DEFAULT_TARGET,
    *,
    unsafe: bool = False,
    jobs: int = 1,
    progress: Progress | None = None,
    alone: bool = False,
) -> Ported:
    """Carry `files` to the release `target` (or what it means) with those migrations that apply.

    Migrations that are not safe only report, unless `unsafe`. The answer is the same for any
    number of `jobs`. `alone`: the files are a part of a tree, raise `NeedsTree` if that matters.
    """
    exact = ladder.resolve(target)
    known = {path: _open(path, data) for path, data in sorted(files.items())}
    state = {path: file for path, file in known.items() if file is not None}
    run = _Run(state, frozenset(files), exact, unsafe, jobs, progress, alone)
    for _, members in ladder.by_rung(m for m in migrations if ladder.applies(m, exact)):
        run.climb(members)
    run.verify()
    return run.result(files)


def holds(text: bytes, tokens: Sequence[str]) -> bool:
    """Say whether any of `tokens` stands in `text`; no tokens at all means every text does."""
    return not tokens or any(token.encode() in text for token in tokens)


def prefilter(migrations: Iterable[Migration]) -> Callable[[Language, bytes], bool]:
    """Return a quick test, one search per text: does it hold any token of any migration?"""
    tokens: dict[Language, set[str]] = {}
    everything: set[Language] = set()
    for migration in migrations:
        for rewrite in migration.rewrites:
            tokens.setdefault(rewrite.language, set()).update(rewrite.tokens)
            if not rewrite.tokens:
                everything.add(rewrite.language)
    patterns = {
        language: re.compile(b"|".join(re.escape(name.encode()) for name in sorted(names)))
        for language, names in tokens.items()
        if language not in everything
    }

    def may_hold(language: Language, text: bytes) -> bool:
        pattern = patterns.get(language)
        if pattern is None:
            return language in everything
        return pattern.search(text) is not None

    return may_hold


def _open(path: str, data: bytes) -> _File | None:
    language = classify(path)
    return None if language is None else _File(path, language, data, data)


class _Run:
    """One run's state: the files as they stand, and what was done to them."""

    def __init__(
        self,
        files: dict[str, _File],
        others: frozenset[str],
        target: str,
        unsafe: bool,
        jobs: int,
        progress: Progress | None,
        alone: bool,
    ) -> None:
        self.alone = alone
        self.files = files
        self.others = others
        self.target = target
        self.unsafe = unsafe
        self.jobs = jobs
        self.progress = progress or (lambda _phase, _count: None)
        self.complaints: list[Finding] = []
        self.tracebacks: list[str] = []

    def climb(self, members: Sequence[Migration]) -> None:
        """Apply one rung until nothing changes."""
        gathered: dict[str, dict[str, Any]] = {}
        facts: dict[str, Any] = {TARGET: self.target}
        held: dict[str, tuple[Migration, ...]] = {}
        dirty = set(self.files)
        may_hold = prefilter(members)
        for _ in range(MAX_PASSES):
            for path in dirty:
                file = self.files[path]
                maybe = may_hold(file.language, file.text)
                held[path] = self._held(path, members) if maybe else ()
            needed = _collectors(
                (self.files[path].language, migration)
                for path, migrations in held.items()
                for migration in migrations
            )
            if needed and self.alone:
                raise NeedsTree(", ".join(collector.name for collector in needed))
            moved = self._collect(needed, gathered, facts, dirty)
            work: dict[str, tuple[Migration, ...]] = {}
            for path, migrations in held.items():
                language = self.files[path].language
                again = tuple(m for m in migrations if path in dirty or moved & _needs(language, m))
                if again:
                    work[path] = again
            dirty = self._rewrite(work, facts) if work else set()
            if not dirty:
                return
        for path in sorted(dirty):
            message = f"not settled after {MAX_PASSES} passes over {members[0].rung.value}"
            self.complaints.append(Finding(path, 1, 1, "TF904", message))

    def _held(self, path: str, members: Sequence[Migration]) -> tuple[Migration, ...]:
        """Return the migrations one of whose tokens the file holds."""
        file = self.files[path]
        return tuple(
            migration
            for migration in members
            if any(
                rewrite.language is file.language and holds(file.text, rewrite.tokens)
                for rewrite in migration.rewrites
            )
        )

    def _collect(
        self,
        needed: Sequence[Collector],
        gathered: dict[str, dict[str, Any]],
        facts: dict[str, Any],
        dirty: set[str],
    ) -> set[str]:
        """Bring `facts` up to date; return the names of those that changed."""
        items: list[tuple[str, tuple[Collector, ...]]] = []
        for path, file in self.files.items():
            wanted = tuple(
                collector
                for collector in needed
                if collector.language is file.language
                and (path in dirty or collector.name not in gathered)
                and holds(file.text, collector.tokens)
            )
            if wanted:
                items.append((path, wanted))
        for collector in needed:
            known = gathered.setdefault(collector.name, {})
            for path in dirty:
                known.pop(path, None)
        self.progress("collect", len(items))
        for path, answers in workers.each(self._gather, items, self._jobs_for(items)):
            self.progress("", 1)
            for name, answer in answers.items():
                gathered[name][path] = answer
        moved: set[str] = set()
        for collector in needed:
            known = gathered[collector.name]
            fact = collector.digest({path: known[path] for path in sorted(known)})
            if collector.name not in facts or facts[collector.name] != fact:
                moved.add(collector.name)
            facts[collector.name] = fact
        return moved

    def _gather(self, item: tuple[str, tuple[Collector, ...]]) -> tuple[str, dict[str, Any]]:
        path, collectors = item
        source = self.files[path].source()
        answers = {collector.name: collector.gather(source) for collector in collectors}
        return path, {name: answer for name, answer in answers.items() if answer is not None}

    def _rewrite(self, work: Mapping[str, tuple[Migration, ...]], facts: Facts) -> set[str]:
        """Run migrations over files; return the paths that changed, new files included."""
        items = sorted(work.items())
        self.progress("rewrite", len(items))
        changed: set[str] = set()
        new_files: dict[str, bytes] = {}

        def one(item: tuple[str, tuple[Migration, ...]]) -> Rewritten:
            return _apply_all(self.files[item[0]].source(), item[1], facts, self.unsafe)

        for done in workers.each(one, items, self._jobs_for(items)):
            self.progress("", 1)
            file = self.files[done.path]
            file.record(done, {migration.code for migration in work[done.path]})
            if done.text is not None:
                file.text = done.text
                changed.add(done.path)
            for new in done.new_files:
                if new_files.setdefault(new.path, new.data) != new.data:
                    raise InternalError(f"two texts for the new file `{new.path}`")
            for failure in done.failures:
                self._complain(done.path, failure)
        for path, data in sorted(new_files.items()):
            if path not in self.others and path not in self.files:
                language = classify(path) or Language.PROSE
                self.files[path] = _File(path, language, b"", data, is_new=True)
                changed.add(path)
        return changed

    def _complain(self, path: str, failure: Failure) -> None:
        finding = Finding(path, failure.line, 1, failure.code, failure.message)
        if finding not in self.complaints:
            self.complaints.append(finding)
            self.tracebacks += [failure.trace] if failure.trace else []

    def verify(self) -> None:
        """Parse every result again; a file that would be worse than before stays as it was."""
        touched = [f for f in self.files.values() if not f.is_new and f.text != f.original]
        items = [(file.path, None) for file in touched]
        self.progress("verify", len(items))

        def one(item: tuple[str, None]) -> str | None:
            file = self.files[item[0]]
            return sanity.worse(Source(file.path, file.original, file.language), file.text)

        for file, why in zip(touched, workers.each(one, items, self._jobs_for(items)), strict=True):
            self.progress("", 1)
            if why is not None:
                codes = ", ".join(sorted({step.code for step in file.steps if step.edits}))
                self._complain(file.path, Failure("TF912", f"{why}, left as it was ({codes})"))
                file.give_up()

    def _jobs_for(self, items: Sequence[tuple[str, object]]) -> int:
        weight = sum(len(self.files[path].text) for path, _ in items)
        return self.jobs if weight > SMALL else 1

    def result(self, before: Mapping[str, bytes]) -> Ported:
        """Return what all rungs did."""
        touched = [f for f in self.files.values() if f.is_new or f.text != f.original]
        files = {**before, **{file.path: file.text for file in touched}}
        findings: list[tuple[Finding, Finding]] = []
        changes: list[Change] = []
        for file in self.files.values():
            findings += file.findings()
            changes += file.changes()
        return Ported(
            files=dict(sorted(files.items())),
            changed={file.path: file.text for file in touched},
            changes=tuple(sorted(changes)),
            findings=tuple(sorted({after for after, _ in findings})),
            findings_before=tuple(sorted({at for _, at in findings})),
            complaints=tuple(sorted(set(self.complaints))),
            new_files=tuple(file.path for file in touched if file.is_new),
            used_suppressions=frozenset((f.path, n) for f in self.files.values() for n in f.used),
            tracebacks=tuple(self.tracebacks),
            steps={f.path: tuple(s.edits for s in f.steps) for f in touched if not f.is_new},
        )


def _collectors(pairs: Iterable[tuple[Language, Migration]]) -> list[Collector]:
    """Return the collectors that these migrations need on files of these languages, by name."""
    needed: dict[str, Collector] = {}
    distinct = {(language, migration.code): migration for language, migration in pairs}
    for (language, _), migration in distinct.items():
        for rewrite in migration.rewrites:
            if rewrite.language is language:
                needed.update({collector.name: collector for collector in rewrite.needs})
    return [needed[name] for name in sorted(needed)]


def _needs(language: Language, migration: Migration) -> set[str]:
    rewrites = (r for r in migration.rewrites if r.language is language)
    return {collector.name for rewrite in rewrites for collector in rewrite.needs}


def _apply_all(
    source: Source, migrations: Sequence[Migration], facts: Facts, unsafe: bool
) -> Rewritten:
    """Run one pass over one file; a migration that fails leaves the file as it found it."""
    before = source.data
    steps: list[Step] = []
    new_files: list[NewFile] = []
    suppressed: set[int] = set()
    failures: list[Failure] = []
    problem = sanity.problem(source)
    if problem is not None:
        failures.append(Failure(*problem))
        migrations = ()
    for migration in migrations:
        try:
            step, made, kept = _apply(source, migration, facts, unsafe)
            text = offsets.apply(source.data, step.edits)
        except Exception as error:  # a bug of ours must not cost the user the other files
            message = f"internal error in {migration.code}, not applied here: {error!r}"
            failures.append(Failure("TF911", message, trace=traceback.format_exc()))
            continue
        if kept:
            suppressed |= {_trace_back(steps, at) for at in kept}
        new_files += made
        if step.edits or step.remarks:
            steps.append(step)
        if text != source.data:
            source = Source(source.path, text, source.language)
    text_after = None if source.data == before else source.data
    return Rewritten(
        source.path,
        text_after,
        tuple(steps),
        tuple(new_files),
        frozenset(suppressed),
        tuple(failures),
    )


def _apply(
    source: Source, migration: Migration, facts: Facts, unsafe: bool
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
    if not (migration.safe or unsafe):
        remarks += _unsafe_remarks(source, migration, ordered)
        ordered, new_files = (), []
    shift = offsets.Shift(ordered)
    moved = (replace(r, offset=shift.forward(r.offset)) for r in remarks)
    return Step(migration.code, ordered, tuple(dict.fromkeys(moved))), new_files, used


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


def _trace_back(steps: Sequence[Step], offset: int) -> int:
    """Return where a place in the text after `steps` stood before them."""
    for step in reversed(steps):
        offset = step.shift.backward(offset)
    return offset


def _unsafe_remarks(
    source: Source, migration: Migration, edits: Sequence[Edit]
) -> Iterable[Remark]:
    lines = source.once(_lines)
    for _, group in groupby(edits, key=lambda edit: lines.line(edit.start)):
        advice = "look at it with `--diff --unsafe-fixes`, apply it with `--unsafe-fixes`"
        title = migration.title[:1].lower() + migration.title[1:]
        message = f"{title}: not changed, the fix is not safe"
        yield Remark(next(group).start, message, advice, migration.effort)


def _lines(source: Source) -> Lines:
    return Lines(source.data)
