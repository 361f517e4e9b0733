"""Stage `device-compile`: each lowered kernel through nvcc, for its own architecture.

What the assembler says of registers, spills and shared memory goes into the table.
"""

from __future__ import annotations

import re
import shlex
import shutil
import zlib
from pathlib import Path

from codemods.harness.objects import (
    Edge,
    durations,
    first_error,
    log_folder,
    run_ninja,
    write_ninja,
)
from codemods.harness.plan import Plan, not_run
from codemods.harness.published_nvcc import published_nvcc
from codemods.harness.results import Row, Status
from codemods.toolchain.fetch import Unavailable

_REGISTERS = re.compile(r"Used (\d+) registers")
_SPILLS = re.compile(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads")
_SHARED = re.compile(r"(\d+) bytes smem")
_NVSHMEM = re.compile(r"#include\s+<nvshmemx?\.h>")


def find_nvcc(plan: Plan) -> Path:
    """Return nvcc: the CUDA toolkit's, else the one on the path, else the published packages'.

    Raises `Unavailable` where there is none and the packages cannot be had.
    """
    if plan.sdk.cuda is not None and (own := plan.sdk.cuda / "bin" / "nvcc").is_file():
        return own
    found = shutil.which("nvcc")
    return Path(found) if found else published_nvcc()


def compile_kernels(plan: Plan) -> tuple[Row, ...]:
    """Compile what the stage `lower` produced and the plan asks for; one row each."""
    lowered = [
        row
        for row in plan.results.rows("lower")
        if row.status is Status.PASSED and plan.covers(row)
    ]
    if not lowered:
        return not_run("device-compile", "there is no lowered kernel")
    try:
        nvcc = find_nvcc(plan)
    except Unavailable as error:
        return not_run("device-compile", f"there is no CUDA compiler (nvcc) here: {error}")
    edges = [_edge(plan, row) for row in lowered]
    file = plan.build / "device-compile.ninja"
    command = f"{shlex.quote(str(nvcc))} $flags $extra -MD -MF $out.d $in -o $out"
    flags = ["-cubin", "-std=c++17", "-w", "--ptxas-options=-v", *_include_flags(plan)]
    write_ninja(file, command, list({edge.output: edge for edge in edges}.values()), flags)
    failed = run_ninja(file, plan.jobs)
    times = durations(log_folder(file))
    return tuple(
        _row(plan, row, edge.output, edge.output in failed, times.get(edge.output, 0.0))
        for row, edge in zip(lowered, edges, strict=True)
    )


def _include_flags(plan: Plan) -> list[str]:
    folders = [plan.tree / "src", plan.sdk.third_party.get("cutlass", Path()) / "include"]
    return [f"-I{folder}" for folder in folders if folder.is_dir()]


def _edge(plan: Plan, row: Row) -> Edge:
    source = plan.build / str(row.details["source"])
    # A kernel whose program chose its own architecture was lowered for that one.
    arch = str(row.details.get("target") or row.arch)
    flags = [f"-arch={arch}", *shlex.split(str(row.details.get("flags", "")))]
    if plan.sdk.nvshmem is not None and _NVSHMEM.search(source.read_text(encoding="utf-8")):
        flags += ["-rdc=true", f"-I{plan.sdk.nvshmem / 'include'}"]
    suffix = "" if len(flags) == 1 else f".{zlib.crc32(shlex.join(flags).encode()):x}"
    return Edge(source, f"cubin/{arch}/{source.stem}{suffix}.cubin", tuple(flags))


def _row(plan: Plan, lowered: Row, output: str, failed: bool, seconds: float) -> Row:
    log = plan.build / f"{output}.log"
    cubin = plan.build / output
    if failed or not cubin.is_file():
        return Row(
            "device-compile",
            lowered.name,
            Status.FAILED,
            first_error(log),
            lowered.arch,
            seconds,
            str(log),
        )
    details: dict[str, str | int | float] = {"bytes": cubin.stat().st_size}
    details.update(usage(log.read_text(errors="replace")))
    return Row(
        "device-compile", lowered.name, Status.PASSED, "", lowered.arch, seconds, details=details
    )


def usage(assembler_output: str) -> dict[str, int]:
    """Return what ptxas said: the most registers of any entry, and spills in bytes, summed."""
    registers = [int(n) for n in _REGISTERS.findall(assembler_output)]
    spills = [(int(stores), int(loads)) for _, stores, loads in _SPILLS.findall(assembler_output)]
    shared = [int(n) for n in _SHARED.findall(assembler_output)]
    found = {"registers": max(registers, default=0)}
    found["spill_stores"] = sum(stores for stores, _ in spills)
    found["spill_loads"] = sum(loads for _, loads in spills)
    if shared:
        found["static_shared"] = max(shared)
    return found
