"""Two trees' result tables side by side, and their generated CUDA kernel by kernel."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from codemods.harness.results import Results, Row, Status

_TOKEN = re.compile(r"[A-Za-z_]\w*|\d[\w.+-]*|\"(?:\\.|[^\"\\])*\"|\s+|.", re.DOTALL)
_LOCAL = re.compile(r"[A-Za-z_]\w*")


class Likeness(Enum):
    """How a kernel's text in one tree stands to its text in the other."""

    EQUAL = "equal"
    RENAMED = "equal but for names and order"
    DIFFERENT = "different"


@dataclass(frozen=True)
class Pair:
    """A row that both trees have, or only one. `likeness` and `diff`: for lowered kernels."""

    stage: str
    name: str
    arch: str
    here: Row | None
    reference: Row | None
    likeness: Likeness | None = None
    diff: str = ""

    @property
    def worse(self) -> bool:
        """Whether the reference passes where this tree does not."""
        return (
            self.reference is not None
            and self.reference.status is Status.PASSED
            and (self.here is None or self.here.status is not Status.PASSED)
        )


def compare(here: Results, reference: Results, stages: tuple[str, ...]) -> tuple[Pair, ...]:
    """Pair the rows of both tables by stage, name and architecture."""
    return tuple(pair for stage in stages for pair in _pairs(here, reference, stage))


def _pairs(here: Results, reference: Results, stage: str) -> Iterator[Pair]:
    ours = {(row.name, row.arch): row for row in here.rows(stage)}
    theirs = {(row.name, row.arch): row for row in reference.rows(stage)}
    for name, arch in dict.fromkeys([*theirs, *ours]):
        mine, other = ours.get((name, arch)), theirs.get((name, arch))
        texts = _texts(here, mine), _texts(reference, other)
        if texts[0] is None or texts[1] is None:
            yield Pair(stage, name, arch, mine, other)
            continue
        kind = likeness(texts[0], texts[1])
        diff = ""
        if kind is Likeness.DIFFERENT:
            lines = texts[1].splitlines(), texts[0].splitlines()
            diff = "\n".join(difflib.unified_diff(*lines, "reference", "here", lineterm="", n=2))
        yield Pair(stage, name, arch, mine, other, kind, diff)


def _texts(results: Results, row: Row | None) -> str | None:
    if row is None or "source" not in row.details:
        return None
    return (results.path.parent / str(row.details["source"])).read_text(encoding="utf-8")


def likeness(text: str, other: str) -> Likeness:
    """Say how two CUDA texts stand to each other.

    Names are compared by where they first occur, so a consistent renaming does not count;
    order is ignored for `#include` lines and for lines of a run of declarations.
    """
    if text == other:
        return Likeness.EQUAL
    if _canonical(text) == _canonical(other):
        return Likeness.RENAMED
    return Likeness.DIFFERENT


def _canonical(text: str) -> list[str]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    includes = sorted({line for line in lines if line.startswith("#include")})
    body = _sorted_runs([line for line in lines if not line.startswith("#include")])
    called = _never_declared(body)
    names: dict[str, str] = {}
    canonical = list(includes)
    for line in body:
        tokens = (token for token in _TOKEN.findall(line) if not token.isspace())
        canonical.append(" ".join(_renamed(token, names, called) for token in tokens))
    return canonical


_DECLARATION = re.compile(
    r"^(?:(?:const|unsigned|signed|__shared__|alignas\(\d+\))\s+)*[\w:]+\**\s+(\w+)"
)


def _sorted_runs(lines: list[str]) -> list[str]:
    """Return the lines with each run of plain declarations (no initial value) sorted by shape."""
    result: list[str] = []
    run: list[str] = []
    for line in [*lines, ""]:
        if _DECLARATION.match(line) and "=" not in line and line.endswith(";"):
            run.append(line)
            continue
        result.extend(sorted(run, key=lambda text: _LOCAL.sub("x", text)))
        run = []
        if line:
            result.append(line)
    return result


def _never_declared(lines: list[str]) -> frozenset[str]:
    """Names that keep their identity: what is called, qualified or a keyword, not declared here."""
    declared: set[str] = set()
    for line in lines:
        for match in re.finditer(r"[\w:>*&]\s+(?:__restrict__\s+)?\**(\w+)\s*(?=[\[;=,)(])", line):
            declared.add(match[1])
    words = {word for line in lines for word in _LOCAL.findall(line)}
    return frozenset(words - declared)


def _renamed(token: str, names: dict[str, str], kept: frozenset[str]) -> str:
    if not _LOCAL.fullmatch(token) or token in kept:
        return token
    return names.setdefault(token, f"name{len(names)}")


def counts(pairs: Sequence[Pair]) -> Mapping[str, int]:
    """Return how many pairs are of each likeness."""
    found = {kind.value: 0 for kind in Likeness}
    for pair in pairs:
        if pair.likeness is not None:
            found[pair.likeness.value] += 1
    return found


def write_diffs(pairs: tuple[Pair, ...], folder: Path) -> Path:
    """Write the diff of each different kernel into `folder` and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for pair in pairs:
        if pair.diff:
            name = re.sub(r"\W+", "_", f"{pair.name}.{pair.arch}")[-150:]
            (folder / f"{name}.diff").write_text(pair.diff + "\n", encoding="utf-8")
    return folder
