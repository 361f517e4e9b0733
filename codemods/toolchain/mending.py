"""Rewrites that a compiler's diagnostic calls for: from what it says to edits.

`RULES` pairs what the compiler says with a function that turns the place, the types and the
candidates in the diagnostic into edits. A rule may propose an edit that does not help: the guided
stage (`codemods.toolchain.guide`) keeps only what lets more compile than before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from codemods.model import Edit, Source
from codemods.toolchain.candidates import Parameter, gained, lambda_gained
from codemods.toolchain.diagnostics import Diagnostic
from cpp_rewriters.text import closing, code, qualifier, skip_space_back, split


@dataclass(frozen=True)
class Case:
    """One diagnostic in a file: the file as it stands, what was said, and the rule's match."""

    source: Source
    error: Diagnostic
    match: re.Match[str]


@dataclass(frozen=True)
class Rule:
    """`message`: what the compiler says. `mend`: its edits. `doubt`: what a person should still
    look at where the rule was applied, "" for nothing.
    """

    name: str
    message: re.Pattern[str]
    mend: Callable[[Case], Iterator[Edit]]
    doubt: str = ""


def mend(source: Source, error: Diagnostic) -> tuple[Rule, list[Edit]] | None:
    """Return the first rule that has edits for the diagnostic, with them."""
    for rule in RULES:
        match = rule.message.search(error.message)
        if match is not None:
            edits = list(rule.mend(Case(source, error, match)))
            if edits:
                return rule, edits
    return None


# -- names ---------------------------------------------------------------------------------------

_MEMBERS = {
    ("defined", r"\bOptional<"): b"has_value",
    ("IsInstance", r"\bAny\b"): b"as",
    ("GetSource", r"\bModuleObj\b|\bModule\b"): b"InspectSource",
    ("type_key", r"\bModuleObj\b|\bModule\b"): b"kind",
    ("SaveToBinary", r"\bModuleObj\b|\bModule\b"): b"SaveToBytes",
    ("SaveToFile", r"\bModuleObj\b|\bModule\b"): b"WriteToFile",
}
"""Members that were renamed, by name and by the type that the compiler sees."""

_NAMESPACES = {
    "tvm::runtime::symbol": b"tvm::ffi::symbol::",
    "tvm::runtime": b"tvm::ffi::",
    "tvm::tir": b"tvm::ffi::",
    "tvm": b"tvm::ffi::",
}
"""Namespaces that names left for another."""

_FFI = frozenset(
    {
        *("Any", "AnyView", "Array", "Function", "GetRef", "Map", "Module", "Object", "ObjectPtr"),
        *("ObjectRef", "Optional", "PackedArgs", "Shape", "String", "Tensor", "Tuple"),
        *("TypedFunction", "UnsafeInit", "Variant", "make_object", "reflection"),
    }
)
"""What namespace `tvm::ffi` declares and earlier TVMs declared elsewhere."""


def _renamed_member(case: Case) -> Iterator[Edit]:
    for (name, owner), new in _MEMBERS.items():
        if case.match["name"] == name and re.search(owner, case.match["type"]):
            yield from _replace_word(case, case.error.offset, name, new)


def _moved_name(case: Case) -> Iterator[Edit]:
    new = _NAMESPACES.get(case.match["namespace"])
    text = code(case.source)
    if new is None or (
        case.match["namespace"] != "tvm::runtime::symbol" and case.match["name"] not in _FFI
    ):
        return
    begin, _ = qualifier(text, case.error.offset)
    if begin < case.error.offset:
        yield Edit(begin, case.error.offset, new)


def _unqualified_name(case: Case) -> Iterator[Edit]:
    name = case.match["name"]
    if name in _FFI:
        yield from _replace_word(case, case.error.offset, name, b"tvm::ffi::" + name.encode())


def _requalified(case: Case) -> Iterator[Edit]:
    """The compiler found the same name elsewhere: `did you mean 'ffi::Array'?`."""
    for fixit in case.error.fixits:
        old = case.source.data[fixit.start : fixit.end].decode("utf-8", "replace")
        if "::" in fixit.text and _last_name(old) == _last_name(fixit.text):
            yield Edit(fixit.start, fixit.end, fixit.text.encode())


def _last_name(text: str) -> str:
    return text.strip().rpartition("::")[2]


def _arrow_to_dot(case: Case) -> Iterator[Edit]:
    for fixit in case.error.fixits:
        if case.source.data[fixit.start : fixit.end] == b"->" and fixit.text == ".":
            yield Edit(fixit.start, fixit.end, b".")


def _replace_word(case: Case, offset: int, old: str, new: bytes) -> Iterator[Edit]:
    end = offset + len(old)
    if case.source.data[offset:end] == old.encode():
        yield Edit(offset, end, new)


# -- values --------------------------------------------------------------------------------------

_DECLARED_REF = re.compile(rb"(?:(?:tvm::)?(?:runtime|ffi)::)?\bObjectRef(?=\s+$)")
_POSTFIX = re.compile(rb"[\w:]+(?:(?:->|\.)\w+|\([^()]*\)|\[[^\[\]]*\])*")


