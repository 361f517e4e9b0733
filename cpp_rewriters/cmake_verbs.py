"""The verbs for CMake: an argument replaced, commands taken out, a library's run path extended."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from codemods.model import Edit, Facts, Language, Outcome, Remark, Rewrite, Source
from cpp_rewriters.cmake import (
    Argument,
    CMakeError,
    Command,
    commands,
    indent,
    line_of,
    newline,
    removed,
    removed_argument,
)

Replacement = Callable[[str], Sequence[str] | None]


def arguments_replaced(
    tokens: tuple[str, ...], replacement: Replacement, remark: tuple[str, str] | None = None
) -> Rewrite:
    """Return the rewrite that puts what `replacement` returns in the place of an argument.

    None or the argument itself leaves it; new ones that the command has already are not repeated.
    An argument that the file asks for with `if(EXISTS ...)` is optional there, and left.
    `remark`, message and advice, is made once beside the first change of a file.
    """

    def apply(source: Source, every: tuple[Command, ...]) -> Iterator[Outcome]:
        data = source.data
        asked = {value for each in every if each.name in ("if", "elseif") for value in each.values}
        first = True
        for command in every:
            if command.name in ("if", "elseif", "while"):
                continue
            for argument in command.arguments:
                new = replacement(argument.value)
                if new is None or argument.value in asked or list(new) == [argument.value]:
                    continue
                fresh = [text for text in new if text not in command.values]
                if fresh:
                    yield _replaced(data, argument, fresh)
                else:
                    yield removed_argument(data, argument)
                if first and remark is not None:
                    yield Remark(argument.start, *remark)
                first = False

    return _rewrite(tokens, apply)


def argument_added(
    tokens: tuple[str, ...], wanted: Callable[[Command, str], str | None]
) -> Rewrite:
    """Return the rewrite that puts after an argument what `wanted` returns for it, or nothing."""

    def apply(source: Source, every: tuple[Command, ...]) -> Iterator[Outcome]:
        for command in every:
            if command.name in ("if", "elseif", "while"):
                continue
            for argument in command.arguments:
                new = wanted(command, argument.value)
                if new is not None and new not in command.values:
                    yield _replaced(source.data, argument, [argument.value, new])

    return _rewrite(tokens, apply)


def commands_removed(
    tokens: tuple[str, ...], goes: Callable[[Command], bool], target: str = ""
) -> Rewrite:
    """Return the rewrite that takes out the commands that `goes` names, and `target` as dependency.

    A block that is empty then goes too.
    """

    def apply(source: Source, every: tuple[Command, ...]) -> Iterator[Outcome]:
        gone: set[int] = set()
        for index, command in enumerate(every):
            if goes(command):
                gone.add(index)
            elif command.name == "add_dependencies" and target in command.values[1:]:
                if set(command.values[1:]) == {target}:
                    gone.add(index)
                else:
                    for argument in command.arguments[1:]:
                        if argument.value == target:
                            yield removed_argument(source.data, argument)
        yield from removed(source.data, every, gone)

    return _rewrite(tokens, apply)


def run_path_extended(library: str, beside: tuple[str, ...], folder: str) -> Rewrite:
    """Return the rewrite that has installed libraries look for `library` in the package `folder`.

    Concerned is a file that installs one of the targets `beside` (which link the library). Each
    `INSTALL_RPATH` that starts at the library's own place is extended, and those of `beside` that
    are installed without one get it too.
    """

    def apply(source: Source, every: tuple[Command, ...]) -> Iterator[Outcome]:
        installed, depth = _installed(every)
        if not installed & set(beside):
            return
        way = "/".join([".."] * depth + [folder])
        given = {name for each in every for name, _ in _run_paths(each)}
        last: dict[str, Command] = {}
        for command in every:
            for _, argument in _run_paths(command):
                own = re.search(r"\\?\$ORIGIN|@loader_path", argument.value)
                if own is None or way in argument.value or folder in argument.value:
                    continue
                separator = ";" if own[0].startswith("@") else ":"
                at = argument.end - (
                    1 if source.data[argument.end - 1 : argument.end] == b'"' else 0
                )
                yield Edit(at, at, f"{separator}{own[0]}/{way}".encode())
                last[separator] = command
        for separator, command in last.items():
            yield from _more_run_paths(
                source.data, command, sorted(installed & set(beside) - given), separator, way
            )

    return _rewrite(("INSTALL_RPATH",), apply)


def environment_asked(named: Callable[[str], bool]) -> Rewrite:
    """Return the rewrite of `DEFINED $ENV{X}` to `DEFINED ENV{X}` where `named` holds for X."""

    def apply(source: Source, every: tuple[Command, ...]) -> Iterator[Outcome]:
        for command in every:
            for before, argument in zip(command.arguments, command.arguments[1:], strict=False):
                variable = re.fullmatch(r"\$ENV\{(\w+)\}", argument.value)
                if before.value == "DEFINED" and variable and named(variable[1]):
                    yield Edit(argument.start, argument.end, f"ENV{{{variable[1]}}}".encode())

    return _rewrite(("$ENV{",), apply)


def _more_run_paths(
    data: bytes, command: Command, targets: Sequence[str], separator: str, way: str
) -> Iterator[Outcome]:
    lines = line_of(data, command.start, command.end)
    if lines is None or not targets:
        return
    _, argument = next(_run_paths(command))
    own = "@loader_path" if separator == ";" else data[argument.start : argument.end].decode()
    origin = re.search(r"\\?\$ORIGIN|@loader_path", own)
    here = origin[0] if origin else own
    path = f"{argument.value.rstrip(separator)}{separator}{here}/{way}"
    settings = [f'set_target_properties({t} PROPERTIES INSTALL_RPATH "{path}")' for t in targets]
    before, after = indent(data, command.start), newline(data)
    text = b"".join(before + setting.encode() + after for setting in settings)
    yield Edit(lines[1], lines[1], text)


def _run_paths(command: Command) -> Iterator[tuple[str, Argument]]:
    """Yield each target that `command` gives an `INSTALL_RPATH`, with that argument."""
    if command.name != "set_target_properties" or "PROPERTIES" not in command.values:
        return
    middle = command.values.index("PROPERTIES")
    pairs = command.arguments[middle + 1 :]
    for name, value in zip(pairs[::2], pairs[1::2], strict=False):
        if name.value == "INSTALL_RPATH":
            for target in command.values[:middle]:
                yield target, value


def _installed(every: Sequence[Command]) -> tuple[set[str], int]:
    """Return the targets that the file installs and how deep below the root they land."""
    targets: set[str] = set()
    depth = 1
    for command in every:
        if command.name != "install" or command.values[:1] != ("TARGETS",):
            continue
        for value in command.values[1:]:
            if value.isupper():
                break
            targets.add(value)
        values = command.values
        for index, value in enumerate(values):
            if value == "LIBRARY" and values[index + 1 : index + 2] == ("DESTINATION",):
                depth = max(depth, len(values[index + 2].strip("/").split("/")))
    return targets, depth


def _replaced(data: bytes, argument: Argument, new: Sequence[str]) -> Edit:
    quoted = data[argument.start : argument.start + 1] == b'"'
    texts = [f'"{text}"'.encode() if quoted else text.encode() for text in new]
    alone = line_of(data, argument.start, argument.end) is not None
    glue = newline(data) + indent(data, argument.start) if alone else b" "
    return Edit(argument.start, argument.end, glue.join(texts))


def _rewrite(
    tokens: tuple[str, ...], apply: Callable[[Source, tuple[Command, ...]], Iterator[Outcome]]
) -> Rewrite:
    def whole(source: Source, facts: Facts) -> Iterator[Outcome]:
        try:
            every = commands(source)
        except CMakeError as error:
            yield Remark(
                error.offset,
                "the file cannot be read as CMake from here on, so nothing in it was changed",
                "look for the old names by hand",
            )
            return
        yield from apply(source, every)

    return Rewrite(Language.CMAKE, tokens, whole)
