"""What a tree's functions take: parameter types by unqualified name, constructors by their class.

Only what is needed to tell the type that an argument is converted to; a name that the tree declares
with different types at the same place is ambiguous, and `parameter_type` says nothing of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from codemods.model import Collector, Language, Source
from cpp_rewriters.text import Span, closing, code, skip_space_back, split, word_start

_PARAMETERS = re.compile(rb"\((?=[^()]*[\w>&*]\s+[&*\s]*\w+|\s*\))")
_BEFORE_A_NAME = b";{}> \t\n\r\f\v&*:~"
_AFTER = re.compile(rb"\s*(?:const|noexcept|override|final|\s)*(?:->[^;{]*)?(?:=\s*0\s*)?[;{:]")
_PARAMETER = re.compile(
    rb"^(?P<type>(?:const\s+)?(?:\w+\s*::\s*)*\w+(?:\s*<.*>)?(?:\s*const)?[\s&*]*?)"
    rb"(?<=[\s&*>])(?P<name>\w+)\s*(?:\[[^\]]*\]\s*)?(?P<default>=.*)?$",
    re.DOTALL,
)
_KEYWORDS = frozenset(
    b"if for while switch return sizeof decltype catch alignof static_assert defined new".split()
)


@dataclass(frozen=True)
class Signature:
    """One declaration: its parameters' types as written, and how many must be given."""

    types: tuple[str, ...]
    required: int


Signatures = Mapping[str, tuple[Signature, ...]]


def _gather(source: Source) -> dict[str, tuple[Signature, ...]] | None:
    found: dict[str, list[Signature]] = {}
    for name, signature in _signatures(source):
        known = found.setdefault(name, [])
        if signature not in known:
            known.append(signature)
    return {name: tuple(known) for name, known in found.items()} or None


def _signatures(source: Source) -> Iterator[tuple[str, Signature]]:
    text = code(source)
    for match in _PARAMETERS.finditer(text):
        end = skip_space_back(text, match.start())
        start = word_start(text, end)
        name = text[start:end]
        if not name or name[:1].isdigit() or name in _KEYWORDS:
            continue
        if start and text[start - 1] not in _BEFORE_A_NAME:
            continue
        close = closing(text, match.end() - 1)
        if close < 0 or _AFTER.match(text, close + 1) is None:
            continue
        signature = _signature(text, (match.end(), close))
        if signature is not None:
            yield name.decode(), signature


def _signature(text: bytes, span: Span) -> Signature | None:
    types: list[str] = []
    required = 0
    for start, end in split(text, *span):
        match = _PARAMETER.match(text[start:end])
        if match is None:
            return None
        types.append(value_type(match["type"].decode("utf-8", "replace")))
        required += match["default"] is None
    return Signature(tuple(types), required)


def _digest(gathered: Mapping[str, dict[str, tuple[Signature, ...]]]) -> Signatures:
    merged: dict[str, list[Signature]] = {}
    for path in sorted(gathered):
        for name, signatures in gathered[path].items():
            known = merged.setdefault(name, [])
            known.extend(s for s in signatures if s not in known)
    return {name: tuple(known) for name, known in merged.items()}


SIGNATURES = Collector("signatures", Language.CPP, (), _gather, _digest)
"""`Mapping[str, tuple[Signature, ...]]` by unqualified name."""


def parameter_type(known: Signatures, name: str, index: int, count: int) -> str | None:
    """The type of parameter `index` of `name` when called with `count` arguments, if it is one."""
    types = {
        signature.types[index]
        for signature in known.get(name, ())
        if signature.required <= count <= len(signature.types)
    }
    return types.pop() if len(types) == 1 else None


@lru_cache(maxsize=4096)
def value_type(text: str) -> str:
    """A type as a value of it is declared: no `const`, no reference, single spaces."""
    plain = re.sub(r"\s+", " ", text).strip()
    plain = re.sub(r"^(?:(?:const|static|constexpr|mutable|inline)\s+)+", "", plain)
    plain = re.sub(r"(?:\s*const)?\s*&{0,2}$", "", plain).strip()
    return re.sub(r"\s*\*$", "*", plain)
