"""The report as plain data: the JSON form of the result, and what is computed from it once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from codemods import __version__, ladder, present, residue
from codemods.model import Finding, Migration
from codemods.notices import NOTICES
from codemods.report import diffs, parts
from codemods.report.parts import Document
from codemods.report.provenance import provenance
from codemods.result import Result


def document(
    result: Result,
    before: Mapping[str, bytes],
    after: Mapping[str, bytes],
    known: Sequence[Migration],
    revision: str = "",
) -> Document:
    """Return the report of a port of `before`, whose changed and new files became `after`.

    `known` are all migrations there are; `revision` is git's name of the tree before the run.
    """
    titles = {migration.code: migration for migration in known}
    applied = [titles[code] for code in result.migrations if code in titles]
    todo = _todo(result)
    codes = {*result.by_code(), *(entry.code for entry in result.residue)}
    codes |= {item["code"] for item in todo}
    return {
        **result.to_json(),
        "heading": f"Port to TileLang {result.release}",
        "lead": _lead(result),
        "stages": parts.stages(),
        "versions": provenance(result, titles, revision),
        "outcomes": _outcomes(result),
        "by_migration": _by_migration(result, titles),
        "by_name": _by_name(result, before, {**before, **after}, applied),
        "todo": todo,
        "afterwards": _afterwards(result),
        "diffs": diffs.of_tree(before, after, result.changes),
        "manual": parts.manual(codes, titles),
        "limits": _limits(result, applied),
        "sections": [],
    }


def _lead(result: Result) -> str:
    written = "Written." if result.written else "Nothing has been written."
    if result.nothing_left:
        return f"{written} Nothing is left: no finding, no old name, no region not analysed."
    return written


def _todo(result: Result) -> list[dict[str, Any]]:
    kinds = {(entry.path, entry.line, entry.column): entry for entry in result.residue}

    def item(finding: Finding) -> dict[str, Any]:
        entry = kinds.get((finding.path, finding.line, finding.column))
        if finding.code != "TF903" or entry is None:
            return parts.item(finding)
        named = {"code": entry.code, "kind": entry.kind, "advice": ""}
        return {**parts.item(finding), **named}

    return parts.in_working_order(map(item, present.everything(result)))


def _outcomes(result: Result) -> list[dict[str, Any]]:
    shown = [entry for entry in result.residue if entry.kind not in residue.UNSEEN]
    fatal = [f for f in result.findings if f.code in NOTICES and NOTICES[f.code].fatal]
    notices = [f for f in result.findings if f.code in NOTICES and not NOTICES[f.code].fatal]
    places = [f for f in result.findings if f.code not in NOTICES]
    rows = [("edits made" if result.written else "edits that would be made", len(result.changes))]
    rows += [
        (f"places left to a person, {effort} effort", _count(places, effort))
        for effort in parts.EFFORT
    ]
    rows += [
        ("remarks of the tool about the run", len(notices)),
        ("files that could not be read, parsed or settled", len(fatal)),
        ("regions not analysed", len(result.regions)),
        ("old names still standing outside of those regions", len(shown)),
    ]
    return parts.outcomes(rows)


def _count(findings: Sequence[Finding], effort: str) -> int:
    return sum(finding.effort.value == effort for finding in findings)


def _by_migration(result: Result, known: Mapping[str, Migration]) -> list[dict[str, Any]]:
    left: dict[str, int] = {}
    for entry in result.residue:
        left[entry.code] = left.get(entry.code, 0) + 1
    counts = result.by_code()
    rows = []
    for code in sorted({*counts, *left}):
        edits, files, findings = counts.get(code, (0, 0, 0))
        migration = known.get(code)
        rows.append(
            {
                "code": code,
                "title": migration.title if migration else parts.title(code),
                "rung": migration.rung.name if migration else "",
                "edits": edits,
                "files": files,
                "findings": findings,
                "residue": left.get(code, 0),
            }
        )
    return rows


def _by_name(
    result: Result,
    before: Mapping[str, bytes],
    after: Mapping[str, bytes],
    applied: Sequence[Migration],
) -> list[dict[str, Any]]:
    stood, stand = residue.count(before, applied), residue.count(after, applied)
    return [
        {
            "name": name,
            "code": code,
            "before": stood[code, name],
            "converted": max(0, stood[code, name] - stand[code, name]),
            "left": stand[code, name],
        }
        for code, name in sorted({*stood, *stand}, key=lambda key: (-stand[key], -stood[key], key))
    ]


def _afterwards(result: Result) -> list[str]:
    if result.command != "run":
        return []
    return [
        f"Take the submodule that holds TVM to the revision that TileLang {result.release} pins, "
        "or install that release's wheel beside the tree; install `apache-tvm-ffi` in the range "
        "that the port wrote into the requirements.",
        "Remove what was compiled before: the build folder, TileLang's kernel cache and "
        "`__pycache__`.",
        "Run `python -m codemods.verify`: every C++ unit parsed against the target's headers, "
        "every Python name resolved.",
        "Run `python -m codemods.build`: compile, link, lower, and run the suites.",
    ]


def _limits(result: Result, applied: Sequence[Migration]) -> list[str]:
    limits = [
        "Nothing of the tree was executed, and nothing here says that it compiles: that is what "
        "`verify` and `build` are for.",
        "Names are counted as text, in comments and documents too. A name with several meanings "
        "is counted whichever is meant, so it may be in the table and yet be right where it is.",
        "The migration beside a changed line is the one whose edit touched that line or the block "
        "of lines around it; where several worked on it, all are named.",
    ]
    if result.regions:
        limits.append(
            f"In {len(result.regions)} regions old names stand where no syntax tree reaches (macro "
            "bodies, inactive `#if`, text that does not parse). Nothing was rewritten there."
        )
    unsafe = [migration.code for migration in applied if not migration.safe]
    if unsafe:
        limits.append(
            f"Fixes that may change meaning ({', '.join(unsafe)}) are applied only with "
            "`--unsafe-fixes`; without it their places are on the list."
        )
    later = [m for m in ladder.RELEASES if ladder.position(m) > ladder.position(result.release)]
    if later:
        limits.append(
            f"The target is TileLang {result.release}; what changed from {later[0]} on is not "
            f"carried out. This is tvm-ffi-codemods {__version__}."
        )
    return limits
