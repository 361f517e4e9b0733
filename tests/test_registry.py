"""How migrations are found and chosen."""

from __future__ import annotations

from types import ModuleType

import pytest

from codemods import ladder, registry
from codemods.model import Effort, Migration, Rung


def module(name: str, code: str, rung: Rung) -> ModuleType:
    made = ModuleType(name, "What happened.\n")
    made.__dict__["MIGRATION"] = Migration(
        code, "A change", rung, "0.1.7", None, (), Effort.LOW, rewrites=(), examples=()
    )
    return made


def test_a_migration_gets_its_modules_name_and_docstring() -> None:
    found = registry._read(module("codemods.migrations.r3.it_changed", "TF399", Rung.R3))
    assert found is not None
    assert (found.name, found.doc) == ("it_changed", "What happened.")


def test_a_module_without_a_migration_is_passed_over() -> None:
    assert registry._read(ModuleType("codemods.migrations.r3.tables")) is None


@pytest.mark.parametrize(
    ("name", "code", "rung"),
    [
        ("codemods.migrations.r3.x", "TF199", Rung.R3),
        ("codemods.migrations.r3.x", "TF39", Rung.R3),
        ("codemods.migrations.r2.x", "TF399", Rung.R3),
    ],
)
def test_a_migration_in_the_wrong_place_is_refused(name: str, code: str, rung: Rung) -> None:
    with pytest.raises(registry.BadMigration):
        registry._read(module(name, code, rung))


def test_one_code_for_two_migrations_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    two = [module(f"codemods.migrations.r3.{n}", "TF399", Rung.R3) for n in "ab"]
    monkeypatch.setattr(registry, "_modules", lambda: two)
    with pytest.raises(registry.BadMigration, match="TF399 belongs to both `a` and `b`"):
        registry.load.__wrapped__()


def test_codes_and_names_are_unique_and_every_migration_is_documented() -> None:
    known = registry.load()
    assert len({m.code for m in known}) == len({m.name for m in known}) == len(known)
    assert all(m.doc for m in known)


def test_releases_are_ordered_by_publication() -> None:
    assert ladder.position("0.1.9") < ladder.position("0.1.10")
    with pytest.raises(ladder.UnknownRelease):
        ladder.position("0.2")
