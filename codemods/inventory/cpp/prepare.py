"""Makes C++ readable for the inventory: the tree's own registering macros are expanded.

A fork registers most of its operators through macros of its own. Which macros those are is read
from their bodies: one that holds a known registering name, or another registering macro. An
invocation is replaced by its expansion on the same line, so line numbers stay true, and
`#define` lines and `#if 0` regions are blanked, so that nothing is registered by a definition.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from codemods.model import Language, Source
from cpp_rewriters import text

REGISTERING = (
    "TVM_REGISTER_OP",
    "TVM_REGISTER_GLOBAL",
    "TVM_FFI_REGISTER_GLOBAL",
    "TVM_REGISTER_PASS_CONFIG_OPTION",
    "TVM_REGISTER_NODE_TYPE",
    "TVM_REGISTER_OBJECT_TYPE",
    "GlobalDef",
    "ObjectDef",
    "_type_key",
)
_DEFINE = re.compile(
    rb"^[ \t]*#[ \t]*define[ \t]+(\w+)(\([^)\n]*\))?((?:\\\r?\n|[^\n])*)", re.MULTILINE
)
_OBJECT_INFO = re.compile(rb"\bTVM_(?:FFI_)?DECLARE_\w*OBJECT_INFO\w*\b")
_IF = re.compile(rb"^[ \t]*#[ \t]*(if|ifdef|ifndef|else|elif|endif)\b([^\n]*)", re.MULTILINE)
_VISIBLE = re.compile(rb"[^\r\n]")
_LITERAL_CONSTANT = re.compile(
    rb"\b(?:char[ \t]*(?:const)?[ \t]*\*?[ \t]*(?:const)?|string|string_view|String)"
    rb"[ \t]*\s(?:const[ \t]+)?\*?[ \t]*(\w+)(?:\[\])?\s*[={(]\s*(?=[\"])"
)
_STRING = re.compile(rb'"((?:\\.|[^"\\\n])*)"')


@dataclass(frozen=True)
class Macro:
    """`parameters` is None for an object-like macro."""

    name: str
    parameters: tuple[str, ...] | None
    body: bytes
    path: str


@dataclass(frozen=True)
class CppTree:
    """The C++ files of a tree, prepared, with the macros and string constants they define."""

    files: Mapping[str, bytes]
    macros: Mapping[str, tuple[Macro, ...]] = field(repr=False)

    @classmethod
    def of(cls, files: Mapping[str, bytes]) -> CppTree:
        """Collect the macros of `files`; they are expanded when a file is first asked for."""
        macros: dict[str, list[Macro]] = {}
        for path, data in files.items():
            if b"define" in data:
                for macro in _macros(path, data):
                    macros.setdefault(macro.name, []).append(macro)
        return cls(files, {name: tuple(found) for name, found in macros.items()})

    @cached_property
    def registering(self) -> frozenset[str]:
        """The tree's function-like macros that register something, directly or through others."""
        known = {name.encode() for name in REGISTERING}
        found: set[str] = set()
        while True:
            more = {
                name
                for name, definitions in self.macros.items()
                if name not in found
                and any(
                    macro.parameters is not None
                    and (_mentions(macro.body, known) or _OBJECT_INFO.search(macro.body))
                    for macro in definitions
                )
            }
            if not more:
                return frozenset(found)
            found |= more
            known |= {name.encode() for name in more}

    @cached_property
    def sources(self) -> Mapping[str, Source]:
        """The files as the extractors read them, by path."""
        return {path: self._prepared(path, data) for path, data in self.files.items()}

    def holding(self, *tokens: bytes) -> list[Source]:
        """The prepared files whose text, expansions included, holds one of `tokens`."""
        return [s for s in self.sources.values() if any(token in s.data for token in tokens)]

    @cached_property
    def constants(self) -> Mapping[str, Mapping[str, str]]:
        """String constants: name → path → value."""
        found: dict[str, dict[str, str]] = {}
        for source in self.sources.values():
            for match in _LITERAL_CONSTANT.finditer(source.data):
                value = literal(source.data, match.end())
                if value is not None:
                    found.setdefault(match[1].decode(), {})[source.path] = value
        for name, macros in self.macros.items():
            for macro in macros:
                if macro.parameters is None and macro.body.startswith(b'"'):
                    value = literal(macro.body, 0)
                    if value is not None:
                        found.setdefault(name, {})[macro.path] = value
        return found

    def string(self, source: Source, span: text.Span) -> str:
        """The value of a string expression: a literal, or a constant defined in the tree.

        What cannot be known is returned as written, in braces, so that it still compares.
        """
        written = source.data[span[0] : span[1]].strip()
        value = literal(written, 0)
        if value is not None:
            return value
        name = written.decode("utf-8", "replace").split("::")[-1].strip()
        values = self.constants.get(name, {})
        if source.path in values:
            return values[source.path]
        if len(set(values.values())) == 1:
            return next(iter(values.values()))
        return "{" + re.sub(r"\s+", "", written.decode("utf-8", "replace")) + "}"

    def _prepared(self, path: str, data: bytes) -> Source:
        plain = _without_inactive(data)
        names = [name for name in self.registering if name.encode() in plain]
        for _ in range(4):  # a macro that invokes another; deeper ones exist in no known tree
            expanded = self._expanded(path, plain, names)
            if expanded == plain:
                break
            plain = expanded
            names = [name for name in self.registering if name.encode() in plain]
        return Source(path, plain, Language.CPP)

    def _expanded(self, path: str, data: bytes, names: Iterable[str]) -> bytes:
        names = tuple(names)
        if not names:
            return data
        source = Source(path, data, Language.CPP)
        parts: list[bytes] = []
        last = 0
        for call in text.calls(source, names):
            if call.name[0] < last:
                continue
            name = data[slice(*call.name)].decode()
            arguments = [data[slice(*argument)] for argument in call.arguments]
            expansion = self._expand(self._definition(name, path), arguments)
            if expansion is None:
                continue
            newlines = data.count(b"\n", call.name[0], call.end)
            parts += [data[last : call.name[0]], expansion, b"\n" * newlines]
            last = call.end
        return b"".join([*parts, data[last:]])

    def _definition(self, name: str, path: str) -> Macro:
        definitions = [m for m in self.macros[name] if m.parameters is not None]
        return next((m for m in definitions if m.path == path), definitions[0])

    def _expand(self, macro: Macro, arguments: list[bytes]) -> bytes | None:
        parameters = list(macro.parameters or ())
        if parameters and parameters[-1] == "...":
            parameters[-1] = "__VA_ARGS__"
            fixed = len(parameters) - 1
            arguments = [*arguments[:fixed], b", ".join(arguments[fixed:])]
        if len(parameters) != len(arguments):
            return None
        values = dict(zip(parameters, arguments, strict=True))
        body = macro.body
        body = re.sub(
            rb'("(?:\\.|[^"\\\n])*")|(#?)\b([A-Za-z_]\w*)\b',
            lambda m: m[1] or _substituted(m[2], m[3], values),
            body,
        )
        return re.sub(rb"[ \t]*##[ \t]*", b"", body)


