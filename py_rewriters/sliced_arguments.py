"""Slices of buffers that are handed to calls, where TVM's script parser gives them a step."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any

from codemods.model import Collector, Edit, Facts, Language, Outcome, Remark, Rewrite, Source
from py_rewriters.exports import EXPORTS
from py_rewriters.parsing import Problem
from py_rewriters.resolving import resolver
from py_rewriters.scopes import Scope

_PARSER = re.compile(rb"^\s*from\s+tvm\.script\.parser\.tir\s+import\b", re.MULTILINE)

_SLICE = re.compile(  # in brackets, with brackets in them up to two deep: something on both sides
    rb"\[(?:[^\[\]]|\[(?:[^\[\]]|\[[^\[\]]*\])*\])*?(?<=[^\s,\[:(])\s*:\s*(?=[^\s,\]:)])"
)

_GAP = rb"(?:[\s\\]|#[^\r\n]*[\r\n])*"
_STEP = re.compile(rb"[()\[\]{}\"'#]")


def _gather(source: Source) -> bool | None:
    return True if _PARSER.search(source.data) else None


def _digest(gathered: Mapping[str, Any]) -> bool:
    return bool(gathered)


OWN_FRONT_END = Collector(
    "a front end on TVM's parser", Language.PYTHON, ("tvm.script.parser",), _gather, _digest
)
"""Whether the tree has a language of its own whose kernels TVM's script parser reads."""


def keywords_for_slices(
    package: str, functions: Mapping[str, tuple[str, ...]], message: str, advice: str
) -> Rewrite:
    """Return the rewrite that hands slices to `functions` by keyword: name, then parameters.

    They are attributes of the module `package`, wherever they are defined.
    TVM's parser gives a step to slices among the positional arguments of a call only. The rewrite
    is for trees with a front end of their own on that parser. A call whose arguments are not all
    named by `functions`, or that unpacks some, is remarked with `message` and `advice`.
    """

    names_called = b"|".join(re.escape(name.encode()) for name in sorted(functions))
    call = re.compile(rb"\." + _GAP + rb"(?:" + names_called + rb")" + _GAP + rb"\(")

    def apply(source: Source, facts: Facts) -> Iterator[Outcome]:
        if not facts[OWN_FRONT_END.name] or not _may_slice(source.data, call):
            return  # nothing is parsed
        names = resolver(source, facts)
        if isinstance(names, Problem):
            return
        for node, scope in names.analysis.scope_of.items():
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            first = next((i for i, each in enumerate(node.args) if _sliced(each)), None)
            # the parser looks at calls of attributes only
            named = _is_module(node.func.value, scope, package)
            parameters = functions.get(node.func.attr) if named else None
            if first is None or parameters is None:
                continue
            moved = node.args[first:]
            given = {each.arg for each in node.keywords}
            unpacked = any(isinstance(each, ast.Starred) for each in node.args)
            if unpacked or len(node.args) > len(parameters) or None in given:
                yield Remark(names.module.start(moved[0]), message, advice)
                continue
            for each, parameter in zip(moved, parameters[first:], strict=False):
                start = names.module.start(each)
                yield Edit(start, start, f"{parameter}=".encode())

    return Rewrite(Language.PYTHON, tuple(sorted(functions)), apply, needs=(EXPORTS, OWN_FRONT_END))


def _may_slice(data: bytes, call: re.Pattern[bytes]) -> bool:
    """Say whether a slice stands between the parentheses of a `call`, as far as bytes tell."""
    return any(
        _SLICE.search(data, found.end(), _closing(data, found.end()))
        for found in call.finditer(data)
    )


def _closing(data: bytes, start: int) -> int:
    """Where the bracket that is open at `start` is closed; the end where quotes or comments come
    before, which may hold any bracket."""
    depth = 1
    for step in _STEP.finditer(data, start):
        if step[0] in b"\"'#":
            break
        depth += 1 if step[0] in b"([{" else -1
        if depth == 0:
            return step.start()
    return len(data)


def _is_module(node: ast.expr, scope: Scope, package: str) -> bool:
    """Say whether `node` is a name that `package` is imported under. The canonical name would not
    do: a tree that has the package itself may hand it on under another."""
    if not isinstance(node, ast.Name):
        return False
    bound = [binding.imported for binding in scope.lookup(node.id)]
    return bool(bound) and all(imported == package for imported in bound)


def _sliced(node: ast.expr) -> bool:
    if not isinstance(node, ast.Subscript):
        return False
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    return any(
        isinstance(part, ast.Slice) and part.lower and part.upper and not part.step
        for part in parts
    )
