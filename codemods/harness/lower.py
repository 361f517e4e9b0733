"""Stage `lower`: every kernel of the examples and tests, lowered to CUDA source without a GPU.

Programs are run (in subprocesses, with devices and process groups faked) to see what they compile;
the kernels that they should compile are counted from the syntax. A definition that was never caught
has a row of its own with the reason, so nothing is lost by not being reached.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

import tomlkit

import codemods
from codemods.harness.coverage import COUNTED
from codemods.harness.device_guard import build_device_guard
from codemods.harness.extensions import torch_extensions
from codemods.harness.installed_layout import wheel_packages
from codemods.harness.kernel_sources import (
    Definition,
    Program,
    definitions,
    kernel_files,
    program,
    variants,
)
from codemods.harness.load import library_environment
from codemods.harness.plan import Plan, not_run
from codemods.harness.results import Row, Status
from codemods.harness.switches import asked_for, switched_on, switches

VARIANTS = 12
"""The most variants of one program that are run in search of kernels not reached otherwise."""

NEVER_CAUGHT = "no program that was run compiles it"


@dataclass(frozen=True)
class Kernel:
    """A kernel that a program compiled for one architecture, as the worker stored it."""

    program: str
    arch: str
    function: str
    file: str
    line: int
    error: str = ""
    target: str = ""
    source: str = ""
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """How one program ended for one architecture, and what it compiled before it did."""

    program: Program
    arch: str
    reason: str
    skipped: Mapping[str, str] = field(default_factory=dict)
    kernels: tuple[Kernel, ...] = ()
    log: str = ""


def lower_kernels(plan: Plan) -> tuple[Row, ...]:
    """Lower what the plan's examples and tests compile; a row for each kernel and architecture.

    The plan's manifest is a TOML file with `[[program]]` tables of `path`, and of `arguments` or
    `environment` or both.
    """
    if plan.python is None:
        return not_run("lower", "no Python environment was prepared")
    if not (plan.site / "tilelang").is_dir():
        return not_run("lower", "the tree's packages are not laid out: the stage import did not")
    texts = {path: (plan.tree / path).read_bytes() for path in kernel_files(plan.tree, plan.only)}
    programs = [*stated_programs(texts, plan.manifest)]
    defined = [d for path, text in texts.items() for d in definitions(path, text)]
    outcomes = run_programs(plan, programs)
    outcomes += run_programs(plan, switched_programs(outcomes, tree_switches(plan)))
    for together in (1, 2):
        missed = uncaught(defined, outcomes)
        more = further_programs(texts, programs, missed, together)
        outcomes += run_programs(plan, more)
    return tuple(kernel_rows(plan, texts, defined, outcomes))


def switched_programs(outcomes: Iterable[Outcome], names: Sequence[str]) -> list[Program]:
    """Return the test files with a test that is skipped for want of switches, with those on."""
    found = {
        replace(outcome.program, environment=tuple(asked.items())): None
        for outcome in outcomes
        if (asked := asked_for(outcome.skipped.values(), names))
    }
    return list(found)


def uncaught(defined: Sequence[Definition], outcomes: Iterable[Outcome]) -> set[str]:
    """Return the files with a definition that no program compiled, for any architecture."""
    kernels = [kernel for outcome in outcomes for kernel in outcome.kernels]
    caught = {definition_of(kernel, defined) for kernel in kernels}
    return {definition.path for definition in defined if definition not in caught}


def further_programs(
    texts: Mapping[str, bytes], programs: Sequence[Program], missed: set[str], together: int
) -> list[Program]:
    """Return variants of the programs that may reach the definitions in the files of `missed`,
    with as many of their switches `together`."""
    return [
        variant
        for found in programs
        if found.kind == "program" and any(reaches(texts, found.path, path) for path in missed)
        for variant in variants(found, texts[found.path], together)[:VARIANTS]
    ]


def reaches(texts: Mapping[str, bytes], path: str, module: str) -> bool:
    """Say whether the program at `path` is the file `module` or imports one of its name."""
    stem = re.escape(PurePosixPath(module).stem.encode())
    imported = rb"^[ \t]*(?:from|import)\b[^\n]*\b" + stem + rb"\b"
    return path == module or re.search(imported, texts[path], re.MULTILINE) is not None


def stated_programs(texts: Mapping[str, bytes], manifest: Path | None) -> Iterator[Program]:
    """Yield how to run each program of `texts`: as the manifest states, else plainly."""
    given: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    if manifest is not None:
        stated = tomlkit.parse(manifest.read_text(encoding="utf-8")).unwrap()
        for entry in stated.get("program", []):
            given[entry["path"]].append(entry)
    for path, text in texts.items():
        found = program(path, text)
        if found is None:
            continue
        for entry in given.get(path, [{}]):
            variables = {name: str(value) for name, value in entry.get("environment", {}).items()}
            arguments = tuple(entry.get("arguments", found.arguments))
            yield replace(found, arguments=arguments, environment=tuple(variables.items()))


def run_programs(plan: Plan, programs: Sequence[Program]) -> tuple[Outcome, ...]:
    """Run `programs` for each architecture, but for those whose outcome is known already."""
    folder = plan.build / "lowered"
    folder.mkdir(parents=True, exist_ok=True)
    stamp = _stamp(plan)
    names = tree_switches(plan)
    identities = {p: _identity(plan.tree, p, stamp) for p in programs}
    tasks = []
    for p, identity in identities.items():
        arches = [a for a in plan.arches if not (folder / f"{identity}.{a}.json").is_file()]
        if arches:
            tasks.append(
                {
                    "id": identity,
                    "kind": p.kind,
                    "file": str(plan.tree / p.path),
                    "arguments": p.arguments,
                    "environment": switched_on(p.path, names) | dict(p.environment),
                    "arches": arches,
                }
            )
    if tasks:
        _run_worker(plan, folder, tasks)
    return tuple(
        _read_outcome(folder / f"{identity}.{arch}.json", plan.tree, p, arch)
        for p, identity in identities.items()
        for arch in plan.arches
    )


def _stamp(plan: Plan) -> str:
    """Return what an outcome depends on besides its program: the tree's packages, libraries, us."""
    digest = hashlib.sha256(str(plan.sdk.version).encode())
    inside = Path(__file__).parent / "inside"
    for root in (plan.site, inside):
        for file in sorted(root.rglob("*.py")):
            digest.update(file.relative_to(root).as_posix().encode())
            digest.update(file.read_bytes())
    for library in sorted(plan.libraries.glob("*.so")):
        digest.update(hashlib.sha256(library.read_bytes()).digest())
    return digest.hexdigest()


