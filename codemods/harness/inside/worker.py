"""Run programs of a tree up to and past their compile calls, and store every kernel they compile.

Started by the `lower` stage with a request (JSON) as its only argument. torch and TileLang are
imported once; each program then runs in a forked process of its own, for one architecture, with a
time limit. What was captured before a program failed or was stopped is kept.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import resource
import signal
import sys
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from codemods.harness.inside import stand_ins, time_share, without_asserts
from codemods.harness.inside.made import Made, frames_of, values_in
from codemods.harness.inside.reasons import said_by_the_parser
from codemods.harness.inside.uncalled import call_uncalled

_IMPORTED_ONCE = (
    "pytest",
    "torch.distributed",
    "torch.testing._internal.distributed.fake_pg",
    "tilelang",
    "tilelang.autotuner",
    "tilelang.testing",
)
"""Imported before the first fork, so that no program pays for it, and a test file that leaves an
import to the others of its suite finds it done."""


def main(request_file: str) -> None:
    """Carry out the request; each task's outcome is written beside its kernels."""
    request = json.loads(Path(request_file).read_text(encoding="utf-8"))
    sys.meta_path.append(stand_ins.CompiledExtension(request["extensions"]))
    sys.meta_path.append(
        stand_ins.MissingPackage(
            [Path(folder) for folder in request["stand_in_folders"]], request["packages"]
        )
    )
    from codemods.harness.inside import fake_devices

    fake_devices.fake_runtime_library(tuple(request["stand_in_folders"]))
    for name in _IMPORTED_ONCE:
        importlib.import_module(name)
    fake_devices.warm_up(request["device_guard"])
    waiting = [(task, arch) for task in request["tasks"] for arch in task["arches"]]
    running: dict[int, tuple[Path, float]] = {}
    while waiting or running:
        while waiting and len(running) < request["jobs"]:
            task, arch = waiting.pop(0)
            pid, outcome = _start(request, task, arch)
            running[pid] = (outcome, time.monotonic() + PATIENCE * request["time_limit"])
        _wait(running, request["time_limit"])


