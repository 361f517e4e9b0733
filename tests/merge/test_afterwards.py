"""What rules put together is formatted as upstream formats, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from codemods.merge.afterwards import format_resolved
from codemods.merge.git import Entry
from codemods.merge.resolve import Resolved
from codemods.merge.store import Store, scratch_store

from .conftest import History

RUFF = "[tool.ruff.format]\nquote-style = 'double'\n"
LOOSE = "def f(x):\n    return x\n\ndef g(x):\n    return x + 1\n\n\n\n"
NEAT = "def f(x):\n    return x\n\n\ndef g(x):\n    return x + 1\n"


@pytest.fixture
def store(history: Callable[[str], History]) -> Iterator[Store]:
    with scratch_store(history("lender").repository) as made:
        yield made


def entry(store: Store, text: str) -> Entry:
    return Entry("100755", store.write_blobs([text.encode()])[0])


def formatted(store: Store, result: str, theirs: str, settings: str = RUFF, **known: str) -> str:
    """The result as it stands afterwards; `known`: what git (`merged`) or the fork (`fork`) has."""
    upstream = {"a.py": entry(store, theirs), "pyproject.toml": entry(store, settings)}
    sides = {
        side: {"a.py": entry(store, known[side])} if side in known else {}
        for side in ("merged", "fork")
    }
    resolved = Resolved({**upstream, "a.py": entry(store, result)})
    format_resolved(store, resolved, sides["merged"], sides["fork"], upstream)
    assert resolved.files["a.py"].mode == "100755"
    text = store.content(resolved.files["a.py"], "a.py").decode()
    assert [r.rule for r in resolved.resolutions] == ([] if text == result else ["formatting"])
    return text


def test_what_rules_put_together_is_formatted_as_upstream_formats(store: Store) -> None:
    assert formatted(store, LOOSE, NEAT.replace("+ 1", "+ 2")) == NEAT


def test_a_file_that_upstream_does_not_format_is_left(store: Store) -> None:
    assert formatted(store, LOOSE, LOOSE.replace("+ 1", "+ 2")) == LOOSE
    assert formatted(store, LOOSE, NEAT.replace("+ 1", "+ 2"), settings="") == LOOSE


def test_what_git_merged_and_what_a_side_has_is_left(store: Store) -> None:
    other = NEAT.replace("+ 1", "+ 2")
    assert formatted(store, LOOSE, other, merged=LOOSE) == LOOSE
    assert formatted(store, LOOSE, other, fork=LOOSE) == LOOSE
