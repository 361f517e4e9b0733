"""Definitions by where they stand: inside which class, function or namespace.

A text that is put between the lines of a class can parse and still take the class apart.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache

from codemods.merge import units_cpp, units_python
from codemods.merge.tokens import same_code
from codemods.merge.units import Key, Unit, walk
from codemods.merge.units_python import parsed
from codemods.model import Language

_HOLDERS = {"namespace", "class", "type", "function"}


def misplaced(language: Language | None, merged: bytes, *versions: bytes) -> list[str]:
    """Definitions of a merged text that stand where no version has them."""
    found = definitions(language, merged)
    known = [definitions(language, version) for version in versions]
    if found is None or any(names is None for names in known):
        return []
    wrong = sorted(found.difference(*filter(None, known)))
    return [f"`{'.'.join(path)}` is defined where no side has it" for path in wrong]


def lost_or_back(
    language: Language | None, merged: bytes, base: bytes, ours: bytes, theirs: bytes
) -> list[str]:
    """Definitions that both sides have, or that one of them added, and a merged text has not; and
    those that one side took away and a merged text has."""
    found = definitions(language, merged)
    old, mine, new = (definitions(language, version) for version in (base, ours, theirs))
    if found is None or old is None or mine is None or new is None:
        return []
    gone = sorted(((mine & new) | (mine - old) | (new - old)) - found)
    back = sorted(found & ((old - mine) | (old - new)))
    wrong = _mixed_up(language, merged, base, ours, theirs)
    now, was, *sides = (_statements(language, text) for text in (merged, base, ours, theirs))
    back += sorted(now & was.difference(sides[0] & sides[1]))
    return [
        *(f"`{'.'.join(path)}` is not there any more" for path in gone),
        *(f"`{'.'.join(path)}` is back, which one side took away" for path in back),
        *(f"`{'.'.join(path)}` is not as the side wrote it that added it" for path in wrong),
    ]


@lru_cache(maxsize=1024)
def definitions(language: Language | None, text: bytes) -> frozenset[Key] | None:
    """The paths of a text's classes and functions, by name; None where it does not parse."""
    if language is Language.PYTHON:
        body = parsed(text)
        return None if body is None else frozenset(_python(body, ()))
    if language is Language.CPP:
        units = units_cpp.split(text)
        return None if units is None else frozenset(_cpp(units, ()))
    return frozenset()


def _mixed_up(language: Language | None, merged: bytes, *versions: bytes) -> list[Key]:
    """Functions and registrations that one side added, and the other's changes got into."""
    found, base, ours, theirs = (_added(language, text) for text in (merged, *versions))
    return sorted(
        path
        for side, other in ((ours, theirs), (theirs, ours))
        for path in side.keys() - base.keys() - other.keys()
        if path in found and not same_code(found[path], side[path], language)
    )


@lru_cache(maxsize=1024)
def _added(language: Language | None, text: bytes) -> dict[Key, bytes]:
    """The functions and registrations of a text that no other of it is called like."""
    units: list[Unit] | None = []
    if language is Language.PYTHON:
        units = units_python.split(text)
    elif language is Language.CPP:
        units = units_cpp.split(text)
    named = [
        ((*path[:-1], *unit.key), unit.text)
        for path, unit in walk(units or [])
        if unit.key[0] in {"def", "function", "macro"}
    ]
    often = Counter(path for path, _ in named)
    return {path: code for path, code in named if often[path] == 1}


@lru_cache(maxsize=1024)
def _statements(language: Language | None, text: bytes) -> frozenset[Key]:
    """What a text gives a value, registers or calls outside of functions."""
    units = None
    if language is Language.PYTHON:
        units = units_python.split(text)
    elif language is Language.CPP:
        units = units_cpp.split(text)
    return frozenset(
        (*path[:-1], *unit.key)
        for path, unit in walk(units or [])
        if unit.key[0] in {"name", "macro"}
        or (language is Language.PYTHON and unit.key[0] == "text" and "(" in unit.key[-1])
    )


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
