"""Upstream's version of a file that no migration can port, merged in by `run --upstream`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from codemods import engine
from codemods.merge.git import GitError
from codemods.merge.takeover import CODE, Source, taken_over
from codemods.model import (
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
    rewrites=(Rewrite(Language.CPP, ("old_convention",), _ask),),
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


def run(files: dict[str, str], upstream: History) -> engine.Ported:
    original = {path: text.encode() for path, text in files.items()}
    ported = engine.port(original, [ASKING], "0.1.7")
    source = Source.parse(f"{upstream.path}@main")
    return taken_over(original, ported, [ASKING], "0.1.7", source)


def test_upstreams_change_and_the_forks_are_both_in_the_file(history: Make) -> None:
    done = run({**OTHERS, "src/pass.cc": OWN + OLD}, upstream_of(history))
    assert done.changed == {"src/pass.cc": (OWN + NEW).encode()}
    assert [f.code for f in done.findings] == [CODE]
    assert "was merged in" in done.findings[0].message


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
