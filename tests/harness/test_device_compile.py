"""The stage `device-compile`, with a stand-in for nvcc that says what ptxas would."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from codemods.harness import device_compile
from codemods.harness.device_compile import compile_kernels
from codemods.harness.plan import Plan
from codemods.harness.results import Row, Status
from codemods.harness.sdk import Sdk
from codemods.toolchain.fetch import Unavailable

NVCC = """\
#!/bin/sh
while [ $# -gt 0 ]; do
  case "$1" in -o) out="$2"; shift;; *.cu) in="$1";; esac; shift
done
if grep -q broken "$in"; then
  echo "$in(3): error: identifier \\"tl::gone\\" is undefined"
  exit 2
fi
echo "ptxas info    : Used 32 registers, used 1 barriers"
echo code > "$out"
"""


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """Three lowered kernels, two of one text, and one that does not compile."""
    nvcc = tmp_path / "cuda/bin/nvcc"
    nvcc.parent.mkdir(parents=True)
    nvcc.write_text(NVCC)
    nvcc.chmod(0o755)
    plan = Plan(tmp_path, tmp_path / "build", Sdk("0", (), (), {}, cuda=tmp_path / "cuda"))
    (plan.build / "lowered/cuda").mkdir(parents=True)
    rows = []
    for name, text in (("a", "good"), ("b", "good"), ("c", "broken")):
        (plan.build / f"lowered/cuda/{text}.cu").write_text(text)
        details = {"source": f"lowered/cuda/{text}.cu"}
        rows.append(Row("lower", name, Status.PASSED, arch="sm_80", details=details))
    plan.results.replace("lower", rows)
    return plan


def test_each_kernel_has_a_row_with_what_the_assembler_said(plan: Plan) -> None:
    rows = {row.name: row for row in compile_kernels(plan)}
    assert [rows[name].status for name in "abc"] == [Status.PASSED, Status.PASSED, Status.FAILED]
    assert rows["a"].details["registers"] == 32
    assert rows["a"].details["bytes"] == 5
    assert 'identifier "tl::gone" is undefined' in rows["c"].reason


def test_only_the_files_that_are_asked_for_are_compiled(plan: Plan) -> None:
    (row,) = compile_kernels(replace(plan, only=("b*",)))
    assert row.name == "b"


def test_without_a_compiler_nothing_is_run(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    def unavailable() -> Path:
        raise Unavailable("no network")

    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(device_compile, "published_nvcc", unavailable)
    (row,) = compile_kernels(replace(plan, sdk=Sdk("0", (), (), {})))
    assert row.status is Status.NOT_RUN
