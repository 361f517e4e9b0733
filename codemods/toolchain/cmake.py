"""Reads CMake files and carries out the part of the language that decides what is compiled.

Only what has an effect on the list of sources, definitions and include folders is interpreted:
variables, lists, globs, conditions, loops, macros and functions, `include` and targets. Nothing is
configured, probed or run; a command that is not known is passed over. Follows the language as
described in the cmake-language, if, file and list pages of CMake's manual.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from codemods.toolchain.cmake_condition import holds
from codemods.toolchain.cmake_syntax import Argument, Command, parse

_REFERENCE = re.compile(r"\$(ENV|CACHE)?\{([^${}]*)\}")
_SOURCE = frozenset({".cc", ".cpp", ".cxx", ".c++"})
_LIBRARY_WORDS = frozenset(
    {"STATIC", "SHARED", "MODULE", "OBJECT", "INTERFACE", "EXCLUDE_FROM_ALL", "WITH_SOABI"}
)
_SCOPES = frozenset({"PUBLIC", "PRIVATE", "INTERFACE", "SYSTEM", "BEFORE", "AFTER"})
_DEPTH = 40  # nested includes, macros and folders; more is a cycle


@dataclass
class Target:
    """A library or program: its sources as absolute paths, in the order they were given."""

    name: str
    sources: list[Path] = field(default_factory=list)
    defines: list[str] = field(default_factory=list)
    includes: list[Path] = field(default_factory=list)


@dataclass
class _Scope:
    folder: Path
    defines: list[str] = field(default_factory=list)
    includes: list[Path] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)


class Project:
    """The targets of the CMake project in `root`, for the given variables and environment.

    `variables` are what a user would give with `-D`; `environment` is all that `$ENV{}` sees.
    Nothing outside of `root` is read or listed; subfolders named by `skip` are not entered.
    `texts` stand in for CMake files of these absolute paths.
    """

    def __init__(
        self,
        root: Path,
        variables: Mapping[str, str],
        environment: Mapping[str, str],
        skip: Sequence[str] = ("3rdparty", "third_party"),
        texts: Mapping[Path, bytes] | None = None,
    ) -> None:
        self.root = root = Path(os.path.normpath(root))
        self.targets: dict[str, Target] = {}
        self.environment = environment
        self._cache = dict(variables)
        self._variables = {
            "CMAKE_SOURCE_DIR": str(root),
            "PROJECT_SOURCE_DIR": str(root),
            "CMAKE_BINARY_DIR": str(root / "build"),
            "CMAKE_VERSION": "3.28.0",
            "CMAKE_CXX_COMPILER_ID": "GNU",
            "UNIX": "1",
            "LINUX": "1",
            "CMAKE_SYSTEM_NAME": "Linux",
        }
        self._skip = frozenset(skip)
        self._callables: dict[str, tuple[bool, list[str], list[Command]]] = {}
        self._folder = _Scope(root)
        self._texts = texts or {}
        self._depth = 0
        self._enter(root)

    # -- values ------------------------------------------------------------------------------

    def value(self, name: str) -> str | None:
        """Return what `${name}` stands for, or None where it is not set."""
        return self._variables.get(name, self._cache.get(name))

    def _expand(self, text: str) -> str:
        for _ in range(_DEPTH):
            replaced = _REFERENCE.sub(self._reference, text)
            if replaced == text:
                break
            text = replaced
        return text

    def _reference(self, match: re.Match[str]) -> str:
        kind, name = match.groups()
        if kind == "ENV":
            return self.environment.get(name, "")
        if kind == "CACHE":
            return self._cache.get(name, "")
        return self.value(name) or ""

    def _arguments(self, arguments: Sequence[Argument]) -> list[str]:
        result: list[str] = []
        for argument in arguments:
            if argument.literal:
                result.append(argument.text)
            elif argument.quoted:
                result.append(self._expand(argument.text))
            else:
                result.extend(part for part in self._expand(argument.text).split(";") if part)
        return result

    def _path(self, text: str) -> Path:
        return Path(os.path.normpath(self._folder.folder / text))

    # -- control flow ------------------------------------------------------------------------

    def _enter(self, folder: Path) -> None:
        listing = folder / "CMakeLists.txt"
        if not listing.is_file():
            return
        outer, self._folder = (
            self._folder,
            _Scope(folder, list(self._folder.defines), list(self._folder.includes)),
        )
        before = self._variables.copy()
        self._variables["CMAKE_CURRENT_SOURCE_DIR"] = str(folder)
        self._variables["CMAKE_CURRENT_BINARY_DIR"] = str(self.root / "build")
        self._file(listing)
        self._folder = outer
        self._variables = before

    def _file(self, path: Path) -> None:
        if self._depth >= _DEPTH or not path.is_relative_to(self.root) or not path.is_file():
            return
        self._depth += 1
        outer = self._variables.get("CMAKE_CURRENT_LIST_DIR", "")
        self._variables["CMAKE_CURRENT_LIST_DIR"] = str(path.parent)
        data = self._texts[path] if path in self._texts else path.read_bytes()
        self._run(parse(data.decode("utf-8", errors="replace")))
        self._variables["CMAKE_CURRENT_LIST_DIR"] = outer
        self._depth -= 1

    def _run(self, commands: Sequence[Command]) -> None:
        stream = iter(commands)
        for command in stream:
            if command.name == "if":
                self._branch(command, stream)
            elif command.name == "foreach":
                self._loop(command, _until(stream, "foreach", "endforeach"))
            elif command.name == "while":
                _until(stream, "while", "endwhile")
            elif command.name in ("macro", "function"):
                body = _until(stream, command.name, "end" + command.name)
                name, *parameters = self._arguments(command.arguments)
                self._callables[name.lower()] = (command.name == "macro", parameters, body)
            elif command.name in self._callables:
                self._call(command)
            else:
                handler = getattr(self, "_do_" + command.name, None)
                if handler is not None:
                    handler(self._arguments(command.arguments))

    def _branch(self, head: Command, stream: Iterator[Command]) -> None:
        branches: list[tuple[Command, list[Command]]] = [(head, [])]
        nested = 0
        for command in stream:
            if command.name == "endif" and not nested:
                break
            if command.name in ("elseif", "else") and not nested:
                branches.append((command, []))
                continue
            nested += (command.name == "if") - (command.name == "endif")
            branches[-1][1].append(command)
        for condition, body in branches:
            if condition.name == "else" or self._holds(condition):
                self._run(body)
                return

    def _holds(self, command: Command) -> bool:
        words: list[tuple[str, bool]] = []
        for argument in command.arguments:
            if argument.literal or argument.quoted:
                words.append((self._expand(argument.text), True))
            else:
                expanded = self._expand(argument.text)
                words.extend((part, False) for part in expanded.split(";") if part)
        return holds(words, self.value, self._cache, self.environment, self._path)

    def _loop(self, head: Command, body: list[Command]) -> None:
        name, *rest = self._arguments(head.arguments)
        if rest[:1] == ["IN"]:
            items: list[str] = []
            mode = ""
            for word in rest[1:]:
                if word in ("LISTS", "ITEMS"):
                    mode = word
                elif mode == "LISTS":
                    items.extend(part for part in (self.value(word) or "").split(";") if part)
                else:
                    items.append(word)
        elif rest[:1] == ["RANGE"]:
            return
        else:
            items = rest
        before = self._variables.get(name)
        for item in items:
            self._variables[name] = item
            self._run(body)
        self._restore(name, before)

    def _restore(self, name: str, before: str | None) -> None:
        if before is None:
            self._variables.pop(name, None)
        else:
            self._variables[name] = before

    def _call(self, command: Command) -> None:
        is_macro, parameters, body = self._callables[command.name]
        given = self._arguments(command.arguments)
        bound = dict(zip(parameters, given, strict=False))
        bound["ARGN"] = ";".join(given[len(parameters) :])
        bound["ARGV"] = ";".join(given)
        if self._depth >= _DEPTH:
            return
        self._depth += 1
        before = self._variables.copy()
        self._variables.update(bound)
        if is_macro:
            self._run([_substituted(inner, bound) for inner in body])
            for name in bound:
                self._restore(name, before.get(name))
        else:
            self._run(body)
            self._variables = before
        self._depth -= 1

    # -- commands ----------------------------------------------------------------------------

    def _do_set(self, words: list[str]) -> None:
        if not words or words[0].startswith("ENV{"):
            return
        name, *values = words
        if "CACHE" in values:
            value = ";".join(values[: values.index("CACHE")])
            if "FORCE" in values or name not in self._cache:
                self._cache[name] = value
            return
        if values[-1:] == ["PARENT_SCOPE"]:
            values.pop()
        if values:
            self._variables[name] = ";".join(values)
        else:
            self._variables.pop(name, None)

    def _do_unset(self, words: list[str]) -> None:
        self._variables.pop(words[0], None)

    def _do_option(self, words: list[str]) -> None:
        if self.value(words[0]) is None:
            self._cache[words[0]] = words[2] if len(words) > 2 else "OFF"

    def _do_list(self, words: list[str]) -> None:
        if len(words) < 2:
            return
        action, name, *values = words
        items = [part for part in (self.value(name) or "").split(";") if part]
        if action == "APPEND":
            items += values
        elif action == "PREPEND":
            items = values + items
        elif action == "REMOVE_ITEM":
            items = [item for item in items if item not in values]
        elif action == "REMOVE_DUPLICATES":
            items = list(dict.fromkeys(items))
        elif action == "FILTER" and len(values) >= 3:
            try:
                pattern = re.compile(values[2])
            except re.error:  # CMake's expressions are not quite Python's
                return
            wanted = values[0] == "INCLUDE"
            items = [item for item in items if bool(pattern.search(item)) is wanted]
        else:
            return
        self._variables[name] = ";".join(items)

    def _do_file(self, words: list[str]) -> None:
        if len(words) < 2 or words[0] not in ("GLOB", "GLOB_RECURSE"):
            return
        recursive, name, patterns = words[0] == "GLOB_RECURSE", words[1], words[2:]
        relative: Path | None = None
        found: set[Path] = set()
        stream = iter(patterns)
        for word in stream:
            if word == "RELATIVE":
                relative = self._path(next(stream, ""))
            elif word == "LIST_DIRECTORIES":
                next(stream, None)
            elif word not in ("CONFIGURE_DEPENDS", "FOLLOW_SYMLINKS"):
                pattern = self._path(word)
                if pattern.is_relative_to(self.root):
                    found.update(_glob(pattern, recursive))
        paths = sorted(found)
        if relative is not None:
            self._variables[name] = ";".join(
                str(p.relative_to(relative)) for p in paths if p.is_relative_to(relative)
            )
        else:
            self._variables[name] = ";".join(map(str, paths))

    def _do_string(self, words: list[str]) -> None:
        if len(words) >= 3 and words[0] == "APPEND":
            self._variables[words[1]] = (self.value(words[1]) or "") + "".join(words[2:])
        elif len(words) >= 3 and words[0] in ("TOUPPER", "TOLOWER"):
            text = words[1]
            self._variables[words[2]] = text.upper() if words[0] == "TOUPPER" else text.lower()

    def _do_get_filename_component(self, words: list[str]) -> None:
        if len(words) < 3:
            return
        path = self._path(words[1])
        parts = {
            "DIRECTORY": str(path.parent),
            "PATH": str(path.parent),
            "NAME": path.name,
            "NAME_WE": path.name.split(".")[0],
            "ABSOLUTE": str(path),
            "REALPATH": str(path),
        }
        if words[2] in parts:
            self._variables[words[0]] = parts[words[2]]

    def _do_find_package(self, words: list[str]) -> None:
        if "REQUIRED" in words:
            self._variables[words[0] + "_FOUND"] = "1"

    def _do_include(self, words: list[str]) -> None:
        if not words:
            return
        path = self._path(words[0])
        self._file(path if path.suffix else path.with_suffix(".cmake"))

    def _do_add_subdirectory(self, words: list[str]) -> None:
        folder = Path(self._path(words[0]))
        inside = folder.is_relative_to(self.root) and folder != self.root
        if inside and not self._skip.intersection(folder.relative_to(self.root).parts):
            self._enter(folder)

    def _do_add_library(self, words: list[str]) -> None:
        if not words or {"IMPORTED", "ALIAS"}.intersection(words):
            return
        name, *sources = words
        target = self.targets.setdefault(name, Target(name))
        target.defines += self._folder.defines
        target.includes += self._folder.includes
        self._folder.targets.append(target)
        self._add_sources(target, [word for word in sources if word not in _LIBRARY_WORDS])

    _do_add_executable = _do_add_library
    _do_python_add_library = _do_add_library
    _do_cuda_add_library = _do_add_library
    _do_pybind11_add_module = _do_add_library

    def _do_target_sources(self, words: list[str]) -> None:
        if words and words[0] in self.targets:
            self._add_sources(
                self.targets[words[0]], [word for word in words[1:] if word not in _SCOPES]
            )

    def _add_sources(self, target: Target, words: list[str]) -> None:
        for word in words:
            path = self._path(word)
            if path.suffix in _SOURCE and "$<" not in word and path not in target.sources:
                target.sources.append(path)

    def _do_target_compile_definitions(self, words: list[str]) -> None:
        if words and words[0] in self.targets:
            self.targets[words[0]].defines += _definitions(words[1:])

    def _do_add_compile_definitions(self, words: list[str]) -> None:
        for defines in (self._folder.defines, *(t.defines for t in self._folder.targets)):
            defines += _definitions(words)  # targets that were made before are meant too

    _do_add_definitions = _do_add_compile_definitions

    def _do_target_include_directories(self, words: list[str]) -> None:
        if words and words[0] in self.targets:
            self.targets[words[0]].includes += self._folders(words[1:])

    def _do_include_directories(self, words: list[str]) -> None:
        for includes in (self._folder.includes, *(t.includes for t in self._folder.targets)):
            includes += self._folders(words)

    def _folders(self, words: list[str]) -> list[Path]:
        return [self._path(word) for word in words if word not in _SCOPES and "$<" not in word]


def _definitions(words: Sequence[str]) -> list[str]:
    return [word.removeprefix("-D") for word in words if word not in _SCOPES and "$<" not in word]


def _glob(pattern: Path, recursive: bool) -> Iterator[Path]:
    fixed = pattern.parent
    if any(character in str(fixed) for character in "*?["):
        anchor = Path(pattern.anchor)
        yield from (p for p in anchor.glob(str(pattern.relative_to(anchor))) if p.is_file())
    elif recursive:
        yield from (p for p in fixed.rglob(pattern.name) if p.is_file())
    else:
        yield from (p for p in fixed.glob(pattern.name) if p.is_file())


def _until(stream: Iterator[Command], opening: str, closing: str) -> list[Command]:
    body: list[Command] = []
    nested = 0
    for command in stream:
        if command.name == closing and not nested:
            break
        nested += (command.name == opening) - (command.name == closing)
        body.append(command)
    return body


def _substituted(command: Command, bound: Mapping[str, str]) -> Command:
    """A macro's parameters are replaced in its text before it runs; they are not variables."""
    arguments = []
    for argument in command.arguments:
        text = argument.text
        for name, value in bound.items():
            text = text.replace("${" + name + "}", value)
        arguments.append(Argument(text, argument.quoted, argument.literal))
    return Command(command.name, tuple(arguments))
