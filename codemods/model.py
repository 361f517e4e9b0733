"""The words that everything else speaks: migrations, rewrites, edits, findings, examples.

Data only. Nothing here reads a file, prints, or knows one migration by name.
Offsets are byte offsets into the file as stored, 0-based, end exclusive; lines and
columns that people see are 1-based, columns counted in characters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol, TypeVar, runtime_checkable

T = TypeVar("T")


class Language(Enum):
    """What a file is written in, as far as the engine must know."""

    CPP = "c++"  # C, C++, CUDA, HIP, Objective-C++: sources and headers
    PYTHON = "python"  # sources and stubs
    CYTHON = "cython"
    CMAKE = "cmake"
    TOML = "toml"
    REQUIREMENTS = "requirements"
    PROSE = "prose"  # Markdown, reStructuredText, notebooks: residue only, never rewritten


class Rung(Enum):
    """A step of the ladder of upstream changes; see `docs/architecture.md`."""

    R1 = "r1"
    R2 = "r2"
    R3 = "r3"
    R4 = "r4"
    R5 = "r5"
    OWN = "own"  # a fork's own rules, after upstream's changes


class Effort(Enum):
    """How much work a finding leaves to a person."""

    LOW = "low"  # minutes, on the line itself
    MEDIUM = "medium"  # the function or class must be understood
    HIGH = "high"  # a design of upstream's must be taken over


@dataclass(frozen=True)
class Source:
    """One file as it stands when a rewrite sees it.

    `path` is relative to the tree's root, with `/`. `once` remembers what was computed from this
    very text (a syntax tree, an index), so that several rewrites share one parse.
    """

    path: str
    data: bytes
    language: Language
    _computed: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    def once(self, compute: Callable[[Source], T]) -> T:
        """Return `compute(self)`, computing it only the first time."""
        if compute not in self._computed:
            self._computed[compute] = compute(self)
        result: T = self._computed[compute]
        return result

    def remembered(self, compute: Callable[[Source], T]) -> T | None:
        """Return what `once(compute)` remembered, None if it was never asked."""
        result: T | None = self._computed.get(compute)
        return result

    @property
    def is_computed(self) -> bool:
        """Say whether anything was computed from this text yet."""
        return bool(self._computed)

    def __reduce__(self) -> tuple[Any, ...]:
        return (Source, (self.path, self.data, self.language))


@dataclass(frozen=True, order=True)
class Edit:
    """Replace the bytes `start:end` by `text`. Two edits of one migration may not overlap."""

    start: int
    end: int
    text: bytes


@dataclass(frozen=True, order=True)
class Remark:
    """What a rewrite saw but did not change; the engine makes a `Finding` of it.

    `message`: what is wrong and why it was not changed, lower case, code in backticks, no final
    period. `advice`: what to write instead.
    """

    offset: int
    message: str
    advice: str = ""
    effort: Effort = field(default=Effort.LOW, compare=False)


@dataclass(frozen=True)
class NewFile:
    """A file that the ported tree needs and does not have. Identical ones are made once."""

    path: str
    data: bytes


Facts = Mapping[str, Any]
"""What collectors learned of the whole tree, by collector name; `TARGET` is there in every run."""

TARGET = "target"
"""The fact that says which exact TileLang release the tree is carried to."""

Outcome = Edit | Remark | NewFile


@runtime_checkable
class Consulted(Protocol):
    """A fact that looks into texts when asked notes whose, since they are no part of its value."""

    read: set[str]


@dataclass(frozen=True)
class Collector:
    """A tree-wide fact: `gather` runs on each file that holds one of `tokens`, in any process;
    `digest` turns what was gathered, by path, into the fact that rewrites read.

    `gather` returns something picklable, or None for nothing. An empty `tokens` means every file
    of the language. `seed` finds what one file of the tree must hold for the others to matter:
    where none does, nothing is gathered.
    """

    name: str
    language: Language
    tokens: tuple[str, ...]
    gather: Callable[[Source], Any]
    digest: Callable[[Mapping[str, Any]], Any]
    seed: re.Pattern[bytes] | None = None


@dataclass(frozen=True)
class Rewrite:
    """One language's half of a migration: `apply` runs on each file that holds one of `tokens`.

    `apply` is pure: the same source and facts give the same outcomes, in any process.
    `tokens` are plain substrings, cheap to look for; empty means every file of the language.
    """

    language: Language
    tokens: tuple[str, ...]
    apply: Callable[[Source, Facts], Iterable[Outcome]]
    needs: tuple[Collector, ...] = ()


@dataclass(frozen=True)
class Example:
    """Documentation, unit test and compile test at once.

    `before` becomes exactly `after`; an `after` of None means the text stays and a finding whose
    message contains `finding` is reported. `prelude` and `postlude` surround both and are not shown
    in the manual (includes, an enclosing namespace). `others` are further files, by path, that the
    example's tree holds. `compiles`: the C++ `after`, carried on to the default target, is parsed
    against the real headers; for Python the names that it uses are resolved.
    """

    title: str
    before: str
    after: str | None
    language: Language = Language.CPP
    path: str = ""
    finding: str = ""
    prelude: str = ""
    postlude: str = ""
    others: Mapping[str, str] = field(default_factory=dict, hash=False)
    compiles: bool = True


@dataclass(frozen=True)
class Rename:
    """A name of the tree's own surface that a migration changes, for the preservation inventory.

    `kind` is one of `codemods.inventory.Kind`'s values. The first `*` in `old` and in `new` stands
    for the same text, and so on. An empty `old` says that the migration brings `new` in.
    """

    kind: str
    old: str
    new: str


@dataclass(frozen=True)
class Migration:
    """One upstream API change, whole: what it is, since when, how it is carried out.

    `introduced`: the first TileLang release whose API has the new form; the migration applies when
    the target is that release or later. `removed`: the first release without the old form, or None
    while both work. `old_names`: the names that should be gone afterwards, each an identifier, a
    dotted name or a string constant; they feed the residue scan, `explain` and the counts by API
    name. `upstream`: pull requests or commits.
    """

    code: str
    title: str
    rung: Rung
    introduced: str
    removed: str | None
    upstream: tuple[str, ...]
    effort: Effort
    rewrites: tuple[Rewrite, ...]
    examples: tuple[Example, ...]
    old_names: tuple[str, ...] = ()
    safe: bool = True
    doc: str = ""  # the module's docstring, set when the migration is loaded
    name: str = ""  # the module's name, likewise
    renames: tuple[Rename, ...] = ()  # of the tree's own surface, so that it is not taken for lost


@dataclass(frozen=True, order=True)
class Finding:
    """A place that a person should look at. `line` and `column` are 1-based."""

    path: str
    line: int
    column: int
    code: str
    message: str
    advice: str = ""
    effort: Effort = field(default=Effort.LOW, compare=False)


@dataclass(frozen=True, order=True)
class Change:
    """An edit that was made, with the migration that made it; positions in the text before it."""

    path: str
    line: int
    column: int
    code: str
    before: bytes
    after: bytes
