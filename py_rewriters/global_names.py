"""The verb for a global function that has another name in the registry: its name is a string.

Only a string constant that is exactly the old name is changed, and only where no C++ of the tree
registers that name itself.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any

from codemods.model import Collector, Edit, Facts, Language, Outcome, Rewrite, Source
from py_rewriters.parsing import Problem, parse


def renamed_global_function(old: str, new: str) -> Rewrite:
    """Return the rewrite of the string `old` to `new` in a tree that does not register `old`."""
    quoted = f'"{old}"'.encode()

    def gather(source: Source) -> bool | None:
        return True if quoted in source.data else None

    def digest(gathered: Mapping[str, Any]) -> bool:
        return bool(gathered)

    registered = Collector(f"registers {old}", Language.CPP, (f'"{old}"',), gather, digest)

    def apply(source: Source, facts: Facts) -> Iterator[Outcome]:
        module = source.once(parse)
        if isinstance(module, Problem) or facts.get(registered.name):
            return
        parts = {
            part
            for node in ast.walk(module.tree)
            if isinstance(node, ast.JoinedStr)
            for part in node.values
        }
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Constant) and node.value == old and node not in parts:
                text = module.text(node)
                if text.count(old.encode()) == 1:
                    start = module.start(node) + text.index(old.encode())
                    yield Edit(start, start + len(old.encode()), new.encode())

    return Rewrite(Language.PYTHON, (old,), apply, needs=(registered,))
