"""Who answers the engine's questions about files: workers, or the memory of earlier answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from codemods import offsets
from codemods.applying import Rewritten
from codemods.choices import Unsafe
from codemods.filestate import FileState
from codemods.memory import Memory, digest
from codemods.model import Facts, Language, Migration
from codemods.shares import Item, Share
from codemods.workers import Crew

SMALL = 200_000
"""Bytes of work below which more processes would cost more than they save."""

PORTION = 8
"""Files that each worker is given at a time while a progress bar is shown."""

Progress = Callable[[str, int], None]
"""Called with the name of a phase and the number of its files, and with "" and 1 per file done."""


class Staff:
    """Workers for the files of one run, hired when first needed.

    `files` are the run's own, by path, as they stand at any time. With a `memory`, what it knows
    is not asked again; `marks` then says by path and collector what was gathered, as a digest.
    """

    def __init__(
        self,
        files: Mapping[str, FileState],
        migrations: Sequence[Migration],
        unsafe: Unsafe,
        jobs: int,
        progress: Progress | None,
        memory: Memory | None,
    ) -> None:
        self.marks: dict[Item, str] = {}
        self._files = files
        self._share = partial(Share, migrations=migrations, unsafe=unsafe)
        self._jobs = jobs
        self._watched = progress is not None
        self._progress = progress or (lambda _phase, _count: None)
        self._memory = memory
        self._crew: Crew[Share] | None = None
        self._owner: dict[str, int] = {}
        self._sent: dict[str, bytes] = {}  # the text of each file as its owner has it
        self._texts: dict[str, tuple[bytes, str]] = {}  # digests of texts

    def ask(
        self,
        phase: str,
        method: str,
        items: Sequence[Item],
        *,
        about: Callable[[Item], object] = lambda _item: (),
        facts: Facts | None = None,
    ) -> list[Any]:
        """Have `method` of the owners' shares answer the items; return answers in order of path.

        `facts` are told to the workers first. `about` says what an answer depends on beside the
        file, them for one.
        """
        if phase:
            self._progress(phase, len(items))
        answers: list[Any] = []
        questions: dict[Item, str] = {}
        unknown = items
        if self._memory is not None:
            unknown = []
            for item in items:
                asked = digest(method, item, self._digest_of(item[0]), about(item))
                kept, read = self._memory.get(asked, self._files[item[0]].text) or (None, ())
                if kept is None or read != self._read_by(kept):
                    questions[item] = asked
                    unknown.append(item)
                else:
                    self.marks[item] = self._memory.mark(asked)
                    answers.append(self._restored(kept))
        for item, answer in self._from_workers(method, unknown, facts):
            answers.append(answer)
            if self._memory is not None:
                self.marks[item] = questions[item]
                if not _failures(answer):
                    text = self._files[item[0]].text
                    kept = _without_text(answer), self._read_by(answer)
                    self._memory.put(questions[item], kept, text)
                    self.marks[item] = self._memory.mark(questions[item])
        return sorted(answers, key=_path_of)

    def dismiss(self) -> None:
        """End the workers."""
        if self._crew is not None:
            self._crew.dismiss()

    def _from_workers(
        self, method: str, items: Sequence[Item], facts: Facts | None
    ) -> Iterator[tuple[Item, Any]]:
        """Yield each item with its answer.

        Without anybody to look at the bar all items go at once, else in portions.
        """
        if not items:
            return
        crew = self._hire(items)
        self._tell_texts(crew, items)
        if facts is not None:
            crew.ask("know", [(facts,)] * crew.size)  # once, however small the portions
        shared: list[list[Item]] = [[] for _ in range(crew.size)]
        for item in items:
            shared[self._owner[item[0]]].append(item)
        most = max(map(len, shared))
        portion = PORTION if self._watched else most
        for at in range(0, most, portion):
            asked = [own[at : at + portion] for own in shared]
            for own, given in zip(asked, crew.ask(method, [(own,) for own in asked]), strict=True):
                for item, answer in zip(own, given, strict=True):
                    if isinstance(answer, Rewritten) and answer.text is not None:
                        self._sent[answer.path] = answer.text
                    yield item, answer
                self._progress("", len(given))

    def _hire(self, items: Sequence[Item]) -> Crew[Share]:
        """Have as many workers as the items are worth, but never fewer than before.

        The files are shared out by size, the same way each time, as they were before the run.
        """
        total = sum(len(self._files[path].text) for path, _ in items)
        count = max(1, min(self._jobs, len(self._files))) if total > SMALL else 1
        if self._crew is not None:
            if self._crew.size >= count:
                return self._crew
            self._crew.dismiss()
        loads = [0] * count
        shares: list[dict[str, tuple[Language, bytes]]] = [{} for _ in range(count)]
        for file in sorted(self._files.values(), key=lambda file: (-len(file.text), file.path)):
            least = loads.index(min(loads))
            loads[least] += len(file.text) + 1
            shares[least][file.path] = (file.language, file.original)
            self._owner[file.path] = least
            self._sent[file.path] = file.original
        self._crew = Crew([partial(self._share, share) for share in shares])
        return self._crew

    def _tell_texts(self, crew: Crew[Share], items: Sequence[Item]) -> None:
        """Bring the owners' texts up to date: of new files, and of those changed from memory."""
        told: list[dict[str, tuple[Language, bytes]]] = [{} for _ in range(crew.size)]
        for path in {path for path, _ in items}:
            file = self._files[path]
            if self._sent.get(path) is not file.text:
                owner = self._owner.setdefault(path, 0)
                told[owner][path] = (file.language, file.text)
                self._sent[path] = file.text
        if any(told):
            crew.ask("take", [(texts,) for texts in told])

    def _digest_of(self, path: str) -> str:
        text = self._files[path].text
        known = self._texts.get(path)
        if known is None or known[0] is not text:
            known = self._texts[path] = text, digest(text)
        return known[1]

    def _read_by(self, answer: Any) -> tuple[str, ...]:
        """Digests of the other texts that had a say in an answer, as they stand."""
        paths = answer.read if isinstance(answer, Rewritten) else ()
        return tuple(self._digest_of(path) if path in self._files else "" for path in paths)

    def _restored(self, answer: Any) -> Any:
        if not isinstance(answer, Rewritten):
            return answer
        before = text = self._files[answer.path].text
        for step in answer.steps:
            text = offsets.apply(text, step.edits)
        return replace(answer, text=None if text == before else text)


def _without_text(answer: Any) -> Any:
    """What is kept of an answer: a text is made again from its edits."""
    return replace(answer, text=None) if isinstance(answer, Rewritten) else answer


def _failures(answer: Any) -> Sequence[object]:
    if isinstance(answer, Rewritten):
        return answer.failures
    return answer[2] if len(answer) > 2 else ()


def _path_of(answer: Any) -> str:
    path: str = answer.path if isinstance(answer, Rewritten) else answer[0]
    return path
