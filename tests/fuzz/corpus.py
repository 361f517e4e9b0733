"""What the fuzzers start from: the migrations' examples, the fixtures, sources of a folder."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from codemods import registry
from codemods.model import Language

FIXTURES = Path(__file__).parents[2] / "fixtures"
SUFFIXES = {
    Language.CPP: (".cc", ".h", ".cu", ".cpp", ".hpp"),
    Language.PYTHON: (".py",),
}
_PATHS = {Language.CPP: "src/case.cc", Language.PYTHON: "package/case.py"}
_WINDOW = 6_000
"""Bytes of a large file that make one seed: a port of all of it would cost without adding cases."""


@dataclass(frozen=True)
class Seed:
    """A text to mutate, and the other files of its tree."""

    name: str
    path: str
    data: bytes
    others: Mapping[str, bytes] = field(default_factory=dict, hash=False)


@lru_cache(maxsize=4)
def seeds(language: Language, folder: Path | None = None) -> tuple[Seed, ...]:
    """The seeds of a language, in a fixed order; `folder` adds real sources."""
    found = [*_examples(language), *_files(language, FIXTURES)]
    if folder is not None:
        found += _files(language, folder)
    return tuple(found)


def _examples(language: Language) -> Iterator[Seed]:
    for migration in registry.load():
        for number, example in enumerate(migration.examples):
            if example.language is language:
                text = example.prelude + example.before + example.postlude
                others = {path: other.encode() for path, other in example.others.items()}
                path = example.path or _PATHS[language]
                yield Seed(f"{migration.code}/{number}", path, text.encode(), others)


def _files(language: Language, folder: Path) -> Iterator[Seed]:
    for file in sorted(folder.rglob("*")):
        if file.suffix in SUFFIXES[language] and file.is_file() and not file.is_symlink():
            name = file.relative_to(folder).as_posix()
            data = file.read_bytes()
            windows = _statements(data) if language is Language.PYTHON else _windows(data)
            for number, window in enumerate(windows):
                if language is not Language.PYTHON or b"tvm" in window:
                    yield Seed(f"{name}#{number}", _PATHS[language], window)


def _statements(data: bytes) -> Iterator[bytes]:
    """Windows of whole statements, so that Python's still parse."""
    try:
        body = ast.parse(data).body
    except (SyntaxError, ValueError):
        yield from _windows(data)
        return
    lines = data.splitlines(keepends=True)
    starts = [0, *(min(_first_line(node), len(lines)) for node in body[1:]), len(lines)]
    begin = 0
    for start, end in pairwise(starts):
        if end == len(lines) or sum(map(len, lines[begin:end])) > _WINDOW:
            cut = start if start > begin and end < len(lines) else end
            yield b"".join(lines[begin:cut])
            begin = cut
    if begin < len(lines):
        yield b"".join(lines[begin:])


def _first_line(node: ast.stmt) -> int:
    """The 0-based line that a statement begins on, its decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(d.lineno for d in decorators)]) - 1


def _windows(data: bytes) -> Iterator[bytes]:
    start = 0
    while start < len(data):
        end = start + _WINDOW
        if end < len(data):
            end = max(data.rfind(b"\n", start, end) + 1, start + 1)
        yield data[start:end]
        start = max(end, start + 1)
