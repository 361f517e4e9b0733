"""Upstream's version of a file that no migration can port, merged in by `run --upstream`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from codemods import engine
from codemods.merge.git import GitError
from codemods.merge.takeover import CODE, Source, taken_over
from codemods.model import (
    Edit,
    Effort,
    Facts,
    Language,
    Migration,
    Outcome,
    Remark,
    Rewrite,
    Rung,
)
from codemods.model import Source as Text

from .conftest import History

Make = Callable[[str], History]


def _ask(source: Text, facts: Facts) -> Iterator[Outcome]:
    if b"old_convention" in source.data:
        yield Remark(0, "the convention changed", "take it over: `--upstream REPO@REV`")


ASKING = Migration(
    code="TF399",
    title="a convention that changed",
    rung=Rung.R3,
    introduced="0.1.7",
    removed="0.1.7",
    upstream=(),
    effort=Effort.HIGH,
    rewrites=(
        Rewrite(Language.CPP, ("old_convention",), _ask),
        Rewrite(Language.PYTHON, ("old_convention",), _ask),
    ),
    examples=(),
)
BODY = "".join(f"int helper_{n}(int a) {{ return a + {n}; }}\n" for n in range(6))
OLD = f"{BODY}int entry(int a) {{\n  return old_convention(a);\n}}\n"
NEW = f"{BODY}int entry(int a) {{\n  return new_convention(a, 2);\n}}\n"
OWN = "int of_the_fork() { return 7; }\n"
OTHERS = {f"src/other{n}.cc": f"int other_{n}() {{ return {n}; }}\n" for n in range(4)}


def upstream_of(history: Make) -> History:
    upstream = history("upstream")
    upstream.commit({**OTHERS, "src/pass.cc": OLD.replace("a + 1", "a + 10")}, "long ago")
    upstream.commit({"src/pass.cc": OLD}, "the base")
    upstream.commit({"src/pass.cc": NEW}, "the convention changes")
    return upstream


def _rename(source: Text, facts: Facts) -> Iterator[Outcome]:
    at = source.data.find(b"old_name")
    if at >= 0:
        yield Edit(at, at + len("old_name"), b"new_name")
        yield Remark(at, "the name was ambiguous", "look at it")


RENAMING = replace(ASKING, code="TF398", rewrites=(Rewrite(Language.CPP, ("old_name",), _rename),))
MIGRATIONS = [RENAMING, ASKING]


def run(files: dict[str, str], upstream: History) -> engine.Ported:
    original = {path: text.encode() for path, text in files.items()}
    ported = engine.port(original, MIGRATIONS, "0.1.7")
    source = Source.parse(f"{upstream.path}@main")
    return taken_over(original, ported, MIGRATIONS, "0.1.7", source)


def test_upstreams_change_and_the_forks_are_both_in_the_file(history: Make) -> None:
    done = run({**OTHERS, "src/pass.cc": OWN + OLD}, upstream_of(history))
    assert done.changed == {"src/pass.cc": (OWN + NEW).encode()}
    assert [f.code for f in done.findings] == [CODE]
    assert "was merged in" in done.findings[0].message


def test_a_python_file_that_the_fork_did_not_touch_becomes_upstreams(history: Make) -> None:
    path, old = "package/driver.py", "def read():\n    return old_convention(0)\n"
    new = "import ctypes\n\n\ndef read():\n    return ctypes.c_int(2)\n"
    upstream = history("upstream")
    upstream.commit({**OTHERS, path: old}, "the base")
    upstream.commit({path: new}, "the convention changes")
    done = run({**OTHERS, path: old}, upstream)
    assert done.changed == {path: new.encode()}
    assert [(f.path, f.code) for f in done.findings] == [(path, CODE)]


def test_what_was_said_beside_an_edit_of_another_file_is_still_said(history: Make) -> None:
    mine = {"src/mine.cc": "int old_name();\n"}
    done = run({**OTHERS, **mine, "src/pass.cc": OWN + OLD}, upstream_of(history))
    assert done.changed["src/mine.cc"] == b"int new_name();\n"
    assert [(f.path, f.code) for f in done.findings] == [
        ("src/mine.cc", "TF398"),
        ("src/pass.cc", CODE),
    ]


def test_a_file_in_another_folder_of_another_project_is_found(history: Make) -> None:
    done = run({"lib/passes/pass.cc": OWN + OLD}, upstream_of(history))
    assert done.changed == {"lib/passes/pass.cc": (OWN + NEW).encode()}


def test_a_conflict_leaves_the_file_and_says_so(history: Make) -> None:
    fork = OLD.replace("old_convention(a)", "old_convention(a - 1)")
    done = run({**OTHERS, "src/pass.cc": fork}, upstream_of(history))
    assert not done.changed
    assert {f.code for f in done.findings} == {CODE, "TF399"}
    assert any("1 places conflict" in f.message for f in done.findings)


def test_a_file_that_upstream_never_had_is_told(history: Make) -> None:
    done = run({**OTHERS, "src/own.cc": "int x = old_convention(3);\n"}, upstream_of(history))
    assert not done.changed
    assert any("no version that this file was made of" in f.message for f in done.findings)


def test_nothing_is_taken_over_unasked(history: Make) -> None:
    fork = {**OTHERS, "src/pass.cc": OLD.replace("old_convention", "another")}
    done = run(fork, upstream_of(history))
    assert not done.changed and not done.findings


def test_what_is_no_repository_and_revision_is_refused(history: Make) -> None:
    upstream = upstream_of(history)
    for text in ("nonsense", f"{upstream.path}", f"{upstream.path}@", f"{upstream.path}@nowhere"):
        with pytest.raises(GitError):
            Source.parse(text)
    with pytest.raises(GitError):
        Source.parse(f"{upstream.path}/missing@main")


HEADER = "inline constexpr int kFirst = 1;\ninline constexpr int kLast = 3;\n"
NEW_HEADER = HEADER.replace(
    "inline constexpr int kLast", "inline constexpr int kNew = 2;\ninline constexpr int kLast"
)


def include(name: str, text: str) -> str:
    return f'#include "{name}"\n{text}'


def test_a_header_that_only_upstream_has_comes_along_with_its_source(history: Make) -> None:
    brought = {
        "src/bind.h": include("bind/deep.h", "int bind(int);\n"),
        "src/bind.cc": include("bind.h", "int bind(int a) { return a; }\n"),
        "src/bind/deep.h": "int deep();\n",
    }
    upstream = history("upstream")
    upstream.commit({**OTHERS, "src/pass.cc": OLD}, "the base")
    upstream.commit({"src/pass.cc": include("bind.h", NEW), **brought}, "the convention changes")
    done = run({**OTHERS, "src/pass.cc": OWN + OLD}, upstream)
    assert {path: done.changed[path].decode() for path in brought} == brought
    assert set(done.new_files) == set(brought)
    assert b'#include "bind.h"' in done.changed["src/pass.cc"]
    told = {f.path for f in done.findings if "brought along" in f.message}
    assert told == set(brought)


def test_the_source_of_such_a_header_is_merged_where_the_fork_has_it(history: Make) -> None:
    upstream = history("upstream")
    helper = "static int helper(int a) { return a; }\n"
    upstream.commit({**OTHERS, "src/pass.cc": OLD, "src/bind.cc": helper}, "the base")
    new = {
        "src/bind.h": "int bind(int);\n",
        "src/bind.cc": helper + "int bind(int a) { return a; }\n",
    }
    upstream.commit({"src/pass.cc": include("bind.h", NEW), **new}, "the convention changes")
    mine = "int mine;\n\n\n" + helper
    done = run({**OTHERS, "src/pass.cc": OLD, "src/bind.cc": mine}, upstream)
    assert done.changed["src/bind.cc"].decode() == "int mine;\n\n\n" + new["src/bind.cc"]
    assert done.new_files == ("src/bind.h",)


def test_a_constant_that_only_upstreams_header_declares_comes_along(history: Make) -> None:
    upstream = history("upstream")
    old, new = (include("names.h", text) for text in (OLD, NEW.replace("a, 2", "a, kNew")))
    upstream.commit({**OTHERS, "src/pass.cc": old, "src/names.h": HEADER}, "the base")
    upstream.commit({"src/pass.cc": new, "src/names.h": NEW_HEADER}, "the convention changes")
    own = "inline constexpr int kOfTheFork = 9;\n"
    done = run({**OTHERS, "src/pass.cc": old, "src/names.h": HEADER + own}, upstream)
    assert done.changed["src/pass.cc"].decode() == new
    assert done.changed["src/names.h"].decode() == NEW_HEADER + own


def test_a_name_that_cannot_come_along_keeps_the_forks_version(history: Make) -> None:
    upstream = history("upstream")
    old = include("names.h", OLD)
    new = include("names.h", NEW.replace("a, 2", "convert(a)"))
    upstream.commit({**OTHERS, "src/pass.cc": old, "src/names.h": HEADER}, "the base")
    header = HEADER + "struct Kind { int a; };\nKind convert(int a);\n"
    upstream.commit({"src/pass.cc": new, "src/names.h": header}, "the convention changes")
    done = run({**OTHERS, "src/pass.cc": old, "src/names.h": HEADER}, upstream)
    assert not done.changed and not done.new_files
    [said] = [f for f in done.findings if f.code == CODE]
    assert "it needs `convert`, which upstream declares in `src/names.h`" in said.message
    assert said.effort is Effort.HIGH


def test_what_only_a_refused_file_needs_does_not_come_along(history: Make) -> None:
    upstream = history("upstream")
    upstream.commit({**OTHERS, "src/pass.cc": OLD, "src/bind.cc": "int old;\n"}, "the base")
    new = {"src/bind.h": "int bind(int);\n", "src/bind.cc": "int renewed;\n"}
    upstream.commit({"src/pass.cc": include("bind.h", NEW), **new}, "the convention changes")
    done = run({**OTHERS, "src/pass.cc": OLD, "src/bind.cc": "int of_the_fork;\n"}, upstream)
    assert not done.changed
    assert any("it needs `src/bind.cc`, and " in f.message for f in done.findings)
