"""Changed C++ lines take the tree's own format; untouched lines never move."""

from __future__ import annotations

from pathlib import Path

import pytest

from codemods import formatting, offsets
from codemods.model import Edit

BEFORE = b"int  untouched( int a );\nint f(int a) { return a; }\nint  also_untouched;\n"
AFTER = BEFORE.replace(b"return a;", b"return   a+1 ;")
AT = BEFORE.index(b"return a;")
STEPS = {"a.cc": [[Edit(AT, AT + 9, b"return   a+1 ;")]]}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / ".clang-format").write_text("BasedOnStyle: LLVM\n", encoding="utf-8")
    return tmp_path


def test_only_the_changed_line_is_formatted(root: Path) -> None:
    done = formatting.format_changed(root, {"a.cc": AFTER}, STEPS)
    text = offsets.apply(AFTER, done.edits["a.cc"])
    assert text == AFTER.replace(b"return   a+1 ;", b"return a + 1;")


def test_a_parameter_list_before_a_long_body_is_formatted_whole(root: Path) -> None:
    body = b"".join(b"    use(%d);\n" % number for number in range(20))
    head = b"  node->build_the_loop = [kept](const Array<Var> &vars,\n"
    margin = b" " * head.index(b"const Array<Var>")
    last = margin + b"const Array<Range> &doms,\n" + margin + b"Stmt body) -> Stmt {\n"
    before = b"void f() {\n" + head + last + body + b"  };\n}\n"
    added = b"const Array<Optional<PrimExpr>> &steps, "
    at = before.index(b"Stmt body")
    after = before[:at] + added + before[at:]
    done = formatting.format_changed(root, {"a.cc": after}, {"a.cc": [[Edit(at, at, added)]]})
    lines = offsets.apply(after, done.edits["a.cc"]).splitlines()
    assert max(map(len, lines)) <= 80
    assert body in offsets.apply(after, done.edits["a.cc"])


def test_a_tree_without_a_style_is_left_alone(tmp_path: Path) -> None:
    assert not formatting.format_changed(tmp_path, {"a.cc": AFTER}, STEPS).edits


def test_a_style_above_the_tree_is_not_the_trees(root: Path) -> None:
    (root / "tree").mkdir()
    assert not formatting.format_changed(root / "tree", {"a.cc": AFTER}, STEPS).edits


def test_a_broken_style_is_reported_and_nothing_is_formatted(root: Path) -> None:
    (root / ".clang-format").write_text("BasedOnStyle: Nobody\n", encoding="utf-8")
    done = formatting.format_changed(root, {"a.cc": AFTER}, STEPS)
    assert not done.edits
    assert [complaint.code for complaint in done.complaints] == ["TF914"]


def test_includes_are_not_sorted(root: Path) -> None:
    text = b'#include "b.h"\n#include "a.h"\n'
    assert not formatting.format_changed(root, {"new.cc": text}, {}).edits


def test_a_new_file_is_formatted_whole(root: Path) -> None:
    done = formatting.format_changed(root, {"new.cc": b"int  a;\nint  b;\n"}, {})
    assert offsets.apply(b"int  a;\nint  b;\n", done.edits["new.cc"]) == b"int a;\nint b;\n"


def test_windows_line_ends_stay(root: Path) -> None:
    text = b"int  a;\r\nint  b;\r\n"
    steps = {"a.cc": [[Edit(0, 0, b"int  a;")]]}
    done = formatting.format_changed(root, {"a.cc": text}, steps)
    assert offsets.apply(text, done.edits["a.cc"]) == b"int a;\r\nint  b;\r\n"


def test_a_statement_that_reaches_into_untouched_lines_leaves_them() -> None:
    text = b"f(a,\n  b);\n"
    assert formatting.changed_lines(text, [[Edit(0, 1, b"f")]]) == [(1, 1)]


def test_changed_lines_are_followed_through_later_edits() -> None:
    steps = [[Edit(2, 3, b"X")], [Edit(0, 0, b"one\ntwo\n")]]
    assert formatting.changed_lines(b"one\ntwo\na\nX\n", steps) == [(1, 2), (4, 4)]


def test_removed_lines_do_not_touch_their_neighbours() -> None:
    assert formatting.changed_lines(b"a\nc\n", [[Edit(2, 4, b"")]]) == []
