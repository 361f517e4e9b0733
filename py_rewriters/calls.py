"""The verb for functions whose parameter list grew in the middle: a position becomes a keyword."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from codemods.model import Edit, Facts, Language, Outcome, Remark, Rewrite, Source
from py_rewriters.exports import EXPORTS
from py_rewriters.parsing import Module, Problem
from py_rewriters.resolving import resolver


@dataclass(frozen=True)
class Grown:
    """`functions` (dotted) had `keyword` at the 0-based `position`, where `now` is today."""

    functions: tuple[str, ...]
    position: int
    keyword: str
    now: str


def keyword_for_position(grown: Grown) -> Rewrite:
    """Return the rewrite that names the argument at the position of `grown`.

    An argument that may be meant for the new parameter (a tree can be half ported) is remarked.
    """

    def apply(source: Source, facts: Facts) -> Iterator[Outcome]:
        names = resolver(source, facts)
        if isinstance(names, Problem):
            return
        for node, scope in names.analysis.scope_of.items():
            if not isinstance(node, ast.Call) or len(node.args) <= grown.position:
                continue
            if names.expression(node.func, scope) in grown.functions:
                yield from _named(names.module, node, grown)

    tokens = tuple({name.rpartition(".")[2] + "(" for name in grown.functions})
    return Rewrite(Language.PYTHON, tokens, apply, needs=(EXPORTS,))


def _named(module: Module, node: ast.Call, grown: Grown) -> Iterator[Outcome]:
    argument = node.args[grown.position]
    start = module.start(argument)
    if isinstance(argument, ast.Constant) and argument.value is None:
        return
    starred = any(isinstance(each, ast.Starred) for each in node.args[: grown.position + 1])
    text = ast.unparse(argument).lower()
    if not starred and grown.keyword in text and len(node.args) == grown.position + 1:
        yield Edit(start, start, f"{grown.keyword}=".encode())
    else:
        yield Remark(
            start,
            f"the parameter at this position was `{grown.keyword}` and is `{grown.now}` now; not "
            "changed because which one is meant cannot be told",
            f"write `{grown.keyword}=` or `{grown.now}=`",
        )
