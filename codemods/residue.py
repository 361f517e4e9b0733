"""What remains: old names that still stand in the text, and regions that no parser could see.

A name is residue when it stands anywhere (code, string, comment, macro body, inactive `#if`,
prose) and no finding on its line explains it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from codemods import suppress
from codemods.lexing import Lexed
from codemods.model import Finding, Language, Migration, Source
from codemods.offsets import Lines
from codemods.tokens import finder
from codemods.tree import classify

UNPARSED = "text that does not parse"
UNSEEN = ("macro body", "inactive #if", UNPARSED)
"""Kinds of text that no syntax tree covers."""


@dataclass(frozen=True, order=True)
class Residue:
    """An old name that still stands, what kind of text it stands in, whose migration it is."""

    path: str
    line: int
    column: int
    name: str
    kind: str
    code: str


@dataclass(frozen=True, order=True)
class Region:
    """Lines that hold old names where no syntax tree could be made, 1-based, end inclusive."""

    path: str
    line: int
    end_line: int
    reason: str
    names: tuple[str, ...]


def scan(
    files: Mapping[str, bytes], migrations: Sequence[Migration], findings: Iterable[Finding]
) -> tuple[tuple[Residue, ...], tuple[Region, ...]]:
    """Return the residue and the regions not analysed of a tree as it stands after a run."""
    tables = _tables(migrations)
    explained = {(finding.path, finding.line, finding.code) for finding in findings}
    residue: list[Residue] = []
    regions: list[Region] = []
    for path, data in files.items():
        language = classify(path)
        table = tables.get(language) if language is not None else None
        if language is None or table is None or not table.may_stand(data):
            continue
        found, unseen = _scan_file(path, data, language, table, explained)
        residue += found
        regions += unseen
    return tuple(sorted(residue)), tuple(sorted(regions))


def count(files: Mapping[str, bytes], migrations: Sequence[Migration]) -> Counter[tuple[str, str]]:
    """Return how often each old name stands in any text, by its migration's code and itself."""
    tables = _tables(migrations)
    counts: Counter[tuple[str, str]] = Counter()
    for path, data in files.items():
        language = classify(path)
        table = tables.get(language) if language is not None else None
        if table is None:
            continue
        for match in table.pattern.finditer(data):
            if not _is_new_form(data, match.start()):
                counts[table.owners[match[0]], match[0].decode()] += 1
    return counts


@dataclass(frozen=True)
class _Table:
    pattern: re.Pattern[bytes]
    owners: Mapping[bytes, str]
    may_stand: Callable[[bytes], bool]


def _tables(migrations: Sequence[Migration]) -> dict[Language, _Table]:
    names: dict[Language, dict[bytes, str]] = {language: {} for language in Language}
    for migration in migrations:
        own = {rewrite.language for rewrite in migration.rewrites}
        for name in migration.old_names:
            spread = set(Language) if _is_unmistakable(name) else own | {Language.PROSE}
            for language in spread:
                names[language].setdefault(name.encode(), migration.code)
    return {
        language: _Table(_pattern(owners), owners, finder(tuple(owners)))
        for language, owners in names.items()
        if owners
    }


def _is_unmistakable(name: str) -> bool:
    """Say whether a name can only be TVM's, in whatever language it stands."""
    return name.startswith(("TVM", "tvm")) or "::" in name or "." in name


def _pattern(names: Iterable[bytes]) -> re.Pattern[bytes]:
    # what stands before is looked at last, so that the search can skip to the names' first bytes
    longest_first = map(re.escape, sorted(names, key=lambda name: (-len(name), name)))
    alternatives = b"|".join(name + rb"(?<!\w" + name + b")" for name in longest_first)
    return re.compile(b"(?:" + alternatives + rb")(?!\w)")


def _scan_file(
    path: str,
    data: bytes,
    language: Language,
    table: _Table,
    explained: set[tuple[str, int, str]],
) -> tuple[list[Residue], list[Region]]:
    lines, lexed = Lines(data), Lexed(data, language)
    source = Source(path, data, language)
    kept = suppress.directives(data)
    residue: list[Residue] = []
    regions: list[Region] = []
    for match in table.pattern.finditer(data):
        if _is_new_form(data, match.start()):
            continue
        line, column = lines.at(match.start())
        code = table.owners[match[0]]
        if (path, line, code) in explained:
            continue
        if any(d.covers == line and d.matches(code) for d in kept):
            continue
        kind = lexed.kind(match.start())
        if kind == "code" and _is_unparsed(source, match.start()):
            kind = UNPARSED
        name = match[0].decode()
        if kind in UNSEEN:
            _extend(regions, Region(path, line, line, kind, (name,)))
        residue.append(Residue(path, line, column, name, kind, code))
    return residue, regions


def _is_unparsed(source: Source, offset: int) -> bool:
    """Say whether a place lies where the language's parser gave up."""
    if source.language is Language.PYTHON:
        from py_rewriters import parsing

        return isinstance(source.once(parsing.parse), parsing.Problem)
    if source.language is not Language.CPP:
        return False
    from cpp_rewriters import syntax

    node = syntax.node_at(source, offset)
    return node.is_error or any(ancestor.is_error for ancestor in syntax.ancestors(node))


def _is_new_form(data: bytes, start: int) -> bool:
    """A name qualified by the new package is the target's, whatever it was called before."""
    return data[max(0, start - 5) : start] == b"ffi::" or data[max(0, start - 8) : start] == (
        b"tvm_ffi."
    )


def _extend(regions: list[Region], new: Region) -> None:
    """Add a region, or join it to the last one when they touch."""
    last = regions[-1] if regions else None
    if last and last.reason == new.reason and new.line <= last.end_line + 1:
        names = tuple(dict.fromkeys((*last.names, *new.names)))
        regions[-1] = Region(last.path, last.line, new.end_line, last.reason, names)
    else:
        regions.append(new)
