"""The report of `sync` as plain data: the base, what was resolved by which rule, what is left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from codemods.inventory import Gate, Verdict
from codemods.merge.plan import Plan
from codemods.merge.resolve import Resolution, counts
from codemods.model import Effort, Finding, Migration
from codemods.report import parts
from codemods.report.parts import Document
from codemods.report.provenance import tools

CONFLICT, UNPRESERVED = "TF932", "TF925"
_STAGES = (("conflict", "Conflicts: nothing can be committed before"), *parts.STAGES)
_LIMITS = (
    "A rule resolves text; what the merged code means is told by `verify` and `build`.",
    "Gates compare what can be read from the text of a tree. A difference that is meant is waived "
    "with a reason in the fork's record.",
)


def document(made: Plan, known: Mapping[str, Migration], *, landed: bool) -> Document:
    """Return the report of a sync that was worked out; `landed`: the fork was changed."""
    base, resolved, sides = made.base, made.resolved, made.sides
    found = findings(made)
    conflicts = len(resolved.conflicts)
    lead = "The fork was changed." if landed else "Nothing has been changed."
    lead += f" {conflicts} conflicts are left." if conflicts else " No conflict is left."
    by_rule = counts(resolved.resolutions)
    versions = (
        ("true base", base.commit, f"{base.equal} of {base.files} files equal in content"),
        ("upstream", sides.onto, "asked for with `--onto`"),
        ("fork", sides.ours, "asked for with `--revision`"),
        ("release", f"TileLang {made.release}", "whose API the revision has"),
    )
    return {
        **parts.head(
            "sync",
            str(sides.fork.path),
            made.release,
            f"Merge of upstream {sides.onto[:12]}",
            lead,
        ),
        "written": landed,
        "summary": {
            "conflicts": conflicts,
            "resolved": len(resolved.resolutions),
            "findings": sum(finding.code not in (CONFLICT, UNPRESERVED) for finding in found),
            **({} if made.gates is None else {"losses": len(made.gates.losses)}),
        },
        "outcomes": parts.outcomes(_outcomes(made)),
        "stages": parts.stages(_STAGES),
        "todo": parts.in_working_order(
            (parts.item(f, stage="conflict" if f.code == CONFLICT else "") for f in found), _STAGES
        ),
        "sections": [
            parts.section("Resolved by rule", ("rule", "places"), list(by_rule.items())),
            *([] if made.gates is None else [_gates(made.gates)]),
            parts.section("Warnings", ("what",), [[words] for words in made.warnings]),
            parts.section(
                "Each resolution",
                ("path", "rule", "what"),
                [[entry.path, entry.rule, entry.what] for entry in resolved.resolutions],
            ),
        ],
        "versions": [
            *({"what": what, "version": version, "how": how} for what, version, how in versions),
            *tools(),
        ],
        "seconds": dict(made.seconds),
        "limits": list(_LIMITS),
        "manual": parts.manual((finding.code for finding in found), known),
    }


def findings(made: Plan) -> list[Finding]:
    """Return what a sync leaves to a person: conflicts, places of the port, losses of surface."""
    found = {*made.lifted.findings, *made.vanished}
    for path in made.resolved.conflicts:
        why = "; ".join(made.resolved.reasons.get(path, ()))
        message = f"conflict{': ' + why if why else ''}"
        advice = "resolve it, `git add` it, and run again with `--continue`"
        found.add(Finding(path, 1, 1, CONFLICT, message, advice, Effort.MEDIUM))
    for loss in made.gates.losses if made.gates is not None else ():
        words = str(loss).split(": ", 1)[1]
        entry = loss.entry
        found.add(Finding(entry.path, entry.line, 1, UNPRESERVED, words, "", Effort.MEDIUM))
    return sorted(found)


def resolutions(made: Plan) -> dict[str, Any]:
    """Return each resolution with the three sides and the result, for a reviewer."""
    return {
        "base": made.base.commit,
        "resolutions": [_sides(entry) for entry in made.resolved.resolutions],
    }


def _sides(entry: Resolution) -> dict[str, str]:
    return {
        name: value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        for name, value in vars(entry).items()
    }


def _outcomes(made: Plan) -> Iterable[tuple[str, int]]:
    if made.git_conflicts >= 0:
        yield "conflicts of a merge from git's own base", made.git_conflicts
    yield "conflicts of a merge from the true base", made.base_conflicts
    yield "places resolved by a rule", len(made.resolved.resolutions)
    yield "conflicts left to a person", len(made.resolved.conflicts)
    yield "files ported to upstream's API", len(made.lifted.ported)
    yield "files formatted as upstream does", len(made.lifted.formatted)
    yield "files that followed upstream's renames", len(made.lifted.renames)
    yield "upstream files equal in the fork, at the base", made.base.equal
    yield "warnings", len(made.warnings)


def _gates(verdict: Verdict) -> dict[str, Any]:
    rows = [[gate.value, verdict.count(gate)] for gate in Gate]
    return parts.section("Gates", ("gate", "entries"), [*rows, ["waived", len(verdict.waived)]])
