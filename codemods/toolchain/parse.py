"""Parses the C++ units of a tree against the target's headers, on all cores, with libclang."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from codemods.toolchain import clang_session, precompiled, result_cache
from codemods.toolchain.diagnostics import Diagnostic, UnitResult
from codemods.toolchain.include_scan import IncludeScanner
from codemods.toolchain.layout import Toolchain
from codemods.toolchain.overlay import Overlay
from codemods.toolchain.units import Unit

Progress = Callable[[int, int], None]
"""Called with the number of units done and the number of all."""


def common_arguments(unit: Unit, toolchain: Toolchain) -> list[str]:
    """Return the compiler arguments of a unit that do not name folders of the tree."""
    arguments = ["-std=c++17"]
    arguments += [f"-D{define}" for define in _defines(unit, toolchain)]
    for folder in toolchain.includes:
        arguments += ["-isystem", str(folder)]
    return arguments


def parse_units(
    tree: Overlay,
    units: Sequence[Unit],
    toolchain: Toolchain,
    jobs: int | None = None,
    fresh: bool = False,
    progress: Progress = lambda done, total: None,
) -> list[UnitResult]:
    """Parse the units with libclang and return what it said, in the order given.

    `jobs`: processes, all cores by default. `fresh` ignores results kept from before.
    """
    tasks = _tasks(tree, units, toolchain)
    results: dict[str, UnitResult] = {}
    if not fresh:
        for task in tasks:
            known = result_cache.load(task.unit.path, task.identity, tree)
            if known is not None:
                results[known.path] = known
    waiting = [task for task in tasks if task.unit.path not in results]
    progress(len(results), len(tasks))
    for result in _parse_all(tree, waiting, toolchain, jobs or os.cpu_count() or 1):
        results[result.path] = result
        progress(len(results), len(tasks))
    return [results[unit.path] for unit in units]


@dataclass(frozen=True)
class _Task:
    unit: Unit
    common: tuple[str, ...]

    @property
    def identity(self) -> tuple[str, ...]:
        """What a result depends on beside the files that were read."""
        return (clang_session.version(), *self.common, *self.unit.includes)


_QUIET = ("-Wno-everything", "-ferror-limit=0")


def _tasks(tree: Overlay, units: Sequence[Unit], toolchain: Toolchain) -> list[_Task]:
    builtin = [word for path in clang_session.builtin_includes() for word in ("-isystem", path)]
    builtin += clang_session.gcc_installation()
    return [_Task(unit, (*common_arguments(unit, toolchain), *builtin, *_QUIET)) for unit in units]


def _defines(unit: Unit, toolchain: Toolchain) -> Iterator[str]:
    yield from unit.defines
    if not any(define.startswith("DMLC_USE_LOGGING_LIBRARY") for define in unit.defines):
        yield "DMLC_USE_LOGGING_LIBRARY=<tvm/runtime/logging.h>"
    if not any(define.startswith("CUDA_MAJOR_VERSION") for define in unit.defines):
        yield f"CUDA_MAJOR_VERSION={toolchain.cuda_major}"


def _parse_all(
    tree: Overlay, tasks: Sequence[_Task], toolchain: Toolchain, jobs: int
) -> Iterator[UnitResult]:
    if not tasks:
        return
    scanner = IncludeScanner(tree, [str(folder) for folder in toolchain.includes])
    sets: dict[str, precompiled.HeaderSet] = {}
    for common in dict.fromkeys(task.common for task in tasks):
        alike = [task.unit for task in tasks if task.common == common]
        leading = {unit.path: scanner.leading(unit.path, unit.includes) for unit in alike}
        sets |= precompiled.plan(leading, scanner, common)
    wanted = {(sets[task.unit.path], task.common) for task in tasks if task.unit.path in sets}
    ready: dict[tuple[precompiled.HeaderSet, tuple[str, ...]], Path] = {}
    workers = min(jobs, len(tasks))
    with ProcessPoolExecutor(workers, initializer=_begin, initargs=(tree,)) as pool:
        built = {pool.submit(precompiled.build, *key): key for key in _by_size(wanted)}
        for future, key in ((done, built[done]) for done in as_completed(built)):
            output = _outcome(future)
            if output is not None:
                ready[key] = output
        running: dict[Future[UnitResult], _Task] = {}
        for task in tasks:
            headers = sets.get(task.unit.path)
            output = ready.get((headers, task.common)) if headers else None
            running[_submit(pool, task, output)] = task
        for done in as_completed(running):
            yield _result(done, running[done])


def _by_size(
    wanted: Iterable[tuple[precompiled.HeaderSet, tuple[str, ...]]],
) -> list[tuple[precompiled.HeaderSet, tuple[str, ...]]]:
    return sorted(wanted, key=lambda key: (-len(key[0].reached), key[0].spelled, key[1]))


def _submit(pool: ProcessPoolExecutor, task: _Task, output: Path | None) -> Future[UnitResult]:
    try:
        return pool.submit(_parse_one, task, output)
    except BrokenProcessPool as error:  # an earlier unit took the pool down
        failed: Future[UnitResult] = Future()
        failed.set_exception(error)
        return failed


def _outcome(future: Future[Path | None]) -> Path | None:
    try:
        return future.result()
    except BrokenProcessPool:
        return None


def _result(future: Future[UnitResult], task: _Task) -> UnitResult:
    try:
        return future.result()
    except BrokenProcessPool:
        message = "the parser's process died; parse this unit alone (`--jobs 1`) to see why"
        return UnitResult(
            task.unit.path, (Diagnostic(task.unit.path, 1, 1, 0, message, fatal=True),)
        )


_tree: Overlay


def _begin(tree: Overlay) -> None:
    """Give a worker its tree, once rather than with every unit.

    Ctrl-C ends a worker at once: Python would tell it only when libclang is done.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    global _tree
    _tree = tree


def _parse_one(task: _Task, output: Path | None) -> UnitResult:
    """Parse one unit in this process and keep what was said. `output`: a precompiled set."""
    tree = _tree
    path = task.unit.path
    absolute = str(tree.root / path)
    arguments = [*task.common, *(f"-I{tree.root / folder}" for folder in task.unit.includes)]
    inside: list[str] = []
    if output is not None:
        inside = json.loads(precompiled.files_of(output).read_bytes())
        try:
            parsed = clang_session.parse(absolute, [*arguments, "-include-pch", str(output)], tree)
            if any(_is_stale(error) for error in parsed.errors):
                output.unlink(missing_ok=True)
                return _parse_one(task, None)
        except clang_session.ParserCrash:
            return _parse_one(task, None)
    else:
        try:
            parsed = clang_session.parse(absolute, arguments, tree)
        except clang_session.ParserCrash as crash:
            return UnitResult(path, (Diagnostic(path, 1, 1, 0, str(crash), fatal=True),))
    files = [*parsed.files, *inside]
    headers = sorted(
        name for name in map(tree.relative, parsed.files) if name is not None and name != path
    )
    result = UnitResult(path, tuple(dict.fromkeys(parsed.errors)), tuple(headers))
    result_cache.store(result, files, task.identity, tree)
    return result


def _is_stale(error: Diagnostic) -> bool:
    """Whether the error is about the precompiled set itself, such as a header changed since."""
    return error.fatal and ("precompiled" in error.message or "PCH" in error.message)
