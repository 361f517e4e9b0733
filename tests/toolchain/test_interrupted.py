"""Ctrl-C ends a parse at once, also where libclang waits for a file that never comes."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

PARSE = """
import signal, sys
from pathlib import Path
from codemods.toolchain.layout import Toolchain
from codemods.toolchain.overlay import Overlay
from codemods.toolchain.parse import parse_units
from codemods.toolchain.releases import release
from codemods.toolchain.units import Unit

signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in what runs in the background
root = Path(sys.argv[1])
nothing = Toolchain(release(), root, root, (), (), (), 13, "")
parse_units(Overlay(root), [Unit("a.cc")], nothing, 1)
"""


def test_an_include_of_a_pipe_is_left_by_an_interrupt(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    root.mkdir()
    os.mkfifo(root / "pipe")
    (root / "a.cc").write_text('#include "pipe"\n')
    process = subprocess.Popen(
        [sys.executable, "-c", PARSE, str(root)],
        env={**os.environ, "CODEMODS_CACHE": str(tmp_path / "cache")},
        start_new_session=True,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        writer = opened_for_a_reader(root / "pipe", process)
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=120)
        os.close(writer)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    assert "KeyboardInterrupt" in said


def opened_for_a_reader(pipe: Path, process: subprocess.Popen[str]) -> int:
    """Wait until somebody reads the pipe, who then waits for what is written there."""
    while process.poll() is None:
        try:
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
        time.sleep(0.05)
    raise AssertionError("the pipe was not read")
