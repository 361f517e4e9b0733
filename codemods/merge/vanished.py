"""Names that upstream used at the base and uses nowhere now, in lines that only the fork has.

A merge without a conflict still leaves them: a helper that upstream renamed, a header that it
deleted, an operator that it registers by another name. Nothing fails until something compiles or
imports the line.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Mapping

from codemods.merge.hunks import split_lines
from codemods.merge.syntax import language_of
from codemods.model import Effort, Finding, Language

CODE = "TF930"
_LANGUAGES = (Language.CPP, Language.PYTHON, Language.CYTHON)
_NAME = re.compile(rb"(?<![\w])[A-Za-z_]\w{3,}")
_FOREIGN = re.compile(
    rb"\"\"\"[\s\S]*?\"\"\"|'''[\s\S]*?'''"
    rb"|'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\"|#[^\n]*|//[^\n]*|/\*[\s\S]*?\*/"
)
_STANDARD = frozenset(name.encode() for name in sys.stdlib_module_names)


def scan(
    base: Mapping[str, bytes], upstream: Mapping[str, bytes], merged: Mapping[str, bytes]
) -> list[Finding]:
    """The vanished names in the merged tree's own lines. All three are whole trees by path."""
    gone = {
        language: _names(base, language).keys() - _names(upstream, language).keys()
        for language in _LANGUAGES
    }
    findings = []
    for path, text in sorted(merged.items()):
        language = language_of(path)
        if language not in _LANGUAGES or not gone[language]:
            continue
        known = Counter(line.strip() for line in split_lines(upstream.get(path, b"")))
        own = _own_names(text, known, gone[language])
        findings += [
            Finding(
                path,
                line,
                column,
                CODE,
                f"`{name}` is in a line of the fork's, but upstream uses it nowhere any more",
                "see what upstream's own uses became since the base",
                Effort.MEDIUM,
            )
            for line, column, name in own
        ]
    return findings


def _names(files: Mapping[str, bytes], language: Language) -> Counter[bytes]:
    """The identifiers in the code of one language, comments and strings aside."""
    found: Counter[bytes] = Counter()
    for path, text in files.items():
        if language_of(path) is language:
            found.update(set(_NAME.findall(_FOREIGN.sub(b" ", text))))
    return found


def _own_names(text: bytes, known: Counter[bytes], gone: set[bytes]) -> list[tuple[int, int, str]]:
    bound = _bound(text)
    code = _FOREIGN.sub(lambda match: re.sub(rb"[^\n]", b" ", match[0]), text)
    found = []
    lines = zip(split_lines(text), split_lines(code), strict=False)
    for number, (line, bare) in enumerate(lines, 1):
        if known[line.strip()]:
            continue
        for match in _NAME.finditer(bare):
            owner = re.search(rb"(\w+)\s*\.\s*\Z", bare[: match.start()])
            if owner is not None and owner[1] in _STANDARD:
                continue
            if match[0] in gone and match[0] not in bound:
                column = len(line[: match.start()].decode("utf-8", "replace")) + 1
                found.append((number, column, match[0].decode("utf-8", "replace")))
    return found


def _bound(text: bytes) -> set[bytes]:
    """Names that the file itself defines: a variable, parameter, function or class of its own."""
    return set(
        re.findall(rb"(?:\bdef|\bclass|\bstruct|\bfor|\bas|#\s*define)\s+([A-Za-z_]\w*)", text)
    ) | set(re.findall(rb"(?m)([A-Za-z_]\w*)\s*(?::[^=\n]+)?=(?!=)", text))
