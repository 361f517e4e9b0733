"""What is known of one file during a run, and where its places were and are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from codemods import offsets
from codemods.applying import Rewritten, Step, trace_back
from codemods.model import Change, Finding, Language, Remark
from codemods.offsets import Lines


@dataclass(frozen=True)
class _Note:
    step: int  # how many of the file's steps the remark's place has seen
    code: str
    remark: Remark
    sticky: bool  # made beside an edit, so that a later pass cannot see its reason any more


@dataclass
class FileState:
    """One file: its text before the run and now, and what was done to it in between."""

    path: str
    language: Language
    original: bytes
    text: bytes
    is_new: bool = False
    steps: list[Step] = field(default_factory=list)
    notes: list[_Note] = field(default_factory=list)
    used: set[int] = field(default_factory=set)  # lines of directives, before the run

    def record(self, done: Rewritten, ran: set[str]) -> None:
        """Take over what one pass did; what a migration says now replaces what it said before."""
        if done.suppressed:
            lines = Lines(self.original)
            self.used |= {lines.line(trace_back(self.steps, at)) for at in done.suppressed}
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
            before = trace_back(self.steps[: note.step], note.remark.offset)
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
                at = trace_back(self.steps[:count], edit.start)
                old = text[edit.start : edit.end]
                yield Change(self.path, *lines.at(at), step.code, old, edit.text)
            text = offsets.apply(text, step.edits)
