"""Stage `link`: the tree's shared libraries, against the target's built TVM."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from codemods.harness.driver_stand_in import is_driver_function, is_runtime_function
from codemods.harness.plan import Plan, not_run
from codemods.harness.results import Row, Status

LIBRARIES: Mapping[str, tuple[str, ...]] = {
    "tilelang": ("tvm_runtime", "tvm", "tvm_ffi"),
    "tilelang_module": ("tvm", "tvm_ffi"),
}
"""The libraries that TileLang's CMake makes of the same objects, with what each links to."""

RUNPATH = "$ORIGIN:$ORIGIN/../../tvm_ffi/lib:$ORIGIN/../../z3/lib"
"""As in TileLang's wheels: beside TVM, with tvm-ffi's and z3's packages two folders up."""

_UNDEFINED = re.compile(r"undefined reference to [`'](.+?)'$")


def link_libraries(plan: Plan, sources: Sequence[str]) -> tuple[Row, ...]:
    """Link the objects of `sources`; one row for each library, naming every undefined symbol."""
    objects = [plan.build / f"units/{source}.o" for source in sources]
    if missing := [o for o, s in zip(objects, sources, strict=True) if not o.is_file()]:
        return not_run("link", f"{len(missing)} of {len(objects)} units have no object file")
    plan.libraries.mkdir(parents=True, exist_ok=True)
    return tuple(_link(plan, name, objects) for name in LIBRARIES)


def _link(plan: Plan, name: str, objects: Sequence[Path]) -> Row:
    output = plan.libraries / f"lib{name}.so"
    log = plan.libraries / f"{name}.link.log"
    needed = [plan.sdk.library(library) for library in LIBRARIES[name]]
    newest = max(path.stat().st_mtime_ns for path in (*objects, *needed))
    if output.is_file() and log.is_file() and output.stat().st_mtime_ns >= newest:
        return _row(name, output, log, 0, 0.0)
    response = plan.libraries / f"{name}.rsp"
    quoted = ('"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"' for path in objects)
    response.write_text("\n".join(quoted))
    started = time.monotonic()
    # Unresolved symbols as warnings: the linker then names all of them, and the driver's own,
    # which only a machine with a GPU has, can be told from the rest.
    done = subprocess.run(
        [
            plan.compiler,
            "-shared",
            "-o",
            str(output),
            f"@{response}",
            *(str(path) for path in needed),
            f"-Wl,-rpath,{RUNPATH}",
            "-Wl,--no-undefined,--warn-unresolved-symbols,--allow-shlib-undefined",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env={**os.environ, "LC_ALL": "C"},
    )
    log.write_text(done.stdout)
    return _row(name, output, log, done.returncode, time.monotonic() - started)


def _row(name: str, output: Path, log: Path, code: int, seconds: float) -> Row:
    said = log.read_text(errors="replace")
    # TVM's own library needs the CUDA driver and runtime, so they are there at load.
    undefined = [
        symbol
        for symbol in undefined_symbols(said)
        if not is_driver_function(symbol) and not is_runtime_function(symbol)
    ]
    if code != 0 or not output.is_file():
        reason = said.strip().splitlines()[-1] if said.strip() else f"the linker ended with {code}"
    elif undefined:
        reason = f"{len(undefined)} undefined symbols: {'; '.join(undefined)}"
    else:
        details = {"bytes": output.stat().st_size}
        return Row("link", f"lib{name}.so", Status.PASSED, seconds=seconds, details=details)
    return Row("link", f"lib{name}.so", Status.FAILED, reason, seconds=seconds, log=str(log))


def undefined_symbols(linker_output: str) -> tuple[str, ...]:
    """Return the names that a linker said are undefined, each once, sorted."""
    found = (_UNDEFINED.search(line.rstrip()) for line in linker_output.splitlines())
    return tuple(sorted({match[1] for match in found if match}))
