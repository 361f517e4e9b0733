"""What a file is written in, and whether a merged one still parses."""

from __future__ import annotations

import json
import re
import warnings
from functools import lru_cache

import tomlkit
import tomlkit.exceptions

from codemods.model import Language
from codemods.tree import classify
from cpp_rewriters.syntax import count_errors


def language_of(path: str) -> Language | None:
    """The language of a file, told from its name; None where it is none that we know."""
    return classify(path)


def still_parses(path: str, merged: bytes, base: bytes, ours: bytes, theirs: bytes) -> bool:
    """Whether `merged` is as well-formed as what it was made of.

    For C++ no more places may be out of the grammar than both sides brought, since macros put
    some into every real file. Of a language without a parser here, brackets must balance as well
    as they did.
    """
    language = language_of(path)
    parents = ours, theirs
    if language is Language.PYTHON:
        return _is_python(merged) or not any(map(_is_python, parents))
    if language is Language.CPP:
        old, mine, new, both = map(_errors, (base, ours, theirs, merged))
        return both <= max(mine, new, mine + new - old)
    if language is Language.TOML:
        return _is_toml(merged)
    if path.endswith(".json"):
        return _is_json(merged)
    if language in (Language.CMAKE, Language.CYTHON):
        return _balance(merged) in {_balance(parent) for parent in parents}
    return True


def without_marks(text: bytes) -> bytes:
    """C++ with the macros in front of declarations (export marks, which the grammar would take for
    types) blanked out, so that every other byte stays where it was."""
    return _MARK.sub(lambda match: b" " * len(match[0]), text)


_MARK = re.compile(rb"(?m)^[A-Z][A-Z0-9]*_[A-Z0-9_]+(?=[ \t]+[A-Za-z_])")


@lru_cache(maxsize=256)
def _errors(text: bytes) -> int:
    return count_errors(without_marks(text))


@lru_cache(maxsize=256)
def _is_python(text: bytes) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, "<merged>", "exec", dont_inherit=True)  # parsed and checked, never run
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _is_toml(text: bytes) -> bool:
    try:
        tomlkit.parse(text)
    except (tomlkit.exceptions.ParseError, tomlkit.exceptions.TOMLKitError, UnicodeDecodeError):
        return False
    return True


def _is_json(text: bytes) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _balance(text: bytes) -> tuple[int, ...]:
    return tuple(
        text.count(a) - text.count(b) for a, b in ((b"(", b")"), (b"[", b"]"), (b"{", b"}"))
    )
