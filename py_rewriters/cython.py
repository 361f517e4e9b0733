"""The verb for names that moved, for Cython, which no Python parser reads.

Words are taken from the text outside strings and comments. Scopes are not known here, so a dotted
name is changed only where it starts with the package's own name (`tvm.ffi...`), as Cython sources
write it; an import that binds a moved name by itself keeps the name with `as`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from codemods.model import Edit, Facts, Language, Outcome, Rewrite, Source

_SKIP = re.compile(
    rb"""#[^\r\n]*|(?:'''(?:\\.|[^\\])*?'''|\"\"\"(?:\\.|[^\\])*?\"\"\")"""
    rb"""|'(?:\\.|[^'\\\r\n])*'|"(?:\\.|[^"\\\r\n])*\"""",
    re.DOTALL,
)
_IMPORT = re.compile(rb"^([ \t]*)(c?import)[ \t]+([\w.]+)[ \t]*(?=$|[\r\n;#])", re.MULTILINE)
_FROM = re.compile(
    rb"^([ \t]*)from[ \t]+([\w.]+)[ \t]+import[ \t]+(\w+)(?:[ \t]+as[ \t]+(\w+))?[ \t]*"
    rb"(?=$|[\r\n;#])",
    re.MULTILINE,
)
_DOTTED = re.compile(rb"(?<![\w.])[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")


def moved_in_cython(table: Mapping[str, str]) -> Rewrite:
    """Return the rewrite that carries out `table` of old and new dotted names in Cython."""
    tokens = tuple(sorted({old.rpartition(".")[2] for old in table}))

    def apply(source: Source, facts: Facts) -> Iterator[Outcome]:
        yield from _edits(source.data, table)

    return Rewrite(Language.CYTHON, tokens, apply)


def _edits(data: bytes, table: Mapping[str, str]) -> Iterator[Edit]:
    text = _SKIP.sub(lambda found: re.sub(rb"[^\r\n]", b" ", found[0]), data)
    taken: list[tuple[int, int]] = []
    for found in _IMPORT.finditer(text):
        new = _target(found[3].decode(), table)
        if new is None or found[2] == b"cimport":
            continue
        taken.append(found.span())
        lines = [f"import {new}"]
        root = found[3].split(b".")[0]
        if root.decode() != new.split(".")[0] and _uses(text, root, table, found.span()):
            lines.insert(0, f"import {root.decode()}")
        separator = b"\n" + found[1]
        yield Edit(found.end(1), found.end(3), separator.join(line.encode() for line in lines))
    for found in _FROM.finditer(text):
        new = _target(f"{found[2].decode()}.{found[3].decode()}", table)
        taken.append(found.span())
        if new is None:
            continue
        home, _, name = new.rpartition(".")
        local = (found[4] or found[3]).decode()
        given = "" if local == name else f" as {local}"
        statement = f"from {home} import {name}{given}" if home else f"import {name}{given}"
        yield Edit(found.end(1), found.end(4) if found[4] else found.end(3), statement.encode())
    for found in _DOTTED.finditer(text):
        if any(start <= found.start() < end for start, end in taken):
            continue
        new = _target(found[0].decode(), table)
        if new is not None:
            yield Edit(found.start(), found.end(), new.encode())


def _uses(text: bytes, root: bytes, table: Mapping[str, str], span: tuple[int, int]) -> bool:
    """Return whether `root` is used elsewhere in a way that stays."""
    for found in _DOTTED.finditer(text):
        if not span[0] <= found.start() < span[1] and found[0].split(b".")[0] == root:
            new = _target(found[0].decode(), table)
            if new is None or new.split(".")[0] == root.decode():
                return True
    return False


def _target(dotted: str, table: Mapping[str, str]) -> str | None:
    name = dotted
    while name:
        if name in table:
            return table[name] + dotted[len(name) :]
        name = name.rpartition(".")[0]
    return None
