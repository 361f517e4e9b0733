"""Calls of the fork's own files that rely on a default which upstream changed."""

from __future__ import annotations

import pytest

from codemods.merge.changed_defaults import CODE, scan
from codemods.merge.vanished import Trees

OLD = "def build(program, backend='host', *, order='relaxed', **options):\n    pass\n"
NEW = OLD.replace("'host'", "None")
HEAD = "import tool\nfrom tool.jit import build\n\n\n"


def said(own: str, *, fork: str = OLD, merged: str = NEW) -> list[tuple[int, str]]:
    """What is told of a file of the fork's, `own`: line and message."""
    path, mine = "tool/jit.py", "examples/own.py"
    trees = Trees(
        {path: OLD.encode()},
        {path: fork.encode(), mine: own.encode()},
        {path: NEW.encode()},
        {path: merged.encode(), mine: own.encode()},
    )
    found = scan(trees)
    assert {(f.path, f.code) for f in found} <= {(mine, CODE)}
    return [(f.line, f.message) for f in found]


def test_the_first_call_of_a_file_is_told_with_the_change_and_their_number() -> None:
    [(line, message)] = said(f"{HEAD}a = build(x)\nb = tool.build(y, order='strict')\n")
    assert line == 5
    assert "`build` relies here on" in message
    assert "`backend` from `'host'` to `None` (calls in this file: 2)" in message


@pytest.mark.parametrize(
    "call",
    [
        "build(x, 'host')",
        "build(x, backend='host')",
        "build(*all_of_them)",
        "build(x, **options)",
        "other.build(x)",
        "make(x)",
    ],
)
def test_a_call_that_states_it_or_means_something_else_is_not(call: str) -> None:
    assert said(f"{HEAD}{call}\n") == []


def test_a_decorator_without_a_call_relies_on_every_default() -> None:
    assert len(said("import tool as t\n\n\n@t.build\ndef program():\n    pass\n")) == 1


def test_a_default_that_the_fork_had_changed_or_kept_is_the_forks_affair() -> None:
    own = OLD.replace("'host'", "'device'")
    assert said(f"{HEAD}build(x)\n", fork=own) == []
    assert said(f"{HEAD}build(x)\n", merged=OLD) == []


def test_a_constructors_default_counts_for_its_class() -> None:
    old = "class Kernel:\n    def __init__(self, code, level=1):\n        pass\n"
    new = old.replace("level=1", "level=2")
    mine = b"from tool import Kernel\nKernel(text)\nKernel(text, 1)\n"
    trees = Trees(
        {"tool/k.py": old.encode()},
        {"tool/k.py": old.encode(), "own.py": mine},
        {"tool/k.py": new.encode()},
        {"tool/k.py": new.encode(), "own.py": mine},
    )
    [found] = scan(trees)
    assert (found.line, "(calls in this file: 1)" in found.message) == (2, True)
