"""Proves a ported tree: its units parse, its names resolve, nothing of its surface is lost."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from codemods import inventory, own_python
from codemods.inventory import tree as trees
from codemods.model import Effort, Finding, Rename
from codemods.toolchain.diagnostics import UnitResult
from codemods.toolchain.guide import unmended
from codemods.toolchain.layout import Published, Toolchain, find_published, published
from codemods.toolchain.overlay import Overlay
from codemods.toolchain.parse import Progress, parse_units
from codemods.toolchain.releases import DEFAULT, release
from codemods.toolchain.units import BACKENDS, units
from codemods.verification import ffi_pair
from codemods.verification.python_names import Unresolved
from codemods.verification.registered_names import (
    Asked,
    TargetNames,
    asked,
    missing,
    registered,
)

UNRESOLVED, UNREGISTERED, UNFIT, UNPRESERVED = "TF922", "TF923", "TF924", "TF925"


@dataclass(frozen=True)
class Side:
    """One tree: a folder, or a revision of the repository that holds it."""

    root: Path
    revision: str = ""

    def read(self) -> Mapping[str, bytes]:
        """Return the tree's sources by path."""
        if self.revision:
            return trees.read_revision(self.root, self.revision)
        return trees.read_folder(self.root)


@dataclass
class Proof:
    """What was checked. `lines`: a heading and what was counted under it; `findings`: what
    failed; `unchecked`: what could not be checked here, each with the reason. `counts`: the
    numbers of `lines` by name, `seconds`: by part.
    """

    lines: list[tuple[str, str]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


def verify(
    target: Side,
    toolchain: Toolchain,
    before: Side | None = None,
    origin: str = "",
    waivers: Sequence[inventory.Waiver] = (),
    renames: Sequence[Rename] = (),
    jobs: int | None = None,
    fresh: bool = False,
    offline: bool = False,
    progress: Progress = lambda done, total: None,
) -> Proof:
    """Check the tree `target` against the toolchain; with `before`, tell only what is new.

    `origin`: the release whose packages `before` was written for; by default as its sources say.
    """
    proof = Proof()
    began = time.monotonic()
    files = target.read()
    if not files:
        raise ValueError(f"`{target.root}` holds no source file, so there is nothing to prove")
    names = _Names(published(toolchain))
    asking = names.ask(target)
    old_files = before.read() if before is not None else None
    if before is not None and old_files is not None:
        origin = origin or written_for(old_files)
        old = _Names(find_published(release(origin), offline))
        old_asking = old.ask(before)
    _units(proof, target, toolchain, jobs, fresh, progress)
    proof.seconds["units"] = round(time.monotonic() - began, 3)
    now = names.answer(asking)
    own = inventory.take_files(files)
    lacking = missing(asked(files), registered(own, files), names.target)
    if before is not None and old_files is not None:
        then = old.answer(old_asking)
        old_own = inventory.take_files(old_files)
        old_lacking = missing(asked(old_files), registered(old_own, old_files), old.target)
        _python(proof, now, {use.key for use in then}, origin)
        _registry(proof, lacking, {place.key for place in old_lacking}, origin)
        _preserved(proof, inventory.compare(old_own, own, renames, waivers), len(old_own))
    else:
        _python(proof, now, set(), "")
        _registry(proof, lacking, set(), "")
        proof.unchecked.append("what the tree lost or invented: no `--before` was given")
    _pair(proof, toolchain)
    _not_checked(proof, target, files)
    proof.findings.sort()
    proof.seconds["all of it"] = round(time.monotonic() - began, 3)
    return proof


# -- units ---------------------------------------------------------------------------------------


def _units(
    proof: Proof,
    target: Side,
    toolchain: Toolchain,
    jobs: int | None,
    fresh: bool,
    progress: Progress,
) -> None:
    found = units(target.root, cuda_major=toolchain.cuda_major)
    results: list[UnitResult] = parse_units(
        Overlay(found.tree), found.units, toolchain, jobs, fresh, progress
    )
    passed = sum(result.passed for result in results)
    guessed = ", guessed: no CMake file says" if found.guessed else ""
    known = sum(result.cached for result in results)
    words = f"{passed} of {len(results)} parse ({known} unchanged since they last did{guessed})"
    proof.lines.append(("units", words))
    proof.counts |= {"units": len(results), "units_parsed": passed, "units_unchanged": known}
    if not results:
        proof.unchecked.append("C++: the tree has no unit that could be found")
    proof.findings += unmended(results, toolchain)


def _not_checked(proof: Proof, target: Side, files: Mapping[str, bytes]) -> None:
    built = set(units(target.root).paths)
    for backend in BACKENDS[1:]:
        for path in units(target.root, backend).paths:
            if path not in built:
                built.add(path)
                proof.unchecked.append(f"{path}: built for {backend} only, whose headers are not")
    device = [path for path in files if path.endswith((".cu", ".cuh"))]
    if device:
        proof.unchecked.append(f"{len(device)} CUDA files: nvcc compiles them (`codemods.build`)")
    rest = sorted(
        path
        for path in files
        if path.endswith((".cc", ".cpp", ".cxx", ".mm")) and path not in built
    )
    for path in rest:
        proof.unchecked.append(f"{path}: no target of the tree's CMake compiles it")


# -- names ---------------------------------------------------------------------------------------


class _Names:
    """Looks a side's names up in that side's packages, in a process of its own."""

    def __init__(self, packages: Published) -> None:
        self.packages = packages
        self.target = TargetNames(packages.sources, packages.libraries)

    def ask(self, side: Side) -> subprocess.Popen[str]:
        folders = [str(folder) for folder in self.packages.python]
        command = own_python.module("codemods.verification.python_names")
        return subprocess.Popen(
            [*command, str(side.root), side.revision, *folders], stdout=subprocess.PIPE, text=True
        )

    def answer(self, asking: subprocess.Popen[str]) -> list[Unresolved]:
        said, _ = asking.communicate()
        if asking.returncode:
            raise RuntimeError(f"looking up Python names exited {asking.returncode}")
        return [Unresolved(**use) for use in json.loads(said)]


def written_for(files: Mapping[str, bytes]) -> str:
    """Return the release whose API a tree's Python uses most, of those between the rungs."""
    patterns = (
        ("0.1.5", rb"\btvm\._ffi\b"),
        ("0.1.6.post2", rb"\btvm\.ffi\b|\btvm\.register_func\b|\btvm\.runtime\.ndarray\b"),
        (DEFAULT, rb"\btvm_ffi\b|\bregister_global_func\b"),
        ("0.1.15", rb"\btvm\.tirx\b|\bfrom tvm import tirx\b"),
    )
    counts = dict.fromkeys((name for name, _ in patterns), 0)
    for path, data in files.items():
        if path.endswith(".py"):
            for name, pattern in patterns:
                counts[name] += len(re.findall(pattern, data))
    best = max(counts, key=counts.__getitem__)
    return best if counts[best] else DEFAULT


def _python(
    proof: Proof, now: Sequence[Unresolved], before: set[tuple[str, str]], origin: str
) -> None:
    new = [use for use in now if use.key not in before]
    proof.counts |= {"python_names": len(now), "python_names_new": len(new)}
    proof.lines.append(("Python names", _counted(len(now), len(new), "lead nowhere", origin)))
    for use in new:
        message = f"`{use.name}` leads nowhere in the tree or the target's packages"
        proof.findings.append(Finding(use.path, use.line, use.column, UNRESOLVED, message))


def _registry(
    proof: Proof, places: Sequence[Asked], before: set[tuple[str, str, str]], origin: str
) -> None:
    """An optional name that nothing registers is told only if something registered it before."""
    if not origin:
        places = [place for place in places if not place.optional]
    new = [place for place in places if place.key not in before]
    words = _counted(len(places), len(new), "are asked for and not registered", origin)
    proof.lines.append(("registered names", words))
    proof.counts |= {"unregistered": len(places), "unregistered_new": len(new)}
    for place in new:
        message = f"nothing registers the {place.kind} `{place.name}`"
        proof.findings.append(Finding(place.path, place.line, place.column, UNREGISTERED, message))


def _counted(every: int, new: int, words: str, origin: str) -> str:
    if not origin:
        return f"{every} {words}"
    return f"{every} {words}, {new} of them new ({every - new} as before, over {origin})"


# -- the rest ------------------------------------------------------------------------------------


def _preserved(proof: Proof, verdict: inventory.Verdict, entries: int) -> None:
    counts = ", ".join(f"{gate.value} {verdict.count(gate)}" for gate in inventory.Gate)
    words = f"{entries} entries of surface before; {counts}; {len(verdict.waived)} waived"
    proof.lines.append(("preserved", words))
    proof.counts |= {"surface": entries, "waived": len(verdict.waived)}
    proof.counts |= {gate.value: verdict.count(gate) for gate in inventory.Gate}
    for loss in verdict.losses:
        entry = loss.entry
        message = f"{loss.gate.value}: {entry.kind} `{entry.name}`"
        message += f": {loss.detail}" if loss.detail else ""
        finding = Finding(entry.path, entry.line, 1, UNPRESERVED, message, "", Effort.MEDIUM)
        proof.findings.append(finding)
    for waiver in verdict.unused:
        proof.unchecked.append(f"waiver that waives nothing: {waiver.kind} `{waiver.name}`")


def _pair(
    proof: Proof,
    toolchain: Toolchain,
    installed: Callable[[], str] = ffi_pair.installed_mismatch,
) -> None:
    wrong = [installed()]
    lacking = ffi_pair.undefined_symbols(toolchain.libraries)
    if lacking:
        shown = ", ".join(f"`{name}`" for name in lacking[:3])
        wrong.append(
            f"{len(lacking)} symbols of tvm-ffi that TVM's library wants are missing: {shown}"
        )
    for message in filter(None, wrong):
        proof.findings.append(Finding("pyproject.toml", 1, 1, UNFIT, message))
    fit = "no mismatch known" if not any(wrong) else "do not fit"
    proof.lines.append(("TVM and tvm-ffi", f"{fit}; {toolchain.origin}"))
