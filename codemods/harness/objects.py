"""Stage `units`: compile the tree's C++ through a generated Ninja file.

Ninja decides what is out of date (from the compiler's own dependency files), a compiler cache is
put in front of the compiler where one is installed, and what the compiler said is kept beside each
object, so that a failed unit's row can quote it.
"""

from __future__ import annotations

import io
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import ninja
from ninja import ninja_syntax

from codemods.harness.plan import Plan
from codemods.harness.results import Row, Status
from codemods.toolchain.units import Unit

COMPILER_CACHES = ("ccache", "sccache")
CHECKED = "-D_GLIBCXX_ASSERTIONS"
"""An empty optional that is followed, or an index past the end, ends in a word and not in luck."""
_FAILED = re.compile(r"^FAILED: (?:\[code=\d+\] )?(.+?)\s*$", re.MULTILINE)
_ERROR = re.compile(r"\b(?:fatal )?error\b[:\s]", re.IGNORECASE)


@dataclass(frozen=True)
class Edge:
    """One compilation: `source` becomes `output`, with `flags` after those of every edge."""

    source: Path
    output: str
    flags: tuple[str, ...] = ()


def compile_units(plan: Plan, units: Sequence[Unit]) -> tuple[Row, ...]:
    """Compile the tree's `units` and return one row for each."""
    edges = [
        Edge(
            plan.tree / unit.path,
            f"units/{unit.path}.o",
            (
                *(f"-D{define}" for define in unit.defines),
                *(f"-I{plan.tree / folder}" for folder in unit.includes),
            ),
        )
        for unit in units
    ]
    flags = [
        "-std=c++17",
        "-fPIC",
        plan.optimize,
        "-w",
        *([CHECKED] if plan.checked else []),
        *(f"-D{define}" for define in plan.sdk.defines),
        *(f"-I{folder}" for folder in plan.sdk.include_dirs),
    ]
    if plan.sdk.cuda is not None:
        flags.append(f"-isystem{plan.sdk.cuda / 'include'}")
    return compile_edges(plan, "units", edges, flags, names=[unit.path for unit in units])


def compile_edges(
    plan: Plan, stage: str, edges: Sequence[Edge], flags: Iterable[str], names: Sequence[str]
) -> tuple[Row, ...]:
    """Compile `edges` with Ninja in the build folder; one row each, called by its name."""
    file = plan.build / f"{stage}.ninja"
    command = f"{shlex.quote(plan.compiler)} $flags $extra -MD -MF $out.d -c $in -o $out"
    write_ninja(file, command, edges, flags)
    failed = run_ninja(file, plan.jobs)
    times = durations(log_folder(file))
    rows = []
    for edge, name in zip(edges, names, strict=True):
        log = plan.build / f"{edge.output}.log"
        ok = edge.output not in failed and (plan.build / edge.output).is_file()
        rows.append(
            Row(
                stage,
                name,
                Status.PASSED if ok else Status.FAILED,
                "" if ok else first_error(log),
                seconds=times.get(edge.output, 0.0),
                log="" if ok else str(log),
            )
        )
    return tuple(rows)


def write_ninja(file: Path, command: str, edges: Sequence[Edge], flags: Iterable[str]) -> None:
    """Write the Ninja file of `edges`; its outputs are relative to the file's folder.

    `command` makes `$out` and the dependency file `$out.d` of `$in`, with `$flags` and `$extra`.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    cache = next((path for name in COMPILER_CACHES if (path := shutil.which(name))), "")
    text = io.StringIO()
    writer = ninja_syntax.Writer(cast(Any, text))
    writer.variable("ninja_required_version", "1.5")
    writer.variable("builddir", log_folder(file).name)
    writer.variable("flags", _quoted(flags))
    writer.rule(
        "compile",
        # what an earlier run made of an earlier text must not be taken for this one's
        f"{cache} {command} > $out.log 2>&1 || {{ rm -f $out; cat $out.log; exit 1; }}".strip(),
        description="compile $in",
        depfile="$out.d",
        deps="gcc",
    )
    for edge in edges:
        writer.build(
            [edge.output],
            "compile",
            inputs=[str(edge.source)],
            variables={"extra": _quoted(edge.flags)} if edge.flags else None,
        )
    file.write_text(text.getvalue(), encoding="utf-8")


def _quoted(flags: Iterable[str]) -> str:
    return " ".join(shlex.quote(flag).replace("$", "$$") for flag in flags)


def log_folder(file: Path) -> Path:
    """Return the folder for Ninja's own log: one for each file, since Ninja forgets the
    dependencies of what the file at hand does not build."""
    return file.with_suffix(".ninja-log")


def run_ninja(file: Path, jobs: int) -> frozenset[str]:
    """Build everything in `file`, past failures, and return the outputs that failed.

    Raises RuntimeError with Ninja's own words when Ninja itself, not a command, went wrong.
    """
    done = subprocess.run(
        [str(Path(ninja.BIN_DIR) / "ninja"), "-f", file.name, "-k", "0", "-j", str(jobs)],
        cwd=file.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    failed = frozenset(_FAILED.findall(done.stdout))
    if done.returncode != 0 and not failed:
        raise RuntimeError(f"ninja -f {file} ended with {done.returncode}: {done.stdout[-2000:]}")
    return failed


def durations(folder: Path) -> dict[str, float]:
    """Return the seconds that each output in `folder` took, from Ninja's log (version 5 on)."""
    log = folder / ".ninja_log"
    times: dict[str, float] = {}
    if log.is_file():
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("#"):
                continue
            start, end, _, output, *_ = line.split("\t")
            times[output] = (int(end) - int(start)) / 1000
    return times


def first_error(log: Path) -> str:
    """Return the first error line in a compiler's output, or its last line."""
    if not log.is_file():
        return "the compiler was not started"
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    for line in lines:
        if _ERROR.search(line):
            return line.strip()
    return lines[-1].strip() if lines else "the compiler failed without a word"
