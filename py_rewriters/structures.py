"""Structures of C that Python code mirrors with ctypes."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from codemods.model import Effort, Facts, Language, Outcome, Remark, Rewrite, Source
from py_rewriters.parsing import Problem, parse


def mirrored(kept: str, dropped: Collection[str], message: str, advice: str) -> Rewrite:
    """Return the rewrite that remarks a class whose `_fields_` name `kept` and one of `dropped`."""

    def apply(source: Source, facts: Facts) -> Iterator[Outcome]:
        if kept.encode() not in source.data:
            return
        module = source.once(parse)
        if isinstance(module, Problem):
            return
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ClassDef):
                said = {name for each in node.body for name in _fields(each)}
                if kept in said and not said.isdisjoint(dropped):
                    yield Remark(module.start(node), message, advice, Effort.MEDIUM)

    return Rewrite(Language.PYTHON, ("_fields_",), apply)


def _fields(node: ast.stmt) -> Iterator[str]:
    """Yield the names in an assignment to `_fields_`."""
    if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
        return
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    if any(isinstance(target, ast.Name) and target.id == "_fields_" for target in targets):
        for each in ast.walk(node.value):
            if isinstance(each, ast.Tuple) and each.elts and isinstance(each.elts[0], ast.Constant):
                yield str(each.elts[0].value)
