"""A function registered under the name of a constant instead of its value.

`TVM_REGISTER_GLOBAL(key)` takes an expression. When upstream moved to `GlobalDef().def("key", ..)`, some
keys that were constants were put between quotes: the function is then registered under the constant's
*name*, and whoever asks by its value gets nothing, at run time. Upstream carried that from July to
November 2025, and trees that took the change over carry it still.

A registration is mended when its string is the name of a string constant of the tree, that constant has
another value, the tree uses the constant elsewhere, and nowhere asks for the string itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from codemods.model import (
    Collector,
    Edit,
    Effort,
    Example,
    Facts,
    Language,
    Migration,
    Outcome,
    Rename,
    Rewrite,
    Rung,
    Source,
)
from cpp_rewriters.text import calls, code, word_start

_CONSTANT = re.compile(
    rb"const(?<!\wconst)(?:expr)?\b[^;={}()]*?\bchar\b[^;={}()]*?\b(\w+)\s*(?:\[\s*\])?\s*=\s*(\")"
)
_DEFINITIONS = ("def", "def_packed", "def_method")


def _gather(source: Source) -> tuple[dict[str, str], tuple[str, ...], tuple[str, ...]] | None:
    """Constants with their values; names used outside their own definition; strings registered."""
    text = code(source)
    constants: dict[str, str] = {}
    for match in _CONSTANT.finditer(text):
        end = text.find(b'"', match.start(2) + 1)
        if end < 0:  # a literal that the file does not end
            continue
        constants[match[1].decode()] = source.data[match.start(2) + 1 : end].decode(
            "utf-8", "replace"
        )
    registered = tuple(
        name
        for call in calls(source, _DEFINITIONS)
        if (name := _literal(source, call.arguments)) is not None
    )
    used = tuple(sorted(set(_used(text))))
    if not constants and not registered and not used:
        return None
    return constants, used, registered


def _used(text: bytes) -> Iterator[str]:
    """Names such as constants have that stand alone between `(`, `,`, `<`, `=` and `)`, `,`, `;`."""
    for match in _END_OF_A_NAME.finditer(text):
        start = word_start(text, match.start())
        name = text[start : match.end()]
        if b"_" in name[1:-1] and text[start - 1 : start] in _BEFORE_A_VALUE:
            yield name.decode()
    for match in _CONSTANT_NAME.finditer(text):
        yield match.group().decode()


_END_OF_A_NAME = re.compile(rb"_\w*(?=\s*[),;])")
_CONSTANT_NAME = re.compile(rb"k(?<=[(,<=\s]k)[A-Z]\w+(?=\s*[),;])")
_BEFORE_A_VALUE = (b"(", b",", b"<", b"=", b" ", b"\t", b"\n", b"\r", b"\f", b"\v")


def _literal(source: Source, arguments: tuple[tuple[int, int], ...]) -> str | None:
    if not arguments:
        return None
    text = source.data[slice(*arguments[0])]
    match = re.fullmatch(rb'"(\w+)"', text)
    return match[1].decode() if match is not None else None


def _digest(
    gathered: Mapping[str, tuple[dict[str, str], tuple[str, ...], tuple[str, ...]]],
) -> frozenset[str]:
    constants: dict[str, str] = {}
    used: set[str] = set()
    registered: set[str] = set()
    for path in sorted(gathered):
        values, uses, keys = gathered[path]
        constants.update(values)
        used.update(uses)
        registered.update(keys)
    return frozenset(
        name
        for name in registered
        if name in used and constants.get(name, name) != name and constants[name] not in registered
    )


MISNAMED = Collector(
    name="registrations under a constant's name",
    language=Language.CPP,
    tokens=("char", "def_packed", "def("),
    gather=_gather,
    digest=_digest,
)


def _use_the_constant(source: Source, facts: Facts) -> Iterator[Outcome]:
    misnamed = facts.get(MISNAMED.name, frozenset())
    for call in calls(source, _DEFINITIONS):
        name = _literal(source, call.arguments)
        if name in misnamed:
            assert name is not None
            yield Edit(*call.arguments[0], name.encode())


MIGRATION = Migration(
    code="TF317",
    title="a registration under a constant's name instead of its value",
    rung=Rung.R3,
    introduced="0.1.7",
    removed=None,
    upstream=("tile-ai/tilelang#595", "tile-ai/tilelang#1259"),
    effort=Effort.LOW,
    renames=(
        # the constants that TileLang's own move misnamed, and every fork of it took over
        Rename("ffi_function", "tvm_tensormap_create_*", "__tvm_tensormap_create_*"),
    ),
    rewrites=(Rewrite(Language.CPP, _DEFINITIONS, _use_the_constant, needs=(MISNAMED,)),),
    examples=(
        Example(
            title="a key that was a constant stays one",
            prelude="#include <tvm/ffi/reflection/registry.h>\n#include <string>\n"
            'constexpr const char *tensormap_create =\n    "__tensormap_create";\n'
            "inline std::string Asked() { return std::string(tensormap_create); }\n",
            before="""TVM_FFI_STATIC_INIT_BLOCK() {
  tvm::ffi::reflection::GlobalDef().def("tensormap_create", [](int n) { return n; });
}
""",
            after="""TVM_FFI_STATIC_INIT_BLOCK() {
  tvm::ffi::reflection::GlobalDef().def(tensormap_create, [](int n) { return n; });
}
""",
        ),
    ),
)
