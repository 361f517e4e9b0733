"""Branches of an `if` chain that came from both sides: a feature that was sent upstream.

A code generator asks one operator after the other. When the fork's branch for an operator stands at
another place than upstream's, git keeps both, and the second is never reached.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from codemods.merge.hunks import split_lines
from codemods.merge.syntax import without_marks
from codemods.merge.tokens import canonical
from codemods.model import Language, Source
from cpp_rewriters.syntax import Node, tree


@dataclass(frozen=True)
class Branch:
    """One `else if` or `elif`: what it asks, what it does, and its bytes up to the next one."""

    asks: tuple[bytes, ...]
    does: tuple[bytes, ...]
    start: int
    end: int
    chain: int

    @property
    def shown(self) -> str:
        return b"".join(self.asks).decode("utf-8", "replace")


def repeated(language: Language | None, merged: bytes, *versions: bytes) -> list[Branch]:
    """Branches that stand in one chain more often than in any of the versions, the last one of
    each left out."""
    most: Counter[tuple[bytes, ...]] = Counter()
    for version in versions:
        most |= Counter(branch.asks for branch in _branches(language, version))
    found = _branches(language, merged)
    counts = Counter(branch.asks for branch in found)
    doubtful = {asks for asks, count in counts.items() if count > most[asks]}
    last = {(branch.asks, branch.chain): branch for branch in found if branch.asks in doubtful}
    return [b for b in found if b.asks in doubtful and last[(b.asks, b.chain)] is not b]


def without_repeated(
    language: Language | None, merged: bytes, ours: bytes, theirs: bytes
) -> tuple[bytes, list[str]]:
    """The merged text with upstream's copy only of each branch that both sides brought and that
    does the same; and what these ask."""
    dropped: list[Branch] = []
    own = {(b.asks, b.does) for b in _branches(language, ours)}
    new = {(b.asks, b.does) for b in _branches(language, theirs)}
    found = _branches(language, merged)
    for branch in repeated(language, merged, ours, theirs):
        copies = [b for b in found if (b.asks, b.chain) == (branch.asks, branch.chain)]
        if len({_bare(copy.does) for copy in copies}) != 1:
            continue
        of_the_fork = [b for b in copies if (b.asks, b.does) in own and (b.asks, b.does) not in new]
        dropped += (of_the_fork or copies)[: len(copies) - 1]
    for branch in sorted(set(dropped), key=lambda b: -b.start):
        merged = merged[: branch.start] + merged[branch.end :]
    return merged, [branch.shown for branch in dropped]


def _bare(does: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """What a branch does, however it names its own members, and whether it returns the value."""
    text = b" ".join(does).replace(b"this -> ", b"").replace(b"return ", b"")
    return tuple(text.split(b" "))


@lru_cache(maxsize=64)
def _branches(language: Language | None, text: bytes) -> list[Branch]:
    if language is Language.CPP:
        return list(_cpp(text))
    if language is Language.PYTHON:
        return list(_python(text))
    return []


def _cpp(text: bytes) -> Iterator[Branch]:
    """Every `else if` that another branch follows, chain by chain."""
    root = tree(Source("", without_marks(text), Language.CPP)).root_node
    for number, first in enumerate(_chains(root)):
        clause = first.child_by_field_name("alternative")
        while clause is not None:
            inner = next((c for c in clause.children if c.type == "if_statement"), None)
            if inner is None:
                break
            asks, does = (inner.child_by_field_name(n) for n in ("condition", "consequence"))
            following = inner.child_by_field_name("alternative")
            if asks is not None and does is not None and following is not None:
                yield Branch(
                    canonical(asks.text or b"", Language.CPP),
                    canonical(does.text or b"", Language.CPP),
                    clause.start_byte,
                    following.start_byte,
                    number,
                )
            clause = following


def _python(text: bytes) -> Iterator[Branch]:
    """Every `elif` that another branch follows, chain by chain."""
    try:
        module = ast.parse(text)
    except (SyntaxError, ValueError):
        return
    starts = [0]
    for line in split_lines(text):
        starts.append(starts[-1] + len(line))
    inner: set[ast.If] = set()
    for number, first in enumerate(n for n in ast.walk(module) if isinstance(n, ast.If)):
        current = first
        while first not in inner and _is_elif(current, text, starts):
            [following] = current.orelse
            assert isinstance(following, ast.If)
            inner.add(following)
            if following.orelse:
                last = following.body[-1].end_lineno or following.lineno
                yield Branch(
                    (ast.unparse(following.test).encode(),),
                    canonical(
                        "\n".join(map(ast.unparse, following.body)).encode(), Language.PYTHON
                    ),
                    starts[following.lineno - 1],
                    starts[last],
                    number,
                )
            current = following


def _is_elif(node: ast.If, text: bytes, starts: list[int]) -> bool:
    if len(node.orelse) != 1 or not isinstance(node.orelse[0], ast.If):
        return False
    following = node.orelse[0]
    return text.startswith(b"elif", starts[following.lineno - 1] + following.col_offset)


def _chains(root: Node) -> Iterator[Node]:
    """Each `if` that is no `else if`."""
    stack = [root]
    while stack:
        node = stack.pop()
        if node.type == "if_statement" and (
            node.parent is None or node.parent.type != "else_clause"
        ):
            yield node
        stack.extend(reversed(node.children))
