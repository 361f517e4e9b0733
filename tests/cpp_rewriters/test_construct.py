"""Every way in which C++ writes that an object of a class is made."""

from __future__ import annotations

import pytest

from codemods.model import Language, Source
from cpp_rewriters.construct import constructions, owner_of


def made(code: str) -> list[list[str]]:
    return [c.texts for c in constructions(Source("a.cc", code.encode(), Language.CPP), "For")]


@pytest.mark.parametrize(
    "code",
    [
        "return For(a, b);",
        "For f(x->a, x->b);",
        "const For f(x->a, x->b);",
        "return For{a, b};",
        "For f{a, b};",
        "const For f{a, b};",
        "auto f = tir::For{a, b};",
        "auto f = c ? For(a, b) : g;",
    ],
)
def test_an_object_is_made(code: str) -> None:
    assert [[t.removeprefix("x->") for t in texts] for texts in made(code)] == [["a", "b"]]


@pytest.mark.parametrize(
    "code",
    [
        "class For { int a, b; };",
        "struct For : Base { int a, b; };",
        "namespace For { int a, b; }",
        "enum For { a, b };",
        "static For make(int a, int b);",
        "auto f = [](int a) -> For { return g(a, b); };",
        "x.For(a, b);",
        "own::For(a, b);",
    ],
)
def test_no_object_is_made(code: str) -> None:
    assert made(code) == []


@pytest.mark.parametrize(
    ("argument", "owner"),
    [
        ("op->step", "op->"),
        ("r.step", "r."),
        ("(*it)->step", "(*it)->"),
        ("calls[i + 1]->step", "calls[i + 1]->"),
        ("e.as<ForNode>()->step", "e.as<ForNode>()->"),
        ("tir::Downcast<For>(f(a, b))->step", "tir::Downcast<For>(f(a, b))->"),
        ("step", None),
        ("op->step + 1", None),
        ("a + op->step", None),
        ("c ? a->step : b->step", None),
        ("op->steps", None),
    ],
)
def test_the_owner_of_a_member(argument: str, owner: str | None) -> None:
    assert owner_of(argument, "step") == owner
