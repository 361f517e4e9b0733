"""An installed compiler's `-fsyntax-only` over the same units, to compare with.

Slower than `codemods.toolchain.parse` by the cost of every header in every unit; it shares no code
with it but the arguments.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from codemods.toolchain.diagnostics import Diagnostic, UnitResult
from codemods.toolchain.layout import Toolchain
from codemods.toolchain.parse import Progress, common_arguments
from codemods.toolchain.units import Unit

_LINE = re.compile(
    r"(?P<path>[^:\n]+):(?P<line>\d+):(?P<column>\d+): (?P<kind>error|fatal error): "
)


def check_units(
    tree: Path,
    units: Sequence[Unit],
    toolchain: Toolchain,
    compiler: str = "g++",
    jobs: int = 1,
    progress: Progress = lambda done, total: None,
) -> list[UnitResult]:
    """Run `compiler -fsyntax-only` on each unit and return its errors, in the order given.

    `offset` of these diagnostics is always 0: compilers print lines and columns only.
    """
    results: dict[str, UnitResult] = {}
    with ThreadPoolExecutor(jobs) as pool:
        running = [pool.submit(_check, tree, unit, toolchain, compiler) for unit in units]
        for done in as_completed(running):
            results[done.result().path] = done.result()
            progress(len(results), len(units))
    return [results[unit.path] for unit in units]


def _check(tree: Path, unit: Unit, toolchain: Toolchain, compiler: str) -> UnitResult:
    command = [compiler, "-fsyntax-only", "-w", *common_arguments(unit, toolchain)]
    command += [f"-I{tree / folder}" for folder in unit.includes]
    done = subprocess.run(
        [*command, str(tree / unit.path)],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    errors = []
    for line in done.stderr.splitlines():
        match = _LINE.match(line)
        if match is not None:
            path = Path(match["path"])
            inside = path.relative_to(tree).as_posix() if path.is_relative_to(tree) else str(path)
            place = (int(match["line"]), int(match["column"]))
            fatal = match["kind"] == "fatal error"
            errors.append(Diagnostic(inside, *place, 0, line[match.end() :], fatal))
    if done.returncode and not errors:
        said = done.stderr.strip().splitlines() or [f"{compiler} exited {done.returncode}"]
        errors.append(Diagnostic(unit.path, 1, 1, 0, said[-1], fatal=True))
    return UnitResult(unit.path, tuple(errors))
