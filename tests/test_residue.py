"""Old names that still stand, by the kind of text they stand in."""

from __future__ import annotations

import pytest

from codemods import residue
from codemods.lexing import Lexed
from codemods.model import Effort, Finding, Language, Migration, Rewrite, Rung

MIGRATION = Migration(
    code="TF301",
    title="A change",
    rung=Rung.R3,
    introduced="0.1.7",
    removed=None,
    upstream=(),
    effort=Effort.LOW,
    rewrites=(Rewrite(Language.CPP, (), lambda source, facts: ()),),
    examples=(),
    old_names=("TVM_OLD", "old_call", "tvm.old"),
)


def kinds(path: str, text: str) -> list[tuple[int, str, str]]:
    left, _ = residue.scan({path: text.encode()}, [MIGRATION], [])
    return [(entry.line, entry.name, entry.kind) for entry in left]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("old_call();", "code"),
        ("// old_call", "comment"),
        ("// goes on \\\n old_call", "comment"),
        ("/* x\n old_call */", "comment"),
        ('auto s = "old_call";', "string"),
        ('auto s = R"x(" old_call)x";', "string"),
        ("#define M(x) \\\n  old_call(x)", "macro body"),
        ("#if 0\nold_call();\n#endif", "inactive #if"),
        ("#if 0\n#if A\n#endif\nold_call();\n#endif", "inactive #if"),
        ("#if 0\n#else\nold_call();\n#endif", "code"),
        ("int a = 1'000; old_call();", "code"),
        ("char a = '\"'; old_call();", "code"),
    ],
)
def test_a_name_is_found_and_named_for_what_it_stands_in(text: str, kind: str) -> None:
    assert [found for _, _, found in kinds("a.cc", text)] == [kind]


def test_names_are_whole_words() -> None:
    assert kinds("a.cc", "my_old_call(); old_call2(); TVM_OLDER") == []


def test_a_name_qualified_by_the_new_package_is_the_targets() -> None:
    assert kinds("a.cc", "tvm::ffi::old_call();") == []


def test_prose_is_searched_and_other_languages_only_for_what_must_be_tvms() -> None:
    assert kinds("a.md", "say old_call") == [(1, "old_call", "prose")]
    assert kinds("a.py", "old_call()  # TVM_OLD\n'tvm.old'") == [
        (1, "TVM_OLD", "comment"),
        (2, "tvm.old", "string"),
    ]


def test_a_name_on_a_line_with_a_finding_of_its_migration_is_explained() -> None:
    finding = Finding("a.cc", 1, 1, "TF301", "because")
    left, _ = residue.scan({"a.cc": b"old_call();\nold_call();"}, [MIGRATION], [finding])
    assert [entry.line for entry in left] == [2]


def test_a_suppressed_name_is_not_residue() -> None:
    assert kinds("a.cc", "old_call();  // codemods: ignore[TF301] kept") == []


def test_macro_bodies_and_inactive_parts_are_regions_not_analysed() -> None:
    text = b"#define M(x) \\\n  old_call(x); \\\n  TVM_OLD(x)\n#if 0\nold_call\n#endif\n"
    _, regions = residue.scan({"a.cc": text}, [MIGRATION], [])
    assert regions == (
        residue.Region("a.cc", 2, 3, "macro body", ("old_call", "TVM_OLD")),
        residue.Region("a.cc", 5, 5, "inactive #if", ("old_call",)),
    )


def test_python_strings_and_comments_are_told_apart() -> None:
    text = b'"""doc # not a comment"""\nx = "a"  # c\ny = 1'
    lexed = Lexed(text, Language.PYTHON)
    assert [lexed.kind(text.index(part)) for part in (b"not", b"c\n", b"y")] == [
        "string",
        "comment",
        "code",
    ]


def test_names_where_the_parser_gave_up_are_regions_not_analysed() -> None:
    files = {"a.py": b"old_call(\ntvm.old\n", "b.cc": b"class { ) old_call ( } ;;; ]\n"}
    _, regions = residue.scan(files, [MIGRATION], [])
    assert [(region.path, region.reason) for region in regions] == [
        ("a.py", residue.UNPARSED),
        ("b.cc", residue.UNPARSED),
    ]
