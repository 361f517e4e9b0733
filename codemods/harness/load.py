"""Stage `load`: each linked library is opened, with every symbol bound at once.

Opening a library runs its static initialisers, so an operator that is registered twice or a
reflected field of a wrong type shows here.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from codemods.harness.driver_stand_in import build_driver_stand_in, driver_present
from codemods.harness.environment import library_folders
from codemods.harness.link import LIBRARIES
from codemods.harness.plan import Plan, not_run
from codemods.harness.results import Row, Status

_LOADER = "import ctypes, os, sys; ctypes.CDLL(sys.argv[1], os.RTLD_NOW | os.RTLD_GLOBAL)"


def load_libraries(plan: Plan) -> tuple[Row, ...]:
    """Open each linked library in a process of its own; one row each."""
    if not any((plan.libraries / f"lib{name}.so").is_file() for name in LIBRARIES):
        return not_run("load", "there is no linked library")
    return tuple(_load(plan, name) for name in LIBRARIES)


def library_environment(plan: Plan) -> dict[str, str]:
    """Return the environment in which the tree's libraries and TVM's find what they need."""
    folders = [plan.libraries, *plan.sdk.library_dirs, *plan.sdk.runtime_library_dirs]
    if plan.python is not None:
        folders.extend(library_folders(plan.python))
    if plan.sdk.cuda is not None:
        folders.append(plan.sdk.cuda / "lib64")
    if not driver_present():
        known = [plan.libraries, *plan.sdk.library_dirs]
        asking = [library for folder in known for library in sorted(folder.glob("lib*.so"))]
        build_driver_stand_in(plan.build / "driver", asking)
        folders.append(plan.build / "driver")
    inherited = os.environ.get("LD_LIBRARY_PATH")
    return {
        **os.environ,
        **plan.sdk.environment,
        "LD_LIBRARY_PATH": os.pathsep.join(
            [*(str(folder) for folder in folders), *([inherited] if inherited else [])]
        ),
    }


def _load(plan: Plan, name: str) -> Row:
    library = plan.libraries / f"lib{name}.so"
    if not library.is_file():
        return Row("load", library.name, Status.NOT_RUN, "it was not linked")
    started = time.monotonic()
    said = _open(plan, library)
    seconds = time.monotonic() - started
    if not said:
        driver = "the machine's" if driver_present() else "a stand-in"
        details = {"driver": driver}
        return Row("load", library.name, Status.PASSED, seconds=seconds, details=details)
    log = plan.libraries / f"{name}.load.log"
    log.write_text(said)
    status, reason = Status.FAILED, _last_line(said)
    if _last_line(_published(plan, library.name)) == reason:
        status, reason = Status.NOT_RUN, f"the target's own {library.name} fails alike: {reason}"
    return Row("load", library.name, status, reason, seconds=seconds, log=str(log))


def _published(plan: Plan, name: str) -> str:
    """Return what the target's own library of that name says when it is opened."""
    own = next((f / name for f in plan.sdk.library_dirs if (f / name).is_file()), None)
    return _open(plan, own) if own else ""


def _open(plan: Plan, library: Path) -> str:
    """Open `library` in a process of its own and return what it said; empty when it loaded."""
    try:
        done = subprocess.run(
            [str(plan.python or Path(sys.executable)), "-I", "-c", _LOADER, str(library)],
            env=library_environment(plan),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=plan.time_limit,
        )
    except subprocess.TimeoutExpired:
        return f"stopped after {plan.time_limit:g} s"
    if done.returncode == 0:
        return ""
    return done.stdout.strip() or f"the process ended with {done.returncode}"


def _last_line(said: str) -> str:
    return next((line for line in reversed(said.splitlines()) if line.strip()), "")
