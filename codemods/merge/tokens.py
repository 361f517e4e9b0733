"""Code as tokens: equality but for formatting, and a merge finer than by line."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import accumulate

from codemods.merge.hunks import Hunk, merge_texts
from codemods.model import Language

_STRING = rb"[A-Za-z]{0,3}(?:'''[\s\S]*?'''|\"\"\"[\s\S]*?\"\"\")"
_PLAIN = rb"[A-Za-z]{0,3}(?:'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\")"
_RAW = rb"[A-Za-z0-9]{0,2}R\"(?P<delimiter>[^()\s\\]{0,16})\([\s\S]*?\)(?P=delimiter)\""
_WORD = rb"[A-Za-z_\x80-\xff][A-Za-z0-9_\x80-\xff]*|\.?[0-9](?:[eEpP][+-]|['.A-Za-z0-9_])*"
_OPERATOR = rb"<<=|>>=|<=>|->\*|\.\.\.|\*\*=|//=|::|->|\+\+|--|&&|\|\||[-+*/%&|^!=<>:]=|\*\*|//|<<"
_SPACE = rb"[ \t\r\f\v]+|\\\r?\n"
_PYTHON = re.compile(
    rb"(?P<string>" + _STRING + rb"|" + _PLAIN + rb")|(?P<comment>#[^\n]*)|(?P<space>" + _SPACE
    + rb")|(?P<newline>\n)|(?P<word>" + _WORD + rb")|(?P<other>" + _OPERATOR + rb"|[\s\S])"
)  # fmt: skip
_CPP = re.compile(
    rb"(?P<raw>" + _RAW + rb")|(?P<comment>//[^\n]*|/\*[\s\S]*?\*/)|(?P<string>" + _PLAIN
    + rb")|(?P<space>" + _SPACE + rb")|(?P<newline>\n)|(?P<word>" + _WORD
    + rb")|(?P<other>" + _OPERATOR + rb"|[\s\S])"
)  # fmt: skip
_C_LIKE = {Language.CPP}
_BINDING = {
    operator: strength
    for strength, operators in enumerate(
        (b"|| or", b"&& and", b"|", b"^", b"&", b"+ -", b"* / % // @")
    )
    for operator in operators.split()
}
_ENOUGH = 0.5  # share of words that two texts must have in common to be one text, changed
_OPENERS, _CLOSERS = b"([{", b")]}"
HAVE_TOKENS = frozenset(
    {Language.CPP, Language.PYTHON, Language.CYTHON, Language.CMAKE, Language.TOML}
)


def same_code(one: bytes, other: bytes, language: Language | None) -> bool:
    """Whether two texts say the same, apart from formatting.

    Formatting is white space (but for indentation where it has a meaning), where lines break,
    trailing commas, Python's kind of quotes, how comments are wrapped. In a language that
    is not known only white space at the ends of lines and empty lines are formatting.
    """
    if one == other:
        return True
    if language not in HAVE_TOKENS:
        return _trimmed(one) == _trimmed(other)
    return canonical(one, language) == canonical(other, language)


@lru_cache(maxsize=4096)
def canonical(text: bytes, language: Language) -> tuple[bytes, ...]:
    """The tokens that matter; texts with equal ones are the same code."""
    if language is Language.CPP:
        return tuple(_cpp(text))
    return tuple(_python(text, python=language in (Language.PYTHON, Language.CYTHON)))


@lru_cache(maxsize=1024)
def code_and_words(text: bytes, language: Language) -> tuple[tuple[bytes, ...], frozenset[bytes]]:
    """A text's code without comments and docstrings, and the words of those, in lower case."""
    words: set[bytes] = set()
    code = bytearray()
    at = 0
    statement = True  # nothing but white space since the last line break outside brackets
    scanner = _CPP if language is Language.CPP else _PYTHON
    for match in scanner.finditer(text):
        kind, token = match.lastgroup, match[0]
        prose = kind == "comment" or (
            kind == "string"
            and language is Language.PYTHON
            and statement
            and not text[match.end() :].split(b"\n", 1)[0].strip()
        )
        if prose:
            words |= set(re.findall(rb"[\w.]*\w", token.lower()))
            code += text[at : match.start()]
            at = match.end()
        elif kind == "newline":
            statement = True
        elif kind != "space":
            statement = False
    code += text[at:]
    tokens = canonical(bytes(code), language)
    return tuple(t for t in tokens if not t.startswith(b"<column")), frozenset(words)


