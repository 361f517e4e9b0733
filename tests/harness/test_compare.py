"""How two trees' kernels and tables are held against each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from codemods.harness.compare import Likeness, compare, likeness
from codemods.harness.results import Results, Row, Status

KERNEL = """\
#include <a.h>
#include <b.h>
extern "C" __global__ void main_kernel(float* __restrict__ A, float* __restrict__ B) {
  float tile[8];
  int local;
  for (int i = 0; i < 8; ++i) {
    tile[i] = A[i];
  }
  tl::copy(B, tile);
}
"""


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", Likeness.EQUAL),
        ("tile", "tile_1", Likeness.RENAMED),
        ("#include <a.h>\n#include <b.h>", "#include <b.h>\n#include <a.h>", Likeness.RENAMED),
        ("  float tile[8];\n  int local;", "  int local;\n  float tile[8];", Likeness.RENAMED),
        ("= A[i]", "= B[i]", Likeness.DIFFERENT),
        ("i < 8", "i < 9", Likeness.DIFFERENT),
        ("tl::copy(B, tile)", "tl::move(B, tile)", Likeness.DIFFERENT),
        ("tl::copy(B, tile)", "tl::copy(tile, B)", Likeness.DIFFERENT),
    ],
)
def test_names_and_order_do_not_matter_and_everything_else_does(
    old: str, new: str, expected: Likeness
) -> None:
    assert likeness(KERNEL, KERNEL.replace(old, new) if old else KERNEL) is expected


def test_statements_may_not_change_their_order() -> None:
    one = "  tl::arrive(a);\n  tl::wait(a);\n"
    other = "  tl::wait(a);\n  tl::arrive(a);\n"
    assert likeness(one, other) is Likeness.DIFFERENT


def _table(folder: Path, *rows: Row) -> Results:
    results = Results(folder / "results.json")
    results.replace("lower", rows)
    return results


def test_a_kernel_that_only_the_reference_lowers_is_worse(tmp_path: Path) -> None:
    reference = _table(
        tmp_path / "r", Row("lower", "a", Status.PASSED), Row("lower", "b", Status.PASSED)
    )
    here = _table(
        tmp_path / "h", Row("lower", "a", Status.FAILED, "no"), Row("lower", "c", Status.PASSED)
    )
    pairs = {pair.name: pair for pair in compare(here, reference, ("lower",))}
    assert [pairs[name].worse for name in "abc"] == [True, True, False]


def test_lowered_texts_are_compared_and_the_difference_is_shown(tmp_path: Path) -> None:
    for tree, text in (("r", KERNEL), ("h", KERNEL.replace("i < 8", "i < 9"))):
        (tmp_path / tree).mkdir()
        (tmp_path / tree / "k.cu").write_text(text)
    row = Row("lower", "a", Status.PASSED, arch="sm_80", details={"source": "k.cu"})
    (pair,) = compare(_table(tmp_path / "h", row), _table(tmp_path / "r", row), ("lower",))
    assert pair.likeness is Likeness.DIFFERENT
    assert "+  for (int i = 0; i < 9; ++i) {" in pair.diff
