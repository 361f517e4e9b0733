"""Stage `run`: with GPUs at hand, the tests under pytest and the examples, distributed ones too.

Each file is a process group of its own with a time limit, a port and a log. A skipped test is a row
that was not run. Where the plan asks for more ranks than there are GPUs, distributed programs share
them (`inside/shared_gpus.py`), and their rows say so.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree

from codemods.harness.inside import __file__ as inside
from codemods.harness.kernel_sources import Program, kernel_files
from codemods.harness.lower import python_environment, stated_programs, tree_switches
from codemods.harness.plan import Plan, not_run
from codemods.harness.results import Row, Status
from codemods.harness.switches import asked_for, switched_on

MULTICAST_OFF = {
    "NCCL_NVLS_ENABLE": "0",
    "NVSHMEM_DISABLE_NVLS": "1",
    "TORCH_SYMM_MEM_DISABLE_MULTICAST": "1",
}
"""A program that leaves NVLink multicast behind in a bad state can put a shared host's GPUs out of
service, so it stays off."""


def run_suites(plan: Plan) -> tuple[Row, ...]:
    """Run the plan's tests and examples; a row for each test and each example."""
    gpus = gpu_count()
    if not gpus:
        return not_run("run", "there is no GPU on this machine")
    if plan.python is None:
        return not_run("run", "no Python environment was prepared")
    texts = {path: (plan.tree / path).read_bytes() for path in kernel_files(plan.tree, plan.only)}
    rows: list[Row] = []
    for found in stated_programs(texts, plan.manifest):
        rows.extend(_run_switched(plan, found, gpus))
    return tuple(rows)


def gpu_count() -> int:
    """Return how many NVIDIA GPUs the driver lists on this machine."""
    try:
        done = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    return sum(line.startswith("GPU ") for line in done.stdout.splitlines())


def is_distributed(found: Program) -> bool:
    """Say whether a program or test is one of several ranks: it lies in a folder of that name."""
    return "distributed" in PurePosixPath(found.path).parts


def command(
    python: Path, found: Program, text: str, ranks: int, port: int, report: Path
) -> list[str]:
    """Return the command that runs `found`, whose source is `text`, as `ranks` processes.

    A distributed example that starts its own processes is started once; any other goes through
    torchrun.
    """
    name = PurePosixPath(found.path).name
    if found.kind == "tests":
        arguments = [name, "-q", "-p", "no:cacheprovider", f"--junitxml={report}"]
        return [str(python), "-m", "pytest", *arguments]
    if is_distributed(found) and "multiprocessing" not in text:
        launch = ["-m", "torch.distributed.run", f"--nproc-per-node={ranks}"]
        return [str(python), *launch, f"--master-port={port}", name, *found.arguments]
    return [str(python), name, *found.arguments]


def _run_switched(plan: Plan, found: Program, gpus: int) -> list[Row]:
    """Run `found`, and once more with the switches that tests were skipped for want of."""
    rows = {row.name: row for row in _run(plan, found, gpus)}
    skipped = [row for row in rows.values() if row.status is Status.NOT_RUN]
    asked = asked_for([row.reason for row in skipped], tree_switches(plan))
    if asked:
        again = _run(plan, replace(found, environment=tuple(asked.items())), gpus)
        names = {row.name for row in skipped}
        rows |= {row.name: row for row in again if row.name in names}
    return list(rows.values())


def _run(plan: Plan, found: Program, gpus: int) -> Iterator[Row]:
    folder = plan.build / "run"
    folder.mkdir(parents=True, exist_ok=True)
    stem = "".join(c if c.isalnum() else "_" for c in found.path)
    log, report = folder / f"{stem}.log", folder / f"{stem}.xml"
    report.unlink(missing_ok=True)
    port = _free_port()
    assert plan.python is not None
    source = (plan.tree / found.path).read_text(encoding="utf-8", errors="replace")
    environment = python_environment(plan) | MULTICAST_OFF
    environment |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    environment |= switched_on(found.path, tree_switches(plan)) | dict(found.environment)
    environment.pop("PYTHONSAFEPATH")  # examples import their neighbours
    ranks = plan.ranks or gpus
    details: dict[str, str | int | float] = {}
    if is_distributed(found):
        details = {"gpus": gpus, "backend": "nccl"}
        if ranks > gpus:
            details["backend"] = "gloo, GPUs shared"
            paths = (str(_sharing(plan.build)), environment["PYTHONPATH"])
            environment["PYTHONPATH"] = os.pathsep.join(paths)
    started = time.monotonic()
    with log.open("w") as out:
        process = subprocess.Popen(
            command(plan.python, found, source, ranks, port, report),
            cwd=(plan.tree / found.path).parent,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = process.wait(plan.time_limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            code = None
    seconds = time.monotonic() - started
    if found.kind == "tests" and report.is_file():
        for row in test_rows(found.path, report, log):
            yield replace(row, details={**row.details, **details})
        return
    reason = ""
    if code is None:
        reason = f"stopped after {plan.time_limit:g} s"
    elif code != 0:
        said = log.read_text(errors="replace").splitlines()
        reason = f"ended with {code}: {_last_words(said)}"
    status = Status.FAILED if reason else Status.PASSED
    log_of = str(log) if reason else ""
    yield Row("run", found.path, status, reason, seconds=seconds, log=log_of, details=details)


def _sharing(build: Path) -> Path:
    """Return a folder whose `sitecustomize` lets ranks share GPUs."""
    folder = build / "sharing"
    folder.mkdir(parents=True, exist_ok=True)
    link = folder / "sitecustomize.py"
    link.unlink(missing_ok=True)
    link.symlink_to(Path(inside).with_name("shared_gpus.py"))
    return folder


def test_rows(path: str, report: Path, log: Path) -> Iterator[Row]:
    """Yield a row for each test in a JUnit report, and one for a file without any test."""
    cases = list(ElementTree.parse(report).iter("testcase"))
    if not cases:
        yield Row("run", path, Status.NOT_RUN, "pytest found no test in it", log=str(log))
    for case in cases:
        name = f"{path}::{case.get('name')}"
        seconds = float(case.get("time", "0"))
        for kind, status in _KINDS.items():
            child = case.find(kind)
            if child is not None:
                message = (child.get("message") or kind).strip().splitlines()[0]
                if message == _UNCOLLECTED:
                    message = _last_words((child.text or message).splitlines())
                yield Row("run", name, status, message, seconds=seconds, log=str(log))
                break
        else:
            yield Row("run", name, Status.PASSED, seconds=seconds)


_UNCOLLECTED = "collection failure"  # pytest's own; the error itself is in the text
_RAISED = re.compile(r"(?:\[\w+\]:|E)?\s*((?:\w+\.)*(\w*(?:Error|Exception|Exit))\b(?::.*)?)\s*")
_LAUNCHERS = frozenset({"ChildFailedError", "ProcessRaisedException", "ProcessExitedException"})
_KINDS = {"failure": Status.FAILED, "error": Status.FAILED, "skipped": Status.NOT_RUN}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _last_words(lines: Sequence[str]) -> str:
    """Return what a program said at its end: its own exception, else its last line.

    What a launcher of several ranks reports of those that failed comes after their words.
    """
    raised = (_RAISED.fullmatch(line) for line in reversed(lines))
    own = next((match[1] for match in raised if match and match[2] not in _LAUNCHERS), None)
    spoken = [line.strip() for line in lines if line.strip()]
    return own or (spoken[-1] if spoken else "no word")
