"""The ported tree against `fixtures/minitilescale.expected.toml`, which no tool has written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
import tomlkit

from codemods import engine, ladder, registry

from .conftest import TREE

EXPECTED: dict[str, Any] = tomlkit.parse(
    TREE.with_suffix(".expected.toml").read_text(encoding="utf-8")
).unwrap()


def squeezed(text: str) -> str:
    """Without white space: line breaks are `clang-format`'s business."""
    return re.sub(r"\s+", "", text)


def sources(ported: engine.Ported) -> str:
    return "\n".join(
        data.decode()
        for path, data in sorted(ported.files.items())
        if path.endswith((".cc", ".h")) and "tl_templates" not in path
    )


def declaration(ported: engine.Ported, key: str) -> re.Match[str]:
    found = re.findall(
        rf'TVM_FFI_DECLARE_OBJECT_INFO(?:_FINAL)?\s*\(\s*"{re.escape(key)}"', sources(ported)
    )
    assert len(found) == 1, f"{key} is declared {len(found)} times"
    match = re.search(
        rf'TVM_FFI_DECLARE_OBJECT_INFO(?P<final>_FINAL)?\s*\(\s*"{re.escape(key)}"\s*,\s*(?P<node>\w+)',
        sources(ported),
    )
    assert match is not None
    return match


@pytest.mark.parametrize("path", EXPECTED["text"])
def test_text_that_must_and_must_not_stand(
    before: Mapping[str, bytes], ported: engine.Ported, path: str
) -> None:
    rule, text = EXPECTED["text"][path], ported.files[path].decode()
    if rule.get("unchanged"):
        assert ported.files[path] == before[path]
    for part in rule.get("present", ()):
        assert squeezed(part) in squeezed(text)
    for part in rule.get("absent", ()):
        assert squeezed(part) not in squeezed(text)
        assert squeezed(part) in squeezed(before[path].decode()) or part.startswith('"')
    for part, number in rule.get("count", {}).items():
        assert text.count(part) == number


@pytest.mark.parametrize("key", EXPECTED["objects"])
def test_each_type_is_declared_as_it_was(ported: engine.Ported, key: str) -> None:
    rule, declared = EXPECTED["objects"][key], declaration(ported, key)
    if "final" in rule:
        assert bool(declared["final"]) == rule["final"]
    node = declared["node"]
    for member in rule.get("ignored", ()):
        assert f"&{node}::{member},refl::AttachFieldFlag::SEqHashIgnore()" in squeezed(
            sources(ported)
        )
    for member in rule.get("binding", ()):
        assert f"&{node}::{member},refl::AttachFieldFlag::SEqHashDef()" in squeezed(sources(ported))
    for member in rule.get("unseen", ()):
        assert f"&{node}::{member}" not in sources(ported)


def test_every_registration_key_stays_and_none_is_registered_twice(ported: engine.Ported) -> None:
    text = sources(ported)
    constants = dict(re.findall(r'constexpr const char \*(\w+)\s*=\s*"([^"]+)"', text))
    found = re.findall(r'\.?\bdef(?:_packed)?\(\s*(?:"([^"]+)"|(?:tl::)?(\w+))\s*,', text)
    keys = [key or constants.get(name, name) for key, name in found]
    wanted = [*EXPECTED["functions"]["keys"], "target.build.tilelang_hip"]
    assert sorted(key for key in keys if not key.startswith("__s_")) == sorted(wanted)


def test_a_second_run_changes_nothing(ported: engine.Ported) -> None:
    migrations = registry.select(registry.load(), target=ladder.DEFAULT_TARGET)
    again = engine.port(ported.files, migrations)
    assert not again.changes
    assert again.files == ported.files


def test_what_no_rule_can_port_is_reported(ported: engine.Ported) -> None:
    told = {(finding.path, finding.code) for finding in ported.findings}
    assert ("src/transform/make_packed_api.cc", "TF316") in told
    assert {path for path, _ in told} >= {"tilelang/jit/kernel.py", "tilelang/engine/lower.py"}


def test_what_is_left_to_a_person_in_python_is_reported(ported: engine.Ported) -> None:
    told = {(finding.path, finding.code) for finding in ported.findings}
    assert ("tilelang/profiler/__init__.py", "TF344") in told  # a device of an unknown class
    assert ("examples/distributed/example_put_block.py", "TF346") in told  # an option turned round
