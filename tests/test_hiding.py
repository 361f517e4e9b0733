"""A suppression keeps a place whole: never half of a change that is several edits."""

from __future__ import annotations

import pytest

from codemods import engine, hiding, ladder, options, registry, suppress
from codemods.model import Edit, Language, Remark, Source
from codemods.rules.examples import PATHS

CLASS = """\
class {name} : public Object {{{head}
 public:
  int x;
  void VisitAttrs(AttrVisitor *v) {{
    v->Visit("x", &x);{inside}
  }}
}};
"""


def port(code: str, path: str, text: str) -> engine.Ported:
    chosen = options.migrations("0.1.7.post2", (code,), ())
    return engine.port({path: text.encode()}, chosen)


def kept(text: str, path: str = "a.cc") -> set[int]:
    """The lines of `text` that a directive covers."""
    source = Source(path, text.encode(), Language.PYTHON if path[-2:] == "py" else Language.CPP)
    (directive,) = suppress.directives(source.data)
    start, end = hiding.covered(source, directive)
    first = text.encode().count(b"\n", 0, start) + 1
    return set(range(first, first + text.encode()[start:end].rstrip(b"\n").count(b"\n") + 1))


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a;  // codemods: ignore\nb;\n", {1}),
        ("// codemods: ignore\nb;\nc;\n", {1, 2}),
        ("class A {  // codemods: ignore\n int x;\n};\nb;\n", {1, 2, 3}),
        ("class A  // codemods: ignore\n{\n int x;\n};\nb;\n", {1, 2, 3, 4}),
        ("f(a,  // codemods: ignore\n  b);\nc;\n", {1, 2}),
        ("f(a,\n  b);  // codemods: ignore\nc;\n", {2}),
        ('f(")(", a);  // codemods: ignore {\nc;\n', {1}),
        ("}  // codemods: ignore\nc;\n", {1}),
    ],
)
def test_a_directive_covers_what_begins_on_its_line(text: str, lines: set[int]) -> None:
    assert kept(text) == lines


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("f(a,  # codemods: ignore\n  b)\nc\n", {1, 2}),
        ("f(a,\n  b)  # codemods: ignore\nc\n", {2}),
        ("def f():  # codemods: ignore\n  a\n  b\nc\n", {1, 2, 3}),
        ("# codemods: ignore\nclass A:\n  b = 1\nc\n", {1, 2, 3}),
        ("def (  # codemods: ignore\n", {1}),
    ],
)
def test_a_directive_covers_a_whole_python_statement(text: str, lines: set[int]) -> None:
    assert kept(text, "a.py") == lines


def test_a_registration_of_two_lines_is_kept_whole() -> None:
    first = 'TVM_REGISTER_GLOBAL("a.b")  // codemods: ignore[TF101] mine\n    .set_body_typed(F);\n'
    second = 'TVM_REGISTER_GLOBAL("c.d").set_body_typed(G);\n'
    came = port("TF101", "a.cc", first + second)
    assert first in came.files["a.cc"].decode()
    assert b'.def("c.d", G)' in came.files["a.cc"]
    assert came.used_suppressions == {("a.cc", 1)}


def test_a_comment_on_the_second_line_keeps_the_registration_too() -> None:
    text = 'TVM_REGISTER_GLOBAL("a.b")\n    .set_body_typed(F);  // codemods: ignore[TF101]\n'
    assert not port("TF101", "a.cc", text).changed


def test_a_class_is_kept_with_all_that_belongs_to_it() -> None:
    one = CLASS.format(name="A", head="  // codemods: ignore[TF107]", inside="")
    two = CLASS.format(name="B", head="", inside="")
    came = port("TF107", "a.cc", one + two).files["a.cc"].decode()
    assert one in came
    assert "B::RegisterReflection" in came
    assert "A::RegisterReflection" not in came


def test_where_a_place_cannot_be_told_apart_the_file_is_left_and_that_is_said() -> None:
    key = '\n  static constexpr const char* _type_key = "a.A";\n'
    one = CLASS.format(name="A", head=key, inside="  // codemods: ignore[TF107]")
    came = port("TF107", "a.cc", one + "TVM_REGISTER_NODE_TYPE(A);\n")
    assert not came.changed
    assert ["TF107 changed nothing in this file" in f.message for f in came.findings] == [True]


def test_an_import_that_is_kept_keeps_the_uses_of_its_name() -> None:
    text = (
        "from tvm import register_func  # codemods: ignore[TF341]\n\n\n"
        '@register_func("a")\ndef f(): ...\n'
    )
    assert not port("TF341", "a.py", text).changed


def test_lines_put_in_before_a_covered_one_are_not_of_it() -> None:
    span = (10, 20)
    assert not hiding.touches(Edit(10, 10, b"#include <a>\n"), span)
    assert hiding.touches(Edit(10, 10, b"x"), span)
    assert hiding.touches(Edit(5, 11, b""), span)
    assert not hiding.touches(Edit(5, 10, b""), span)
    assert hiding.touches(Remark(19, "m"), span)
    assert not hiding.touches(Remark(20, "m"), span)


def test_what_is_hidden_keeps_every_offset() -> None:
    source = Source("a.cc", b"Foo(Foo) // Foo\nFoo", Language.CPP)
    assert hiding.hidden(source, [(0, 16)], ["Foo", "o"]).data == b"qqq(qqq) // qqq\nFoo"


def test_a_macro_whose_definition_is_kept_keeps_its_uses() -> None:
    text = (
        "#ifndef kTVMGridConstant\n#define kTVMGridConstant 130  // codemods: ignore\n#endif\n"
        "int x = kTVMGridConstant;\n"
    )
    assert not port("TF114", "a.cc", text).changed


@pytest.mark.parametrize("code", [migration.code for migration in registry.load()])
def test_whatever_line_of_an_example_is_kept_it_stays_and_nothing_breaks(code: str) -> None:
    (migration,) = (m for m in registry.load() if m.code == code)
    release = max(migration.introduced, ladder.DEFAULT_TARGET, key=ladder.position)
    for example in migration.examples:
        mark = {Language.CPP: "  // codemods: ignore", Language.PYTHON: "  # codemods: ignore"}
        text = example.prelude + example.before + example.postlude
        if example.language not in mark or any(part in text for part in ('"""', 'R"', "\\\n")):
            continue  # a comment at a line's end would be no comment
        path = example.path or PATHS[example.language]
        others = {name: other.encode() for name, other in example.others.items()}
        lines = text.split("\n")
        for number, line in enumerate(lines):
            marked = line + mark[example.language]
            changed = "\n".join([*lines[:number], marked, *lines[number + 1 :]]).encode()
            first = engine.port({**others, path: changed}, [migration], release, unsafe=True)
            assert not first.complaints
            if first.used_suppressions:
                assert marked in first.files[path].decode().split("\n")
            assert not engine.port(first.files, [migration], release, unsafe=True).changed
