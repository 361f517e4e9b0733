"""Text that is nested thousands of levels deep is ported, or reported, and never crashes a run."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from codemods import engine, ladder, registry, run, workers
from codemods.deep_stack import on_deep_stack
from codemods.start import start

PORTABLE = registry.select(registry.load(), target=ladder.DEFAULT_TARGET)
CPP = 'TVM_REGISTER_GLOBAL("a.b").set_body_typed([](int x) { return x; });\n'
PYTHON = 'import tvm\nf = tvm._ffi.get_global_func("a")\n'
DEEP = 10_000


@pytest.mark.parametrize(
    "text",
    [
        f"int y = {'(' * DEEP}1{')' * DEEP};\n",
        f"void f() {'{' * DEEP}{'}' * DEEP}\n",
        f"int y = {'f(' * DEEP}1{')' * DEEP};\n",
        f"int y = 1{'+1' * DEEP};\n",
        f"void f() {{ if (a) {{}}{' else if (b) {}' * DEEP} }}\n",
        "#if A\n" * DEEP + "#endif\n" * DEEP,
        "(" * DEEP,
    ],
    ids=["brackets", "blocks", "calls", "sum", "else if", "#if", "open brackets"],
)
def test_deep_cpp_is_ported(text: str) -> None:
    ported = engine.port({"a.cc": (CPP + text).encode()}, PORTABLE)
    assert b"TVM_REGISTER_GLOBAL" not in ported.files["a.cc"]
    assert ported.files["a.cc"].endswith(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        f"y = 1{' + 1' * 1500}\n",
        f"y = a{'.b' * 1500}\n",
        f"y = {'1 if a else ' * 1500}1\n",
        "if x:\n    pass\n" + "elif y:\n    pass\n" * 1500,
        f"y = {'-' * 1500}1\n",
    ],
    ids=["sum", "attributes", "conditional", "elif", "minus"],
)
@pytest.mark.parametrize("jobs", [1, 2])
def test_python_as_deep_as_python_takes_it_is_ported(text: str, jobs: int) -> None:
    files = {"a.py": (PYTHON + text).encode(), "b.py": PYTHON.encode()}
    ported = engine.port(files, PORTABLE, jobs=jobs)
    assert not ported.tracebacks
    assert all(b"tvm._ffi" not in data for data in ported.files.values())
    assert ported.files["a.py"].endswith(text.encode())


@pytest.mark.parametrize(
    "text", [f"y = {'(' * DEEP}1{')' * DEEP}\n", f"y = {'not ' * DEEP}1\n"], ids=["(", "not"]
)
def test_python_deeper_than_python_takes_it_is_reported(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.py").write_text(PYTHON + text)
    (tmp_path / "b.py").write_text(PYTHON)
    assert start(run.main, ["--target", str(tmp_path), "--output-format", "json"]) == 2
    assert (tmp_path / "a.py").read_text() == PYTHON + text
    assert "tvm._ffi" not in (tmp_path / "b.py").read_text()


def test_an_error_on_the_deep_stack_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        on_deep_stack(lambda: 1 // 0)


def test_a_worker_that_is_killed_is_told(tmp_path: Path) -> None:
    class Dying:
        def die(self) -> None:
            os.kill(os.getpid(), signal.SIGKILL)

    shares: list[Callable[[], Any]] = [Dying, Dying]
    crew = workers.Crew(shares)
    with pytest.raises(workers.WorkerDied, match=r"exit code -9.*nothing was written"):
        crew.ask("die", [(), ()])
    crew.dismiss()
