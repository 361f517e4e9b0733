"""The verb for names that are gone without a successor: every place that uses one is remarked."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from codemods.model import Effort, Facts, Language, Outcome, Remark, Rewrite, Source
from py_rewriters.exports import EXPORTS
from py_rewriters.parsing import Problem
from py_rewriters.resolving import Resolver, resolver
from py_rewriters.scopes import import_target


@dataclass(frozen=True)
class Gone:
    """What to say where a name that is gone is used: why it has no successor, and what to do."""

    why: str
    advice: str
    effort: Effort = Effort.MEDIUM


def gone_names(table: Mapping[str, Gone], but: tuple[str, ...] = ()) -> Rewrite:
    """Return the rewrite that remarks each import and use of the dotted names of `table`.

    A name stands for everything below it too, other than the names `but`; the longest match speaks.
    """
    last = {name.rpartition(".")[2] for name in table}
    every = "|".join(  # `text.lower()` is a string's own
        name + (r"\b(?!\(\))" if hasattr(str, name) else r"\b") for name in sorted(last)
    )
    used = re.compile(b"(?:" + every.encode() + b")")
    homes = "|".join(sorted({name.rpartition(".")[0].rpartition(".")[2] for name in table}))
    home = re.compile(rb"\b(?:" + homes.encode() + rb")\b")

    def apply(source: Source, facts: Facts) -> Iterator[Outcome]:
        if home.search(source.data) is None or not _is_used(source.data, used):
            return
        names = resolver(source, facts)
        if isinstance(names, Problem):
            return
        for offset, dotted in sorted(set(_places(names))):
            found = _match(dotted, table)
            if found is not None and dotted not in but:
                gone = table[found]
                yield Remark(offset, f"`{found}` is gone: {gone.why}", gone.advice, gone.effort)

    return Rewrite(Language.PYTHON, tuple(sorted(last)), apply, needs=(EXPORTS,))


def _is_used(data: bytes, names: re.Pattern[bytes]) -> bool:
    """Say whether one of the names stands as an attribute, in an import, or first on its line."""
    for found in names.finditer(data):
        before = data[data.rfind(b"\n", 0, found.start()) + 1 : found.start()]
        if not before.strip() or b"import" in before or data[: found.start()].rstrip()[-1:] == b".":
            return True
    return False


def _places(names: Resolver) -> Iterator[tuple[int, str]]:
    for statement in names.analysis.imports:
        node = statement.node
        for alias in node.names:
            if isinstance(node, ast.ImportFrom):
                target = import_target(node, alias.name).removesuffix(".*")
                if names.tree.find(import_target(node, "").rstrip(".") or ".", names.path):
                    continue  # the module of the tree that imports it is told
            else:
                target = alias.name
            yield names.module.start(alias), names.canonical(target)
    for use in names.analysis.uses:
        if use.attributes:
            origin = names.origin(use.root.id, use.scope)
            if origin is not None and origin.certain:
                whole = ".".join([origin.dotted, *use.parts[1:]])
                if whole != origin.dotted:
                    yield names.module.start(use.root), names.canonical(whole)


def _match(dotted: str, table: Mapping[str, Gone]) -> str | None:
    while dotted and dotted not in table:
        dotted = dotted.rpartition(".")[0]
    return dotted or None
