"""What a C++ example becomes, carried on to the default target, parses against the real headers."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest
from filelock import FileLock

from codemods import engine, ladder, registry
from codemods.model import Example, Language, Migration
from codemods.toolchain.cache import cache_folder
from codemods.toolchain.diagnostics import UnitResult
from codemods.toolchain.layout import find_toolchain
from codemods.toolchain.overlay import Overlay
from codemods.toolchain.parse import parse_units
from codemods.toolchain.releases import RELEASES, release
from codemods.toolchain.units import Unit

pytestmark = pytest.mark.sdk

Case = tuple[Migration, Example]
CASES: dict[str, Case] = {
    f"{migration.code}-{number}-{example.title.replace(' ', '_')}": (migration, example)
    for migration in registry.load()
    for number, example in enumerate(migration.examples)
    if example.language is Language.CPP and example.compiles and example.after is not None
}


def headers_for(migration: Migration) -> str:
    """Return the default target, or the first later release whose headers know the new form."""
    least = max(migration.introduced, ladder.DEFAULT_TARGET, key=ladder.position)
    known = [r.name for r in RELEASES if r.headers]
    return next(name for name in known if ladder.position(name) >= ladder.position(least))


def files_of(case: Case, target: str) -> tuple[str, dict[str, bytes]]:
    """Return the path of what the example becomes at `target`, and all of its tree."""
    _, example = case
    path = example.path or "src/example.cc"
    whole = example.prelude + (example.after or "") + example.postlude
    files = {name: text.encode() for name, text in example.others.items()}
    later = registry.select(registry.load(), target=target, select=(), ignore=())
    return path, dict(engine.port({**files, path: whole.encode()}, later, target).files)


@pytest.fixture(scope="session")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, UnitResult]:
    """Parse all examples at once, so that common headers are read once; in one process only."""
    results: dict[str, UnitResult] = {}
    by_target: dict[str, list[str]] = defaultdict(list)
    for name, (migration, _) in CASES.items():
        by_target[headers_for(migration)].append(name)
    cache_folder().mkdir(parents=True, exist_ok=True)
    with FileLock(cache_folder() / "examples.lock"):
        for target, names in by_target.items():
            toolchain = find_toolchain(release(target))
            root = tmp_path_factory.mktemp("examples")
            texts: dict[str, bytes] = {}
            units: list[Unit] = []
            for number, name in enumerate(names):
                path, files = files_of(CASES[name], target)
                folder = f"example{number}"
                texts |= {f"{folder}/{inner}": data for inner, data in files.items()}
                units.append(Unit(f"{folder}/{path}", (), (f"{folder}/src", folder)))
            for path, data in texts.items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_bytes(data)
            found = parse_units(Overlay(Path(root)), units, toolchain)
            results |= dict(zip(names, found, strict=True))
    return results


@pytest.mark.parametrize("name", CASES)
def test_the_example_parses_against_the_real_headers(
    name: str, parsed: dict[str, UnitResult]
) -> None:
    assert [str(error) for error in parsed[name].errors] == []
