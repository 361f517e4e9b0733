"""Names that one side left and the other side's lines still use, after a merge without a conflict.

A helper that upstream renamed, a base class that it exchanged, an operator that the fork took away:
git merges the lines, and nothing fails until something compiles or imports them.
"""

from __future__ import annotations

import keyword
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from functools import lru_cache

from codemods.merge import vanished_modules
from codemods.merge.hunks import split_lines
from codemods.merge.syntax import language_of
from codemods.merge.text_merge import split_units
from codemods.model import Effort, Finding, Language

CODE = "TF930"
_LANGUAGES = (Language.CPP, Language.PYTHON, Language.CYTHON)
_NAME = re.compile(rb"(?<![\w])[A-Za-z_]\w{3,}")
_FOREIGN = re.compile(
    rb"\"\"\"[\s\S]*?\"\"\"|'''[\s\S]*?'''"
    rb"|'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\"|#[^\n]*|//[^\n]*|/\*[\s\S]*?\*/"
)
_IMPORT = re.compile(rb"(?m)^\s*(?:from\s+[\w.]+\s+import|import\s+[\w.]+|#\s*include)")
_STANDARD = frozenset(name.encode() for name in sys.stdlib_module_names)
_NEVER = _STANDARD | {word.encode() for word in keyword.kwlist}


@dataclass(frozen=True)
class Trees:
    """The code of whole trees, by path."""

    base: Mapping[str, bytes]
    fork: Mapping[str, bytes]
    upstream: Mapping[str, bytes]
    merged: Mapping[str, bytes]


def scan(trees: Trees) -> list[Finding]:
    """What to look at in the merged tree, in order of place."""
    gone = {
        language: _names(trees.base, language).keys() - _names(trees.upstream, language).keys()
        for language in _LANGUAGES
    }
    removed = _removed(trees)
    found: set[Finding] = set()
    for path, text in trees.merged.items():
        language = language_of(path)
        if language not in _LANGUAGES:
            continue
        old, new = trees.base.get(path), trees.upstream.get(path)
        for name, line, column in _uses(text, new, gone[language]):
            message = f"`{name}` is in a line of the fork's, but upstream uses it nowhere any more"
            found.add(_finding(path, line, column, message, _SEE_UPSTREAM))
        if old is not None and new is not None and text != new:
            left = _in_statements(old) - set(_NAME.findall(_code(new)))
            for name, line, column in _uses(text, new, left - gone[language]):
                message = f"`{name}` is in a line of the fork's, but upstream left it in this file"
                found.add(_finding(path, line, column, message, _SEE_UPSTREAM))
        if new is not None:
            for name, line, column in _uses(text, trees.fork.get(path), removed.keys()):
                where = removed[name.encode()]
                message = f"upstream's line uses `{name}`, which the fork took out of `{where}`"
                found.add(_finding(path, line, column, message, _SEE_FORK))
    for path, line, module in vanished_modules.scan(trees.base, trees.upstream, trees.merged):
        message = f"a line of the fork's imports `{module}`, but upstream does so nowhere any more"
        found.add(_finding(path, line, 1, message, _SEE_UPSTREAM))
    return sorted(found)


_SEE_UPSTREAM = "see what upstream's own uses became since the base"
_SEE_FORK = "see what the fork has in its place"


def _finding(path: str, line: int, column: int, message: str, advice: str) -> Finding:
    return Finding(path, line, column, CODE, message, advice, Effort.MEDIUM)


def _removed(trees: Trees) -> dict[bytes, str]:
    """What a file of upstream's defines, at the base and now, and the fork's no more."""
    found: dict[bytes, str] = {}
    for path, fork in trees.fork.items():
        old, new = trees.base.get(path), trees.upstream.get(path)
        if old is None or new is None or old == fork:
            continue
        before, mine, now = (_defined(path, text) for text in (old, fork, new))
        found.update(dict.fromkeys((before & now) - mine, path))
    return found


def _defined(path: str, text: bytes) -> set[bytes]:
    """The functions, classes and registrations of a file, members of classes left out."""
    names: set[bytes] = set()
    pending = [unit for units in split_units(language_of(path), text) or () for unit in units]
    while pending:
        unit = pending.pop()
        if unit.key[0] in {"def", "class", "function", "macro"} and len(unit.key) > 1:
            names.add(unit.key[2 if unit.key[0] == "macro" else 1].encode())
        elif unit.key[0] in {"namespace", "conditional"}:
            pending += unit.members
    return {name for name in names if _NAME.fullmatch(name)}


def _names(files: Mapping[str, bytes], language: Language) -> Counter[bytes]:
    """The identifiers in the code of one language, comments and strings aside."""
    found: Counter[bytes] = Counter()
    for path, text in files.items():
        if language_of(path) is language:
            found.update(set(_NAME.findall(_code(text))))
    return found


def _in_statements(text: bytes) -> set[bytes]:
    """The names in a text's code, but for those only in the paths of imports and includes."""
    return set(_NAME.findall(_IMPORT.sub(b"", _code(text))))


@lru_cache(maxsize=4096)
def _code(text: bytes) -> bytes:
    """The text with comments and strings blanked out; every line keeps its place."""
    return _FOREIGN.sub(lambda match: re.sub(rb"[^\n]", b" ", match[0]), text)


def _uses(text: bytes, others: bytes | None, names: Set[bytes]) -> Iterator[tuple[str, int, int]]:
    """Where lines that the other side's file has not use one of the names: name, line, column."""
    if not names:
        return
    known = Counter(line.strip() for line in split_lines(others or b""))
    bound = _bound(text)
    lines = zip(split_lines(text), split_lines(_code(text)), strict=False)
    for number, (line, bare) in enumerate(lines, 1):
        if known[line.strip()]:
            continue
        for match in _NAME.finditer(bare):
            if match[0] not in names or match[0] in bound or match[0] in _NEVER:
                continue
            owner = re.search(rb"(\w+)\s*\.\s*\Z", bare[: match.start()])
            if owner is None or owner[1] not in _STANDARD:
                column = len(line[: match.start()].decode("utf-8", "replace")) + 1
                yield match[0].decode("utf-8", "replace"), number, column


def _bound(text: bytes) -> set[bytes]:
    """Names that the file itself defines: a variable, parameter, function or class of its own."""
    return set(
        re.findall(rb"(?:\bdef|\bclass|\bstruct|\bfor|\bas|#\s*define)\s+([A-Za-z_]\w*)", text)
    ) | set(re.findall(rb"(?m)([A-Za-z_]\w*)\s*(?::[^=\n]+)?=(?!=)", text))
