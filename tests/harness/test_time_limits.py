"""What does not end within the time limit is a failed row with that reason."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from codemods.harness.importing import import_modules
from codemods.harness.inside import time_share, worker
from codemods.harness.link import LIBRARIES
from codemods.harness.load import load_libraries
from codemods.harness.plan import Plan
from codemods.harness.results import Status
from codemods.harness.sdk import Sdk


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    endless = tmp_path / "python"
    endless.write_text("#!/bin/sh\nexec sleep 60\n", encoding="utf-8")
    endless.chmod(endless.stat().st_mode | stat.S_IXUSR)
    tree = tmp_path / "tree"
    tree.mkdir()
    build = tmp_path / "build"
    return Plan(tree, build, Sdk("0", (), (), {}), endless, time_limit=0.2)


def test_an_import_without_end(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("codemods.harness.importing.python_environment", lambda _: {})
    (row,) = import_modules(plan)
    assert (row.status, row.reason) == (Status.FAILED, "stopped after 0.2 s")
    assert Path(row.log).is_file()


def test_a_library_without_end(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("codemods.harness.load.library_environment", lambda _: {})
    plan.libraries.mkdir(parents=True)
    (plan.libraries / f"lib{next(iter(LIBRARIES))}.so").touch()
    row, *_ = load_libraries(plan)
    assert (row.status, row.reason) == (Status.FAILED, "stopped after 0.2 s")


@pytest.mark.parametrize("file", ["_subclasses/fake_tensor.py", "utils/_python_dispatch.py"])
def test_a_test_is_not_stopped_in_the_midst_of_torchs_fake_tensors(file: str) -> None:
    caller = "stop(0, sys._getframe())"
    names = {"stop": time_share._stop, "sys": sys}
    try:
        exec(compile(caller, f"/site/torch/{file}", "exec"), names)
        again, _ = signal.getitimer(signal.ITIMER_VIRTUAL)
        assert 0 < again < 1
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    with pytest.raises(time_share.TooLong):
        exec(compile(caller, "/tree/test_f.py", "exec"), names)


def test_a_program_that_wants_all_memory_gets_its_share() -> None:
    code = """
import os
from codemods.harness.inside import worker
worker.LEAST_MEMORY = 1 << 28
worker.limit_memory(jobs=os.sysconf("SC_PHYS_PAGES"))
half = bytearray(1 << 27)
try:
    bytearray(1 << 29)
except MemoryError:
    print("its share")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "its share", done.stderr


def test_what_a_program_took_of_the_processor_is_known() -> None:
    code = "import time\nwhile time.process_time() < 0.3: pass\nprint(flush=True)\ninput()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as busy:
        assert busy.stdout is not None
        busy.stdout.readline()
        assert worker.processor_time(busy.pid) >= 0.25
        busy.communicate(b"\n")
