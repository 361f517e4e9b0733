"""CMake's text as commands and arguments, after the grammar of the cmake-language manual page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
      (?P<space>[ \t\r\n]+)
    | \#\[(?P<comment_level>=*)\[ .*? \](?P=comment_level)\]
    | (?P<comment>\#[^\n]*)
    | \[(?P<level>=*)\[ (?P<bracket>.*?) \](?P=level)\]
    | "(?P<quoted>(?:[^"\\]|\\.)*)"
    | (?P<open>\() | (?P<close>\))
    | (?P<bare>(?:[^\s()#"\\]|\\.|"[^"\n]*")+)
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_NAMED = {"t": "\t", "n": "\n", "r": "\r", "\n": ""}


@dataclass(frozen=True)
class Argument:
    """`quoted` text is not split at `;`; `literal` text (a bracket argument) is not expanded."""

    text: str
    quoted: bool = False
    literal: bool = False


@dataclass(frozen=True)
class Command:
    """A command invocation; names are in lower case, as CMake compares them."""

    name: str
    arguments: tuple[Argument, ...]


def parse(text: str) -> list[Command]:
    """Return the commands of a CMake file. Text that is no command is passed over."""
    commands: list[Command] = []
    tokens = _tokens(text)
    for kind, value in tokens:
        if kind != "bare":
            continue
        name = value.lower()
        kind, _ = next(tokens, ("", ""))
        if kind != "open":
            continue
        commands.append(Command(name, tuple(_arguments(tokens))))
    return commands


def _arguments(tokens: Iterator[tuple[str, str]]) -> Iterator[Argument]:
    depth = 0
    for kind, value in tokens:
        if kind == "open":
            depth += 1
            yield Argument("(")
        elif kind == "close":
            if depth == 0:
                return
            depth -= 1
            yield Argument(")")
        elif kind == "quoted":
            yield Argument(_unescaped(value), quoted=True)
        elif kind == "bracket":
            yield Argument(value.removeprefix("\n"), quoted=True, literal=True)
        else:
            yield Argument(_unescaped(value))


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:  # an unfinished string or bracket: nothing after it can be read
            return
        position = match.end()
        for kind in ("bare", "quoted", "bracket", "open", "close"):
            if match[kind] is not None:
                yield kind, match[kind]
                break


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda m: _NAMED.get(m[1], "\\;" if m[1] == ";" else m[1]), text)