def literal(data: bytes, start: int) -> str | None:
    """The adjacent string literals from `start` on, joined; None when none begins there."""
    parts: list[bytes] = []
    position = text.skip_space(data, start)
    while (match := _STRING.match(data, position)) is not None:
        parts.append(match[1])
        position = text.skip_space(data, match.end())
    return b"".join(parts).decode("utf-8", "replace") if parts else None


def line(source: Source, offset: int) -> int:
    """The 1-based line of `offset`."""
    return source.data.count(b"\n", 0, offset) + 1


def _substituted(hash_mark: bytes, name: bytes, values: Mapping[str, bytes]) -> bytes:
    value = values.get(name.decode())
    if value is None:
        return hash_mark + name
    return b'"' + value + b'"' if hash_mark else value


def _mentions(body: bytes, names: set[bytes]) -> bool:
    return any(word in names for word in re.findall(rb"[A-Za-z_]\w*", body))


def _macros(path: str, data: bytes) -> list[Macro]:
    found = []
    for match in _DEFINE.finditer(data):
        parameters = None
        if match[2] is not None:
            inside = re.sub(rb"[\s\\]", b"", match[2][1:-1]).decode("utf-8", "replace")
            parameters = tuple(inside.split(",")) if inside else ()
        body = re.sub(rb"\\\r?\n", b" ", match[3])
        body = text.without_comments(body)
        found.append(Macro(match[1].decode(), parameters, body.strip(), path))
    return found


def _without_inactive(data: bytes) -> bytes:
    """`data` with comments, `#define` lines and `#if 0` regions blanked; offsets unchanged."""
    plain = text.without_comments(data)
    blanked = text.blank(plain)
    spans = [match.span() for match in _DEFINE.finditer(blanked)]
    if re.search(rb"^[ \t]*#[ \t]*if[ \t]+0\b", blanked, re.MULTILINE):
        spans += _inactive(blanked)
    kept = bytearray(plain)
    for start, end in spans:
        kept[start:end] = _VISIBLE.sub(b" ", plain[start:end])
    return bytes(kept)


def _inactive(blanked: bytes) -> list[text.Span]:
    spans: list[text.Span] = []
    depth = 0
    begin = -1
    for match in _IF.finditer(blanked):
        word = match[1]
        if begin < 0:
            if word == b"if" and match[2].strip().split()[:1] == [b"0"]:
                begin, depth = match.end(), 0
        elif word in (b"if", b"ifdef", b"ifndef"):
            depth += 1
        elif depth == 0:
            spans.append((begin, match.start()))
            begin = -1
        elif word == b"endif":
            depth -= 1
    return spans
