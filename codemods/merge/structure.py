"""Definitions by where they stand: inside which class, function or namespace.

A text that is put between the lines of a class can parse and still take the class apart.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import lru_cache

from codemods.merge import units_cpp
from codemods.merge.units import Key, Unit
from codemods.merge.units_python import parsed
from codemods.model import Language

_HOLDERS = {"namespace", "class", "type", "function"}


def misplaced(language: Language | None, merged: bytes, *versions: bytes) -> list[str]:
    """Definitions of a merged text that stand where no version has them."""
    known = frozenset[Key]().union(*(definitions(language, version) for version in versions))
    wrong = sorted(definitions(language, merged) - known)
    return [f"`{'.'.join(path)}` is defined where no side has it" for path in wrong]


def lost(
    language: Language | None, merged: bytes, base: bytes, ours: bytes, theirs: bytes
) -> list[str]:
    """Definitions that both sides have, or that one of them added, and a merged text has not."""
    old, mine, new = (definitions(language, version) for version in (base, ours, theirs))
    expected = (mine & new) | (mine - old) | (new - old)
    gone = sorted(expected - definitions(language, merged))
    return [f"`{'.'.join(path)}` is not there any more" for path in gone]


@lru_cache(maxsize=1024)
def definitions(language: Language | None, text: bytes) -> frozenset[Key]:
    """The paths of a text's classes and functions, by name."""
    if language is Language.PYTHON:
        return frozenset(_python(parsed(text) or [], ()))
    if language is Language.CPP:
        return frozenset(_cpp(units_cpp.split(text) or [], ()))
    return frozenset()


def _python(body: Iterable[ast.AST], path: Key) -> Iterator[Key]:
    for node in body:
        inside = path
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            inside = (*path, node.name)
            yield inside
        if isinstance(node, ast.stmt | ast.excepthandler | ast.match_case):
            yield from _python(ast.iter_child_nodes(node), inside)


def _cpp(units: Iterable[Unit], path: Key) -> Iterator[Key]:
    for unit in units:
        inside = (*path, unit.key[1]) if unit.key[0] in _HOLDERS else path
        if unit.key[0] in _HOLDERS - {"namespace"}:
            yield inside
        yield from _cpp(unit.members, inside)
