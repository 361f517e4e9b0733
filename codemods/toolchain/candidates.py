"""What the target declares, as far as a compiler's notes on candidates tell or point to it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from codemods.model import Language, Source
from codemods.toolchain.diagnostics import Note
from cpp_rewriters.text import closing, code, split

_MISMATCH = re.compile(
    r"no known conversion from '(?P<given>[^']+)'(?: \(aka '[^']*'\))? to '[^']+'.* "
    r"for (?P<index>\d+)(?:st|nd|rd|th) argument"
)
_FUNCTION = re.compile(r"std::function<.*? \((?P<parameters>.*)\)>")
_PARAMETER = re.compile(r"(?P<type>.+?)[\s&*]+(?P<name>\w+)\s*(?:=\s*(?P<default>.+))?", re.DOTALL)


@dataclass(frozen=True)
class Parameter:
    """`is_field`: the header also declares a field of that name, as TVM's nodes do."""

    type: str
    name: str
    default: str | None
    is_field: bool


def gained(note: Note, given: int) -> tuple[int, int, list[Parameter]] | None:
    """Return which parameters a candidate has that a call of `given` arguments lacks.

    From a note that says which argument does not convert: its index, how many parameters stand
    before the one that would take it, and all parameters. None if the note is about another thing.
    """
    match = _MISMATCH.search(note.message)
    if match is None:
        return None
    index = int(match["index"]) - 1
    parameters = _declared(note)
    for count in range(1, len(parameters) - given + 1):
        if _bare(parameters[index + count].type) == _bare(match["given"]):
            return index, count, parameters
    return None


def lambda_gained(note: Note, types: list[str]) -> tuple[int, str] | None:
    """Return at which index a lambda of the given parameters lacks one, and that one's type.

    From a note that spells the function type that was wanted.
    """
    match = _FUNCTION.search(note.message)
    if match is None:
        return None
    text = match["parameters"].encode()
    wanted = [text[start:end].decode() for start, end in split(text, 0, len(text))]
    if len(wanted) != len(types) + 1:
        return None
    own = [_bare(_without_name(declared)) for declared in types]
    for index in range(len(wanted)):
        rest = [_bare(name) for position, name in enumerate(wanted) if position != index]
        if rest == own:
            return index, _without_defaults(wanted[index])
    return None


def _declared(note: Note) -> list[Parameter]:
    header = _header(note.path)
    text = code(header)
    start = _offset(header.data, note.line, note.column)
    opening = text.find(b"(", start)
    if opening < 0:
        return []
    parameters = []
    for begin, end in split(text, opening + 1, closing(text, opening)):
        match = _PARAMETER.fullmatch(header.data[begin:end].decode("utf-8", "replace"))
        if match is None:
            return []
        name = match["name"]
        field = re.search(
            rf"^\s*[\w:<>, ]+\s{re.escape(name)};",
            header.data.decode("utf-8", "replace"),
            re.MULTILINE,
        )
        parameters.append(Parameter(match["type"], name, match["default"], field is not None))
    return parameters


@cache
def _header(path: str) -> Source:
    return Source(path, Path(path).read_bytes(), Language.CPP)


def _offset(data: bytes, line: int, column: int) -> int:
    start = 0
    for _ in range(line - 1):
        start = data.index(b"\n", start) + 1
    return start + column - 1


def _bare(text: str) -> str:
    """A type without qualifiers, namespaces, references and defaulted template arguments."""
    text = _without_defaults(text)
    text = re.sub(r"\b(?:const|class|struct)\b|[&*\s]", "", text)
    return re.sub(r"\w+::", "", text)


def _without_defaults(text: str) -> str:
    return re.sub(r",\s*void(?=>)", "", text)


def _without_name(declared: str) -> str:
    match = _PARAMETER.fullmatch(declared)
    return match["type"] if match is not None else declared
