"""The extensions' part of stage `link`: Cython modules and torch extensions."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from codemods.harness.extensions import (
    TorchExtension,
    TorchFlags,
    cython_modules,
    torch_extensions,
    torch_flags,
)
from codemods.harness.objects import first_error
from codemods.harness.plan import Plan
from codemods.harness.results import Row, Status

LIMITED_API = "0x03090000"
"""Python 3.9 and later: the oldest that Cython 3.3 makes stable-ABI modules for."""


def build_extensions(plan: Plan) -> tuple[Row, ...]:
    """Build what the tree has of both kinds; one row each."""
    return (*_cython_rows(plan), *_torch_rows(plan))


def extension_file(plan: Plan, name: str) -> Path:
    """Return where the torch extension `name` (a module's name) is put."""
    return plan.build / "extensions" / (name.replace(".", "/") + ".so")


def _cython_rows(plan: Plan) -> Iterator[Row]:
    for source in cython_modules(plan.tree):
        stem = _module_name(source)
        name = f"{stem}.abi3.so"
        if plan.python is None:
            yield Row("link", name, Status.NOT_RUN, "no Python environment was prepared")
            continue
        folder = plan.build / "cython"
        folder.mkdir(parents=True, exist_ok=True)
        output = plan.libraries / name
        if output.is_file() and output.stat().st_mtime_ns >= source.stat().st_mtime_ns:
            yield _passed(output, 0.0)
            continue
        cpp = folder / f"{stem}.cpp"
        translate = [str(plan.python), "-m", "cython", str(source), "--cplus"]
        translate += ["--module-name", stem, "--output-file", str(cpp)]
        headers = _python_headers(plan.python)
        compile_it = [plan.compiler, "-shared", "-fPIC", plan.optimize, "-std=c++17", "-w"]
        compile_it += [f"-DPy_LIMITED_API={LIMITED_API}", f"-I{headers}", str(cpp)]
        compile_it += ["-o", str(output)]
        plan.libraries.mkdir(parents=True, exist_ok=True)
        yield _run(name, output, [translate, compile_it], folder / f"{stem}.log")


def _module_name(source: Path) -> str:
    """Return the top-level module that a `.pyx` file of TileLang becomes.

    Its CMake names the module after the package (`tilelang_` + the file's stem), since the shared
    object lies beside the libraries, on the import path itself.
    """
    return f"tilelang_{source.stem}"


def _torch_rows(plan: Plan) -> Iterator[Row]:
    for extension in torch_extensions(plan.tree):
        if plan.python is None:
            yield Row("link", extension.name, Status.NOT_RUN, "no Python environment was prepared")
            continue
        try:
            flags = torch_flags(plan.python)
        except RuntimeError as error:
            yield Row("link", extension.name, Status.NOT_RUN, f"for {plan.python}: {error}")
            continue
        yield _torch_row(plan, extension, flags)


def _torch_row(plan: Plan, extension: TorchExtension, flags: TorchFlags) -> Row:
    output = extension_file(plan, extension.name)
    output.parent.mkdir(parents=True, exist_ok=True)
    newest = max(source.stat().st_mtime_ns for source in extension.sources)
    if output.is_file() and output.stat().st_mtime_ns >= newest:
        return _passed(output, 0.0, extension.name)
    command = [plan.compiler, "-shared", "-fPIC", "-O2", "-std=c++17", "-w", *flags.compile]
    command.append(f"-DTORCH_EXTENSION_NAME={extension.name.rpartition('.')[2]}")
    if plan.sdk.cuda is not None:
        command.append(f"-isystem{plan.sdk.cuda / 'include'}")
    command += [*(str(source) for source in extension.sources), "-o", str(output), *flags.link]
    return _run(extension.name, output, [command], output.with_suffix(".log"))


def _run(name: str, output: Path, commands: Sequence[Sequence[str]], log: Path) -> Row:
    log.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with log.open("w") as out:
        for command in commands:
            done = subprocess.run(command, stdout=out, stderr=subprocess.STDOUT)
            if done.returncode != 0:
                seconds = time.monotonic() - started
                out.flush()
                reason = first_error(log)
                return Row("link", name, Status.FAILED, reason, seconds=seconds, log=str(log))
    return _passed(output, time.monotonic() - started, name)


def _passed(output: Path, seconds: float, name: str = "") -> Row:
    details = {"bytes": output.stat().st_size}
    return Row("link", name or output.name, Status.PASSED, seconds=seconds, details=details)


def _python_headers(python: Path) -> str:
    script = "import json, sysconfig; print(json.dumps(sysconfig.get_path('include')))"
    done = subprocess.run([str(python), "-c", script], capture_output=True, text=True, check=True)
    headers: str = json.loads(done.stdout)
    return headers
