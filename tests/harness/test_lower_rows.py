"""How caught kernels and counted definitions become rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from codemods.harness.coverage import COUNTED
from codemods.harness.kernel_sources import Definition, Program
from codemods.harness.lower import (
    NEVER_CAUGHT,
    Kernel,
    Outcome,
    further_programs,
    kernel_rows,
    reaches,
    stated_programs,
    switched_programs,
    uncaught,
)
from codemods.harness.plan import Plan
from codemods.harness.results import Row, Status
from codemods.harness.sdk import Sdk

DEFINED = (
    Definition("examples/a.py", "make.main", 3, 9),
    Definition("examples/lib.py", "ring", 1, 4),
)
TEXTS = {"examples/a.py": b"import lib\n", "examples/lib.py": b"", "examples/b.py": b"liberty\n"}
A, B = Program("examples/a.py", "program"), Program("examples/b.py", "program")


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return Plan(tmp_path, tmp_path / "build", Sdk("0", (), (), {}), arches=("sm_80",))


def _kernel(**facts: object) -> Kernel:
    given = {"program": A.path, "arch": "sm_80", "function": "main", "file": A.path, "line": 4}
    return Kernel(**{**given, **facts})  # type: ignore[arg-type]


def _rows(plan: Plan, *outcomes: Outcome) -> dict[str, Row]:
    return {row.name: row for row in kernel_rows(plan, TEXTS, DEFINED, outcomes)}


def test_each_distinct_text_of_a_definition_is_a_row_once(plan: Plan) -> None:
    kernels = tuple(_kernel(source=text) for text in ("x", "y", "x"))
    rows = _rows(plan, Outcome(A, "sm_80", "", kernels=kernels))
    assert [n for n in rows if "main" in n] == [
        "examples/a.py::make.main",
        "examples/a.py::make.main #2",
    ]
    assert rows["examples/a.py::make.main #2"].details["source"] == "lowered/cuda/y.cu"


def test_a_kernel_that_does_not_lower_fails_with_the_compilers_words(plan: Plan) -> None:
    rows = _rows(plan, Outcome(A, "sm_80", "", kernels=(_kernel(error="no layout"),)))
    row = rows["examples/a.py::make.main"]
    assert (row.status, row.reason) == (Status.FAILED, "no layout")


def test_a_definition_that_nothing_reached_has_the_reason_of_a_program_that_names_its_file(
    plan: Plan,
) -> None:
    outcomes = Outcome(A, "sm_80", "a.py:1: stopped"), Outcome(B, "sm_80", "b.py:1: other")
    rows = _rows(plan, *outcomes)
    assert rows["examples/lib.py::ring"].reason == "a.py:1: stopped (examples/a.py)"


def test_without_any_reason_the_row_says_that_nothing_compiles_it(plan: Plan) -> None:
    assert _rows(plan, Outcome(A, "sm_80", ""))["examples/lib.py::ring"].reason == NEVER_CAUGHT


def test_a_skipped_test_makes_a_row_that_was_not_run(plan: Plan) -> None:
    outcome = Outcome(A, "sm_80", "", skipped={"test_x": "needs 9.0"})
    row = _rows(plan, outcome)["examples/a.py::make.main"]
    assert (row.status, row.reason) == (Status.NOT_RUN, "its test is skipped: needs 9.0")


def test_only_programs_that_may_reach_a_missed_definition_are_tried_again() -> None:
    texts = {
        path: text + b'p.add_argument("--x", action="store_true")\n' for path, text in TEXTS.items()
    }
    caught = Outcome(A, "sm_80", "", kernels=(_kernel(source="x"),))
    missed = uncaught(DEFINED, [caught])
    assert missed == {"examples/lib.py"}
    assert further_programs(texts, [A, B], missed, 1) == [Program(A.path, "program", ("--x",))]


def test_test_files_are_run_again_with_the_switches_that_skipped_tests_name() -> None:
    tests = Program("testing/test_a.py", "tests")
    skipped = Outcome(tests, "sm_80", "", {"test_ld": "Skipped: requires OWN_USE_REMOTE=1"})
    again = switched_programs([skipped, Outcome(A, "sm_80", "")], ("OWN_USE_REMOTE", "USE_FAST"))
    assert again == [Program(tests.path, "tests", (), (("OWN_USE_REMOTE", "1"),))]
    assert switched_programs([Outcome(tests, "sm_80", "")], ("OWN_USE_REMOTE",)) == []


def test_a_manifest_gives_arguments_and_variables_to_a_program(tmp_path: Path) -> None:
    manifest = tmp_path / "programs.toml"
    manifest.write_text(
        '[[program]]\npath = "a.py"\narguments = ["--m", "128"]\n'
        '[[program]]\npath = "a.py"\nenvironment = { USE_REMOTE = 1 }\n'
    )
    text = b'if __name__ == "__main__":\n    pass\n'
    found = list(stated_programs({"a.py": text, "b.py": text}, manifest))
    assert found == [
        Program("a.py", "program", ("--m", "128")),
        Program("a.py", "program", (), (("USE_REMOTE", "1"),)),
        Program("b.py", "program"),
    ]


@pytest.mark.parametrize(
    ("text", "reached"),
    [
        (b"import kernel\n", True),
        (b"from examples.kernel import main\n", True),
        (b"def f():\n    from . import kernel as k\n", True),
        (b"kernel = compile()\n# from the kernel\n", False),
        (b"import kernels\n", False),
    ],
)
def test_a_program_reaches_the_files_that_it_imports(text: bytes, reached: bool) -> None:
    assert reaches({"a.py": text}, "a.py", "lib/kernel.py") is reached


def test_the_reason_of_a_miss_is_how_its_own_program_ended_as_stated(plan: Plan) -> None:
    texts = {"a.py": b"", "b.py": b"import a"}
    outcomes = [
        Outcome(Program("a.py", "program", ("--cfg", "x")), "sm_80", ""),
        Outcome(Program("a.py", "program", ("--cfg", "y")), "sm_80", "a variant failed"),
    ]
    (row,) = kernel_rows(plan, texts, [Definition("a.py", "f.main", 1, 2)], outcomes)
    assert row.reason == NEVER_CAUGHT
    outcomes.append(Outcome(Program("b.py", "program"), "sm_80", "b failed"))
    (row,) = kernel_rows(plan, texts, [Definition("a.py", "f.main", 1, 2)], outcomes)
    assert row.reason == "b failed (b.py)"


def test_rows_of_counted_kernels_say_so(plan: Plan) -> None:
    outcome = Outcome(A, "sm_80", "", kernels=(_kernel(source="x"), _kernel(line=40, source="y")))
    rows = {
        row.name: COUNTED in row.details for row in kernel_rows(plan, TEXTS, DEFINED, [outcome])
    }
    assert rows == {
        "examples/a.py::make.main": True,
        "examples/a.py::main": False,
        "examples/lib.py::ring": True,
    }
