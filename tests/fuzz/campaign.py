"""`python -m tests.fuzz.campaign`: the long form of the fuzzers, in several processes.

A case is one number: the same number, language and corpus give the same text again. What breaks a
property is cut down to few lines and written, with its number, below `build/fuzz`.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from random import Random

import click

from codemods import registry, workers
from codemods.model import Language, Migration
from tests.fuzz import corpus, mutations
from tests.fuzz.properties import TARGET, violations

_CHUNK = 250
_SHOWN = 2
"""Violations of one kind that are reduced and shown; the others are counted, with their numbers."""

_LANGUAGES = {"cpp": Language.CPP, "python": Language.PYTHON}


@dataclass(frozen=True)
class Case:
    """One mutated text and its tree."""

    number: int
    seed: corpus.Seed
    data: bytes
    language: Language
    unsafe: bool

    def violations(self, data: bytes | None = None) -> list[str]:
        """What breaks, for this text or another in its place."""
        text = self.data if data is None else data
        seed = self.seed
        return list(
            violations(
                seed.path, text, seed.others, self.language, _migrations(), unsafe=self.unsafe
            )
        )


def case(number: int, language: Language, folder: Path | None = None) -> Case:
    """The case with this number. Examples are half of the cases, however large the corpus."""
    random = Random(f"{language.value} {number}")
    few, all_of_them = corpus.seeds(language), corpus.seeds(language, folder)
    seed = random.choice(few if random.random() < 0.5 else all_of_them)
    donor = random.choice(few if random.random() < 0.5 else all_of_them)
    data = mutations.mutate(seed.data, random, donor.data, language)
    return Case(number, seed, data, language, random.random() < 0.3)


def failing(numbers: range, language: Language, folder: Path | None) -> list[tuple[int, list[str]]]:
    """The cases of a range that break a property, with what they break."""
    found = ((number, case(number, language, folder).violations()) for number in numbers)
    return [(number, broken) for number, broken in found if broken]


def reduced(text: bytes, still_fails: Callable[[bytes], bool]) -> bytes:
    """The text with as many lines, then characters, taken away as it still fails without."""
    for pattern in (True, False):
        parts = (
            text.splitlines(keepends=True)
            if pattern
            else [text[i : i + 1] for i in range(len(text))]
        )
        size = max(1, len(parts) // 2)
        while size >= 1 and len(parts) <= 2_000:
            at = 0
            while at < len(parts):
                shorter = parts[:at] + parts[at + size :]
                if still_fails(b"".join(shorter)):
                    parts = shorter
                else:
                    at += size
            size //= 2
        text = b"".join(parts)
    return text


@lru_cache(maxsize=1)
def _migrations() -> tuple[Migration, ...]:
    return registry.select(registry.load(), target=TARGET)


@click.command()
@click.option("--language", type=click.Choice(sorted(_LANGUAGES)), required=True)
@click.option("--cases", type=int, default=50_000, show_default=True)
@click.option("--first", type=int, default=0, help="Number of the first case.")
@click.option("--jobs", type=int, default=workers.available, show_default="cores")
@click.option("--corpus", "folder", type=click.Path(exists=True, path_type=Path))
@click.option("--output", type=click.Path(path_type=Path), default=Path("build/fuzz"))
def main(
    language: str, cases: int, first: int, jobs: int, folder: Path | None, output: Path
) -> None:
    """Port mutated sources and check that nothing breaks; exit 1 when something does."""
    chosen = _LANGUAGES[language]
    ranges = [
        range(start, min(start + _CHUNK, first + cases))
        for start in range(first, first + cases, _CHUNK)
    ]
    kinds: defaultdict[str, list[int]] = defaultdict(list)
    for number, broken in _all_failing(ranges, chosen, folder, jobs):
        for words in broken:
            kind = words[:110]
            kinds[kind].append(number)
            if len(kinds[kind]) <= _SHOWN:
                _report(case(number, chosen, folder), words, output / language)
    for kind, numbers in sorted(kinds.items(), key=lambda item: -len(item[1])):
        click.echo(f"{len(numbers):6} {kind}: cases {', '.join(map(str, numbers))}")
    total = sum(map(len, kinds.values()))
    click.echo(f"{cases} cases of {language}, {total} violations", err=True)
    sys.exit(1 if kinds else 0)


def _all_failing(
    ranges: list[range], language: Language, folder: Path | None, jobs: int
) -> Iterator[tuple[int, list[str]]]:
    with ProcessPoolExecutor(jobs) as pool:
        work = partial(failing, language=language, folder=folder)
        for numbers, found in zip(ranges, pool.map(work, ranges), strict=True):
            yield from found
            if numbers.stop % 2_500 == 0:
                click.echo(f"up to case {numbers.stop}", err=True)


def _report(broken: Case, words: str, folder: Path) -> None:
    start = words[:24]
    small = reduced(broken.data, lambda text: any(v[:24] == start for v in broken.violations(text)))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{broken.number}.txt").write_bytes(small)
    seed = f"seed {broken.seed.name}, unsafe={broken.unsafe}"
    click.echo(f"case {broken.number} ({seed}): {words}\n{small.decode('utf-8', 'replace')}\n")


if __name__ == "__main__":
    main()
