"""Where an include is put when comments stand in the way."""

from __future__ import annotations

import pytest

from codemods.model import Language, Source
from cpp_rewriters import includes


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("#include <a.h> /* x\n*/\nint i;\n", "#include <a.h> /* x\n*/\n#include <n.h>\nint i;\n"),
        ("#include <a.h> /*\n*/ int i;\n", "#include <a.h> /*\n*/\n#include <n.h>\n int i;\n"),
        ("/*\n#define A_H\n*/\nint i;\n", "#include <n.h>\n/*\n#define A_H\n*/\nint i;\n"),
        ("struct S {\n#include <s>\n};\n", "#include <n.h>\nstruct S {\n#include <s>\n};\n"),
    ],
)
def test_an_include_goes_where_it_is_code_of_the_file(before: str, after: str) -> None:
    source = Source("a.cc", before.encode(), Language.CPP)
    (edit,) = includes.add(source, "n.h", system=True)
    assert (before[: edit.start] + edit.text.decode() + before[edit.end :]) == after


def test_a_first_line_goes_behind_every_byte_order_mark() -> None:
    for marks in (b"", b"\xef\xbb\xbf", b"\xef\xbb\xbf\xef\xbb\xbf"):
        source = Source("a.cc", marks + b"int a;\n", Language.CPP)
        (edit,) = includes.add(source, "a.h", system=False)
        assert edit.start == len(marks)
