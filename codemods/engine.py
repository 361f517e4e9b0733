"""Ports a tree held in memory: collect, rewrite, settle, rung by rung.

Pure: bytes by path go in, bytes by path come out, with every change and finding. Reading and
writing belong to `codemods.tree` and `codemods.journal`.

Per rung, in ladder order, the collectors that its migrations need see the tree as it stands; then
each file goes through the rung's migrations in code order, each on the result of the one before.
That is repeated until nothing changes, so that a second run finds nothing to do.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from codemods import ladder
from codemods.applying import UNREADABLE, Failure, UnknownFacts
from codemods.choices import Unsafe
from codemods.filestate import FileState
from codemods.memory import Memory, digest
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
)
from codemods.shares import Item, collectors_of
from codemods.staff import Progress as Progress  # part of `port`
from codemods.staff import Staff
from codemods.tree import classify

MAX_PASSES = 8
"""Passes over one rung before its files count as not settled; the ladder's longest chain is 3."""


class InternalError(Exception):
    """A bug of a migration, with the facts needed to mend it."""


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
    step_codes: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)


def port(
    files: Mapping[str, bytes],
    migrations: Iterable[Migration],
    target: str = ladder.DEFAULT_TARGET,
    *,
    unsafe: Unsafe = False,
    jobs: int = 1,
    progress: Progress | None = None,
    alone: bool = False,
    memory: Memory | None = None,
) -> Ported:
    """Carry `files` to the release `target` (or what it means) with those migrations that apply.

    Migrations that are not safe only report, unless `unsafe` or where it was chosen. The answer
    is the same for any number of `jobs`. `alone`: the files are a part of a tree; `NeedsTree` if a
    migration asks what the rest of it says. `memory`: what runs with the same options worked out.
    """
    exact = ladder.resolve(target)
    chosen = [migration for migration in migrations if ladder.applies(migration, exact)]
    collected = gc.isenabled()
    gc.disable()  # syntax trees are many small objects, kept to the end anyway
    try:
        run = _Run(files, chosen, exact, alone=alone)
        run.staff = Staff(run.files, chosen, unsafe, jobs, progress, memory)
        try:
            for _, members in ladder.by_rung(chosen):
                run.climb(members)
            run.verify()
        finally:
            run.staff.dismiss()
        return run.result()
    finally:
        if collected:
            gc.enable()


