"""Which tokens stand in a text: asked about every file for every migration, so it must be cheap.

A text says the same words again and again. What is searched is each of its words once, a tenth of
the text; only tokens that are more than one word are then looked for in the text itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache

from codemods.model import Source

_WORD = re.compile(rb"[\w\x80-\xff]+")
_SPACED = bytes(byte if _WORD.fullmatch(bytes([byte])) else b" "[0] for byte in range(256))

Words = bytes
"""Each word of a text once, a space between them."""


def holds(source: Source, tokens: Sequence[str]) -> bool:
    """Say whether any of `tokens` stands in a text; no tokens at all means every text does."""
    return not tokens or _any(_encoded(tuple(tokens)), source.once(_words), source.data)


def finder(tokens: Sequence[bytes]) -> Callable[[bytes], bool]:
    """Return the test whether any of `tokens` stands in a text that is asked about only once."""
    parts = _parts(tokens)
    return lambda text: _any(parts, words(text), text)


def words(text: bytes) -> Words:
    """Return each word of a text once."""
    return b" ".join(set(text.translate(_SPACED).split()))


def _any(tokens: Sequence[tuple[bytes, bytes]], known: Words, text: bytes) -> bool:
    for token, word in tokens:  # noqa: SIM110 - a generator costs more than a search
        if word in known and (word is token or token in text):
            return True
    return False


def _words(source: Source) -> Words:
    return words(source.data)


@cache
def _encoded(tokens: tuple[str, ...]) -> tuple[tuple[bytes, bytes], ...]:
    return _parts([token.encode() for token in tokens])


def _parts(tokens: Sequence[bytes]) -> tuple[tuple[bytes, bytes], ...]:
    """Each token with the longest word in it, which is the token itself where it is one word."""
    found = []
    for token in tokens:
        word = max(_WORD.findall(token), key=len, default=b"")
        found.append((token, token if word == token else word))
    return tuple(found)
