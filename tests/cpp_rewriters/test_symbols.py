"""Qualified names: which place means the old one, and which only looks like it."""

from __future__ import annotations

import pytest

from codemods.model import Edit, Language, Remark, Source
from codemods.offsets import apply, in_order
from cpp_rewriters import symbols

MOVED = symbols.moved({"acme::ir::Old": "acme::New", "acme::Same": "acme::Now"})


def carried_out(text: str) -> tuple[str, list[str]]:
    outcomes = list(MOVED.apply(Source("a.cc", text.encode(), Language.CPP), {}))
    edits = in_order([each for each in outcomes if isinstance(each, Edit)])
    said = [each.message for each in outcomes if isinstance(each, Remark)]
    return apply(text.encode(), edits).decode(), said


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("acme::ir::Old x;", "acme::New x;"),
        ("::acme::ir::Old x;", "::acme::New x;"),
        ("acme :: ir ::Old x;", "acme::New x;"),
        ("acme::ir::Old::Part x;", "acme::New::Part x;"),
        ("namespace acme { ir::Old x; }", "namespace acme { acme::New x; }"),
        ("namespace acme::ir { const Old x; }", "namespace acme::ir { const acme::New x; }"),
        ("using acme::ir::Old;\nOld x;", "using acme::New;\nNew x;"),
        ("using namespace acme::ir;\nOld x;", "using namespace acme::ir;\nacme::New x;"),
        ("namespace i = acme::ir;\ni::Old x;", "namespace i = acme::ir;\nacme::New x;"),
        ("#define X acme::ir::Old\n", "#define X acme::New\n"),
        ("namespace acme { class Same { Same(); }; }", "namespace acme { class Now { Now(); }; }"),
    ],
)
def test_the_old_name_is_found_however_it_is_written(before: str, after: str) -> None:
    assert carried_out(before) == (after, [])


@pytest.mark.parametrize(
    "text",
    [
        "other::Old x;",
        "::ir::Old x;",
        "x.Old; y->Old;",
        'auto s = "acme::ir::Old";  // acme::ir::Old',
        "acme::ir::Older x;",
        "acme::Old x;",
        "Old x;",
    ],
)
def test_another_name_is_left(text: str) -> None:
    assert carried_out(text) == (text, [])


def test_a_name_that_may_be_another_is_remarked() -> None:
    text = "ir::Old x;\nnamespace acme { Old y; }\n"
    came, said = carried_out(text)
    assert came == text
    assert [words.split(";")[0] for words in said] == ["`Old` may be `acme::ir::Old`"] * 2


def test_a_declaration_that_moves_is_left_whole_and_remarked_once() -> None:
    text = "namespace acme { namespace ir {\nclass Old { Old(); };\nOld Make();\n} }\n"
    came, said = carried_out(text)
    assert came == text
    assert ["declared here" in words for words in said] == [True]


def test_a_function_that_moves_is_left_where_it_is_declared() -> None:
    text = "namespace acme::ir {\nint Old(int x);\nint y = Old(1);\n}\nint z = acme::ir::Old(1);\n"
    came, said = carried_out(text)
    assert came == text.replace("acme::ir::Old(1)", "acme::New(1)")
    assert len(said) == 1
