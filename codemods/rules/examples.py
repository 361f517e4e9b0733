"""Runs the examples of rules: what a rule promises is what it does, or it is not used."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path

from codemods import engine
from codemods.model import Example, Language, Migration
from codemods.rules.reading import BadRules

PATHS = {
    Language.CPP: "src/example.cc",
    Language.PYTHON: "package/example.py",
    Language.CYTHON: "package/example.pyx",
    Language.CMAKE: "CMakeLists.txt",
    Language.TOML: "pyproject.toml",
    Language.REQUIREMENTS: "requirements.txt",
    Language.PROSE: "docs/example.md",
}
"""Where an example stands that does not say."""


def check(path: Path, migrations: Iterable[Migration]) -> None:
    """Run every example twice; raises `BadRules` with what came instead of what was promised."""
    for migration in migrations:
        for example in migration.examples:
            wrong = _wrong(migration, example)
            if wrong:
                title = f"{migration.code}, example `{example.title}`"
                raise BadRules(f"{path}: {title}: {wrong}")


def _wrong(migration: Migration, example: Example) -> str:
    path = example.path or PATHS[example.language]
    files = {name: text.encode() for name, text in example.others.items()}
    files[path] = (example.prelude + example.before + example.postlude).encode()
    wanted = example.before if example.after is None else example.after
    ported = engine.port(files, [migration], unsafe=True)
    for complaint in ported.complaints:
        return f"{complaint.code} {complaint.message}"
    came = ported.files[path].decode()
    if came != example.prelude + wanted + example.postlude:
        lines = difflib.unified_diff(
            wanted.splitlines(), came.splitlines(), "promised", "came", lineterm=""
        )
        return "\n".join(["it becomes something else", *(f"  {line}" for line in lines)])
    said = [finding.message for finding in ported.findings]
    if example.finding and not any(example.finding in message for message in said):
        heard = "; ".join(said) or "nothing"
        return f"`{example.finding}` is not reported; what is: {heard}"
    if engine.port(ported.files, [migration], unsafe=True).changed:
        return "a second run changes it again"
    return ""
