"""The report of `verify` as plain data: what was checked, what failed, what could not be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from codemods.model import Migration
from codemods.report import parts
from codemods.report.parts import Document
from codemods.report.provenance import tools
from codemods.verification.verifying import UNFIT, UNPRESERVED, UNREGISTERED, UNRESOLVED, Proof

_COUNTED = (
    ("units_parsed", "C++ units that parse against the target's headers"),
    ("units_unchanged", "of them unchanged since they last did, and not parsed again"),
    ("python_names", "Python names that lead nowhere"),
    ("python_names_new", "of them new: they led somewhere before"),
    ("unregistered", "names asked for that nothing registers"),
    ("unregistered_new", "of them new: something registered them before"),
    ("surface", "entries of public surface before"),
    ("waived", "differences of surface that a waiver accepts"),
)
_LIMITS = (
    "Units are parsed, not compiled to code, and nothing of the tree is executed: whether it runs "
    "is what `build` is for.",
    "Python names are looked up in sources. A name made at run time (`setattr`, `__getattr__`) is "
    "not seen, and what leads nowhere only in code that never runs is told like any other.",
    "What is listed as not checked is neither right nor wrong.",
)


def document(
    proof: Proof,
    target: str,
    release: str,
    origin: str,
    known: Mapping[str, Migration],
) -> Document:
    """Return the report of a proof; `origin`: where the target's headers and packages are from."""
    failed = proof.counts.get("units", 0) - proof.counts.get("units_parsed", 0)
    outcomes = [("C++ units that do not parse", failed)]
    outcomes += [(words, proof.counts[name]) for name, words in _COUNTED if name in proof.counts]
    outcomes += [
        (f"surface {gate}", proof.counts[gate])
        for gate in ("lost", "invented")
        if gate in proof.counts
    ]
    outcomes.append(("things that could not be checked here", len(proof.unchecked)))
    found = [finding.code for finding in proof.findings]
    what = {UNRESOLVED: "Python names", UNREGISTERED: "registered names", UNPRESERVED: "surface"}
    what[UNFIT] = "TVM and tvm-ffi"
    holds = "Nothing that held before fails now." if "surface" in proof.counts else "All holds."
    lead = holds if not found else f"{_number(len(found), 'finding')} left."
    if proof.unchecked:
        count = _number(len(proof.unchecked), "thing")
        lead += f" {count} could not be checked here; the reasons are below."
    heading = f"Proof against TileLang {release}"
    checks: Sequence[tuple[str, str]] = proof.lines
    return {
        **parts.head("verify", target, release, heading, lead),
        "summary": {
            "units": proof.counts.get("units", 0),
            "findings": len(found),
            "unchecked": len(proof.unchecked),
        },
        "outcomes": parts.outcomes(outcomes),
        "stages": parts.stages(),
        "todo": parts.in_working_order(map(parts.item, proof.findings)),
        "sections": [
            parts.section("What was checked", ("check", "result"), checks),
            parts.section("Not checked here", ("what, and why",), [[x] for x in proof.unchecked]),
        ],
        "versions": [
            {
                "what": "target",
                "version": f"TileLang {release}",
                "how": f"headers and packages: {origin}",
            },
            *tools(),
        ],
        "seconds": dict(proof.seconds),
        "limits": list(_LIMITS),
        "manual": parts.manual(found, known),
    }


def _number(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