def _start(request: dict[str, Any], task: dict[str, Any], arch: str) -> tuple[int, Path]:
    outcome = Path(request["folder"]) / f"{task['id']}.{arch}.json"
    outcome.with_suffix(".kernels").unlink(missing_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return pid, outcome
    code = 1
    try:
        os.setsid()
        log = os.open(outcome.with_suffix(".log"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.environ.update(task.get("environment", {}))
        limit_memory(request["jobs"])
        _child(request, task, arch, outcome)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


PATIENCE = 3
"""How many times its limit a program may take by the clock: on a busy machine it waits its turn."""

LEAST_MEMORY = 4 << 30


def limit_memory(jobs: int) -> None:
    """Leave this process its share of the machine's memory: a reference that a program computes on
    the CPU may want all of it, and the system would end any process for that."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    share = max(LEAST_MEMORY, whole // (jobs + 1))
    resource.setrlimit(resource.RLIMIT_DATA, (share, resource.getrlimit(resource.RLIMIT_DATA)[1]))


def processor_time(pid: int) -> float:
    """Return the seconds of a processor that the process `pid` and the ones it waited for took."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def _wait(running: dict[int, tuple[Path, float]], time_limit: float) -> None:
    for pid, (outcome, deadline) in list(running.items()):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            del running[pid]
            if not outcome.is_file():
                code = os.waitstatus_to_exitcode(status)
                _write(outcome, f"the process ended with {code} (see {outcome.stem}.log)")
        elif time.monotonic() > deadline or processor_time(pid) > time_limit:
            os.killpg(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            del running[pid]
            _write(outcome, f"stopped after {time_limit:g} s")
    time.sleep(0.05)


def _write(outcome: Path, reason: str, skipped: dict[str, str] | None = None) -> None:
    part = outcome.with_suffix(".part")
    facts = {"reason": reason, "skipped": skipped or {}, "stand_ins": sorted(stand_ins.used)}
    part.write_text(json.dumps(facts), encoding="utf-8")
    part.replace(outcome)


def _child(request: dict[str, Any], task: dict[str, Any], arch: str, outcome: Path) -> None:
    from codemods.harness.inside.capture import Captured, capture_kernels
    from codemods.harness.inside.fake_autograd import fake_autograd
    from codemods.harness.inside.fake_devices import fake_devices
    from codemods.harness.inside.fake_processes import fake_processes

    digits = arch.removeprefix("sm_").rstrip("af")
    capability = (int(digits[:-1]), int(digits[-1]))
    folder = Path(request["folder"])

    with outcome.with_suffix(".kernels").open("w", encoding="utf-8") as kernels:

        def record(kernel: Captured) -> None:
            facts: dict[str, Any] = {
                "function": kernel.function,
                "file": kernel.file,
                "line": kernel.line,
                "error": kernel.error,
                "target": kernel.target,
                "flags": kernel.flags,
            }
            if kernel.source is not None:
                name = hashlib.sha256(kernel.source.encode()).hexdigest()[:24]
                facts["source"] = name
                (folder / "cuda").mkdir(exist_ok=True)
                (folder / "cuda" / f"{name}.cu").write_text(kernel.source, encoding="utf-8")
            kernels.write(json.dumps(facts) + "\n")
            kernels.flush()

        with fake_devices(capability, request["device_guard"]):
            fake_processes()
            fake_autograd()
            made = capture_kernels(arch, Path(request["tree"]), record)
            os.chdir(Path(task["file"]).parent)
            sys.path.insert(0, str(Path(task["file"]).parent))
            sys.meta_path.insert(0, without_asserts.WithoutAsserts(Path(task["file"]).parent))
            limit = request["time_limit"]
            if task["kind"] == "tests":
                ended = _run_tests(task["file"], max(1.0, limit / TESTS))
            else:
                ended = _run_program(task, limit / 2)
            _reach_the_rest(task["file"], made, ended, limit / 4)
    _write(outcome, ended.reason, ended.skipped)


@dataclass
class _Ended:
    """How a program ended, and what the functions were given that an error passed through."""

    reason: str = ""
    skipped: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)


def _reach_the_rest(file: str, made: Made, ended: _Ended, limit: float) -> None:
    """Lower the kernels of `file` that the program did not ask for, as far as they can be made."""
    modules = [m for m in list(sys.modules.values()) if getattr(m, "__file__", None) == file]
    if modules:
        time_share.start(limit)
        try:
            call_uncalled(modules[0], made.seen, {**ended.values, **made.values}, made.failed)
        except time_share.TooLong:
            traceback.print_exc()
        finally:
            time_share.end()
    made.lower_the_rest()


def _run_program(task: dict[str, Any], limit: float) -> _Ended:
    sys.argv = [task["file"], *task["arguments"]]
    time_share.start(limit)
    try:
        without_asserts.run(task["file"])
    except SystemExit as ended:
        if ended.code not in (None, 0):
            return _Ended(f"the program left with {ended.code!r}")
    except Exception as error:
        traceback.print_exc()
        return _Ended(
            _reason(error, task["file"]), values=values_in(frames_of(error.__traceback__))
        )
    finally:
        time_share.end()
    return _Ended()


def _reason(error: BaseException, file: str) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename == file] or list(frames)
    error = said_by_the_parser(error)
    text = str(error).strip().splitlines()
    where = f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else Path(file).name
    return f"{where}: {type(error).__name__}: {text[0] if text else ''}"


TESTS = 30
"""A test may take this part of its file's time between two kernels."""


def _run_tests(file: str, limit: float) -> _Ended:
    import pytest

    class Outcomes:
        def __init__(self) -> None:
            self.failed: dict[str, str] = {}
            self.skipped: dict[str, str] = {}
            self.values: dict[str, Any] = {}

        def pytest_runtest_setup(self) -> None:
            time_share.start(limit)

        def pytest_runtest_teardown(self) -> None:
            time_share.end()

        def pytest_runtest_logreport(self, report: Any) -> None:
            name = report.nodeid.rpartition("::")[2]
            if report.failed:
                crash = getattr(report.longrepr, "reprcrash", None)
                said = crash.message if crash else str(report.longrepr)
                self.failed[name] = said.strip().splitlines()[0] if said.strip() else "failed"
            elif report.skipped:
                self.skipped[name] = str(report.longrepr[-1])

        def pytest_exception_interact(self, call: Any) -> None:
            self.values.update(values_in(frames_of(call.excinfo.tb)))

        def pytest_collectreport(self, report: Any) -> None:
            if report.failed:
                self.failed["collection"] = str(report.longrepr).strip().splitlines()[-1]

    outcomes = Outcomes()
    arguments = [file, "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--noconftest"]
    arguments += ["--assert", "plain"]  # the finder's loader sees to those
    pytest.main([*arguments, "-o", "addopts="], plugins=[outcomes])
    failed = "; ".join(f"{name}: {said}" for name, said in list(outcomes.failed.items())[:5])
    return _Ended(failed, outcomes.skipped, outcomes.values)


if __name__ == "__main__":
    main(sys.argv[1])
