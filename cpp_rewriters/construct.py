"""Where a tree constructs an object of a given class: `T(..)`, `T x(..)`, `T{..}`, `T x{..}`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from codemods.model import Source
from cpp_rewriters.syntax import declaration
from cpp_rewriters.text import (
    Span,
    call_at,
    closing,
    code,
    preceded_by,
    qualifier,
    skip_space_back,
    split,
    without_comments,
    words,
)

_VARIABLE = re.compile(rb"\s+([A-Za-z_]\w*)\s*\(")
_BRACED = re.compile(rb"(?:\s+[A-Za-z_]\w*)?\s*(\{)")

_NO_CONSTRUCTION = (
    *(b".", b"->", b"~", b"<"),
    *(b"class", b"struct", b"enum", b"union", b"namespace", b"explicit"),
)


@dataclass(frozen=True)
class Construction:
    """One construction: its arguments' spans and texts (no comments, white space normalised)."""

    name: Span
    arguments: tuple[Span, ...]
    texts: list[str]

    @property
    def last(self) -> int:
        """Just after the last argument."""
        return self.arguments[-1][1]


def constructions(source: Source, cls: str) -> Iterator[Construction]:
    """Each construction of `cls` with at least one argument, nested ones too.

    Left out are members of that name (`x.For(..)`, `tl::Frame::For`), declarations of functions and
    constructors, and names qualified by anything but `tvm`, `tir` and their like.
    """
    text = code(source)
    for match in words(source, (cls,)):
        begin, qualified = qualifier(text, match.start())
        if preceded_by(text, begin, *_NO_CONSTRUCTION):
            continue
        if qualified not in (b"", b"tir::", b"tvm::tir::", b"::tvm::tir::", b"tirx::"):
            continue
        call = call_at(text, match.span())
        if call is None:
            variable = _VARIABLE.match(text, match.end())
            call = call_at(text, variable.span(1)) if variable is not None else None
            if call is not None and not _initialises(source, text, call.arguments):
                continue
        elif call.template is not None:
            continue
        arguments = _braced(text, match.end()) if call is None else call.arguments
        if not arguments or _is_declarator(text, begin):
            continue
        texts = [
            re.sub(r"\s+", " ", without_comments(source.data[a:b]).decode("utf-8", "replace"))
            for a, b in arguments
        ]
        texts = [re.sub(r"\s*(->|\.)\s*", r"\1", t.strip()) for t in texts]
        yield Construction(match.span(), arguments, texts)


def _braced(text: bytes, end: int) -> tuple[Span, ...]:
    """The arguments of `T{..}` or `T x{..}`, none where there is no such thing."""
    braced = _BRACED.match(text, end)
    close = closing(text, braced.start(1)) if braced is not None else -1
    return tuple(split(text, braced.end(1), close)) if braced is not None and close >= 0 else ()


_PARAMETER = re.compile(rb"(?:const\s+)?[\w:]+(?:<.*>)?(?:\s+|\s*[&*]+\s*)\w+$", re.DOTALL)


def _initialises(source: Source, text: bytes, arguments: tuple[Span, ...]) -> bool:
    """Whether `T x(..)` has values for arguments, not parameters: else it declares a function."""
    return bool(arguments) and not any(_PARAMETER.match(text[a:b]) for a, b in arguments)


def _is_declarator(text: bytes, begin: int) -> bool:
    """Whether a type stands right before the name: then it names a function that is declared."""
    before = skip_space_back(text, begin)
    word = re.search(rb"(\w+)$", text[max(0, before - 80) : before])
    if word is None:
        return (
            text[before - 1 : before] in (b"*",) and b"=" not in text[max(0, before - 2) : before]
        )
    return word[1] not in (
        b"return",
        b"else",
        b"case",
        b"co_return",
        b"throw",
        b"new",
        b"in",
        b"do",
        b"const",
        b"static",
        b"co_yield",
    )


def is_span(source: Source, argument: str, offset: int) -> bool:
    """Whether an argument is a source span: `Span()`, `x->span`, or a variable declared as one."""
    if re.fullmatch(r"(?:tvm::)?Span\(.*\)|.*(?:->|\.)span(?:\(\))?|span_?", argument):
        return True
    if re.fullmatch(r"\w+", argument):
        declared = declaration(source, argument, offset)
        return declared is not None and re.search(r"\bSpan\b", declared.type) is not None
    return False


_COLLAPSED = (  # brackets with what is in them, innermost first, and what stands for them
    (re.compile(r"\([^()]*\)"), "@"),
    (re.compile(r"\[[^\[\]]*\]"), "#"),
    (re.compile(r"(?<=\w)<[\w:, *&]*>"), ""),
)
_POSTFIX = re.compile(r"(?:@|(?:::)?[A-Za-z_]\w*(?:::\w+)*)(?:@|#|(?:->|\.)\w+)*")


def owner_of(argument: str, member: str) -> str | None:
    """`x->` where `argument` is `x->member`, `x.` where it is `x.member`; None for anything else.

    `x` may be any expression that a member can be taken of: `(*it)`, `calls[i]`, `e.as<Node>()`.
    """
    found = re.fullmatch(rf"(.+?)(->|\.){member}", argument)
    if found is None:
        return None
    collapsed, before = found[1], ""
    while collapsed != before:
        before = collapsed
        for group, mark in _COLLAPSED:
            collapsed = group.sub(mark, collapsed)
    return found[1] + found[2] if _POSTFIX.fullmatch(collapsed) else None
