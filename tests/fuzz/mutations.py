"""Mutations of source text: of bytes, tokens, lines and whole texts.

Each takes the text, a random number generator and a second text of the same language to borrow
from. Some keep the text valid (layout, comments, nesting), most do not.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

from codemods.model import Language

Mutation = Callable[[bytes, Random, bytes], bytes]

_TOKEN = re.compile(rb'[A-Za-z_]\w*|\d[\w.]*|"(?:\\.|[^"\\\n])*"|::|->|[^\w\s]')
_NAME = re.compile(rb"\b[A-Za-z_]\w*\b")
_CALL = re.compile(rb"\b[A-Za-z_][\w.:]*\([^()\n]{0,60}\)")
_OPENING = re.compile(rb"[(\[{,]")
_SPECIAL = (
    b"\x00", b"\xff", b"\xef\xbb\xbf", b"\r", b"\n", b"\t", b"\\", b"\\\n", b'"', b"'", b'"""',
    b'R"(', b"/*", b"*/", b"//", b"#", b"(", b")", b"{", b"}", b"[", b"]", b"<", b">", b";", b",",
    "é".encode(), "漢字".encode(), "\N{GRINNING FACE}".encode(), b"\x0c", b"&&", b"...", b"::",
)  # fmt: skip


def mutate(data: bytes, random: Random, donor: bytes, language: Language) -> bytes:
    """Apply one to four mutations, chosen at random.

    A Python text that does not parse is not rewritten at all, so most of Python's keep it valid.
    """
    if language is Language.CPP:
        choices = ANY + CPP
    else:
        choices = PYTHON if random.random() < 0.75 else ANY + PYTHON
    for _ in range(random.choice((1, 1, 1, 2, 2, 3, 4))):
        mutation = random.choice(choices)
        data = mutation(data, random, donor)
    return data


def flip_byte(data: bytes, random: Random, donor: bytes) -> bytes:
    at = _position(data, random)
    return data[:at] + bytes((random.randrange(256),)) + data[at + 1 :]


def insert_special(data: bytes, random: Random, donor: bytes) -> bytes:
    at = _position(data, random)
    return data[:at] + random.choice(_SPECIAL) + data[at:]


def delete_span(data: bytes, random: Random, donor: bytes) -> bytes:
    at = _position(data, random)
    return data[:at] + data[at + random.randint(1, 30) :]


def truncate(data: bytes, random: Random, donor: bytes) -> bytes:
    at = _position(data, random)
    return data[at:] if random.random() < 0.3 else data[:at]


def drop_token(data: bytes, random: Random, donor: bytes) -> bytes:
    return _at_token(data, random, lambda token: b"")


def double_token(data: bytes, random: Random, donor: bytes) -> bytes:
    return _at_token(data, random, lambda token: token + b" " + token)


def swap_tokens(data: bytes, random: Random, donor: bytes) -> bytes:
    tokens = list(_TOKEN.finditer(data))
    if len(tokens) < 2:
        return data
    first, second = sorted(random.sample(tokens, 2), key=lambda match: match.start())
    return (
        data[: first.start()] + second[0] + data[first.end() : second.start()] + first[0]
        + data[second.end() :]
    )  # fmt: skip


def borrow_token(data: bytes, random: Random, donor: bytes) -> bytes:
    tokens = _TOKEN.findall(donor)
    return _at_token(data, random, lambda token: random.choice(tokens)) if tokens else data


def borrow_name(data: bytes, random: Random, donor: bytes) -> bytes:
    names = _NAME.findall(donor)
    places = list(_NAME.finditer(data))
    if not names or not places:
        return data
    place = random.choice(places)
    return data[: place.start()] + random.choice(names) + data[place.end() :]


