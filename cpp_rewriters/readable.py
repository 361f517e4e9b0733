"""Counts what a C++ grammar cannot read in a text, macros left out.

The grammar knows no macros: `TVM_FFI_DECLARE_OBJECT_INFO(key, A, B);` in a class is an error to it,
and the form before was none, or the other way round. So uses of macros are blanked before counting,
and a macro whose argument is a block of statements is read as a function with that body.
"""

from __future__ import annotations

import codecs
import re

from cpp_rewriters.syntax import count_errors
from cpp_rewriters.text import blank, closing, skip_space

_MACRO = re.compile(rb"\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b\s*\(")
_LONE = re.compile(rb"\b[A-Z][A-Z0-9]*_[A-Z0-9_]+(?=\s+[A-Za-z_])")  # `TVM_DLL void f();`
_VISIBLE = re.compile(rb"[^\r\n]")
_BLOCK = re.compile(rb"\s*\{")
_HEADS = (b"void f()", b"if (f)")  # what a macro before a block may stand for, at either scope
_DIRECTIVE = re.compile(rb"^[ \t]*#(?:\\\r?\n|[^\n])*$", re.MULTILINE)


def unreadable_places(data: bytes) -> int:
    """How many places of the text no C++ grammar could read."""
    text = data.removeprefix(codecs.BOM_UTF8)  # the grammar reads `#` behind one as a name
    return min(_errors(text, head) for head in _HEADS)


def _errors(data: bytes, head: bytes) -> int:
    blanked = _DIRECTIVE.sub(_hidden, blank(data))
    blanked = _LONE.sub(_hidden, blanked)
    text = bytearray(blanked)
    position = unreadable = 0
    while (match := _MACRO.search(blanked, position)) is not None:
        opening = match.end() - 1
        close = closing(blanked, opening)
        position = match.end()
        if close < 0:
            continue
        block = _BLOCK.match(blanked, opening + 1, close)
        if block is not None or blanked[close + 1 :].lstrip()[:1] == b"{":
            text[match.start() : opening + 1] = head.ljust(opening + 1 - match.start())
            text[close : close + 1] = b" "
            end = skip_space(blanked, close + 1)
            if blanked[end : end + 1] == b";":  # makes an initialiser of a body
                text[end : end + 1] = b" "
            continue
        position = close + 1
        unreadable += _argument_errors(blanked[opening + 1 : close])
        text[match.start() : position] = _VISIBLE.sub(b" ", blanked[match.start() : position])
        if blanked[position:].lstrip()[:1] == b".":  # methods are called on what it expands to
            text[match.start() : match.start() + 1] = b"m"
    return count_errors(bytes(text)) + unreadable + blanked.count(b'"') % 2


def _hidden(match: re.Match[bytes]) -> bytes:
    return _VISIBLE.sub(b" ", match[0])


def _argument_errors(arguments: bytes) -> int:
    """Whether the arguments of a macro are neither expressions nor types."""
    forms = (b"void f() { g(%s); }" % arguments, b"void f() { g<%s>(); }" % arguments)
    return int(all(count_errors(form) > 0 for form in forms)) if arguments.strip() else 0
