"""The verb for functions whose keyword arguments were renamed."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from codemods.model import Edit, Facts, Language, Outcome, Remark, Rewrite, Source
from py_rewriters.exports import EXPORTS
from py_rewriters.parsing import Problem
from py_rewriters.resolving import resolver


def renamed_keywords(table: Mapping[str, Mapping[str, str]]) -> Rewrite:
    """Return the rewrite of keywords by function: dotted name, then old keyword to new one.

    A call that spreads a mapping (`**options`) is remarked: what it holds cannot be seen.
    """
    last = {function.rpartition(".")[2] for function in table}

    def apply(source: Source, facts: Facts) -> Iterator[Outcome]:
        names = resolver(source, facts)
        if isinstance(names, Problem):
            return
        for node, scope in names.analysis.scope_of.items():
            if not isinstance(node, ast.Call) or not node.keywords:
                continue
            dotted = names.expression(node.func, scope)
            renamed = table.get(dotted) if dotted is not None else None
            if renamed is None:
                continue
            given = {each.arg for each in node.keywords}
            for each in node.keywords:
                start = names.module.start(each)
                if each.arg is None:
                    yield Remark(
                        start,
                        f"`{dotted}` renamed keywords; not changed here because what `**` gives "
                        "cannot be seen",
                        ", ".join(f"`{old}` is `{new}` now" for old, new in renamed.items()),
                    )
                elif each.arg in renamed and renamed[each.arg] not in given:
                    yield Edit(start, start + len(each.arg.encode()), renamed[each.arg].encode())

    tokens = tuple(sorted(last))
    return Rewrite(Language.PYTHON, tokens, apply, needs=(EXPORTS,))
