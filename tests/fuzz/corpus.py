"""What the fuzzers start from: the migrations' examples, the fixtures, sources of a folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
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
            for number, window in enumerate(_windows(file.read_bytes())):
                yield Seed(f"{name}#{number}", _PATHS[language], window)


def _windows(data: bytes) -> Iterator[bytes]:
    start = 0
    while start < len(data):
        end = start + _WINDOW
        if end < len(data):
            end = max(data.rfind(b"\n", start, end) + 1, start + 1)
        yield data[start:end]
        start = max(end, start + 1)
