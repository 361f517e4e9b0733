"""The verb that adds, replaces and drops `#include` lines."""

from __future__ import annotations

import codecs
import posixpath
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from codemods.model import Edit, Source
from cpp_rewriters.text import Span, code, lines, newline, spans_of_literals

_DIRECTIVE = re.compile(rb"#[ \t]*(?:include|import)[ \t]*(?P<name>\"[^\"\n]+\"|<[^>\n]+>)")
_GUARD = re.compile(rb"^[ \t]*#[ \t]*(?:pragma[ \t]+once|define[ \t]+\w+_H\w*[ \t]*)\r?$", re.M)


@dataclass(frozen=True)
class Include:
    """One `#include` line; `name` is what stands between the quotes or angle brackets."""

    name: str
    system: bool
    line: Span


def includes(source: Source) -> tuple[Include, ...]:
    """Every `#include` of the file, in order, also those in inactive branches."""
    return source.once(_includes)


def _includes(source: Source) -> tuple[Include, ...]:
    found: list[Include] = []
    text = code(source)
    for match in _DIRECTIVE.finditer(source.data):
        start = match.start()
        line = source.data.rfind(b"\n", 0, start) + 1
        before = source.data[line:start].removeprefix(codecs.BOM_UTF8)
        if before.strip(b" \t") or text[start : start + 1] != b"#":  # inside a comment
            continue
        name = match["name"]
        found.append(
            Include(
                name[1:-1].decode("utf-8", "replace"),
                name[:1] == b"<",
                lines(source).span(match.start("name")),
            )
        )
    return tuple(found)


def add(source: Source, *names: str, system: bool, without: Collection[str] = ()) -> Iterator[Edit]:
    """Include each of `names` unless the file already does.

    A line goes into the last block of unconditional includes of its kind, or into the last one
    that has some of the same folder: where that block is sorted, at its place there, else at its
    end. Where there is none of the kind it goes after the last include, as a block of its own, else
    under the include guard, else on top. Includes of `without`, which change meanwhile, say nothing
    of the order.
    """
    present = includes(source)
    kinds = {include.system for include in present}
    apart = bool(kinds) and system not in kinds
    for name in names:
        if any(include.name == name and include.system == system for include in present):
            continue
        quoted = f"<{name}>" if system else f'"{name}"'
        at = _place(source, present, name, system, without)
        before = (
            b""
            if at == lines(source).starts[0] or source.data[at - 1 : at] == b"\n"
            else newline(source)
        )
        if apart and any(at == include.line[1] for include in present):
            before += newline(source)
        apart = False
        yield Edit(at, at, before + b"#include " + quoted.encode() + newline(source))


def _place(
    source: Source,
    present: tuple[Include, ...],
    name: str,
    system: bool,
    without: Collection[str],
) -> int:
    depth = _conditional_depth(source)
    text = code(source)
    present = tuple(i for i in present if not _inside_braces(text, i.line[0]))
    floor = min((depth(include.line[0]) for include in present), default=0)
    usable = [include for include in present if depth(include.line[0]) == floor]
    same = [include for include in usable if include.system == system]
    if same:
        return _in_block(source, same, name, without)
    if usable:
        return _after(source, usable[-1].line[1])
    guard = _GUARD.search(text)
    return lines(source).span(guard.start())[1] if guard else lines(source).starts[0]


def _in_block(source: Source, same: list[Include], name: str, without: Collection[str]) -> int:
    blocks = _blocks(same)
    folder = name.partition("/")[0]
    akin = [b for b in blocks if any(each.name.partition("/")[0] == folder for each in b)]
    block = (akin if "/" in name and akin else blocks)[-1]
    others = [each for each in _ordered(source, block) if each.name not in without]
    if _is_sorted(each.name for each in others):
        for include in others:
            if include.name > name:
                return include.line[0]
    return _after(source, block[-1].line[1])


def _blocks(same: Iterable[Include]) -> list[list[Include]]:
    """Split includes where other lines stand between them."""
    blocks: list[list[Include]] = []
    for include in same:
        if blocks and blocks[-1][-1].line[1] == include.line[0]:
            blocks[-1].append(include)
        else:
            blocks.append([include])
    return blocks


