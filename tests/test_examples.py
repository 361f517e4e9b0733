"""Every migration's examples, tested by one generic module."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from codemods import engine, ladder, registry
from codemods.model import Example, Language, Migration

_DEFAULT_PATHS = {
    Language.CPP: "src/example.cc",
    Language.PYTHON: "package/example.py",
    Language.CYTHON: "package/example.pyx",
    Language.CMAKE: "CMakeLists.txt",
    Language.TOML: "pyproject.toml",
    Language.REQUIREMENTS: "requirements.txt",
    Language.PROSE: "docs/example.md",
}
_LINE_COMMENT = {Language.CPP: "//"}

Case = tuple[Migration, Example]
CASES: list[Case] = [(m, example) for m in registry.load() for example in m.examples]
each_example = pytest.mark.parametrize(
    "case", CASES, ids=[f"{m.code}-{example.title.replace(' ', '_')}" for m, example in CASES]
)


def path_of(example: Example) -> str:
    return example.path or _DEFAULT_PATHS[example.language]


def tree_of(example: Example) -> dict[str, bytes]:
    files = {path: text.encode() for path, text in example.others.items()}
    whole = example.prelude + example.before + example.postlude
    return {**files, path_of(example): whole.encode()}


def expected(example: Example) -> bytes:
    middle = example.before if example.after is None else example.after
    return (example.prelude + middle + example.postlude).encode()


def port(case: Case, files: Mapping[str, bytes]) -> engine.Ported:
    migration, _ = case
    release = max(migration.introduced, ladder.DEFAULT_TARGET, key=ladder.position)
    return engine.port(files, [migration], release, unsafe=not migration.safe)


def port_changed(case: Case, change: Callable[[bytes], bytes]) -> tuple[bytes, bytes]:
    """Port the example with `change` done to every text; return what came and what should have."""
    _, example = case
    ported = port(case, {path: change(data) for path, data in tree_of(example).items()})
    return ported.files[path_of(example)], change(expected(example))


@each_example
def test_the_example_becomes_exactly_what_it_promises(case: Case) -> None:
    _, example = case
    ported = port(case, tree_of(example))
    assert not ported.complaints
    assert ported.files[path_of(example)].decode() == expected(example).decode()


@each_example
def test_the_promised_finding_is_reported(case: Case) -> None:
    _, example = case
    if example.after is None:
        assert example.finding, "an example that changes nothing must promise a finding"
    messages = [finding.message for finding in port(case, tree_of(example)).findings]
    if example.finding:
        assert any(example.finding in message for message in messages), messages


@each_example
def test_a_second_run_changes_nothing(case: Case) -> None:
    first = port(case, tree_of(case[1]))
    second = port(case, first.files)
    assert not second.changed


@each_example
def test_windows_line_ends_stay(case: Case) -> None:
    came, should = port_changed(case, lambda text: text.replace(b"\n", b"\r\n"))
    assert came == should


@each_example
def test_a_missing_last_newline_stays_missing(case: Case) -> None:
    came, should = port_changed(case, lambda text: text.rstrip(b"\n"))
    assert came == should


@each_example
def test_characters_of_several_bytes_before_the_place_do_not_move_it(case: Case) -> None:
    mark = _LINE_COMMENT.get(case[1].language, "#").encode()
    came, should = port_changed(case, lambda text: mark + " äöü 𝛼\n".encode() + text)
    assert came == should


@each_example
def test_nothing_happens_below_the_version_gate(case: Case) -> None:
    migration, example = case
    before = ladder.RELEASES[ladder.position(migration.introduced) - 1]
    ported = engine.port(tree_of(example), [migration], before, unsafe=True)
    if ladder.resolve(before) == before:
        assert not ported.changed
        assert not ported.findings


def test_every_migration_has_an_example() -> None:
    assert [m.code for m in registry.load() if not m.examples] == []


REWRITES = [(m, n) for m in registry.load() for n in range(len(m.rewrites))]


@pytest.mark.parametrize("rewrite", REWRITES, ids=[f"{m.code}-{n}" for m, n in REWRITES])
def test_no_rewrite_can_be_taken_out_unseen(rewrite: tuple[Migration, int]) -> None:
    migration, taken = rewrite
    rest = tuple(r for n, r in enumerate(migration.rewrites) if n != taken)
    without = replace(migration, rewrites=rest)
    assert not all(holds(without, example) for example in migration.examples)


def holds(migration: Migration, example: Example) -> bool:
    """Say whether an example's promise is kept."""
    ported = port((migration, example), tree_of(example))
    said = any(example.finding in finding.message for finding in ported.findings)
    same = ported.files[path_of(example)] == expected(example)
    return same and (said or not example.finding) and not ported.complaints
