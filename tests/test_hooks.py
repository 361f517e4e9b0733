"""The hooks that other repositories use through pre-commit."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from codemods import cli
from codemods.start import start

HOOKS = (Path(__file__).parents[1] / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
ENTRIES = re.findall(r"(?m)^  entry: codemods (.+)$", HOOKS)


def test_both_hooks_are_there() -> None:
    assert re.findall(r"(?m)^- id: (.+)$", HOOKS) == ["tvm-ffi-check", "tvm-ffi-fix"]
    assert len(ENTRIES) == 2


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_hook_says_no_to_a_file_that_uses_the_old_api_and_yes_to_one_that_does_not(
    entry: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("old.cc").write_text("TVM_FFI_STATIC_INIT_BLOCK({ F(); });\n", encoding="utf-8")
    Path("new.cc").write_text("int a;\n", encoding="utf-8")
    assert start(cli.group, [*entry.split(), "new.cc", "old.cc"]) == 1
    assert start(cli.group, [*entry.split(), "new.cc"]) == 0