def _ordered(source: Source, block: list[Include]) -> list[Include]:
    """What an order can be expected of: all but the file's own header on top."""
    stem = posixpath.splitext(posixpath.basename(source.path))[0]
    own = posixpath.splitext(posixpath.basename(block[0].name))[0] == stem
    return block[1:] if own and not block[0].system else block


def _is_sorted(names: Iterable[str]) -> bool:
    every = list(names)
    return every == sorted(every)


def _after(source: Source, end: int) -> int:
    """The end of a line, or behind the comment that begins on it and goes on over others."""
    while source.data[:end].rstrip(b"\r\n").endswith(b"\\") and end < len(source.data):
        end = lines(source).span(end)[1]
    for start, stop in spans_of_literals(source.data):
        if start < end - 1 < stop - 1:
            line_end = lines(source).span(stop - 1)[1]
            return stop if source.data[stop:line_end].strip() else line_end
    return end


def _inside_braces(text: bytes, offset: int) -> bool:
    """Whether what is included there becomes part of a body, where another header cannot stand."""
    return text.count(b"{", 0, offset) > text.count(b"}", 0, offset)


def _conditional_depth(source: Source) -> _Depth:
    return source.once(_Depth)


class _Depth:
    """How many `#if`s enclose an offset; an include guard counts as one."""

    _LINE = re.compile(rb"^[ \t]*#[ \t]*(if|ifdef|ifndef|endif)\b", re.M)

    def __init__(self, source: Source) -> None:
        self.steps = [
            (m.start(), -1 if m[1] == b"endif" else 1) for m in self._LINE.finditer(code(source))
        ]

    def __call__(self, offset: int) -> int:
        return sum(step for at, step in self.steps if at <= offset)


def drop(source: Source, name: str) -> Iterator[Edit]:
    """Remove every include of `name`, whole lines."""
    for include in includes(source):
        if include.name == name:
            yield Edit(*include.line, b"")


def rename(source: Source, old: str, new: str) -> Iterator[Edit]:
    """Include `new` where `old` was included; a second line of `new` is not made."""
    present = {include.name for include in includes(source)}
    for include in includes(source):
        if include.name != old:
            continue
        if new in present:
            yield Edit(*include.line, b"")
            continue
        present.add(new)
        start = source.data.index(old.encode(), include.line[0])
        yield Edit(start, start + len(old.encode()), new.encode())


def replace(source: Source, old: Include, new: str, without: Collection[str]) -> Iterator[Edit]:
    """Include `new` where `old` was; or, in a sorted block that this would leave unsorted, at its
    place there. Includes of `without` change meanwhile and say nothing of the order."""
    same = [include for include in includes(source) if include.system == old.system]
    block = next(b for b in _blocks(same) if old in b)
    ordered = _ordered(source, block)
    others = [each for each in ordered if each.name not in without]
    stays = [each for each in ordered if each in others or each == old]
    in_place = _is_sorted(new if each == old else each.name for each in stays)
    if not in_place and old in ordered and _is_sorted(each.name for each in ordered):
        later = (each.line[0] for each in others if each.name > new)
        at = next(later, _after(source, block[-1].line[1]))
        yield Edit(
            at,
            at,
            (f"#include <{new}>" if old.system else f'#include "{new}"').encode() + newline(source),
        )
        yield Edit(*old.line, b"")
        return
    start = source.data.index(old.name.encode(), old.line[0])
    yield Edit(start, start + len(old.name.encode()), new.encode())


def relative(path: str, header: str) -> str:
    """How a file at `path` names a header at `header` in a quoted include; both tree-relative."""
    return posixpath.relpath(header, posixpath.dirname(path) or ".")


def resolve(path: str, include: Include, known: frozenset[str] | set[str]) -> str | None:
    """The tree's own file that a quoted include names, or None.

    Looked for beside the including file and then from each enclosing folder upwards, which covers
    trees whose include path is their own source folder.
    """
    folder = posixpath.dirname(path)
    while True:
        candidate = posixpath.normpath(posixpath.join(folder, include.name))
        if candidate in known:
            return candidate
        if not folder:
            return None
        folder = posixpath.dirname(folder)