def _identity(tree: Path, p: Program, stamp: str) -> str:
    digest = hashlib.sha256(stamp.encode())
    digest.update(repr(p).encode())
    if p.environment:
        digest.update(repr(p.environment).encode())
    for file in sorted((tree / p.path).parent.rglob("*.py")):
        digest.update(file.read_bytes())
    name = "".join(c if c.isalnum() else "_" for c in p.path.removesuffix(".py"))
    return f"{name[-80:]}-{digest.hexdigest()[:12]}"


def _run_worker(plan: Plan, folder: Path, tasks: Sequence[Mapping[str, Any]]) -> None:
    assert plan.python is not None
    guard = build_device_guard(plan.build / "driver", plan.python, plan.compiler)
    request = folder / "request.json"
    request.write_text(
        json.dumps(
            {
                "folder": str(folder),
                "tree": str(plan.tree),
                "tasks": tasks,
                "jobs": plan.jobs,
                "time_limit": plan.time_limit,
                "device_guard": None if guard is None else str(guard),
                **stand_in_request(plan),
            },
            indent=1,
        ),
        encoding="utf-8",
    )
    log = folder / "worker.log"
    with log.open("w") as out:
        done = subprocess.run(
            [str(plan.python), "-m", "codemods.harness.inside.worker", str(request)],
            env=python_environment(plan),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    if done.returncode != 0:
        said = log.read_text(errors="replace").strip().splitlines()
        raise RuntimeError(
            f"the worker ended with {done.returncode}: {said[-1] if said else 'no word'} ({log})"
        )


def stand_in_request(plan: Plan) -> dict[str, Any]:
    """Return what the subprocess must know to stand in for modules that cannot be had."""
    return {
        "extensions": {e.name: dict(e.functions) for e in torch_extensions(plan.tree)},
        "stand_in_folders": [str(plan.tree), str(plan.site)],
        "packages": sorted({p.split("/")[0] for p in wheel_packages(plan.tree)}),
    }


def python_environment(plan: Plan) -> dict[str, str]:
    """Return the environment of a subprocess that executes the tree's Python."""
    ours = plan.build / "inside"
    ours.mkdir(parents=True, exist_ok=True)
    link = ours / "codemods"
    package = Path(codemods.__file__).parent
    if not link.is_symlink() or link.resolve() != package.resolve():
        link.unlink(missing_ok=True)
        link.symlink_to(package)
    return {
        **library_environment(plan),
        "PYTHONPATH": os.pathsep.join(str(p) for p in (plan.site, *plan.sdk.python_paths, ours)),
        "PYTHONPYCACHEPREFIX": str(plan.build / "pycache"),
        "PYTHONSAFEPATH": "1",
        "HOME": str(plan.build / "home"),
        "TILELANG_DISABLE_CACHE": "1",
        "TILELANG_CACHE_DIR": str(plan.build / "home" / "cache"),
        "TILELANG_PRINT_ON_COMPILATION": "0",
        "OMP_NUM_THREADS": "1",
        **({"CUDA_HOME": str(plan.sdk.cuda)} if plan.sdk.cuda else {}),
    }


def tree_switches(plan: Plan) -> tuple[str, ...]:
    """Return the environment switches that the tree's own sources read."""
    packages = {path for path in wheel_packages(plan.tree).values() if path.is_dir()}
    return switches([plan.tree / "src", *sorted(packages - {plan.tree / "src"})])


def _read_outcome(file: Path, tree: Path, p: Program, arch: str) -> Outcome:
    if not file.is_file():
        return Outcome(p, arch, "the worker did not get to it")
    stored = json.loads(file.read_text(encoding="utf-8"))
    kernels = []
    lines = file.with_suffix(".kernels")
    if lines.is_file():
        for line in lines.read_text(encoding="utf-8").splitlines():
            facts = json.loads(line)
            facts["flags"] = tuple(facts.get("flags", ()))
            facts["file"] = _inside(facts["file"], tree)
            kernels.append(Kernel(p.path, arch, **facts))
    log = str(file.with_suffix(".log"))
    return Outcome(p, arch, stored["reason"], stored["skipped"], tuple(kernels), log)


def _inside(file: str, tree: Path) -> str:
    try:
        return Path(file).resolve().relative_to(tree.resolve()).as_posix()
    except ValueError:
        return file


def kernel_rows(
    plan: Plan,
    texts: Mapping[str, bytes],
    defined: Sequence[Definition],
    outcomes: Iterable[Outcome],
) -> Iterator[Row]:
    """Yield the rows: each kernel that was caught, then each definition that was not."""
    outcomes = tuple(outcomes)
    names = {(definition.path, definition.name) for definition in defined}
    for arch in plan.arches:
        caught: dict[tuple[str, str], list[tuple[Kernel, Outcome]]] = defaultdict(list)
        for outcome in (o for o in outcomes if o.arch == arch):
            for kernel in outcome.kernels:
                definition = definition_of(kernel, defined)
                name = definition.name if definition else kernel.function
                path = definition.path if definition else kernel.file or kernel.program
                caught[path, name].append((kernel, outcome))
        for (path, name), kernels in sorted(caught.items()):
            rows = _caught_rows(plan, arch, f"{path}::{name}", kernels)
            counted = {COUNTED: 1} if (path, name) in names else {}
            yield from (replace(row, details={**row.details, **counted}) for row in rows)
        for definition in defined:
            if (definition.path, definition.name) not in caught:
                yield _missed_row(arch, definition, texts, outcomes)


def definition_of(kernel: Kernel, defined: Sequence[Definition]) -> Definition | None:
    """Return the definition that a kernel was made from: by place, else by its only namesake."""
    here = [d for d in defined if d.path == kernel.file]
    for d in here:
        if kernel.line and d.line <= kernel.line <= d.end:
            return d
    if kernel.file and kernel.line:
        return None
    own = [d for d in defined if d.path == kernel.program]
    for near in (here,) if kernel.file else (own, defined):
        named = [d for d in near if d.name.rpartition(".")[2] == kernel.function]
        if named:
            return named[0] if len(named) == 1 else None
    return None


def _caught_rows(
    plan: Plan, arch: str, name: str, kernels: Sequence[tuple[Kernel, Outcome]]
) -> Iterator[Row]:
    """One row for each distinct text, numbered where a definition was compiled in several ways."""
    texts: dict[str, Kernel] = {}
    errors: dict[str, tuple[Kernel, Outcome]] = {}
    for kernel, outcome in kernels:
        if kernel.source:
            texts.setdefault(kernel.source, kernel)
        else:
            errors.setdefault(kernel.error, (kernel, outcome))
    for number, (text, kernel) in enumerate(texts.items(), 1):
        details: dict[str, str | int | float] = {
            "source": f"lowered/cuda/{text}.cu",
            "program": kernel.program,
        }
        if kernel.flags:
            details["flags"] = " ".join(kernel.flags)
        if kernel.target:
            details["target"] = kernel.target
        suffix = f" #{number}" if number > 1 else ""
        yield Row("lower", name + suffix, Status.PASSED, arch=arch, details=details)
    for number, (error, (kernel, outcome)) in enumerate(errors.items(), 1):
        suffix = f" !{number}" if texts or number > 1 else ""
        details = {"program": kernel.program}
        yield Row(
            "lower", name + suffix, Status.FAILED, error, arch, log=outcome.log, details=details
        )


def _missed_row(
    arch: str, definition: Definition, texts: Mapping[str, bytes], outcomes: Sequence[Outcome]
) -> Row:
    name = f"{definition.path}::{definition.name}"
    here = [o for o in outcomes if o.arch == arch]
    own = [o for o in here if o.program.path == definition.path]
    mine = own[:1]  # the others are variants of it
    mine += [o for o in here if o not in own and reaches(texts, o.program.path, definition.path)]
    skipped = [reason for o in mine for reason in o.skipped.values()]
    reasons = [f"{o.reason} ({o.program.path})" for o in mine if o.reason]
    log = next((o.log for o in mine if o.reason), "")
    if skipped and not reasons:
        status, reason = Status.NOT_RUN, f"its test is skipped: {skipped[0]}"
    else:
        status, reason = Status.FAILED, reasons[0] if reasons else NEVER_CAUGHT
    return Row("lower", name, status, reason, arch, log=log, details={COUNTED: 1})
