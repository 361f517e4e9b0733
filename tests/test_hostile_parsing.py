"""Hostile inputs and parsers: results parse as well as before, and what does not parse is told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from codemods import engine, registry
from cpp_rewriters.syntax import count_errors
from py_rewriters import parsing

HOSTILE = Path(__file__).parent.parent / "fixtures" / "hostile"
FILES = sorted(p for p in HOSTILE.rglob("*.in.*") if p.suffix in (".cc", ".py"))


def port(name: str, data: bytes) -> engine.Ported:
    chosen = registry.select(registry.load(), target="0.1.7.post2")
    return engine.port({name: data}, chosen)


def joined(data: bytes) -> bytes:
    """Return the text without line continuations, which the grammar knows only in directives."""
    return re.sub(rb"\\\r?\n", b" ", data)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_result_parses_as_well_as_before(path: Path) -> None:
    before = path.read_bytes()
    after = port(path.name, before).files[path.name]
    if path.suffix == ".cc":
        assert count_errors(joined(after)) <= count_errors(joined(before))
    elif isinstance(parsing.parse_bytes(before), parsing.Module):
        assert isinstance(parsing.parse_bytes(after), parsing.Module)


def test_a_python_file_that_does_not_parse_is_left_alone_and_reported() -> None:
    ported = port("broken.py", b"import tvm\ntvm.register_func('k'\n")
    assert not ported.changed
    assert [(f.code, f.line) for f in ported.complaints] == [("TF901", 2)]


def test_a_python_file_that_cannot_be_decoded_is_left_alone_and_reported() -> None:
    ported = port("latin.py", b"import tvm\ntvm.register_func('\xe9', print)\n")
    assert not ported.changed
    assert [finding.code for finding in ported.complaints] == ["TF906"]


def test_a_cpp_file_that_does_not_parse_is_still_ported_where_it_can() -> None:
    broken = b"void F( {\n\nTVM_FFI_STATIC_INIT_BLOCK({ F(); });\n"
    assert not port("broken.cc", broken).complaints


def test_an_encoding_declared_by_the_file_is_kept() -> None:
    before = "# -*- coding: latin-1 -*-\nimport tvm\ntvm.register_func('ä', print)\n"
    after = before.replace("register_func", "register_global_func")
    ported = port("a.py", before.encode("latin-1"))
    assert ported.files["a.py"] == after.encode("latin-1")
