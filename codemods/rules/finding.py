"""Where a tree names its rules: `[tool.codemods] rules = ["a.toml"]` in its `pyproject.toml`.

The setting is the tree's, so it is data that may be hostile: it names files inside the tree and
nothing else.
"""

from __future__ import annotations

from pathlib import Path

import tomlkit
from tomlkit.exceptions import TOMLKitError

from codemods.rules.reading import BadRules

_FILE = "pyproject.toml"


def find(root: Path) -> tuple[Path, ...]:
    """Return the rules files that the tree at `root` names; raises `BadRules`."""
    project = root / _FILE
    try:
        stated = tomlkit.parse(project.read_text("utf-8")).unwrap()
    except (OSError, TOMLKitError, UnicodeDecodeError) as error:
        raise BadRules(f"{project}: cannot be read for `[tool.codemods]`: {error}") from error
    tool = stated.get("tool", {})
    said = tool.get("codemods", {}) if isinstance(tool, dict) else {}
    if not isinstance(said, dict):
        raise BadRules(f"{project}: `tool.codemods` must be a table")
    unknown = sorted(set(said) - {"rules"})
    if unknown:
        raise BadRules(f"{project}: `tool.codemods.{unknown[0]}` is not known; known: rules")
    names = said.get("rules", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise BadRules(f"{project}: `tool.codemods.rules` must be a list of paths")
    return tuple(_inside(root, project, name) for name in names)


def _inside(root: Path, project: Path, name: str) -> Path:
    path = root / name
    if not path.resolve().is_relative_to(root.resolve()):
        raise BadRules(f"{project}: `tool.codemods.rules`: `{name}` leaves the tree")
    if not path.is_file():
        raise BadRules(f"{project}: `tool.codemods.rules`: there is no `{name}`")
    return path