def merge_tokens(hunk: Hunk, language: Language) -> bytes | None:
    """Merge a hunk by token instead of by line; None if both sides touch the same tokens.

    What is not a token of the change stays as the sides wrote it.
    """
    if language not in HAVE_TOKENS or not hunk.base.strip():
        return None
    rows = [b"".join(map(_row, _split(s, language))) for s in (hunk.base, hunk.ours, hunk.theirs)]
    merged = merge_texts(*rows)
    if len(merged) != 1 or not isinstance(merged[0], bytes):
        return None
    base, *sides = (_split(s, language) for s in (hunk.base, hunk.ours, hunk.theirs))
    if _changes_what_the_other_opened(base, *sides):
        return None
    if _mixes_operators(base, *sides) or any(_is_another_text(base, side) for side in sides):
        return None
    return b"".join(_unrow(row) for row in merged[0].split(b"\n")[:-1])


def renamed(text: bytes, renames: Mapping[bytes, bytes], language: Language) -> bytes:
    """The text with names replaced where they stand in code, not in comments and strings."""
    scanner = _CPP if language in _C_LIKE else _PYTHON
    return scanner.sub(
        lambda match: renames.get(match[0], match[0]) if match.lastgroup == "word" else match[0],
        text,
    )


def _split(text: bytes, language: Language) -> list[bytes]:
    scanner = _CPP if language in _C_LIKE else _PYTHON
    return [match[0] for match in scanner.finditer(text)]


def _changes_what_the_other_opened(
    base: list[bytes], ours: list[bytes], theirs: list[bytes]
) -> bool:
    """Whether one side changed something between brackets that only the other side took away: an
    element that is new in `Union[a, b]` does not belong into `a | b`."""
    pairs = list(_pairs(base))
    edits = [
        [(start, end) for tag, start, end, _, _ in matcher.get_opcodes() if tag != "equal"]
        for matcher in (SequenceMatcher(None, base, s, autojunk=False) for s in (ours, theirs))
    ]
    gone = [
        {pair for pair in pairs if any(start <= at < end for at in pair for start, end in edit)}
        for edit in edits
    ]
    return any(
        opened < start and end <= closed
        for one, edit in ((gone[0] - gone[1], edits[1]), (gone[1] - gone[0], edits[0]))
        for opened, closed in one
        for start, end in edit
    )


def _mixes_operators(base: list[bytes], ours: list[bytes], theirs: list[bytes]) -> bool:
    """Whether both sides changed operators of one line that bind differently: `a && b` that one
    side made `a || b` and the other `a && b && c` means neither as `a || b && c`."""
    mine, new = (_operators(base, side) for side in (ours, theirs))
    return any(len(mine[line] | new[line]) > 1 for line in mine.keys() & new.keys())


def _operators(base: list[bytes], side: list[bytes]) -> dict[int, set[int]]:
    """How the operators bind that a side put in or took away, by the line of the base."""
    lines = list(accumulate((token.count(b"\n") for token in base), initial=0))
    found: dict[int, set[int]] = {}
    matcher = SequenceMatcher(None, base, side, autojunk=False)
    for tag, start, end, first, last in matcher.get_opcodes():
        binding = {*_binary(base, start, end), *_binary(side, first, last)}
        if tag != "equal" and binding:
            found.setdefault(lines[start], set()).update(binding)
    return found


def _binary(tokens: list[bytes], start: int, end: int) -> Iterator[int]:
    """How the operators in a stretch bind that have something in front: `a * b`, not `*args`."""
    for at in range(start, end):
        before = next((t for t in reversed(tokens[:at]) if not t.isspace()), b"")
        if tokens[at] in _BINDING and re.search(rb"[\w)\]}'\"]\Z", before):
            yield _BINDING[tokens[at]]


