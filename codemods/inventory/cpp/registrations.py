"""Operators, global functions, passes and pass options that C++ registers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from codemods.inventory.cpp.prepare import CppTree, line
from codemods.inventory.model import Entry, Kind
from codemods.model import Source
from cpp_rewriters import text

_BUILDER_ATTRIBUTE = "TLOpBuilder"
_EFFECT_ATTRIBUTE = "TCallEffectKind"
_GLOBAL_MACROS = ("TVM_REGISTER_GLOBAL", "TVM_FFI_REGISTER_GLOBAL")
_SETTERS = {
    "set_body": "packed",
    "set_body_packed": "packed",
    "set_body_typed": "typed",
    "set_body_method": "method",
}
_DEFS = {"def": "typed", "def_packed": "packed", "def_method": "method"}
_LAMBDA_CAPTURE = re.compile(rb"\[[^\]]*\]\s*")
_METHOD = re.compile(rb"\s*(?:\.|->)\s*(?:template\s+)?(\w+)")


@dataclass(frozen=True)
class Link:
    """One `.method<template>(arguments)` of a chain; the arguments are spans of the file."""

    method: str
    call: text.Call


def chain(source: Source, position: int) -> Iterator[Link]:
    """The method calls chained from `position` on, each on the result of the one before."""
    blanked = text.code(source)
    while (match := _METHOD.match(blanked, position)) is not None:
        call = text.call_at(blanked, match.span(1))
        if call is None:
            return
        yield Link(match[1].decode(), call)
        position = call.end


def operators(tree: CppTree) -> Iterator[Entry]:
    """Ops by name, with their number of inputs and effect; and each further attribute of one.

    `TVM_REGISTER_OP` of an op that another file or TVM defines only adds attributes; it counts as
    a definition when it sets inputs, effect or builder.
    """
    for source in tree.holding(b"TVM_REGISTER_OP"):
        for call in text.calls(source, ("TVM_REGISTER_OP",)):
            name = tree.string(source, call.arguments[0])
            at = line(source, call.name[0])
            signature: list[str] = []
            attributes: list[str] = []
            defines = False
            for link in chain(source, call.end):
                arguments = link.call.arguments
                if link.method == "set_num_inputs":
                    signature.append("inputs " + _written(source, arguments[0]))
                    defines = True
                elif link.method == "set_attr" and arguments:
                    attribute = tree.string(source, arguments[0])
                    if attribute == _EFFECT_ATTRIBUTE:
                        effect = _written(source, arguments[1])
                        signature.append("effect " + effect.strip("()").split(":")[-1])
                        defines = True
                    else:
                        attributes.append(attribute)
                else:
                    signature.append(link.method)
            if _BUILDER_ATTRIBUTE in attributes:
                yield Entry(Kind.TILE_OP.value, name, tuple(sorted(signature)), source.path, at)
            elif defines:
                yield Entry(Kind.OP.value, name, tuple(sorted(signature)), source.path, at)
            for attribute in attributes:
                yield Entry(Kind.OP_ATTRIBUTE.value, f"{name} {attribute}", (), source.path, at)


def functions(tree: CppTree) -> Iterator[Entry]:
    """Global functions, registered by `GlobalDef` or by the macros before it.

    The signature is `packed`, or the number of parameters where it can be read.
    """
    for source in tree.holding(b"GlobalDef", *(macro.encode() for macro in _GLOBAL_MACROS)):
        for call in text.calls(source, ("GlobalDef",)):
            for link in chain(source, call.end):
                if link.method in _DEFS and len(link.call.arguments) > 1:
                    key, body = link.call.arguments[:2]
                    style = _DEFS[link.method]
                    yield _function(tree, source, key, body, style, link.call.name[0])
        for call in text.calls(source, _GLOBAL_MACROS):
            for link in chain(source, call.end):
                if link.method in _SETTERS:
                    style = _SETTERS[link.method]
                    body = link.call.arguments[0]
                    key = call.arguments[0]
                    yield _function(tree, source, key, body, style, call.name[0])


def _function(
    tree: CppTree, source: Source, key: text.Span, body: text.Span, style: str, at: int
) -> Entry:
    signature: tuple[str, ...] = ()
    if style == "packed":
        signature = ("packed",)
    elif (arity := _arity(source, body)) is not None:
        signature = (f"arity {arity + (style == 'method')}",)
    name = tree.string(source, key)
    return Entry(Kind.FFI_FUNCTION.value, name, signature, source.path, line(source, at))


def _arity(source: Source, body: text.Span) -> int | None:
    """How many parameters a lambda, or a function defined in the same file, has."""
    blanked = text.code(source)
    capture = _LAMBDA_CAPTURE.match(blanked, body[0], body[1])
    if capture is not None:
        return _parameter_count(blanked, capture.end())
    name = source.data[body[0] : body[1]].split(b"::")[-1].lstrip(b"&").strip()
    if not re.fullmatch(rb"\w+", name):
        return None
    for match in re.finditer(rb"\b" + re.escape(name) + rb"\s*\(", blanked):
        close = text.closing(blanked, match.end() - 1)
        if close >= 0 and re.match(rb"\)\s*(?:const\s*)?\{", blanked[close : close + 80]):
            return _parameter_count(blanked, match.end() - 1)
    return None


def _parameter_count(blanked: bytes, opening: int) -> int | None:
    if blanked[opening : opening + 1] != b"(":
        return 0 if blanked[opening : opening + 1] == b"{" else None
    close = text.closing(blanked, opening)
    if close < 0:
        return None
    parts = text.split(blanked, opening + 1, close)
    return 0 if [blanked[slice(*p)] for p in parts] == [b"void"] else len(parts)


def passes(tree: CppTree) -> Iterator[Entry]:
    """Passes by name, with the optimisation level that they ask for."""
    makers = ("CreatePrimFuncPass", "CreateModulePass", "CreateFunctionPass", "CreateDataflowPass")
    for source in tree.holding(*(maker.encode() for maker in makers)):
        for call in text.calls(source, makers):
            if len(call.arguments) < 3 or b'"' not in source.data[slice(*call.arguments[2])]:
                continue  # a declaration, or a name made at run time
            level = _written(source, call.arguments[1])
            yield Entry(
                Kind.PASS.value,
                tree.string(source, call.arguments[2]),
                (f"level {level}",),
                source.path,
                line(source, call.name[0]),
            )


def pass_options(tree: CppTree) -> Iterator[Entry]:
    """Pass configuration options by key, with the type that they were registered with."""
    for source in tree.holding(b"TVM_REGISTER_PASS_CONFIG_OPTION"):
        for call in text.calls(source, ("TVM_REGISTER_PASS_CONFIG_OPTION",)):
            if len(call.arguments) != 2:
                continue
            yield Entry(
                Kind.PASS_CONFIG.value,
                tree.string(source, call.arguments[0]),
                (_written(source, call.arguments[1]).split("::")[-1],),
                source.path,
                line(source, call.name[0]),
            )


def environment(tree: CppTree) -> Iterator[Entry]:
    """Environment variables that C++ reads."""
    for source in tree.holding(b"getenv", b"GetEnv"):
        for call in text.calls(source, ("getenv", "secure_getenv", "GetEnv")):
            if call.arguments and source.data[slice(*call.arguments[0])].startswith(b'"'):
                yield Entry(
                    Kind.ENVIRONMENT_SWITCH.value,
                    tree.string(source, call.arguments[0]),
                    (),
                    source.path,
                    line(source, call.name[0]),
                )


def branches(tree: CppTree) -> Iterator[Entry]:
    """Where C++ asks whether an op is a certain one: `op.same_as(ns::name())`.

    In a file named after code generation that is a branch of the generator. The name is the
    file's own and the op's without its namespace, which migrations change.
    """
    pattern = re.compile(rb"\bsame_as\s*\(\s*((?:\w+\s*::\s*)*)(\w+)\s*\(\s*\)\s*\)")
    for source in tree.holding(b"same_as"):
        file = source.path.rsplit("/", 1)[-1]
        kind = Kind.CODEGEN_BRANCH if file.startswith("codegen") else Kind.OP_BRANCH
        for match in pattern.finditer(text.code(source)):
            owner = match[1].replace(b" ", b"").split(b"::")[-2:-1]
            op = match[2].decode()
            if op == "Get" and owner:
                op = owner[0].decode() + "::Get"
            at = line(source, match.start())
            yield Entry(kind.value, f"{file} {op}", (), source.path, at)


def _written(source: Source, span: text.Span) -> str:
    return re.sub(r"\s+", "", source.data[span[0] : span[1]].decode("utf-8", "replace"))
