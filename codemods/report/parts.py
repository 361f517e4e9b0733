"""What the reports of all commands are made of: the list to work off, its stages, the manual."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from codemods import __version__
from codemods.model import Finding, Language, Migration
from codemods.notices import NOTICES
from codemods.result import SCHEMA
from codemods.tree import classify

Document = dict[str, Any]

STAGES = (
    ("first", "What stopped the tool: nothing behind it was looked at"),
    ("build", "Build files, requirements and submodules: nothing compiles before they are right"),
    ("header", "C++ headers: every unit includes them"),
    ("unit", "C++ sources"),
    ("python", "Python"),
    ("region", "Regions not analysed: look with your own eyes"),
    ("name", "Old names still standing, in code before comments and prose"),
    ("prose", "Documents"),
)
"""The working order of the to-do list: each stage is what the next one stands on."""

_HEADERS = (".h", ".hh", ".hpp", ".hxx", ".h++", ".cuh", ".inl", ".inc", ".ipp", ".tpp")
_BUILD = (Language.CMAKE, Language.TOML, Language.REQUIREMENTS)
EFFORT = {"high": 0, "medium": 1, "low": 2}


def head(command: str, target: str, release: str, heading: str, lead: str) -> Document:
    """Return what every document begins with; `lead` says the outcome in a sentence."""
    return {
        "schema": SCHEMA,
        "tool": {"name": "tvm-ffi-codemods", "version": __version__},
        "command": command,
        "target": target,
        "release": release,
        "heading": heading,
        "lead": lead,
    }


def stages(named: Sequence[tuple[str, str]] = STAGES) -> list[dict[str, str]]:
    """Return the stages of the list in working order, each with its heading."""
    return [{"name": name, "title": title} for name, title in named]


def item(finding: Finding, kind: str = "finding", stage: str = "") -> dict[str, Any]:
    """Return a finding as an entry of the list to work off."""
    return {
        "stage": stage or _stage(finding),
        "path": finding.path,
        "line": finding.line,
        "column": finding.column,
        "code": finding.code,
        "kind": kind,
        "effort": finding.effort.value,
        "message": finding.message,
        "advice": finding.advice,
    }


def in_working_order(
    items: Iterable[dict[str, Any]], named: Sequence[tuple[str, str]] = STAGES
) -> list[dict[str, Any]]:
    """Return the entries by stage, old names in code first, by file, the hard ones first."""
    order = {name: number for number, (name, _) in enumerate(named)}

    def place(item: dict[str, Any]) -> tuple[Any, ...]:
        elsewhere = item["stage"] == "name" and item["kind"] not in ("code", "string")
        rank = EFFORT[item["effort"]]
        return order[item["stage"]], elsewhere, item["path"], rank, item["line"], item["column"]

    return sorted(items, key=place)


def manual(codes: Iterable[str], known: Mapping[str, Migration]) -> list[dict[str, Any]]:
    """Return the page of each code, in order."""
    return [_page(code, known) for code in sorted(set(codes))]


def title(code: str) -> str:
    """Return the title of a code that is no migration's."""
    return NOTICES[code].title if code in NOTICES else code


def outcomes(rows: Iterable[tuple[str, int]]) -> list[dict[str, Any]]:
    """Return the table of what became of everything that was looked at."""
    return [{"outcome": name, "count": count} for name, count in rows]


def section(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """Return a table of a report; cells are texts or numbers. A column without a text goes."""
    kept = [at for at in range(len(columns)) if not rows or any(row[at] != "" for row in rows)]
    return {
        "title": title,
        "columns": [columns[at] for at in kept],
        "count": len(rows),
        "rows": [[row[at] for at in kept] for row in rows],
    }


def _stage(finding: Finding) -> str:
    if finding.code in NOTICES and NOTICES[finding.code].fatal:
        return "first"
    named = {"TF902": "region", "TF903": "name"}.get(finding.code)
    if named:
        return named
    language = classify(finding.path)
    if language in _BUILD or finding.path.endswith(".gitmodules"):
        return "build"
    if language is Language.CPP:
        return "header" if finding.path.lower().endswith(_HEADERS) else "unit"
    return "python" if language in (Language.PYTHON, Language.CYTHON) else "prose"


def _page(code: str, known: Mapping[str, Migration]) -> dict[str, Any]:
    migration = known.get(code)
    if migration is None:
        text = NOTICES[code].text if code in NOTICES else "This code has no page."
        return {"code": code, "title": title(code), "text": text, "upstream": [], "since": ""}
    return {
        "code": code,
        "title": migration.title,
        "text": migration.doc,
        "upstream": list(migration.upstream),
        "since": migration.introduced,
    }
