"""A macro that stands as a member ends with a semicolon, and only there."""

from __future__ import annotations

import pytest

from codemods.model import Language, Source
from cpp_rewriters.member_macros import ended
from cpp_rewriters.text import calls


def semicolons(text: str) -> int:
    source = Source("a.h", text.encode(), Language.CPP)
    return sum(1 for call in calls(source, ("MACRO",)) for _ in ended(source, call))


@pytest.mark.parametrize("after", ["};", " int x; };", "\n#endif\n};", " ~X(); };", "/* c */ };"])
def test_a_member_without_one_gets_a_semicolon(after: str) -> None:
    assert semicolons(f"class X {{ MACRO(X, Y){after}") == 1


@pytest.mark.parametrize("text", ["class X { MACRO(X, Y); };", "f(MACRO(X));", "a(MACRO(X), b);"])
def test_what_has_one_or_stands_in_an_expression_gets_none(text: str) -> None:
    assert semicolons(text) == 0
