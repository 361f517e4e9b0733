"""What must hold of a port, whatever the text."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Mapping, Sequence

from codemods import engine, ladder
from codemods.model import Edit, Language, Migration
from cpp_rewriters.readable import unreadable_places

TARGET = ladder.resolve(ladder.DEFAULT_TARGET)
BUG, NOT_SETTLED, GAVE_UP = "TF911", "TF904", "TF912"


def violations(
    path: str,
    data: bytes,
    others: Mapping[str, bytes],
    language: Language,
    migrations: Sequence[Migration],
    *,
    unsafe: bool,
) -> Iterator[str]:
    """One line for each property that porting `data` breaks; nothing when all hold."""
    try:
        ported = engine.port({**others, path: data}, migrations, TARGET, unsafe=unsafe)
    except Exception as error:
        yield f"crash: {error!r}"
        return
    yield from _complaints(ported, data, language)
    after = ported.files[path]
    yield from _unparsable(data, after, language)
    yield from _outside_edits(data, after, ported.steps.get(path, ()))
    if not ported.changed:
        return
    try:
        again = engine.port(ported.files, migrations, TARGET, unsafe=unsafe)
    except Exception as error:
        yield f"crash in the second run: {error!r}"
        return
    for changed in again.changed:
        codes = sorted({change.code for change in again.changes if change.path == changed})
        yield f"second run: {', '.join(codes)} changed it again"


def _complaints(ported: engine.Ported, data: bytes, language: Language) -> Iterator[str]:
    for complaint in ported.complaints:
        if complaint.code == BUG:
            last = ported.tracebacks[0].strip().splitlines()[-3:] if ported.tracebacks else []
            yield f"bug: {complaint.message} {last}"
        elif complaint.code == NOT_SETTLED:
            yield f"not settled: {complaint.message}"
        elif complaint.code == GAVE_UP and parses(data, language):
            yield f"newly unparsable, caught: {complaint.message}"


def _unparsable(before: bytes, after: bytes, language: Language) -> Iterator[str]:
    if before == after:
        return
    if language is Language.PYTHON:
        if parses(before, language) and not parses(after, language):
            yield "newly unparsable"
        return
    if unreadable_places(before) == 0 and unreadable_places(after) > 0:
        yield "newly unparsable"


def parses(data: bytes, language: Language) -> bool:
    """Whether the language's parser has nothing to complain of."""
    if language is not Language.PYTHON:
        return unreadable_places(data) == 0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _outside_edits(before: bytes, after: bytes, steps: Sequence[Sequence[Edit]]) -> Iterator[str]:
    """The edits that the engine reports, applied here, must give exactly what it made."""
    text = before
    for edits in steps:
        end = 0
        parts: list[bytes] = []
        for edit in sorted(edits, key=lambda e: (e.start, e.end)):
            if not end <= edit.start <= edit.end <= len(text):
                yield f"an edit overlaps another or leaves the file: {edit}"
                return
            parts += [text[end : edit.start], edit.text]
            end = edit.end
        text = b"".join([*parts, text[end:]])
    if text != after:
        yield "bytes outside the edits changed"
    if (
        b"\r\n" in before
        and b"\n" not in before.replace(b"\r\n", b"")
        and (b"\n" in after.replace(b"\r\n", b""))
    ):
        yield "a line of a CRLF file lost its CR"
    if before.startswith(b"\xef\xbb\xbf") != after.startswith(b"\xef\xbb\xbf"):
        yield "the byte order mark changed"
