"""Environment switches that a tree reads, as far as its own folders tell what they are for.

A tree may keep a part of itself behind a switch (`USE_DISTRIBUTED`, say). A program in a folder of
the same name is meant to run with it on, and so is a test that is skipped for want of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

_READ = re.compile(
    rb"(?:getenv|environ(?:\.get)?|EnvVar)\s*[\[(]\s*[\"'](\w*USE_\w+)[\"']", re.ASCII
)
_SUFFIXES = frozenset({".py", ".cc", ".cpp", ".h"})


def switches(folders: Sequence[Path]) -> tuple[str, ...]:
    """Return the names of the `USE_` switches that sources below `folders` read, sorted."""
    found: set[bytes] = set()
    for folder in folders:
        for file in sorted(folder.rglob("*")):
            if file.suffix in _SUFFIXES and file.is_file():
                found.update(_READ.findall(file.read_bytes()))
    return tuple(sorted(name.decode() for name in found))


def switched_on(path: str, names: Sequence[str]) -> dict[str, str]:
    """Return the switches of `names` that the program at `path` is meant to run with."""
    folders = {part.upper() for part in PurePosixPath(path).parts[:-1]}
    return {name: "1" for name in names if name.partition("USE_")[2] in folders}


def asked_for(reasons: Iterable[str], names: Sequence[str]) -> dict[str, str]:
    """Return the switches of `names` that the reasons of skipped tests name."""
    words = {word for reason in reasons for word in re.findall(r"\w+", reason)}
    return {name: "1" for name in names if name in words}
