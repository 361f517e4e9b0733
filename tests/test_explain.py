"""`explain` and `list`: codes, names, old names, and words that nobody knows."""

from __future__ import annotations

import json

import pytest

from codemods import cli, explain, ladder, registry
from codemods import list as list_command
from codemods.history import SHORT_LIVED
from codemods.notices import NOTICES
from codemods.start import start

KNOWN = registry.load()
Captured = pytest.CaptureFixture[str]


def test_an_old_name_that_lived_for_weeks_is_told_and_what_to_write(capsys: Captured) -> None:
    assert start(explain.main, ["TVM_FFI_REGISTER_GLOBAL"]) == 0
    out = capsys.readouterr().out
    assert "is not in the target: it lived for ten weeks" in out
    assert "TVM_FFI_STATIC_INIT_BLOCK() {" in out
    assert "TF101" in out


@pytest.mark.parametrize("name", ["TVM_REGISTER_GLOBAL", "register_func", "tvm.register_func"])
def test_an_old_name_leads_to_its_migration(name: str, capsys: Captured) -> None:
    assert start(explain.main, [name]) == 0
    out = capsys.readouterr().out
    assert any(migration.code in out for migration in KNOWN)


@pytest.mark.parametrize("migration", KNOWN, ids=lambda migration: migration.code)
def test_every_code_and_every_name_has_a_page(
    migration: registry.Migration, capsys: Captured
) -> None:
    assert start(explain.main, [migration.code.lower()]) == 0
    page = capsys.readouterr().out
    assert start(explain.main, [migration.name]) == 0
    assert capsys.readouterr().out == page
    assert migration.title in page
    assert migration.doc.splitlines()[0] in page


@pytest.mark.parametrize("code", NOTICES)
def test_every_code_about_the_tool_has_a_page(code: str, capsys: Captured) -> None:
    assert start(explain.main, [code]) == 0
    assert NOTICES[code].title in capsys.readouterr().out


def test_an_unknown_word_gets_a_suggestion(capsys: Captured) -> None:
    assert start(explain.main, ["TVM_REGISTER_GLOBALS"]) == 2
    assert "did you mean `TVM_REGISTER_GLOBAL`" in capsys.readouterr().err


def test_every_short_lived_name_leads_to_a_migration() -> None:
    old = {name for migration in KNOWN for name in migration.old_names}
    assert {entry.migration_of for entry in SHORT_LIVED.values()} <= old


def test_no_migration_emits_a_short_lived_name() -> None:
    for migration in KNOWN:
        for example in migration.examples:
            if migration.rung.value == "r3" and example.after is not None:
                assert not any(f"{name}(" in example.after for name in SHORT_LIVED)


def test_the_list_holds_every_migration(capsys: Captured) -> None:
    assert start(list_command.main, ["--output-format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["code"] for row in rows] == [migration.code for migration in KNOWN]
    assert start(list_command.main, []) == 0
    out = capsys.readouterr().out
    assert all(migration.code in out for migration in KNOWN)


def test_the_console_script_finds_its_commands(capsys: Captured) -> None:
    assert start(cli.group, ["--help"]) == 0
    assert "check" in capsys.readouterr().out
    assert start(cli.group, ["list", "--to", "0.1.5"]) == 0
    assert start(cli.group, ["lisst"]) == 2


def test_what_people_call_0_1_7_is_its_second_post_release() -> None:
    assert ladder.resolve("0.1.7") == "0.1.7.post2"
    assert ladder.resolve("v0.1.6.post2") == "0.1.6.post2"


def test_the_fourth_rung_is_applied_only_when_selected() -> None:
    rungs = {migration.rung.value for migration in registry.select(KNOWN, target="0.1.15")}
    assert "r4" not in rungs
