"""The builtins that a tree defines by `TIR_DEFINE_TL_BUILTIN`: functions that give an operator."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from codemods.model import Collector, Language, Source
from cpp_rewriters.text import calls, code, preceded_by

_MACRO = "TIR_DEFINE_TL_BUILTIN"
DECLARED = re.compile(
    rb"^[^\S\n]*(?P<head>(?:\w+\s+)*?const\s+Op\s*&\s*)(?P<name>\w+)\(\)\s*;", re.M
)
"""A declaration: `head` is all before the `name`."""
_TAIL = re.compile(rb"\bOp\s*&\s*\w+\(\)\s*;")  # found fast: every declaration ends so
_ASKED = re.compile(rb"\bsame_as\s*\(\s*(?:(?:\w+\s*::\s*)*tl\s*::\s*)?(\w+)\s*\(\s*\)\s*\)")


@dataclass(frozen=True)
class FileBuiltins:
    """What one file has of builtins, in order."""

    defined: tuple[str, ...]
    declared: tuple[str, ...]
    asked: frozenset[str]


@dataclass(frozen=True)
class Builtins:
    """By file, and the header that declares each builtin which the tree defines."""

    files: Mapping[str, FileBuiltins]
    headers: Mapping[str, str]


def _gather(source: Source) -> FileBuiltins | None:
    text = code(source)
    defined = tuple(
        text[slice(*call.arguments[0])].decode().strip()
        for call in calls(source, (_MACRO,))
        if len(call.arguments) == 1 and not preceded_by(text, call.name[0], b"define")
    )
    found = DECLARED.finditer(text) if _TAIL.search(text) else ()
    declared = tuple(match["name"].decode() for match in found)
    asked = frozenset(match[1].decode() for match in _ASKED.finditer(text))
    return FileBuiltins(defined, declared, asked) if defined or declared or asked else None


def _digest(gathered: Mapping[str, FileBuiltins]) -> Builtins:
    defined = {name for seen in gathered.values() for name in seen.defined}
    headers = {
        name: path
        for path in sorted(gathered)
        for name in gathered[path].declared
        if name in defined
    }
    return Builtins(gathered, headers)


BUILTINS = Collector(
    "builtins",
    Language.CPP,
    (_MACRO, "const Op", "same_as"),
    _gather,
    _digest,
    re.compile(_MACRO.encode()),
)
"""`Builtins`; nothing where the tree defines none."""
