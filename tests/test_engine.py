"""The engine: rungs in order, facts, settling, suppression, places."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from codemods import engine
from codemods.applying import NeedsTree
from codemods.model import (
    Collector,
    Edit,
    Effort,
    Facts,
    Language,
    Migration,
    NewFile,
    Outcome,
    Remark,
    Rewrite,
    Rung,
    Source,
)


def migration(code: str, *rewrites: Rewrite, safe: bool = True) -> Migration:
    return Migration(
        code=code,
        title="A change",
        rung=Rung(f"r{code[2]}"),
        introduced="0.1.6",
        removed=None,
        upstream=(),
        effort=Effort.LOW,
        rewrites=rewrites,
        examples=(),
        safe=safe,
    )


def rename(code: str, old: str, new: str, language: Language = Language.CPP) -> Migration:
    def apply(source: Source, facts: Facts) -> Iterable[Outcome]:
        for match in re.finditer(old.encode(), source.data):
            yield Edit(match.start(), match.end(), new.encode())

    return migration(code, Rewrite(language, (old,), apply))


def outcomes(code: str, *made: Outcome, safe: bool = True) -> Migration:
    return migration(
        code, Rewrite(Language.CPP, ("old",), lambda source, facts: iter(made)), safe=safe
    )


def test_rungs_are_climbed_in_order_whatever_order_they_come_in() -> None:
    ported = engine.port(
        {"a.cc": b"one"}, [rename("TF301", "two", "three"), rename("TF101", "one", "two")]
    )
    assert ported.files == {"a.cc": b"three"}
    assert [change.code for change in ported.changes] == ["TF101", "TF301"]


def test_a_rung_is_repeated_until_nothing_changes() -> None:
    ported = engine.port(
        {"a.cc": b"one"}, [rename("TF302", "one", "two"), rename("TF301", "two", "three")]
    )
    assert ported.files == {"a.cc": b"three"}


def test_a_rung_that_never_settles_is_reported() -> None:
    ported = engine.port({"a.cc": b"x"}, [rename("TF301", "x", "xx")])
    assert [finding.code for finding in ported.complaints] == ["TF904"]


def test_a_migration_that_the_target_does_not_have_yet_is_left_out() -> None:
    ported = engine.port({"a.cc": b"one"}, [rename("TF101", "one", "two")], "0.1.5")
    assert not ported.changed


def test_prose_and_unknown_files_are_never_rewritten() -> None:
    files = {"a.md": b"one", "a.xyz": b"one"}
    ported = engine.port(files, [rename("TF101", "one", "two", Language.PROSE)])
    assert ported.files["a.xyz"] == b"one"


def test_facts_are_gathered_from_the_whole_tree_and_again_after_a_change() -> None:
    def gather(source: Source) -> Any:
        return re.findall(rb"class (\w+)", source.data) or None

    def digest(gathered: Mapping[str, Any]) -> set[bytes]:
        return {name for names in gathered.values() for name in names}

    collector = Collector("classes", Language.CPP, ("class",), gather, digest)

    def apply(source: Source, facts: Facts) -> Iterable[Outcome]:
        for name in facts["classes"]:
            for match in re.finditer(rb"use " + name, source.data):
                yield Edit(match.start(), match.end(), b"made " + name)

    use = Rewrite(Language.CPP, ("use",), apply, (collector,))
    files = {"a.cc": b"use B; use C", "b.h": b"class B; struct C;"}
    ported = engine.port(files, [migration("TF301", use), rename("TF302", "struct C", "class C")])
    assert ported.files["a.cc"] == b"made B; made C"


def test_overlapping_edits_of_one_migration_are_an_internal_error_that_names_both() -> None:
    ported = engine.port(
        {"a.cc": b"old old;"}, [outcomes("TF301", Edit(0, 3, b"one"), Edit(2, 5, b"two"))]
    )
    assert not ported.changed
    (complaint,) = ported.complaints
    assert complaint.code == "TF911"
    assert "one" in complaint.message
    assert "two" in complaint.message
    assert "OverlappingEdits" in ported.tracebacks[0]


def test_cpp_that_cannot_be_read_where_edits_overlap_stays_as_it_was() -> None:
    others = rename("TF302", "far", "near")
    overlapping = outcomes("TF301", Edit(8, 11, b"one"), Edit(10, 13, b"two"))
    ported = engine.port({"a.cc": b"int far;\nclass old old {"}, [overlapping, others])
    assert not ported.changed
    assert [(c.code, c.line) for c in ported.complaints] == [("TF901", 1)]
    assert "TF301" in ported.complaints[0].message


def test_cpp_that_could_not_be_read_and_would_be_less_readable_stays_as_it_was() -> None:
    broken, sound = b"void f() {}\nint old;\n}\n", b"void f() {}\nint old;\n"
    ported = engine.port({"a.cc": broken, "b.cc": sound}, [rename("TF301", "old", "x ] y")])
    assert list(ported.changed) == ["b.cc"]
    assert [(c.path, c.code) for c in ported.complaints] == [("a.cc", "TF901")]


def test_a_failing_migration_leaves_the_others_their_work() -> None:
    def fail(source: Source, facts: Facts) -> Iterable[Outcome]:
        raise KeyError("boom")

    broken = migration("TF301", Rewrite(Language.CPP, (), fail))
    ported = engine.port({"a.cc": b"one"}, [broken, rename("TF302", "one", "two")])
    assert ported.files == {"a.cc": b"two"}
    assert {finding.code for finding in ported.complaints} == {"TF911"}


def test_new_files_are_made_once_and_never_over_an_existing_one() -> None:
    new = NewFile("src/ffi.h", b"text")
    files = {"a.cc": b"old", "b.cc": b"old"}
    assert engine.port(files, [outcomes("TF301", new)]).new_files == ("src/ffi.h",)
    kept = engine.port({**files, "src/ffi.h": b"mine"}, [outcomes("TF301", new)])
    assert not kept.changed


def test_two_texts_for_one_new_file_are_an_internal_error() -> None:
    made = [NewFile("ffi.h", b"1"), NewFile("ffi.h", b"2")]
    with pytest.raises(engine.InternalError, match=re.escape("ffi.h")):
        engine.port({"a.cc": b"old"}, [outcomes("TF301", *made)])


def test_one_text_with_the_line_ends_of_several_files_gets_plain_ones() -> None:
    def apply(source: Source, facts: Facts) -> Iterable[Outcome]:
        end = b"\r\n" if b"\r\n" in source.data else b"\n"
        yield NewFile("made.h", b"one" + end + b"two" + end)

    make = migration("TF301", Rewrite(Language.CPP, (), apply))
    for files in ({"a.cc": b"\r\n", "b.cc": b"\n"}, {"a.cc": b"\n", "b.cc": b"\r\n"}):
        assert engine.port(files, [make]).files["made.h"] == b"one\ntwo\n"
    assert engine.port({"a.cc": b"\r\n"}, [make]).files["made.h"] == b"one\r\ntwo\r\n"


def test_findings_stand_where_they_are_afterwards_and_where_they_were() -> None:
    text = b"one\nold \xc3\xa4 here"

    def look(source: Source, facts: Facts) -> Iterable[Outcome]:
        yield Remark(source.data.index(b"here"), "look")

    remark = migration("TF301", Rewrite(Language.CPP, ("here",), look))
    ported = engine.port({"a.cc": text}, [remark, rename("TF302", "one", "1\n2\n3")])
    assert [(f.line, f.column) for f in ported.findings] == [(4, 7)]
    assert [(f.line, f.column) for f in ported.findings_before] == [(2, 7)]


def test_a_remark_made_beside_an_edit_outlives_the_next_pass() -> None:
    ported = engine.port(
        {"a.cc": b"old"}, [outcomes("TF301", Edit(0, 3, b"new"), Remark(0, "check this"))]
    )
    assert [finding.message for finding in ported.findings] == ["check this"]


def test_changes_stand_where_they_were_before_the_run() -> None:
    ported = engine.port(
        {"a.cc": b"one\ntwo"}, [rename("TF101", "one", "1\n1\n1"), rename("TF301", "two", "2")]
    )
    assert [(c.line, c.column, c.code) for c in ported.changes] == [
        (1, 1, "TF101"),
        (2, 1, "TF301"),
    ]


def test_an_unsafe_migration_only_reports_unless_asked() -> None:
    unsafe = outcomes("TF301", Edit(0, 3, b"new"), safe=False)
    ported = engine.port({"a.cc": b"old"}, [unsafe])
    assert not ported.changed
    assert "not safe" in ported.findings[0].message
    assert engine.port({"a.cc": b"old"}, [unsafe], unsafe=True).files == {"a.cc": b"new"}


def test_a_suppressed_place_is_neither_changed_nor_reported() -> None:
    text = b"one // codemods: ignore[TF301] ours\none\n// codemods: ignore[TF3]\none\n"
    ported = engine.port({"a.cc": text}, [rename("TF301", "one", "two")])
    assert ported.files["a.cc"] == text.replace(b"\none\n//", b"\ntwo\n//")


def test_new_lines_take_the_line_ends_of_the_file() -> None:
    ported = engine.port({"a.cc": b"one\r\n"}, [rename("TF301", "one", "1\n2")])
    assert ported.files["a.cc"] == b"1\r\n2\r\n"


def test_the_answer_does_not_depend_on_the_number_of_processes() -> None:
    files = {f"{n}.cc": b"one\n" * 5 + b"." * 60_000 + str(n).encode() for n in range(9)}
    rules = [rename("TF101", "one", "two"), rename("TF301", "two", "three")]
    assert engine.port(files, rules, jobs=3) == engine.port(files, rules, jobs=1)


def test_a_part_of_a_tree_is_enough_until_a_migration_asks_for_facts() -> None:
    classes = Collector("classes", Language.CPP, (), lambda source: None, lambda gathered: 1)

    def apply(source: Source, facts: Facts) -> Iterable[Outcome]:
        if b"class" in source.data:
            yield Edit(0, 0, str(facts["classes"]).encode())

    asking = migration("TF301", Rewrite(Language.CPP, (), apply, (classes,)))
    assert not engine.port({"a.cc": b"int"}, [asking], alone=True).changed
    with pytest.raises(NeedsTree, match="classes"):
        engine.port({"a.cc": b"class"}, [asking], alone=True)


def test_each_text_is_gathered_from_once_over_all_rungs_and_again_when_it_changed() -> None:
    seen: list[bytes] = []

    def gather(source: Source) -> Any:
        seen.append(source.data)

    collector = Collector("texts", Language.CPP, (), gather, lambda gathered: 0)
    asking = Rewrite(Language.CPP, (), lambda source, facts: (), (collector,))
    rules = [migration("TF102", asking), migration("TF302", asking), rename("TF301", "one", "two")]
    engine.port({"a.cc": b"one", "b.cc": b"b"}, rules)
    assert sorted(seen) == [b"b", b"one", b"two"]


def test_a_failing_collector_is_an_internal_error_and_the_run_goes_on() -> None:
    def gather(source: Source) -> Any:
        raise KeyError("boom")

    collector = Collector("texts", Language.CPP, (), gather, lambda gathered: 0)
    asking = Rewrite(Language.CPP, (), lambda source, facts: (), (collector,))
    ported = engine.port(
        {"a.cc": b"one"}, [migration("TF302", asking), rename("TF301", "one", "two")]
    )
    assert ported.files == {"a.cc": b"two"}
    assert {finding.code for finding in ported.complaints} == {"TF911"}
