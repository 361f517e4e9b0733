"""Python text parsed once, with every node's place as a byte range of the file as stored.

The standard library's parser is used for reading because it is exact and fast; nothing is ever
printed back from its tree. `Module.span` takes byte order marks, encoding declarations, every kind
of line ending and form feeds into account.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from dataclasses import dataclass
from itertools import accumulate

from codemods.model import Source

_LINE_END = re.compile(rb"\r\n|\r|\n")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Problem:
    """Why a file cannot be parsed, and the byte offset of the place."""

    offset: int
    message: str


@dataclass(frozen=True, eq=False)
class Module:
    """A parsed file. `encoding` is None for UTF-8, where columns are byte offsets already."""

    data: bytes
    tree: ast.Module
    line_starts: tuple[int, ...]
    encoding: str | None

    def offset(self, line: int, column: int) -> int:
        """Return the byte offset of a 1-based `line` and a `column` as `ast` counts it."""
        start = self.line_starts[line - 1]
        if self.encoding is None:
            return start + column
        end = self.line_starts[line] if line < len(self.line_starts) else len(self.data)
        text = self.data[start:end].decode(self.encoding)
        return start + len(text.encode()[:column].decode().encode(self.encoding))

    def start(self, node: ast.expr | ast.stmt | ast.alias | ast.keyword) -> int:
        """Return the offset of the first byte of `node`."""
        return self.offset(node.lineno, node.col_offset)

    def end(self, node: ast.expr | ast.stmt | ast.alias | ast.keyword) -> int:
        """Return the offset after the last byte of `node`."""
        if node.end_lineno is None or node.end_col_offset is None:
            raise ValueError(f"node without an end: {ast.dump(node)}")
        return self.offset(node.end_lineno, node.end_col_offset)

    def text(self, node: ast.expr | ast.stmt | ast.alias) -> bytes:
        """Return the bytes of `node` as stored."""
        return self.data[self.start(node) : self.end(node)]


def parse(source: Source) -> Module | Problem:
    """Parse `source`, or say why that cannot be done. Use it through `source.once(parse)`."""
    return parse_bytes(source.data)


def parse_bytes(data: bytes) -> Module | Problem:
    """Parse `data`, or say why that cannot be done."""
    starts = _line_starts(data)
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        utf8 = encoding in ("utf-8", "utf-8-sig")
        if not utf8:
            data.decode(encoding)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(data)
    except SyntaxError as error:
        return Problem(_place(data, starts, error), error.msg or "invalid syntax")
    except (RecursionError, MemoryError):
        return Problem(0, "nested more deeply than Python's own parser takes")
    except (ValueError, LookupError) as error:
        return Problem(0, str(error))
    return Module(data, tree, starts, None if utf8 else encoding)


def _line_starts(data: bytes) -> tuple[int, ...]:
    first = len(_BOM) if data.startswith(_BOM) else 0
    if b"\r" not in data:
        lengths = map((1).__add__, map(len, data.split(b"\n")))
        return (first, *list(accumulate(lengths, initial=0))[1:-1])
    return (first, *(match.end() for match in _LINE_END.finditer(data)))


def _place(data: bytes, starts: tuple[int, ...], error: SyntaxError) -> int:
    line = min(max(error.lineno or 1, 1), len(starts))
    return min(starts[line - 1] + max((error.offset or 1) - 1, 0), len(data))
