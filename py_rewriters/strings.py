"""The verbs for strings that name something: an argument of a known function, a whole constant."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from codemods.model import Edit, Effort, Facts, Language, Outcome, Remark, Rewrite, Source
from py_rewriters.exports import EXPORTS
from py_rewriters.parsing import Module, Problem
from py_rewriters.resolving import resolver


def argument_respelt(functions: tuple[str, ...], table: Mapping[str, str]) -> Rewrite:
    """Return the rewrite of the first argument of `functions` where it is a string of `table`."""
    called = {name.rpartition(".")[2] for name in functions}
    possible = re.compile(rb"[\"'](?:" + "|".join(map(re.escape, table)).encode() + rb")[\"']")

    def apply(source: Source, facts: Facts) -> Iterator[Outcome]:
        if possible.search(source.data) is None:
            return
        names = resolver(source, facts)
        if isinstance(names, Problem):
            return
        for node, scope in names.analysis.scope_of.items():
            if not isinstance(node, ast.Call) or not node.args:
                continue
            new = table.get(_constant(node.args[0]))
            if new is not None and names.expression(node.func, scope) in functions:
                yield from _respelt(names.module, node.args[0], _constant(node.args[0]), new)

    return Rewrite(Language.PYTHON, tuple(sorted(called)), apply, needs=(EXPORTS,))


def target_respelt(old: str, new: str, message: str, advice: str) -> Rewrite:
    """Return the rewrite of the string `old`, the name of a target, with a remark beside it.

    Only where it is bound to, compared with or given for something called a target, or named in
    a call of TVM's `Target`.
    """

    def apply(source: Source, facts: Facts) -> Iterator[Outcome]:
        names = resolver(source, facts)
        if isinstance(names, Problem):
            return
        for node in ast.walk(names.module.tree):
            for constant in _of_target(node):
                if _constant(constant) == old:
                    yield from _respelt(names.module, constant, old, new)
                    yield Remark(names.module.start(constant), message, advice, Effort.MEDIUM)

    return Rewrite(Language.PYTHON, (f'"{old}"', f"'{old}'"), apply, needs=(EXPORTS,))


def _of_target(node: ast.AST) -> Iterator[ast.expr]:
    """Yield the constants that `node` binds to, compares with or gives for a target."""
    values: list[ast.expr] = []
    if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        values += [node.value] if any(map(_is_target, targets)) else []
    elif isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
        values += sides if any(map(_is_target, sides)) else []
    elif isinstance(node, ast.keyword):
        values += [node.value] if "target" in (node.arg or "") else []
    elif isinstance(node, ast.Call) and _is_target(node.func):
        values += node.args[:1]
    elif isinstance(node, ast.arguments):
        positional = [*node.posonlyargs, *node.args]
        pairs = [
            *zip(positional[len(positional) - len(node.defaults) :], node.defaults, strict=True),
            *zip(node.kwonlyargs, node.kw_defaults, strict=True),
        ]
        values += [value for each, value in pairs if value is not None and "target" in each.arg]
    for value in values:
        branches = [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]
        yield from branches


def _is_target(node: ast.expr) -> bool:
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return "target" in str(name).lower()


def _constant(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _respelt(module: Module, node: ast.expr, old: str, new: str) -> Iterator[Outcome]:
    text = module.text(node)
    if text.count(old.encode()) == 1:
        start = module.start(node) + text.index(old.encode())
        yield Edit(start, start + len(old.encode()), new.encode())
