"""Environment switches, read from a tree and turned on by folder."""

from __future__ import annotations

from pathlib import Path

from codemods.harness.switches import asked_for, switched_on, switches


def test_switches_are_read_from_both_languages(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        'a = os.environ.get("OWN_USE_DISTRIBUTED", "0")\nb = os.environ["USE_FAST"]\n'
        'c = os.environ.get("OWN_PATH")\n'
    )
    (tmp_path / "b.h").write_text('const char* e = std::getenv("OWN_USE_SPARSE");\n')
    assert switches([tmp_path]) == ("OWN_USE_DISTRIBUTED", "OWN_USE_SPARSE", "USE_FAST")


def test_a_switch_is_on_for_programs_in_the_folder_that_it_names() -> None:
    names = ("OWN_USE_DISTRIBUTED", "USE_FAST")
    assert switched_on("examples/distributed/a.py", names) == {"OWN_USE_DISTRIBUTED": "1"}
    assert switched_on("examples/distributed.py", names) == {}


def test_a_skipped_test_asks_for_the_switch_that_its_reason_names() -> None:
    names = ("OWN_USE_DISTRIBUTED", "USE_FAST")
    reasons = ["Skipped: Requires OWN_USE_DISTRIBUTED=1", "no USE_FASTER here"]
    assert asked_for(reasons, names) == {"OWN_USE_DISTRIBUTED": "1"}
    assert asked_for(["Requires CUDA"], names) == {}
