"""Stage `run`: how a program is started, and what its row says of ranks and GPUs."""

from __future__ import annotations

import json
import stat
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from codemods.harness.plan import Plan
from codemods.harness.results import Row, Status
from codemods.harness.sdk import Sdk
from codemods.harness.suites import run_suites

RECORDING = """#!{python} -S
import json, os, sys
with open({record!r}, "a") as out:
    out.write(json.dumps([sys.argv[1:], os.environ.get("PYTHONPATH", "")]) + "\\n")
"""
KERNEL = "import tilelang.language as T\n\n\n@T.prim_func\ndef kernel():\n    pass\n"
MAIN = f"{KERNEL}\n\nif __name__ == '__main__':\n    kernel()\n"


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    python = tmp_path / "python"
    text = RECORDING.format(python=sys.executable, record=str(tmp_path / "record"))
    python.write_text(text, encoding="utf-8")
    python.chmod(python.stat().st_mode | stat.S_IXUSR)
    for path in ("examples/distributed/example_put.py", "examples/gemm/example_gemm.py"):
        file = tmp_path / "tree" / path
        file.parent.mkdir(parents=True)
        file.write_text(MAIN, encoding="utf-8")
    environment = {"PYTHONPATH": "site", "PYTHONSAFEPATH": "1"}
    monkeypatch.setattr("codemods.harness.suites.python_environment", lambda _: dict(environment))
    monkeypatch.setattr("codemods.harness.suites.gpu_count", lambda: 1)
    return Plan(tmp_path / "tree", tmp_path / "build", Sdk("0", (), (), {}), python)


def ran(plan: Plan) -> dict[str, tuple[Row, list[str], str]]:
    """Each row by its program's name, with the arguments and path it was started with."""
    rows = {row.name.rpartition("/")[2]: row for row in run_suites(plan)}
    record = (plan.build.parent / "record").read_text(encoding="utf-8").splitlines()
    started = {}
    for line in record:
        arguments, path = json.loads(line)
        name = next(a for a in arguments if a.endswith(".py"))
        started[name] = (rows[name], arguments, path)
    return started


def test_one_rank_for_each_gpu_when_none_is_asked_for(plan: Plan) -> None:
    row, arguments, path = ran(plan)["example_put.py"]
    assert row.status is Status.PASSED
    assert "--nproc-per-node=1" in arguments
    assert path == "site"
    assert row.details == {"gpus": 1, "backend": "nccl"}


def test_more_ranks_than_gpus_share_them_and_the_row_says_so(plan: Plan) -> None:
    row, arguments, path = ran(replace(plan, ranks=2))["example_put.py"]
    assert "--nproc-per-node=2" in arguments
    sharing, _, rest = path.partition(":")
    assert rest == "site"
    assert "def share_gpus(" in (Path(sharing) / "sitecustomize.py").read_text(encoding="utf-8")
    assert row.details["backend"] == "gloo, GPUs shared"


def test_what_is_not_distributed_knows_nothing_of_ranks(plan: Plan) -> None:
    row, arguments, path = ran(replace(plan, ranks=2))["example_gemm.py"]
    assert arguments == ["example_gemm.py"]
    assert path == "site"
    assert not row.details


def test_a_program_gets_the_arguments_that_the_manifest_states(plan: Plan) -> None:
    manifest = plan.tree.parent / "manifest.toml"
    manifest.write_text(
        '[[program]]\npath = "examples/gemm/example_gemm.py"\narguments = ["--m"]\n'
    )
    _, arguments, _ = ran(replace(plan, manifest=manifest))["example_gemm.py"]
    assert arguments == ["example_gemm.py", "--m"]


def test_the_reason_of_a_failed_program_is_its_ranks_error_not_the_launchers(plan: Plan) -> None:
    said = [
        "Traceback (most recent call last):",
        "[rank1]: RuntimeError: out of range",
        "torch.distributed.elastic.multiprocessing.errors.ChildFailedError: ",
        "=====",
    ]
    assert plan.python is not None
    code = f"import sys; print({chr(10).join(said)!r}); sys.exit(1)"
    plan.python.write_text(f"#!{sys.executable} -S\n{code}\n", encoding="utf-8")
    reasons = {row.reason for row in run_suites(plan)}
    assert reasons == {"ended with 1: RuntimeError: out of range"}
