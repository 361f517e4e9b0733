"""What `make port` ends with: the bundled tree is proved whole, and nothing of it is lost."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from codemods import engine, inventory, ladder, registry
from codemods.verify import main

from .conftest import TREE


def test_the_port_loses_and_invents_nothing(
    before: Mapping[str, bytes], ported: engine.Ported
) -> None:
    renames = inventory.renames_of(registry.select(registry.load(), target=ladder.DEFAULT_TARGET))
    verdict = inventory.compare(
        inventory.take_files(before), inventory.take_files(ported.files), renames
    )
    assert [str(loss) for loss in verdict.losses] == []


@pytest.mark.sdk
def test_verify_passes_the_port(ported: engine.Ported, tmp_path: Path) -> None:
    for path, data in ported.files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    done = CliRunner().invoke(
        main, ["--target", str(tmp_path), "--before", str(TREE)], standalone_mode=False
    )
    assert done.exception is None, done.output
    assert done.stdout == ""
    assert done.return_value == 0
