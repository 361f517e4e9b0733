"""What a compiler says of a unit, with exact places."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Note:
    """What a compiler adds to a diagnostic; places as in `Diagnostic`."""

    path: str
    line: int
    column: int
    message: str


@dataclass(frozen=True, order=True)
class Fixit:
    """A replacement that the compiler proposes: bytes `start:end` of the diagnostic's file."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, order=True)
class Diagnostic:
    """An error: `path` relative to the tree, or absolute outside of it; `line` and `column` are
    1-based, columns in characters; `offset` is in bytes. Inside of a macro's argument the place is
    the argument's. `fatal` ends the parse of the unit. `ranges` are the byte ranges that the
    compiler underlines in the same file.
    """

    path: str
    line: int
    column: int
    offset: int
    message: str
    fatal: bool = False
    notes: tuple[Note, ...] = ()
    ranges: tuple[tuple[int, int], ...] = ()
    fixits: tuple[Fixit, ...] = ()

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.message}"


@dataclass(frozen=True)
class UnitResult:
    """What the parse of one unit said. `cached`: known from before, nothing it reads has changed.

    `headers`: the tree's own headers that it includes, relative to the tree.
    """

    path: str
    errors: tuple[Diagnostic, ...]
    headers: tuple[str, ...] = ()
    cached: bool = False

    @property
    def passed(self) -> bool:
        """Whether the unit parses without an error."""
        return not self.errors
