"""What a command takes: wall-clock and processor time, and memory, its children included."""

from __future__ import annotations

import os
import resource
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_EVERY = 0.02  # seconds between two looks at the memory


@dataclass(frozen=True)
class Cost:
    """`wall` and `processor` in seconds; `peak`: the most memory at once in MiB, all processes."""

    wall: float
    processor: float
    peak: float
    code: int


def measured(
    command: Sequence[str | Path], cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> Cost:
    """Run a command and return what it took."""
    before, began = _processor(), time.monotonic()
    process = subprocess.Popen(
        [str(word) for word in command],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    peak = [0.0]
    watcher = threading.Thread(target=_watch, args=(process, peak))
    watcher.start()
    code = process.wait()
    wall = time.monotonic() - began
    watcher.join()
    return Cost(wall, _processor() - before, peak[0], code)


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _watch(process: subprocess.Popen[bytes], peak: list[float]) -> None:
    while process.poll() is None:
        peak[0] = max(peak[0], _memory(process.pid))
        time.sleep(_EVERY)


def _memory(session: int) -> float:
    """The memory in MiB that the processes of a session hold, shared pages counted once."""
    total = 0
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == session:
                rollup = (entry / "smaps_rollup").read_text()
                total += int(rollup.split("\nPss:", 1)[1].split(None, 1)[0])
        except (OSError, IndexError, ValueError):  # it has ended meanwhile
            continue
    return total / 1024
