"""Tells code from comments, strings, macro bodies and inactive `#if` without a syntax tree.

Used where a name that was found in a text must be named for what it is, also in files that do not
parse. Regular expressions suffice for that; nothing is rewritten on their word.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from codemods.model import Language

Span = tuple[int, int, str]

_CPP = re.compile(
    rb"""
    (?P<comment>//(?:[^\n\\]|\\\r?\n|\\.)*|/\*.*?(?:\*/|\Z))
    |(?P<string>(?:u8|[uUL])?R"(?P<delimiter>[^()\\\s]{0,16})\(.*?(?:\)(?P=delimiter)"|\Z)
        |"(?:[^"\\\n]|\\\r?\n|\\.)*"?|(?<![0-9a-fA-F])'(?:[^'\\\n]|\\.)*'?)
    |(?P<macro>^[^\S\n]*\#[^\S\n]*define(?:[^\n\\]|\\\r?\n|\\.)*)
    |(?P<directive>^[^\S\n]*\#[^\S\n]*(?P<word>if|ifdef|ifndef|elif|else|endif)\b
        (?P<condition>(?:[^\n\\]|\\\r?\n|\\.)*))
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
_SCRIPT = re.compile(
    rb"(?P<comment>\#[^\n]*)"
    rb"|(?P<string>[rRbBuUfFtT]{0,2}(?:\"\"\".*?(?:\"\"\"|\Z)|'''.*?(?:'''|\Z)"
    rb"|\"(?:[^\"\\\n]|\\.)*\"?|'(?:[^'\\\n]|\\.)*'?))",
    re.DOTALL,
)


class Lexed:
    """One text cut into spans that are not plain code."""

    def __init__(self, data: bytes, language: Language) -> None:
        self._whole = "prose" if language is Language.PROSE else ""
        if language is Language.CPP:
            self._spans, inactive = _lex_cpp(data)
        else:
            inactive = []
            self._spans = [] if self._whole else _lex_script(data)
        self._starts = [start for start, _, _ in self._spans]
        self._inactive = inactive

    def kind(self, offset: int) -> str:
        """Return `code`, `comment`, `string`, `macro body`, `inactive #if` or `prose`."""
        if self._whole:
            return self._whole
        if any(start <= offset < end for start, end in self._inactive):
            return "inactive #if"
        at = bisect_right(self._starts, offset) - 1
        if at >= 0 and offset < self._spans[at][1]:
            return self._spans[at][2]
        return "code"


def _lex_cpp(data: bytes) -> tuple[list[Span], list[tuple[int, int]]]:
    spans: list[Span] = []
    inactive: list[tuple[int, int]] = []
    open_ifs: list[int | None] = []  # where an inactive branch began
    for match in _CPP.finditer(data):
        kind = match.lastgroup
        if match["directive"] is not None:
            word = match["word"].decode()
            condition = match["condition"].split(b"//")[0].split(b"/*")[0].strip()
            if word.startswith("if"):
                off = word == "if" and condition in (b"0", b"false")
                open_ifs.append(match.end() if off else None)
            elif open_ifs:
                began = open_ifs.pop()
                if began is not None:
                    inactive.append((began, match.start()))
                if word != "endif":
                    open_ifs.append(None)
        elif kind is not None:
            name = next(n for n in ("comment", "string", "macro") if match[n] is not None)
            spans.append((match.start(), match.end(), "macro body" if name == "macro" else name))
    inactive += [(began, len(data)) for began in open_ifs if began is not None]
    return spans, inactive


def _lex_script(data: bytes) -> list[Span]:
    return [
        (match.start(), match.end(), "comment" if match["comment"] is not None else "string")
        for match in _SCRIPT.finditer(data)
    ]
