"""Which tokens stand in a text: never another answer than a plain search gives."""

from __future__ import annotations

import pytest

from codemods import tokens
from codemods.model import Language, Source

TEXT = "old.make(x)\r\nTVM_DLL(old_thing), ÄÖ::name;\told[0]".encode()


@pytest.mark.parametrize(
    "token",
    [
        *("old", "make", "ol", "thing", "old_thing", "ld_th", "name", "Ö", "0", "x"),  # words
        *("old.make", ".make(", "DLL(old", "Ö::na", "::", "(", "\r\n", "\told[", " "),
        *("other", "old.thing", "make.old", "thing name", "x old", "makeold", "Ä Ö", ";;", "Old"),
    ],
)
def test_a_token_is_found_where_it_stands_and_nowhere_else(token: str) -> None:
    stands = token.encode() in TEXT
    assert tokens.holds(Source("a.cc", TEXT, Language.CPP), (token,)) is stands
    assert tokens.finder((b"elsewhere", token.encode()))(TEXT) is stands


def test_no_tokens_at_all_mean_every_text() -> None:
    assert tokens.holds(Source("a.cc", b"", Language.CPP), ())