def _local_became_any(case: Case) -> Iterator[Edit]:
    """`ObjectRef x = value`, where the value is an `Any` or a string now."""
    line = case.source.data.rfind(b"\n", 0, case.error.offset) + 1
    declared = _DECLARED_REF.search(case.source.data[line : case.error.offset])
    if declared is not None:
        yield Edit(line + declared.start(), line + declared.end(), b"ffi::Any")


def _cast_from_any(case: Case) -> Iterator[Edit]:
    """An `Any` where a value of a certain type is wanted."""
    wanted = case.match["aka"] or case.match["to"]
    if case.error.ranges and not wanted.endswith(("*", "&")):
        start, end = case.error.ranges[0]
        expression = case.source.data[start:end]
        if start < end and _POSTFIX.fullmatch(expression):
            yield Edit(end, end, f".cast<{wanted}>()".encode())


# -- parameters ----------------------------------------------------------------------------------


def _gained_parameter(case: Case) -> Iterator[Edit]:
    """A constructor or function took up a parameter before one that the call gives."""
    if not case.error.ranges:
        return
    text = code(case.source)
    opening = skip_space_back(text, case.error.ranges[0][0]) - 1
    if text[opening : opening + 1] not in (b"(", b"{"):
        return
    spans = split(text, opening + 1, closing(text, opening))
    given = [case.source.data[start:end].decode("utf-8", "replace") for start, end in spans]
    for note in case.error.notes:
        found = gained(note, len(given))
        if found is None:
            continue
        index, count, parameters = found
        values = [
            _value(parameter, given, index, count, parameters)
            for parameter in parameters[index : index + count]
        ]
        if all(value is not None for value in values):
            at = spans[index][0]
            yield Edit(at, at, "".join(f"{value}, " for value in values).encode())
        return


def _value(
    wanted: Parameter, given: list[str], index: int, count: int, parameters: list[Parameter]
) -> str | None:
    """The object that the other arguments are taken from has it too; else the default."""
    origins = [
        match[1]
        for position, argument in enumerate(given)
        for parameter in [parameters[position + (count if position >= index else 0)]]
        if (match := re.fullmatch(rf"(.+?)->{re.escape(parameter.name)}", argument)) is not None
    ]
    if origins and wanted.is_field:
        return f"{max(set(origins), key=origins.count)}->{wanted.name}"
    return wanted.default


def _callback_gained_parameter(case: Case) -> Iterator[Edit]:
    text = code(case.source)
    for start, _ in case.error.ranges:
        head = re.compile(rb"\[[^\]]*\]\s*\(").match(text, start)
        if head is None:
            continue
        opening = head.end() - 1
        spans = split(text, opening + 1, closing(text, opening))
        types = [case.source.data[a:b].decode("utf-8", "replace") for a, b in spans]
        for note in case.error.notes:
            found = lambda_gained(note, types)
            if found is not None:
                index, added = found
                parameter = f"const {added} &".encode()
                if index < len(spans):
                    yield Edit(spans[index][0], spans[index][0], parameter + b", ")
                else:
                    yield Edit(spans[-1][1], spans[-1][1], b", " + parameter)
                return


_ANY = r"(?:const )?(?:tvm::)?(?:ffi::)?Any"

RULES = (
    Rule(
        "renamed member",
        re.compile(r"no member named '(?P<name>\w+)' in '(?P<type>[^']+)'"),
        _renamed_member,
    ),
    Rule("same name elsewhere", re.compile(r"did you mean (?:simply )?'"), _requalified),
    Rule(
        "name left its namespace",
        re.compile(
            r"no (?:member|type|template) named '(?P<name>\w+)' in namespace "
            r"'(?P<namespace>[\w:]+)'"
        ),
        _moved_name,
    ),
    Rule(
        "name needs its namespace",
        re.compile(
            r"(?:use of undeclared identifier|no template named|unknown type name) "
            r"'(?P<name>\w+)'"
        ),
        _unqualified_name,
    ),
    Rule(
        "no pointer any more",
        re.compile(rf"member reference type '{_ANY}' is not a pointer; did you mean to use '\.'"),
        _arrow_to_dot,
    ),
    Rule(
        "local of any type",
        re.compile(
            rf"no viable conversion from '(?:{_ANY}|(?:const )?(?:tvm::)?(?:ffi::)?String)' to "
            r"'(?:tvm::)?(?:ffi::|runtime::)?ObjectRef'"
        ),
        _local_became_any,
    ),
    Rule(
        "value of any type",
        re.compile(
            rf"no viable conversion from '{_ANY}'(?: \(aka '[^']*'\))? to "
            r"'(?:const )?(?P<to>[^']+)'(?: \(aka '(?:const )?(?P<aka>[^']+)'\))?"
        ),
        _cast_from_any,
    ),
    Rule(
        "parameter gained",
        re.compile(r"no matching (?:constructor|function|member function) for"),
        _gained_parameter,
    ),
    Rule(
        "callback's parameter gained",
        re.compile(r"no viable (?:overloaded '='|conversion from '\(lambda)"),
        _callback_gained_parameter,
        doubt="the callback is given one more value by the target and does not use it",
    ),
)
"""Tried in order; the first that has an edit counts."""
