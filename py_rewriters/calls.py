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


def member_kept(
    functions: tuple[str, ...],
    witnesses: tuple[tuple[int, str], ...],
    members: int,
    position: int,
    keyword: str,
) -> Rewrite:
    """Return the rewrite that hands on `keyword` of a node that is rebuilt from another.

    A call of one of `functions` (dotted) is taken for rebuilding `x` when each of at least
    `members` of the `witnesses`, a 0-based position and a member, is `x.member` for one `x`.
    """

    def apply(source: Source, facts: Facts) -> Iterator[Outcome]:
        names = resolver(source, facts)
        if isinstance(names, Problem):
            return
        for node, scope in names.analysis.scope_of.items():
            if not isinstance(node, ast.Call) or _is_given(node, position, keyword):
                continue
            rebuilt = _rebuilt(node, witnesses, members)
            if rebuilt is not None and names.expression(node.func, scope) in functions:
                last = max(
                    *(names.module.end(each) for each in node.args),
                    *(names.module.end(each) for each in node.keywords),
                    0,
                )
                text = names.module.text(rebuilt).decode(names.module.encoding or "utf-8")
                addition = f", {keyword}={text}.{keyword}"
                yield Edit(last, last, addition.encode(names.module.encoding or "utf-8"))

    tokens = tuple({name.rpartition(".")[2] + "(" for name in functions})
    return Rewrite(Language.PYTHON, tokens, apply, needs=(EXPORTS,))


def _is_given(node: ast.Call, position: int, keyword: str) -> bool:
    """Return whether `keyword` is given, or may be by `*` or `**`."""
    return (
        len(node.args) > position
        or any(each.arg in (None, keyword) for each in node.keywords)
        or any(isinstance(each, ast.Starred) for each in node.args)
    )


def _rebuilt(
    node: ast.Call, witnesses: tuple[tuple[int, str], ...], members: int
) -> ast.expr | None:
    """Return the expression whose members `node` is built from, or None."""
    found: dict[str, list[ast.expr]] = {}
    for position, member in witnesses:
        if position < len(node.args):
            argument = node.args[position]
            if isinstance(argument, ast.Attribute) and argument.attr == member:
                found.setdefault(ast.dump(argument.value), []).append(argument.value)
    enough = [values for values in found.values() if len(values) >= members]
    return enough[0][0] if enough else None