class _Run:
    """One run's state: the files as they stand, and what was done to them."""

    def __init__(
        self,
        before: Mapping[str, bytes],
        migrations: Sequence[Migration],
        target: str,
        *,
        alone: bool,
    ) -> None:
        self.before = before
        self.files: dict[str, FileState] = {}
        for path, data in sorted(before.items()):
            language = classify(path)
            if language is not None and language is not Language.PROSE:
                self.files[path] = FileState(path, language, data, data)
        self.members = {migration.code: migration for migration in migrations}
        self.target = target
        self.alone = alone
        self.complaints: list[Finding] = []
        self.tracebacks: list[str] = []
        self.unreadable: set[str] = set()
        self.gathered: dict[str, dict[str, Any]] = {}  # by collector and path; None for nothing
        self.held: dict[str, tuple[str, ...]] = {}  # names of what may concern a text, by path
        self.staff: Staff
        self.marks: dict[str, str] = {}  # digests of what the facts were made of, by collector

    def climb(self, members: Sequence[Migration]) -> None:
        """Apply one rung until nothing changes."""
        codes = {migration.code for migration in members}
        facts: dict[str, Any] = (UnknownFacts if self.alone else dict)({TARGET: self.target})
        dirty = set(self.files)
        for _ in range(MAX_PASSES):
            self._look()
            held = {p: tuple(c for c in every if c in codes) for p, every in self.held.items()}
            needed = [] if self.alone else self._needed(held)
            moved = self._collect(needed, facts)
            work: list[tuple[str, tuple[str, ...]]] = []
            for path, holding in sorted(held.items()):
                again = tuple(c for c in holding if path in dirty or moved & self._needs(path, c))
                if again:
                    work.append((path, again))
            dirty = self._rewrite(work, facts) if work else set()
            if not dirty:
                return
        for path in sorted(dirty):
            rung = members[0].rung.value
            message = f"not settled after {MAX_PASSES} passes over {rung}"
            self._complain(path, Failure("TF904", message))

    def verify(self) -> None:
        """Parse every result again; a file that would be worse than before stays as it was."""
        touched = [p for p, f in self.files.items() if not f.is_new and f.text != f.original]
        for path, why in self.staff.ask("verify", "verify", [(path, ()) for path in touched]):
            if why is None:
                continue
            file = self.files[path]
            codes = ", ".join(sorted({step.code for step in file.steps if step.edits}))
            code = UNREADABLE if file.language is Language.CPP else "TF912"
            self._complain(path, Failure(code, f"{why}, left as it was ({codes})"))
            file.give_up()
        for path in self.unreadable:
            self.files[path].give_up()

    def result(self) -> Ported:
        """Return what all rungs did."""
        touched = [f for f in self.files.values() if f.is_new or f.text != f.original]
        files = {**self.before, **{file.path: file.text for file in touched}}
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
            step_codes={f.path: tuple(s.code for s in f.steps) for f in touched if not f.is_new},
        )

    def _look(self) -> None:
        """Bring up to date which migrations and collectors of all rungs each text may concern."""
        collectors = collectors_of(self.members.values())
        every = (*sorted(self.members), *(collector.name for collector in collectors))
        unseen = [(path, every) for path in sorted(self.files.keys() - self.held.keys())]
        self.held.update(self.staff.ask("", "look", unseen))

    def _needed(self, held: Mapping[str, tuple[str, ...]]) -> list[Collector]:
        pairs = {
            (self.files[path].language, code) for path, codes in held.items() for code in codes
        }
        needed = {
            collector.name: collector
            for language, code in pairs
            for collector in collectors_of([self.members[code]], language)
        }
        return [needed[name] for name in sorted(needed)]

    def _needs(self, path: str, code: str) -> set[str]:
        language = self.files[path].language
        return {collector.name for collector in collectors_of([self.members[code]], language)}

    def _collect(
        self,
        needed: Sequence[Collector],
        facts: dict[str, Any],
    ) -> set[str]:
        """Bring `facts` up to date; return the names of those that changed."""
        worthwhile = [collector for collector in needed if self._is_seeded(collector)]
        items: list[Item] = [
            (path, (collector.name,))
            for path in self.files
            for collector in worthwhile
            if collector.name in self.held[path]
            and path not in self.gathered.get(collector.name, ())
        ]
        for path, (name,) in items:
            self.gathered.setdefault(name, {})[path] = None
        for path, answers, failures in self.staff.ask("collect", "gather", items):
            for name, answer in answers.items():
                self.gathered[name][path] = answer
            for failure in failures:
                self._complain(path, failure)
        moved: set[str] = set()
        for collector in needed:
            known = self.gathered.get(collector.name, {}) if collector in worthwhile else {}
            found = {path: known[path] for path in sorted(known) if known[path] is not None}
            fact = collector.digest(found)
            if collector.name not in facts or facts[collector.name] != fact:
                moved.add(collector.name)
            facts[collector.name] = fact
            marks = self.staff.marks
            self.marks[collector.name] = digest(*(marks.get((p, (collector.name,))) for p in found))
        return moved

    def _is_seeded(self, collector: Collector) -> bool:
        return collector.seed is None or any(
            file.language is collector.language and collector.seed.search(file.text)
            for file in self.files.values()
        )

    def _rewrite(self, work: Sequence[tuple[str, tuple[str, ...]]], facts: Facts) -> set[str]:
        """Run migrations over files; return the paths that changed, new files included."""
        ran = dict(work)
        changed: set[str] = set()
        new_files: dict[str, bytes] = {}

        def about(item: Item) -> object:
            known = {name for code in item[1] for name in self._needs(item[0], code)}
            return self.target, self.alone, [(n, self.marks.get(n)) for n in sorted(known)]

        for done in self.staff.ask("rewrite", "rewrite", work, about=about, facts=facts):
            file = self.files[done.path]
            file.record(done, set(ran[done.path]))
            if done.text is not None:
                file.text = done.text
                del self.held[done.path]
                changed.add(done.path)
                for known in self.gathered.values():
                    known.pop(done.path, None)
            for new in done.new_files:
                new_files[new.path] = _one_text(new, new_files.get(new.path, new.data))
            for failure in done.failures:
                self._complain(done.path, failure)
                if failure.code == UNREADABLE and file.language is Language.CPP:
                    self.unreadable.add(done.path)
        return changed | self._make(new_files)

    def _make(self, new_files: Mapping[str, bytes]) -> set[str]:
        """Add files that the tree does not have; return their paths."""
        made = {path for path in new_files if path not in self.before and path not in self.files}
        for path in sorted(made):
            language = classify(path) or Language.PROSE
            self.files[path] = FileState(path, language, b"", new_files[path], is_new=True)
        return made

    def _complain(self, path: str, failure: Failure) -> None:
        finding = Finding(path, failure.line, 1, failure.code, failure.message)
        if finding not in self.complaints:
            self.complaints.append(finding)
            self.tracebacks += [failure.trace] if failure.trace else []


def _one_text(new: NewFile, known: bytes) -> bytes:
    """The text of a file that several files ask for; with plain line ends where theirs differ."""
    if new.data == known:
        return known
    plain = known.replace(b"\r\n", b"\n")
    if new.data.replace(b"\r\n", b"\n") != plain:
        raise InternalError(f"two texts for the new file `{new.path}`")
    return plain