def double_line(data: bytes, random: Random, donor: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    if not lines:
        return data
    at = random.randrange(len(lines))
    return b"".join([*lines[: at + 1], lines[at], *lines[at + 1 :]])


def drop_line(data: bytes, random: Random, donor: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    if not lines:
        return data
    at = random.randrange(len(lines))
    return b"".join([*lines[:at], *lines[at + 1 :]])


def move_line(data: bytes, random: Random, donor: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    if len(lines) < 2:
        return data
    line = lines.pop(random.randrange(len(lines)))
    lines.insert(random.randint(0, len(lines)), line)
    return b"".join(lines)


def join_lines(data: bytes, random: Random, donor: bytes) -> bytes:
    breaks = [match.start() for match in re.finditer(rb"\n", data)]
    if not breaks:
        return data
    at = random.choice(breaks)
    return data[:at] + b" " + data[at + 1 :]


def splice(data: bytes, random: Random, donor: bytes) -> bytes:
    """The beginning of one text and the end of another, cut at lines."""
    mine, theirs = data.splitlines(keepends=True), donor.splitlines(keepends=True)
    return b"".join(
        [*mine[: random.randint(0, len(mine))], *theirs[random.randint(0, len(theirs)) :]]
    )


def append(data: bytes, random: Random, donor: bytes) -> bytes:
    """Both texts, one after the other: old and new forms mixed, everything twice."""
    return data + (b"" if data.endswith(b"\n") else b"\n") + donor


def crlf(data: bytes, random: Random, donor: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def some_crlf(data: bytes, random: Random, donor: bytes) -> bytes:
    lines = data.split(b"\n")
    return b"".join(
        line + random.choice((b"\n", b"\r\n")) if at + 1 < len(lines) else line
        for at, line in enumerate(lines)
    )


def no_last_newline(data: bytes, random: Random, donor: bytes) -> bytes:
    return data.rstrip(b"\r\n")


def byte_order_mark(data: bytes, random: Random, donor: bytes) -> bytes:
    return b"\xef\xbb\xbf" + data


def nest_call(data: bytes, random: Random, donor: bytes) -> bytes:
    """Put a call of the donor, or of the text itself, into an argument list."""
    calls = _CALL.findall(donor) + _CALL.findall(data)
    places = list(_OPENING.finditer(data))
    if not calls or not places:
        return data
    at = random.choice(places).end()
    call = random.choice(calls)
    for _ in range(random.randint(0, 3)):
        outer = random.choice(calls)
        call = outer[: outer.index(b"(") + 1] + call + b")"
    return data[:at] + call + random.choice((b", ", b" ", b"")) + data[at:]


def break_lines(data: bytes, random: Random, donor: bytes) -> bytes:
    """Line breaks and comments inside brackets, where both languages allow them."""
    comment = random.choice((b"\n", b"\n\n    ", b"\r\n"))
    places = list(re.finditer(rb"[(,]", data))
    for place in sorted(random.sample(places, min(3, len(places))), key=lambda m: -m.start()):
        data = data[: place.end()] + comment + data[place.end() :]
    return data


def cpp_comment(data: bytes, random: Random, donor: bytes) -> bytes:
    comment = random.choice((b"/* a ) , */", b"// x (\n", "/* é漢 */".encode(), b"/*\n*/"))
    places = list(_TOKEN.finditer(data))
    if not places:
        return data
    at = random.choice(places).start()
    return data[:at] + comment + data[at:]


def cpp_wrap(data: bytes, random: Random, donor: bytes) -> bytes:
    before, after = random.choice(
        (
            (b"#if 0\n", b"\n#endif\n"),
            (b"#ifdef X\n", b"\n#else\nint y;\n#endif\n"),
            (b"namespace tvm { namespace tl {\n", b"\n} }\n"),
            (b"namespace tvm::tl::inner {\n", b"\n}\n"),
            (b"template <typename T> struct W {\n", b"\n};\n"),
            (b"void f() { auto g = [&](int i) {\n", b"\n}; }\n"),
            (b"#define WRAPPED(x) x\nWRAPPED(", b")\n"),
            (b"/*\n", b"\n*/\n"),
            (b'auto s = R"x(', b')x";\n'),
        )
    )
    lines = data.splitlines(keepends=True)
    start = random.randint(0, len(lines))
    end = random.randint(start, len(lines))
    return b"".join([*lines[:start], before, *lines[start:end], after, *lines[end:]])


def cpp_continue(data: bytes, random: Random, donor: bytes) -> bytes:
    """A backslash at the end of some lines, as in a macro's body."""
    lines = data.split(b"\n")
    return b"\n".join(line + b" \\" if random.random() < 0.2 else line for line in lines)


def python_comment(data: bytes, random: Random, donor: bytes) -> bytes:
    comment = random.choice((b"# x )\n", "# é漢\n".encode(), b"  # noqa: F401\n"))
    breaks = [match.end() for match in re.finditer(rb"\n", data)]
    at = random.choice(breaks) if breaks else 0
    return data[:at] + comment + data[at:]


def python_wrap(data: bytes, random: Random, donor: bytes) -> bytes:
    """All of the text one level deeper."""
    head = random.choice(
        (b"if True:", b"try:", b"def f(tvm=None):", b"class C:", b"async def g():", b"with x as y:",
         b"for tvm in y:", b"if TYPE_CHECKING:")
    )  # fmt: skip
    indent = random.choice((b"    ", b"\t", b"  "))
    lines = data.splitlines(keepends=True)
    inner = b"".join(indent + line if line.strip() else line for line in lines)
    tail = b"\nexcept ImportError:\n" + indent + b"pass\n" if head == b"try:" else b"\n"
    return head + b"\n" + (inner or indent + b"pass") + tail


def python_quote(data: bytes, random: Random, donor: bytes) -> bytes:
    quote = random.choice((b'"""', b"'''", b'r"""', b'f"""', b'b"""'))
    return b"x = " + quote + data.replace(b'"""', b"").replace(b"'''", b"") + quote[-3:] + b"\n"


def python_alias(data: bytes, random: Random, donor: bytes) -> bytes:
    alias = random.choice(
        (b"import tvm as t\n", b"from tvm import *\n", b"tvm = None\n", b"import tvm.ffi as ffi\n",
         b"from tilelang import tvm\n", b"from tvm import ffi, tir as T\n", b"del tvm\n")
    )  # fmt: skip
    return alias + data if random.random() < 0.7 else data + b"\n" + alias


def python_call(data: bytes, random: Random, donor: bytes) -> bytes:
    """A call of the donor in place of a name that is an argument, or around one."""
    calls = _CALL.findall(donor) + _CALL.findall(data)
    places = list(re.finditer(rb"(?<=[(,])[ ]?[A-Za-z_]\w*(?=[,)])", data))
    if not calls or not places:
        return data
    place, call = random.choice(places), random.choice(calls)
    if random.random() < 0.5:
        call = call[: call.index(b"(") + 1] + place[0].strip() + b")"
    return data[: place.start()] + call + data[place.end() :]


def truncate_lines(data: bytes, random: Random, donor: bytes) -> bytes:
    """The text up to a line that is not indented."""
    starts = [match.start() for match in re.finditer(rb"^[^\s#)\]}]", data, re.MULTILINE)]
    return data[: random.choice(starts)] if starts else data


def python_semicolons(data: bytes, random: Random, donor: bytes) -> bytes:
    lines = data.split(b"\n")
    at = random.randrange(len(lines))
    return b"\n".join([*lines[:at], lines[at] + b"; pass", *lines[at + 1 :]])


ANY: tuple[Mutation, ...] = (
    flip_byte, insert_special, delete_span, truncate, drop_token, double_token, swap_tokens,
    borrow_token, borrow_name, borrow_name, double_line, drop_line, move_line, join_lines, splice,
    append, crlf, some_crlf, no_last_newline, byte_order_mark, nest_call, nest_call, break_lines,
)  # fmt: skip
CPP: tuple[Mutation, ...] = (cpp_comment, cpp_comment, cpp_wrap, cpp_wrap, cpp_continue)
PYTHON: tuple[Mutation, ...] = (
    python_comment, python_wrap, python_wrap, python_quote, python_alias, python_alias,
    python_semicolons, borrow_name, borrow_name, borrow_name, break_lines, append, append, crlf,
    some_crlf, no_last_newline, byte_order_mark, python_call, python_call, truncate_lines,
)  # fmt: skip


def _position(data: bytes, random: Random) -> int:
    return random.randint(0, len(data))


def _at_token(data: bytes, random: Random, change: Callable[[bytes], bytes]) -> bytes:
    tokens = list(_TOKEN.finditer(data))
    if not tokens:
        return data
    token = random.choice(tokens)
    return data[: token.start()] + change(token[0]) + data[token.end() :]
