"""Modules of other packages that upstream imports nowhere any more, and the fork's lines still do.

A package that upstream follows moves its modules (`tvm.tir` became `tvm.tirx`). In the files of
both sides the merge brings upstream's imports; a file that only the fork has keeps the old ones,
which fail when it is imported.
"""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from codemods.merge.hunks import split_lines
from codemods.merge.syntax import language_of
from codemods.model import Language

_FROM = re.compile(rb"\s*from\s+([A-Za-z_][\w.]*)\s+import\s+(.*)")
_IMPORT = re.compile(rb"\s*import\s+(.*)")
_WORD = re.compile(rb"[A-Za-z_][\w.]*")
_STANDARD = frozenset(name.encode() for name in sys.stdlib_module_names)


def scan(
    base: Mapping[str, bytes], upstream: Mapping[str, bytes], merged: Mapping[str, bytes]
) -> Iterator[tuple[str, int, str]]:
    """Where a line that upstream's file has not imports such a module: path, line, module."""
    gone = _gone(base, upstream)
    for path, text in _python(merged):
        known = Counter(line.strip() for line in split_lines(upstream.get(path, b"")))
        for number, line in enumerate(split_lines(text), 1):
            if known[line.strip()]:
                continue
            for module in sorted(set(_named(line)) & gone):
                yield path, number, module.decode()


def _gone(base: Mapping[str, bytes], upstream: Mapping[str, bytes]) -> set[bytes]:
    """The modules that upstream imported from at the base and names in no import any more, of
    packages that it still imports."""
    before = {module for _, text in _python(base) for module in _imported_from(text)}
    now = {
        name for _, text in _python(upstream) for line in split_lines(text) for name in _named(line)
    }
    now |= {name[:at] for name in now for at in range(len(name)) if name[at : at + 1] == b"."}
    own = {os.fsencode(path.split("/")[0]) for path in upstream}
    return {
        module
        for module in before - now
        if (top := module.split(b".")[0]) in now and top not in _STANDARD and top not in own
    }


def _python(files: Mapping[str, bytes]) -> Iterable[tuple[str, bytes]]:
    kinds = (Language.PYTHON, Language.CYTHON)
    return ((path, text) for path, text in sorted(files.items()) if language_of(path) in kinds)


def _imported_from(text: bytes) -> Iterator[bytes]:
    """The modules that a text surely imports: of `from a.b import c` the module `a.b`."""
    for line in split_lines(text):
        if found := _FROM.match(line):
            yield found[1]
        elif found := _IMPORT.match(line):
            yield from _listed(found[1])


def _named(line: bytes) -> Iterator[bytes]:
    """All that a line may import as a module: of `from a import b, c` also `a.b` and `a.c`."""
    if found := _FROM.match(line):
        yield found[1]
        yield from (b"%s.%s" % (found[1], name) for name in _listed(found[2]))
    elif found := _IMPORT.match(line):
        yield from _listed(found[1])


def _listed(names: bytes) -> Iterator[bytes]:
    for part in names.split(b"#")[0].strip(b" \t\r\n()").split(b","):
        if name := _WORD.match(part.strip()):
            yield name[0]