def _is_another_text(base: list[bytes], side: list[bytes]) -> bool:
    """Whether a side put something else in the base's place: it has few of the base's words, and
    few of its own are the base's. What the other side changed in the base then has no place."""
    old, new = ([t for t in tokens if re.match(rb"\w|['\"]", t)] for tokens in (base, side))
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    shared = sum(block.size for block in blocks)
    return shared < _ENOUGH * len(old) and shared < _ENOUGH * len(new)


def _pairs(tokens: list[bytes]) -> Iterator[tuple[int, int]]:
    """The places of brackets that belong together."""
    opened: list[int] = []
    for at, token in enumerate(tokens):
        if len(token) == 1 and token in _OPENERS:
            opened.append(at)
        elif len(token) == 1 and token in _CLOSERS and opened:
            yield opened.pop(), at


def _row(token: bytes) -> bytes:
    return token.replace(b"\\", b"\\\\").replace(b"\n", b"\\n") + b"\n"


def _unrow(row: bytes) -> bytes:
    return re.sub(rb"\\(.)", lambda m: b"\n" if m[1] == b"n" else m[1], row)


def _cpp(text: bytes) -> Iterator[bytes]:
    directive = False
    fresh = True  # nothing but white space so far on this line
    for match in _CPP.finditer(text):
        kind, token = match.lastgroup, match[0]
        if kind == "newline":
            if directive:
                yield b"\n"
            directive, fresh = False, True
        elif kind == "comment":
            yield from re.sub(rb"^[/*]+|[/*]+$|\n\s*[/*]+", b" ", token).split()
        elif kind is not None and kind != "space":
            directive = directive or (fresh and token == b"#")
            fresh = False
            yield token


def _python(text: bytes, python: bool) -> Iterator[bytes]:
    groups: list[_Group] = []
    indents: list[int] = []
    column: int | None = 0  # of the next token if it is the first of a logical line
    last = b""
    for match in _PYTHON.finditer(text):
        kind, token = match.lastgroup, match[0]
        if kind == "newline":
            if not groups:
                if column is None:
                    yield b"\n"
                column = 0
            continue
        if kind == "space":
            if column is not None and not token.startswith(b"\\"):
                column += len(token.expandtabs(8))
            continue
        if kind == "comment":
            yield from token.split()
            continue
        if column is not None:
            if python:
                yield from _indentation(indents, column)
            column = None
        trailing = token in (b")", b"]", b"}") and groups and groups[-1].may_trail
        if last == b"," and not trailing:  # it was held back: a trailing one is formatting
            yield last
        if len(token) == 1 and token in _OPENERS:
            groups.append(_Group(token, last))
        elif len(token) == 1 and token in _CLOSERS and groups:
            groups.pop()
        last = token
        if token == b",":
            if groups:
                groups[-1].commas += 1
        else:
            yield _quotes(token) if kind == "string" and python else token
    if last == b",":
        yield last


class _Group:
    """An open bracket: whether a trailing comma in it would be no more than formatting."""

    def __init__(self, opener: bytes, before: bytes) -> None:
        self.commas = 0
        named = before in (b")", b"]") or (_IS_NAME(before) and before not in _KEYWORDS)
        self._always = {b"(": bool(named), b"[": not named}.get(opener, True)

    @property
    def may_trail(self) -> bool:
        """`(x,)` is a tuple and `x[1,]` is indexed by one; elsewhere the comma says nothing."""
        return self._always or self.commas > 1


_IS_NAME = re.compile(rb"[A-Za-z_]\w*\Z").match
_KEYWORDS = {word.encode() for word in keyword.kwlist}


def _indentation(indents: list[int], column: int) -> Iterator[bytes]:
    if not indents:
        indents.append(column)
        yield b"<column %d>" % column
    if column > indents[-1]:
        indents.append(column)
        yield b"<indent>"
    while column < indents[-1] and len(indents) > 1:
        indents.pop()
        yield b"<dedent>"


def _quotes(token: bytes) -> bytes:
    """A plain string with double quotes, so that the kind of quotes does not matter."""
    start = token.find(b"'")
    rest = token[start + 1 : -1]
    if start < 0 or not token.endswith(b"'") or rest.startswith(b"''") or b'"' in token:
        return token
    return token if b"\\" in rest else token[:start] + b'"' + rest + b'"'


def _trimmed(text: bytes) -> list[bytes]:
    return [line.rstrip() for line in text.splitlines() if line.strip()]
