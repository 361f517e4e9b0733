"""CMake text as commands and arguments with their places, and how to take a command out of it.

CMake's grammar is small: commands, quoted, unquoted and bracket arguments, two kinds of comment.
Source: the "Syntax" chapter of cmake-language(7).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from codemods.model import Edit, Source

_SPACE = re.compile(rb"[ \t\r\n;]+")
_NAME = re.compile(rb"[A-Za-z_]\w*")
_BRACKET = re.compile(rb"\[(=*)\[")
_QUOTED = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_UNQUOTED = re.compile(rb'(?:[^\s()"#\\]|\\.|"(?:[^"\\]|\\.)*")+', re.DOTALL)


class CMakeError(ValueError):
    """A text that is not CMake; `offset` says where."""

    def __init__(self, offset: int) -> None:
        self.offset = offset
        super().__init__(f"cannot be read as CMake from byte {offset} on")


@dataclass(frozen=True)
class Argument:
    """One argument: its place as written, and its value without quotes."""

    start: int
    end: int
    value: str


@dataclass(frozen=True)
class Command:
    """A command invocation from its name to its closing parenthesis; `name` is in lower case."""

    name: str
    start: int
    end: int
    arguments: tuple[Argument, ...]

    @property
    def values(self) -> tuple[str, ...]:
        """The values of the arguments."""
        return tuple(argument.value for argument in self.arguments)


def commands(source: Source) -> tuple[Command, ...]:
    """Return the commands of a CMake file, in order; raises `CMakeError`."""
    return source.once(_commands)


def _commands(source: Source) -> tuple[Command, ...]:
    data, at = source.data, 3 if source.data.startswith(b"\xef\xbb\xbf") else 0
    found: list[Command] = []
    while (at := _skip(data, at)) < len(data):
        name = _NAME.match(data, at)
        if name is None:
            raise CMakeError(at)
        opening = re.compile(rb"[ \t]*\(").match(data, name.end())
        if opening is None:
            raise CMakeError(name.end())
        arguments, end = _arguments(data, opening.end())
        found.append(Command(name[0].decode().lower(), at, end, tuple(arguments)))
        at = end
    return tuple(found)


def _arguments(data: bytes, at: int) -> tuple[list[Argument], int]:
    found: list[Argument] = []
    depth = 1
    while True:
        at = _skip(data, at)
        if at >= len(data):
            raise CMakeError(at)
        if data[at : at + 1] == b")":
            depth -= 1
            if not depth:
                return found, at + 1
            at += 1
        elif data[at : at + 1] == b"(":
            depth += 1
            at += 1
        else:
            end = _argument(data, at)
            text = data[at:end].decode("utf-8", "replace")
            found.append(Argument(at, end, text[1:-1] if text.startswith('"') else text))
            at = end


def _argument(data: bytes, at: int) -> int:
    bracket = _BRACKET.match(data, at)
    if bracket is not None:
        closing = data.find(b"]" + bracket[1] + b"]", bracket.end())
        if closing >= 0:
            return closing + len(bracket[1]) + 2
    found = _QUOTED.match(data, at) or _UNQUOTED.match(data, at)
    if found is None:
        raise CMakeError(at)
    return found.end()


def _skip(data: bytes, at: int) -> int:
    """Return the offset after white space and comments."""
    while at < len(data):
        space = _SPACE.match(data, at)
        if space is not None:
            at = space.end()
        elif data[at : at + 1] == b"#":
            bracket = _BRACKET.match(data, at + 1)
            if bracket is not None:
                closing = data.find(b"]" + bracket[1] + b"]", bracket.end())
                at = len(data) if closing < 0 else closing + len(bracket[1]) + 2
            else:
                ending = re.compile(rb"[\r\n]").search(data, at)
                at = len(data) if ending is None else ending.start()
        else:
            break
    return at


# Edits ------------------------------------------------------------------------------------------


def line_of(data: bytes, start: int, end: int) -> tuple[int, int] | None:
    """Return the whole lines that hold only `start:end` (and a comment after it), else None."""
    first = max(data.rfind(b"\n", 0, start), data.rfind(b"\r", 0, start)) + 1
    ending = re.compile(rb"[ \t]*(#[^\r\n]*)?(\r\n|\r|\n|\Z)").match(data, end)
    if data[first:start].strip() or ending is None:
        return None
    return first, ending.end()


def indent(data: bytes, at: int) -> bytes:
    """Return the white space before the first character of the line of `at`."""
    first = max(data.rfind(b"\n", 0, at), data.rfind(b"\r", 0, at)) + 1
    found = re.compile(rb"[ \t]*").match(data, first)
    return found[0] if found else b""


def newline(data: bytes) -> bytes:
    """Return the line ending of the file."""
    found = re.search(rb"\r\n|\r|\n", data)
    return found[0] if found else b"\n"


def removed_argument(data: bytes, argument: Argument) -> Edit:
    """Return the edit that takes `argument` out, with its line when it stands alone there."""
    lines = line_of(data, argument.start, argument.end)
    if lines is not None and data[lines[0] : argument.start].strip() == b"":
        return Edit(*lines, b"")
    start = argument.start
    while data[start - 1 : start] in (b" ", b"\t"):
        start -= 1
    return Edit(start, argument.end, b"")


def removed(data: bytes, every: Sequence[Command], gone: set[int]) -> Iterator[Edit]:
    """Yield the edits that take the commands at the positions `gone` out of `every`.

    A conditional block that holds nothing else goes with them, and so do the comment lines that
    stand right above what goes. Of the blank lines around it one is left.
    """
    gone = set(gone)
    open_blocks: list[int] = []
    for index, command in enumerate(every):
        if command.name == "if":
            open_blocks.append(index)
        elif command.name == "endif" and open_blocks:
            start = open_blocks.pop()
            inside = set(range(start + 1, index))
            if inside and inside <= gone:
                gone |= {start, index}
    taken_to = -1
    first = 0  # where the run of commands that go begins
    for index in sorted(gone):
        command = every[index]
        lines = line_of(data, command.start, command.end)
        if lines is None:
            yield Edit(command.start, command.end, b"")
            continue
        start = _with_comments(data, lines[0]) if index - 1 not in gone else lines[0]
        start = max(start, taken_to)
        if index - 1 in gone:
            start = max(taken_to, 0)  # blank lines between two commands that go
        else:
            first = start
        taken_to = lines[1] if index + 1 in gone else _with_gap(data, first, lines[1])
        yield Edit(start, taken_to, b"")


def _with_gap(data: bytes, start: int, end: int) -> int:
    """Return the end of the blank line at `end` where the line before `start` is blank too."""
    above = re.compile(rb"(?:\A|\n|\r(?!\n))[ \t]*(?:\r\n|\r|\n)\Z").search(data[:start])
    below = re.compile(rb"[ \t]*(?:\r\n|\r|\n)").match(data, end)
    return below.end() if above and below else end


def _with_comments(data: bytes, start: int) -> int:
    """Return where the comment lines right above the line at `start` begin, and a blank one."""
    above = re.compile(rb"(?:\A|(?<=[\r\n]))(?:[ \t]*#[^\r\n]*(?:\r\n|\r|\n))+\Z")
    found = above.search(data[:start])
    return found.start() if found else start
