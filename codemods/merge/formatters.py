"""Formats texts as a tree formats its own: with formatters that we know, its settings as data.

Never a command from the tree: its settings only say which of the known formatters it uses. One that
is not installed here is left out and named.
"""

from __future__ import annotations

import importlib.util
import re
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from codemods import own_python
from codemods.merge.syntax import language_of
from codemods.model import Language

SETTINGS = (
    ".pre-commit-config.yaml",
    "pyproject.toml",
    "ruff.toml",
    ".ruff.toml",
    "setup.cfg",
    ".style.yapf",
    ".yapfignore",
)
_BATCH = 200  # files in one command


@dataclass(frozen=True)
class Formatter:
    """A formatter: the package that brings it, and its module and arguments for some files."""

    package: str
    language: Language
    command: Callable[[list[str]], list[str]]


RUFF = Formatter(
    "ruff",
    Language.PYTHON,
    lambda files: ["ruff", "format", "--no-cache", "--quiet", "--force-exclude", *files],
)
YAPF = Formatter("yapf", Language.PYTHON, lambda files: ["yapf", "--in-place", *files])
BLACK = Formatter("black", Language.PYTHON, lambda files: ["black", "--quiet", *files])
CLANG_FORMAT = Formatter(
    "clang-format",
    Language.CPP,
    lambda files: ["clang_format", "-i", "--style=file", "--fallback-style=none", *files],
)
_MODULES = {"clang-format": "clang_format"}


def is_setting(path: str) -> bool:
    """Whether a file of a tree says how it is formatted."""
    return path in SETTINGS or PurePosixPath(path).name in {".clang-format", ".clang-format-ignore"}


def formatters_of(settings: Mapping[str, bytes]) -> list[Formatter]:
    """The formatters that a tree uses, told from its settings' contents by path."""
    hooks = settings.get(".pre-commit-config.yaml", b"")
    named = set(re.findall(rb"(?m)^\s*-?\s*id:\s*['\"]?([\w-]+)", hooks))
    project = settings.get("pyproject.toml", b"")
    found = []
    if b"ruff-format" in named or b"[tool.ruff.format]" in project:
        found.append(RUFF)
    elif b"yapf" in named or ".style.yapf" in settings or b"[tool.yapf]" in project:
        found.append(YAPF)
    elif b"black" in named or b"[tool.black]" in project:
        found.append(BLACK)
    if any(PurePosixPath(path).name == ".clang-format" for path in settings):
        found.append(CLANG_FORMAT)
    return found


def installed(formatter: Formatter) -> bool:
    module = _MODULES.get(formatter.package, formatter.package)
    return importlib.util.find_spec(module) is not None


def format_texts(texts: Mapping[str, bytes], settings: Mapping[str, bytes]) -> dict[str, bytes]:
    """The texts as the tree with these settings formats them; one that a formatter refuses stays
    as it is."""
    with tempfile.TemporaryDirectory(prefix="codemods-format-") as name:
        root = Path(name)
        for path, content in {**texts, **settings}.items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        for formatter in filter(installed, formatters_of(settings)):
            paths = sorted(p for p in texts if language_of(p) is formatter.language)
            for start in range(0, len(paths), _BATCH):
                batch = [f"./{path}" for path in paths[start : start + _BATCH]]
                module, *options = formatter.command(batch)
                subprocess.run(
                    [*own_python.module(module), *options],
                    cwd=root,
                    capture_output=True,
                    check=False,  # it refuses a file that does not parse, and formats the others
                )
        return {path: (root / path).read_bytes() for path in texts}
