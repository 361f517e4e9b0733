"""`python -m codemods.inventory`: what is written can be compared."""

from __future__ import annotations

from pathlib import Path

import pytest

from codemods.inventory import Entry, Inventory
from codemods.inventory.__main__ import main
from codemods.start import start


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Before and after upstream gave its tile operators a namespace of their own."""
    found = []
    for number, name in enumerate(("tl.copy", "tl.tileop.copy")):
        entry = Entry("tile_op", name, path="src/op/copy.cc")
        path = tmp_path / f"{number}.json"
        path.write_text(Inventory.of([entry]).to_json(), "utf-8")
        found.append(str(path))
    return found


def exit_code(*arguments: str) -> int | str | None:
    with pytest.raises(SystemExit) as ended:
        start(main, list(arguments))
    return ended.value.code


def test_a_new_name_is_a_loss_and_an_invention(
    files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code("compare", *files) == 1
    told = capsys.readouterr().out
    assert "lost: tile_op `tl.copy`" in told
    assert "invented: tile_op `tl.tileop.copy`" in told


def test_what_a_migration_renames_is_neither_when_asked(
    files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code("compare", "--ported", *files) == 0
    assert capsys.readouterr().out == ""


def test_three_inventories_are_a_usage_error(files: list[str]) -> None:
    assert start(main, ["compare", *files, files[0]]) == 2
