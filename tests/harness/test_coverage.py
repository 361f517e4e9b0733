"""How many of the kernels that the sources define were lowered."""

from __future__ import annotations

from codemods.harness.coverage import COUNTED, coverage
from codemods.harness.results import Row, Status


def _row(name: str, arch: str = "sm_80", passed: bool = True, counted: bool = True) -> Row:
    status, reason = (Status.PASSED, "") if passed else (Status.FAILED, "no layout")
    return Row("lower", name, status, reason, arch, details={COUNTED: 1} if counted else {})


def test_a_definition_counts_once_and_as_lowered_where_one_of_its_kernels_was() -> None:
    rows = [
        _row("a.py::f"),
        _row("a.py::f #2"),
        _row("a.py::f !1", passed=False),
        _row("a.py::g", passed=False),
        _row("a.py::g !2", passed=False),
        _row("made by a package", counted=False),
    ]
    (found,) = coverage(rows)
    assert (found.arch, found.lowered, found.counted) == ("sm_80", 1, 2)
    assert str(found) == "1 of 2 kernels of the sources lowered for sm_80 (50.0%)"


def test_with_several_architectures_it_is_told_what_any_of_them_reached() -> None:
    rows = [
        _row("f"),
        _row("g", passed=False),
        _row("f", "sm_100a", passed=False),
        _row("g", "sm_100a"),
    ]
    found = [(c.arch, c.lowered, c.counted) for c in coverage(rows)]
    assert found == [("sm_80", 1, 2), ("sm_100a", 1, 2), ("any", 2, 2)]
    assert coverage([]) == ()
