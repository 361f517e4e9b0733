"""The verbs that a rules file may use: each a key, what its value must look like, what it does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from codemods.inventory import Kind
from codemods.model import Facts, Language, Outcome, Rename, Rewrite, Source
from cpp_rewriters import includes, rename, symbols
from py_rewriters.cython import moved_in_cython
from py_rewriters.global_names import renamed_global_function
from py_rewriters.gone import Gone, gone_names
from py_rewriters.keywords import renamed_keywords
from py_rewriters.members import Class, Member, renamed_members
from py_rewriters.moves import moved

_WORD = r"[A-Za-z_]\w*"
IDENTIFIER = re.compile(_WORD, re.ASCII)
QUALIFIED = re.compile(rf"{_WORD}(?:::{_WORD})+", re.ASCII)
DOTTED = re.compile(rf"{_WORD}(?:\.{_WORD})*", re.ASCII)
MEMBER = re.compile(rf"{_WORD}(?:\.{_WORD})+", re.ASCII)
HEADER = re.compile(r"[\w./+-]+", re.ASCII)
GLOBAL = re.compile(r"[\w.:/-]+", re.ASCII)
NO_HEADER = re.compile(r"(?:[\w./+-]+)?", re.ASCII)
WORDS = re.compile(r"[^\x00-\x1f]+")


class BadValue(ValueError):
    """A value that a verb cannot use; `key` leads to it from the verb's own."""

    def __init__(self, message: str, *key: str) -> None:
        self.key = key
        super().__init__(message)


@dataclass(frozen=True)
class Made:
    """What a verb makes of its value."""

    rewrites: tuple[Rewrite, ...]
    old_names: tuple[str, ...]
    renames: tuple[Rename, ...] = ()


@dataclass(frozen=True)
class Verb:
    """`make` turns the value of the key into rewrites; raises `BadValue`. `does`: for people."""

    does: str
    make: Callable[[Any], Made]


def _identifiers(value: Any) -> Made:
    table = _table(value, IDENTIFIER, IDENTIFIER, "an identifier")
    return Made((rename.identifiers(table),), tuple(table))


def _symbols(value: Any) -> Made:
    table = _table(value, QUALIFIED, QUALIFIED, "a qualified name such as `space::Name`")
    return Made((symbols.moved(table),), tuple(table))


def _includes(value: Any) -> Made:
    table = _table(value, HEADER, NO_HEADER, "a header as an `#include` names it")

    def drop(source: Source, facts: Facts) -> Iterable[Outcome]:
        for old in (old for old, new in table.items() if not new):
            yield from includes.drop(source, old)

    renamed = {old: new for old, new in table.items() if new}
    dropped = tuple(old for old, new in table.items() if not new)
    rewrites = [rename.headers(renamed)] if renamed else []
    rewrites += [Rewrite(Language.CPP, dropped, drop)] if dropped else []
    return Made(tuple(rewrites), tuple(table))


def _names(value: Any) -> Made:
    table = _table(value, DOTTED, DOTTED, "a dotted name")
    renames = tuple(Rename(Kind.PYTHON_NAME.value, old, new) for old, new in table.items())
    return Made((moved(table), moved_in_cython(table)), tuple(table), renames)


def _modules(value: Any) -> Made:
    """Modules that moved: like names, but what they become is imported as a module."""
    table = _table(value, DOTTED, DOTTED, "a dotted name")
    kind = Kind.PYTHON_NAME.value
    renames = tuple(Rename(kind, f"{old}.*", f"{new}.*") for old, new in table.items())
    rewrites = (moved(table, table.values()), moved_in_cython(table))
    return Made(rewrites, tuple(table), renames)


def _gone(value: Any) -> Made:
    table = _table(value, DOTTED, WORDS, "a dotted name")
    gone = {name: Gone("nothing has its place", advice) for name, advice in table.items()}
    return Made((gone_names(gone),), tuple(table))


def _keywords(value: Any) -> Made:
    table = {
        function: _table(renamed, IDENTIFIER, IDENTIFIER, "a keyword", function)
        for function, renamed in _tables(value, DOTTED, "a function's dotted name").items()
    }
    return Made((renamed_keywords(table),), ())


def _attributes(value: Any) -> Made:
    rewrites: list[Rewrite] = []
    for name, renamed in _tables(value, MEMBER, "a class's dotted name").items():
        members = _table(renamed, IDENTIFIER, IDENTIFIER, "an attribute", name)
        package, title = name.partition(".")[0], name.rpartition(".")[2]
        owner = Class(title, frozenset({name}), packages=frozenset({package}))
        shaped = {old: Member(new, "method", telling=True) for old, new in members.items()}
        rewrites.append(renamed_members(owner, shaped))
    return Made(tuple(rewrites), ())


def _global_functions(value: Any) -> Made:
    table = _table(value, GLOBAL, GLOBAL, "a registered name")
    rewrites = tuple(renamed_global_function(old, new) for old, new in table.items())
    return Made(rewrites, tuple(table))


VERBS: Mapping[tuple[str, str], Verb] = {
    ("cpp", "identifiers"): Verb(
        "whole identifiers, macros too, wherever code has them", _identifiers
    ),
    ("cpp", "symbols"): Verb("qualified names, told by namespaces and `using`", _symbols),
    ("cpp", "includes"): Verb('headers that are included; `""` drops the line', _includes),
    ("python", "names"): Verb("functions, classes and constants, imports included", _names),
    ("python", "modules"): Verb("modules, with everything in them", _modules),
    ("python", "keywords"): Verb("keyword arguments, by function", _keywords),
    ("python", "attributes"): Verb("methods and attributes, by class", _attributes),
    ("python", "global_functions"): Verb(
        "registered functions, named by a string", _global_functions
    ),
    ("python", "gone"): Verb("names without a successor, reported with your advice", _gone),
}


def _table(
    value: Any, old: re.Pattern[str], new: re.Pattern[str], what: str, *key: str
) -> dict[str, str]:
    """The value as a table of old and new; raises `BadValue`."""
    if not isinstance(value, dict) or not value:
        raise BadValue('must be a table of old and new, `{ old = "new" }`', *key)
    for name, text in value.items():
        if not old.fullmatch(name):
            raise BadValue(f"`{name}` is not {what}", *key, name)
        if not isinstance(text, str) or not new.fullmatch(text):
            raise BadValue(f"what `{name}` becomes is not {what}: `{text}`", *key, name)
        if name == text:
            raise BadValue(f"`{name}` becomes itself", *key, name)
    chained = next((name for name, text in value.items() if text in value), None)
    if chained is not None:
        raise BadValue(
            f"`{chained}` becomes `{value[chained]}`, which is renamed too; write where it ends",
            *key,
            chained,
        )
    return dict(value)


def _tables(value: Any, name: re.Pattern[str], what: str) -> dict[str, Any]:
    if not isinstance(value, dict) or not value:
        raise BadValue(f"must be a table by {what}, each with old and new")
    for key in value:
        if not name.fullmatch(key):
            raise BadValue(f'`{key}` is not {what}; quote it: `"a.b" = {{ old = "new" }}`', key)
    return dict(value)
