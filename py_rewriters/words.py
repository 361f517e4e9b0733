"""The verb for words that are spelt anew wherever they stand: in names, strings and comments.

Only for words that nothing else can mean; scopes are not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

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
