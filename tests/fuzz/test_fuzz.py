"""A seeded share of the fuzzers' cases, the same on every run; `make fuzz` runs the long form."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codemods.inventory import take_files
from codemods.model import Language
from cpp_rewriters import text
from tests.fuzz.campaign import case, failing, reduced

SHARE = 40
"""Cases of one test; together they take seconds."""


@pytest.mark.parametrize("first", range(0, 400, SHARE))
@pytest.mark.parametrize("language", [Language.CPP, Language.PYTHON])
def test_ports_of_mutated_sources_keep_every_promise(language: Language, first: int) -> None:
    assert failing(range(first, first + SHARE), language, None) == []


def test_a_case_is_the_same_every_time() -> None:
    assert case(7, Language.CPP) == case(7, Language.CPP)
    assert case(7, Language.CPP).data != case(8, Language.CPP).data


def test_a_failing_text_is_reduced_to_what_fails() -> None:
    assert reduced(b"a\nb x b\nc\n", lambda data: b"x" in data) == b"x"


arbitrary = st.binary(max_size=300) | st.lists(
    st.sampled_from(
        [b'"', b"'", b"//", b"/*", b"*/", b"\n", b"\\", b"\r\n", b'R"x(', b')x"', b"a", b" ", b"("]
    ),
    max_size=40,
).map(b"".join)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(arbitrary)
def test_blanking_keeps_every_offset_and_line(data: bytes) -> None:
    for blanked in (text.blank(data), text.without_comments(data)):
        assert len(blanked) == len(data)
        assert [at for at, byte in enumerate(blanked) if byte == 10] == [
            at for at, byte in enumerate(data) if byte == 10
        ]


@settings(derandomize=True, deadline=None, max_examples=100)
@given(arbitrary)
def test_an_inventory_of_anything_can_be_taken(data: bytes) -> None:
    inventory = take_files({"src/a.cc": data, "p/__init__.py": data, "src/tl_templates/a.h": data})
    assert inventory.unreadable in ((), ("p/__init__.py",))
