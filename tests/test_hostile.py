"""Inputs that trip rewriters: `fixtures/hostile/NAME.in.*` becomes `NAME.out.*`, as bytes.

What comes out was written from the API's rules. Only two things of a result are left to others:
white space between C++ tokens, which `clang-format` sets after a run, and `#include` lines that
the port adds; both have tests of their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from codemods import engine, ladder, registry
from codemods.tree import classify

FOLDER = Path(__file__).parents[1] / "fixtures" / "hostile"
CASES = sorted(FOLDER.rglob("*.in.*"))
PORTABLE = registry.select(registry.load(), target=ladder.DEFAULT_TARGET)

each_case = pytest.mark.parametrize("case", CASES, ids=[p.name.replace(".in.", ".") for p in CASES])


def expected_of(case: Path) -> bytes:
    return case.with_name(case.name.replace(".in.", ".out.")).read_bytes()


def path_of(case: Path) -> str:
    """Where the file stands in the tree that is ported."""
    return f"src/{case.name.replace('.in.', '.')}"


def port(path: str, data: bytes) -> engine.Ported:
    assert classify(path) is not None
    return engine.port({path: data}, PORTABLE)


def comparable(path: str, before: bytes, result: bytes) -> bytes:
    """Return `result` without what this module leaves to others; all of it if nothing changed."""
    if not path.endswith(".cc") or result == before:
        return result
    lines = result.splitlines()
    known = {line.strip() for line in before.splitlines()}
    kept = [
        line for line in lines if not line.lstrip().startswith(b"#include") or line.strip() in known
    ]
    return re.sub(rb"\s+", b" ", b"\n".join(kept)).strip()


def with_crlf(data: bytes) -> bytes:
    return data.replace(b"\n", b"\r\n")


def with_byte_order_mark(data: bytes) -> bytes:
    return b"\xef\xbb\xbf" + data


def without_last_newline(data: bytes) -> bytes:
    return data.removesuffix(b"\n")


FORMS: tuple[Callable[[bytes], bytes], ...] = (
    with_crlf,
    with_byte_order_mark,
    without_last_newline,
)


@each_case
def test_the_result_is_what_the_rules_say(case: Path) -> None:
    before, path = case.read_bytes(), path_of(case)
    ported = port(path, before)
    assert comparable(path, before, ported.files[path]) == comparable(
        path, before, expected_of(case)
    )
    assert not ported.tracebacks


@each_case
def test_a_second_run_changes_nothing(case: Path) -> None:
    path = path_of(case)
    once = port(path, case.read_bytes()).files
    twice = engine.port(once, PORTABLE)
    assert twice.files == once
    assert not twice.changes


@each_case
@pytest.mark.parametrize("form", FORMS, ids=[form.__name__ for form in FORMS])
def test_line_ends_marks_and_a_missing_last_newline_stay(
    case: Path, form: Callable[[bytes], bytes]
) -> None:
    path, before = path_of(case), case.read_bytes()
    plain = port(path, before).files[path]
    assert port(path, form(before)).files[path] == form(plain)
