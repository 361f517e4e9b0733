"""Formats changed C++ lines with the tree's own `.clang-format`; untouched lines never move.

clang-format may reflow a whole statement for one changed line in it. Of what it proposes, only the
replacements are taken that lie within changed lines, or within the short list or statement that a
changed line is part of: half of a reflow is worse than none.
"""

from __future__ import annotations

import importlib.util
import re
import subprocess
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from codemods import offsets
from codemods.model import Edit, Finding, Language, Source
from codemods.tree import classify
from cpp_rewriters import syntax

_SUFFIXES = re.compile(r"\.(?:cu|cuh|hip)$")


@dataclass(frozen=True)
class Formatted:
    """Edits by path that format what a run changed, and findings where that failed."""

    edits: Mapping[str, tuple[Edit, ...]]
    complaints: tuple[Finding, ...]


def format_changed(
    root: Path,
    texts: Mapping[str, bytes],
    steps: Mapping[str, Sequence[Sequence[Edit]]],
    jobs: int = 1,
) -> Formatted:
    """Return the edits that format the lines which `steps` changed.

    `texts` holds the text after the steps by path relative to `root`; a path without steps is a
    new file and formatted whole. Folders without a `.clang-format` up to `root` are left alone.
    """
    wanted = [
        path
        for path in sorted(texts)
        if classify(path) is Language.CPP and _has_style(root, root / path)
    ]
    if not wanted:
        return Formatted({}, ())
    program = _program()
    if program is None:
        message = "changed lines not formatted: the package `clang-format` is not installed"
        return Formatted({}, tuple(Finding(path, 1, 1, "TF914", message) for path in wanted))
    task = partial(_format, program, root, texts, steps)
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        answers = list(zip(wanted, pool.map(task, wanted), strict=True))
    edits = {path: answer for path, answer in answers if isinstance(answer, tuple) and answer}
    failed = (
        Finding(path, 1, 1, "TF914", f"changed lines not formatted: {answer}")
        for path, answer in answers
        if isinstance(answer, str)
    )
    return Formatted(edits, tuple(failed))


def changed_lines(text: bytes, steps: Sequence[Sequence[Edit]]) -> list[tuple[int, int]]:
    """Return the 1-based ranges of lines of `text`, end inclusive, that `steps` changed."""
    shifts = [offsets.Shift(edits) for edits in steps]
    lines = offsets.Lines(text)
    touched: set[int] = set()
    for count, edits in enumerate(steps):
        moved = 0
        for edit in edits:
            start, end = edit.start + moved, edit.start + moved + len(edit.text)
            moved += len(edit.text) - (edit.end - edit.start)
            for shift in shifts[count + 1 :]:
                start, end = shift.forward(start), shift.forward(end)
            if edit.text or not _ends_at_line_start(text, start):
                last = end - 1 if end > start and text[end - 1 : end] == b"\n" else end
                touched.update(range(lines.line(start), lines.line(max(start, last)) + 1))
    return _ranges(sorted(touched))


_UNITS = frozenset(
    (
        "argument_list",
        "declaration",
        "expression_statement",
        "field_declaration",
        "function_declarator",
        "initializer_list",
        "parameter_list",
        "return_statement",
    )
)
_LONGEST_UNIT = 12
"""Lines of a list or statement beyond which a changed line is formatted by itself."""


def _with_statements(text: bytes, ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The ranges, each grown to the list or statement around it where that is short."""
    source = Source("", text, Language.CPP)
    lines = offsets.Lines(text)
    grown: set[int] = set()
    for first, last in ranges:
        grown.update(range(first, last + 1))
        begin = lines.start(first)
        end = lines.start(last + 1) if last < len(lines) else len(text)
        changed = text[begin:end]
        start = begin + len(changed) - len(changed.lstrip())
        stop = max(start, begin + len(changed.rstrip()) - 1)
        # what begins on the first line may end there, before a long body that begins there too
        for node in (syntax.node_at(source, start, stop), syntax.node_at(source, start, start)):
            for unit in (node, *syntax.ancestors(node)):
                top, bottom = unit.start_point[0] + 1, unit.end_point[0] + 1
                if bottom - top >= _LONGEST_UNIT:
                    break
                if unit.type in _UNITS:
                    grown.update(range(top, bottom + 1))
    return _ranges(sorted(grown))


def _ends_at_line_start(text: bytes, offset: int) -> bool:
    """Whole lines were removed: the lines around them were not touched."""
    return offset == 0 or text[offset - 1 : offset] == b"\n"


def _ranges(numbers: Sequence[int]) -> list[tuple[int, int]]:
    ranges: list[tuple[int, int]] = []
    for number in numbers:
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return ranges


def _has_style(root: Path, path: Path) -> bool:
    names = (".clang-format", "_clang-format")
    folders = [path.parent, *path.parent.parents]
    inside = [folder for folder in folders if folder.is_relative_to(root)]
    return any((folder / name).is_file() for folder in inside for name in names)


def _program() -> str | None:
    package = importlib.util.find_spec("clang_format")
    if package is None or package.origin is None:
        return None
    binary = Path(package.origin).parent / "data" / "bin" / "clang-format"
    return str(binary) if binary.is_file() else None


def _format(
    program: str,
    root: Path,
    texts: Mapping[str, bytes],
    steps: Mapping[str, Sequence[Sequence[Edit]]],
    path: str,
) -> tuple[Edit, ...] | str:
    text = texts[path]
    whole = [(1, len(offsets.Lines(text)))]
    ranges = _with_statements(text, changed_lines(text, steps[path])) if path in steps else whole
    if not ranges:
        return ()
    name = _SUFFIXES.sub(".cc", str(root / path))
    command = [program, "--style=file", "--sort-includes=0", "--output-replacements-xml"]
    command += [f"--assume-filename={name}", *(f"--lines={a}:{b}" for a, b in ranges)]
    answer = subprocess.run(command, input=text, capture_output=True, check=False)
    if answer.returncode:
        return answer.stderr.decode("utf-8", "replace").strip().splitlines()[-1][:200]
    lines = offsets.Lines(text)
    allowed = {line for first, last in ranges for line in range(first, last + 1)}
    edits: list[Edit] = []
    try:
        proposed = ElementTree.fromstring(answer.stdout)
    except ElementTree.ParseError as error:  # a comment in another encoding was to be reflowed
        return f"clang-format's answer cannot be read ({error})"
    for node in proposed.iter("replacement"):
        start = int(node.attrib["offset"])
        end = start + int(node.attrib["length"])
        touched = range(lines.line(start), lines.line(end) + 1)
        if all(line in allowed for line in touched):
            edits.append(Edit(start, end, (node.text or "").encode()))
    return offsets.in_order(edits)
