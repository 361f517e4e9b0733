"""Places carried across edits, forwards and backwards."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from codemods import offsets
from codemods.model import Edit
from codemods.offsets import Lines, Shift

TEXT = bytes(range(65, 91)) * 4


@st.composite
def edits(draw: st.DrawFn) -> tuple[Edit, ...]:
    cuts = sorted(draw(st.lists(st.integers(0, len(TEXT)), max_size=12, unique=True)))
    pairs = zip(cuts[::2], cuts[1::2], strict=False)
    return tuple(Edit(a, b, draw(st.binary(max_size=5))) for a, b in pairs)


@given(edits())
def test_bytes_outside_the_edits_are_found_again(made: tuple[Edit, ...]) -> None:
    after = offsets.apply(TEXT, offsets.in_order(made))
    shift = Shift(made)
    for at in range(len(TEXT)):
        if not any(edit.start <= at < edit.end for edit in made):
            assert after[shift.forward(at)] == TEXT[at]
            assert shift.backward(shift.forward(at)) == at


@given(edits(), st.integers(0, 200))
def test_every_place_afterwards_came_from_somewhere(made: tuple[Edit, ...], at: int) -> None:
    after = offsets.apply(TEXT, made)
    if at < len(after):
        assert 0 <= Shift(made).backward(at) <= len(TEXT)


def test_columns_count_characters_and_the_byte_order_mark_is_none() -> None:
    text = "\ufeffä = 1\n𝛼 = x".encode()
    lines = Lines(text)
    assert lines.at(text.index(b"=")) == (1, 3)
    assert lines.at(text.index(b"x")) == (2, 5)
    assert lines.offset(2, 5) == text.index(b"x")


def test_bytes_that_are_no_characters_count_one_each() -> None:
    lines = Lines(b"\xe9\xe9x")
    assert lines.at(2) == (1, 3)
    assert lines.offset(1, 3) == 2
