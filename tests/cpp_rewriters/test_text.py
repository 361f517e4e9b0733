"""C++ as tokens: what is code, and which brackets and arguments belong together."""

from __future__ import annotations

import pytest

from codemods.model import Language, Source
from cpp_rewriters import text


def source(code: str | bytes) -> Source:
    data = code.encode() if isinstance(code, str) else code
    return Source("a.cc", data, Language.CPP)


def found(code: str | bytes, *names: str) -> list[int]:
    return [match.start() for match in text.words(source(code), names)]


@pytest.mark.parametrize(
    "code",
    [
        "// GetRef\n",
        "// continued \\\n GetRef\n",
        "/* GetRef\n GetRef */",
        'auto s = "GetRef";',
        'auto s = "a\\"GetRef";',
        'auto s = R"x(GetRef)" GetRef)x";',
        "auto c = 'G'; /* unterminated GetRef",
        "int GetRefs, MyGetRef, GetRef_;",
    ],
)
def test_a_name_in_a_comment_or_literal_or_longer_word_is_not_code(code: str) -> None:
    assert found(code, "GetRef") == []


@pytest.mark.parametrize(
    "code",
    [
        "GetRef<Var>(x);",
        "#define M(x) GetRef<Var>(x)\n",
        "#define M(x) \\\n  GetRef<Var>(x)\n",
        "#if 0\nGetRef<Var>(x);\n#endif\n",
        "int n = 1'000'000; GetRef<Var>(x);",
        'auto s = R"(//)"; GetRef<Var>(x);',
        "auto c = '\"'; GetRef<Var>(x); auto d = '\"';",
        b"// Latin-1: \xe9\nGetRef<Var>(x);",
    ],
)
def test_a_name_in_code_is_found_in_macros_and_inactive_branches_too(code: str | bytes) -> None:
    assert len(found(code, "GetRef")) == 1


def test_blanking_keeps_every_offset_and_line() -> None:
    code = b'int a; // x\r\nauto s = u8R"(\n)"; /* \n */ int b;'
    blanked = text.blank(code)
    assert len(blanked) == len(code)
    assert blanked.count(b"\n") == code.count(b"\n")
    assert blanked.index(b"int b") == code.index(b"int b")


def test_the_bracket_that_closes_is_found_past_brackets_in_literals() -> None:
    code = source('F({ g("})", [](int x) { return x; }); }) + 1')
    (call,) = text.calls(code, ("F",))
    assert code.data[call.close :] == b") + 1"


def test_a_bracket_without_a_partner_is_reported_not_guessed() -> None:
    assert text.closing(b"(()", 0) == -1
    assert text.closing(b"(]", 0) == -1
    assert list(text.calls(source("F(1, 2"), ("F",))) == []


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ("", []),
        ("a", ["a"]),
        ("a, b", ["a", "b"]),
        ("Map<A, B>(), f(c, d), {e, f}", ["Map<A, B>()", "f(c, d)", "{e, f}"]),
        ("a < b, c > d", ["a < b", "c > d"]),
        (
            "p->x<1, 2>(), [=](int a, int b) { return a, b; }",
            ["p->x<1, 2>()", "[=](int a, int b) { return a, b; }"],
        ),
        ("Array<Array<int>>{1, 2}, x >> 3", ["Array<Array<int>>{1, 2}", "x >> 3"]),
    ],
)
def test_arguments_are_split_at_their_own_commas(arguments: str, parts: list[str]) -> None:
    data = arguments.encode()
    assert [arguments[a:b] for a, b in text.split(data, 0, len(data))] == parts


def test_nested_calls_are_all_found() -> None:
    calls = list(text.calls(source("F(F(F(1)), F(2))"), ("F",)))
    assert [len(call.arguments) for call in calls] == [2, 1, 1, 1]


@pytest.mark.parametrize(
    ("code", "qualified"),
    [
        ("x = GetRef", b""),
        ("x = tvm::ffi::GetRef", b"tvm::ffi::"),
        ("return ::tvm::GetRef", b"::tvm::"),
        ("return ::GetRef", b"::"),
        ("tvm :: GetRef", b"tvm :: "),
    ],
)
def test_a_qualifier_is_read_whole(code: str, qualified: bytes) -> None:
    data = code.encode()
    assert text.qualifier(data, data.index(b"GetRef"))[1] == qualified


def test_whole_lines_are_taken_only_where_nothing_else_stands() -> None:
    lines = text.Lines(b"a;\n  b;\nc; d;\n")
    assert lines.whole(5, 7) == (3, 8)
    assert lines.whole(8, 10) == (8, 10)


def test_of_the_blank_lines_around_what_goes_one_is_left() -> None:
    assert text.Lines(b"a;\n\nb;\n\nc;\n").whole_with_gap(4, 6) == (4, 8)
    assert text.Lines(b"a;\nb;\n\nc;\n").whole_with_gap(3, 5) == (3, 6)
    assert text.Lines(b"a;\n\nb;").whole_with_gap(4, 6) == (4, 6)
