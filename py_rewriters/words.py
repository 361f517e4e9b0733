"""The verb for words that are spelt anew wherever they stand: in names, strings and comments.

Only for words that nothing else can mean; scopes are not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from codemods.model import Edit, Facts, Language, Outcome, Rewrite, Source


def respelt(tokens: tuple[str, ...], pattern: str, replacement: str) -> tuple[Rewrite, ...]:
    """Return the rewrites, for Python and Cython, of each whole word that matches `pattern`."""
    word = re.compile(rf"(?<![\w.-])(?:{pattern})(?!\w)|(?<=\.)(?:{pattern})(?!\w)".encode())
    new = replacement.encode()

    def apply(source: Source, facts: Facts) -> Iterator[Outcome]:
        for found in word.finditer(source.data):
            text = re.sub(pattern.encode(), new, found[0])
            yield Edit(found.start(), found.end(), text)

    return tuple(
        Rewrite(language, tokens, apply) for language in (Language.PYTHON, Language.CYTHON)
    )


def any_word(names: Iterable[str]) -> Callable[[bytes], bool]:
    """Return the test whether any of `names` stands in a text as a whole word.

    What stands before a name is looked at last, so that the search skips from name to name.
    """
    encoded = [re.escape(name).encode() for name in dict.fromkeys(names)]
    tests = [re.compile(name + rb"\b(?<!\w" + name + rb")").search for name in encoded]

    def stands(text: bytes) -> bool:
        return any(test(text) is not None for test in tests)

    return stands
