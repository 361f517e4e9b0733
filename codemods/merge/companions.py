"""What a file of upstream's cannot do without: its own headers, their sources, declared constants.

A version that is taken over from upstream may include files that the fork never had, and use names
that upstream's headers declare and the fork's do not. Without them it would not compile, so they
come along, or the fork's version stays.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from posixpath import normpath

Read = Callable[[str], bytes]

_INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]+"([^"\n]+)"', re.MULTILINE)
_TOKEN = re.compile(rb'//[^\n]*|/\*.*?\*/|"(?:[^"\\\n]|\\.)*"|[A-Za-z_]\w*', re.DOTALL)
_CONSTANT = rb"^[ \t]*(?:(?:static|inline|constexpr|const)\s+)+[^;{}()#]*\b%s\s*=[^;{}]*;[^\n]*\n"
_ANY_CONSTANT = re.compile(_CONSTANT % rb"(\w+)", re.MULTILINE)
_SOURCES = (".cc", ".cpp", ".cxx")
_HEADERS = (".h", ".hpp", ".hh")


@dataclass(frozen=True)
class Needs:
    """What a text wants besides itself. `files`: paths in the fork, each with upstream's path;
    `names`: what upstream declares in a header that the fork has too, by that header's path in
    the fork and upstream's."""

    files: Mapping[str, str]
    names: Mapping[str, tuple[str, str]]


def needs(
    path: str,
    text: bytes,
    upstream_path: str,
    fork: Mapping[str, bytes],
    upstream: Iterable[str],
    read: Read,
) -> Needs:
    """Return what `text`, which is to be the fork's file `path`, needs and the fork has not.

    `fork`: the fork's files; `upstream`: the paths of upstream's, whose texts `read` returns.
    """
    there = frozenset(upstream)
    files: dict[str, str] = {}
    names: dict[str, tuple[str, str]] = {}
    known: set[bytes] | None = None
    wanted = words(text) - words(fork.get(path, b""))
    for included, theirs in _included(path, text, upstream_path, there):
        if included not in fork:
            files[included] = theirs
            continue
        for header in (theirs, *_below(theirs, there, read)):
            ours = included if header == theirs else header
            if ours not in fork:
                continue
            for name in sorted(wanted & words(read(header)) - words(fork[ours])):
                if known is None:
                    known = {w for p, data in fork.items() if _is_cpp(p) for w in words(data)}
                if name not in known:
                    names.setdefault(name.decode(), (ours, header))
    if path.endswith(_HEADERS):
        stem, theirs_stem = PurePosixPath(path).stem, PurePosixPath(upstream_path)
        for suffix in _SOURCES:
            theirs = str(theirs_stem.with_suffix(suffix))
            if theirs in there:
                files[str(PurePosixPath(path).with_name(stem + suffix))] = theirs
    return Needs(files, names)


def declare(name: str, header: bytes, theirs: bytes) -> bytes | None:
    """Return `header` with upstream's constant `name` beside its neighbour; None where it is no
    constant, or has no neighbour in `header`."""
    constants = list(_ANY_CONSTANT.finditer(theirs))
    at = next((i for i, c in enumerate(constants) if c[1] == name.encode()), None)
    if at is None:
        return None
    statement = constants[at][0]
    if header.count(b"\r\n") > header.count(b"\n") // 2:
        statement = statement.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    here = {c[1]: c for c in _ANY_CONSTANT.finditer(header)}
    for before in reversed(constants[:at]):
        if (neighbour := here.get(before[1])) is not None:
            return header[: neighbour.end()] + statement + header[neighbour.end() :]
    for after in constants[at + 1 :]:
        if (neighbour := here.get(after[1])) is not None:
            return header[: neighbour.start()] + statement + header[neighbour.start() :]
    return None


def words(text: bytes) -> set[bytes]:
    """Return the names in C++ code, without those in comments and strings."""
    return {w for w in _TOKEN.findall(text) if w[:1] not in b'/"'}


def _included(
    path: str, text: bytes, upstream_path: str, upstream: frozenset[str]
) -> Iterator[tuple[str, str]]:
    """Yield the fork's and upstream's path of each file that `text` includes from upstream's tree:
    beside the file, else below one of the folders that it is in."""
    for match in _INCLUDE.finditer(text):
        name = match[1].decode(errors="replace")
        folders = [
            PurePosixPath(upstream_path).parent,
            *PurePosixPath(upstream_path).parent.parents,
        ]
        ours = [PurePosixPath(path).parent, *PurePosixPath(path).parent.parents]
        for depth, folder in enumerate(folders):
            theirs = normpath(str(folder / name))
            if theirs in upstream:
                own = ours[depth] if depth < len(ours) else folder
                yield normpath(str(own / name)), theirs
                break


def _below(header: str, upstream: frozenset[str], read: Read) -> Iterator[str]:
    """Yield the headers of upstream's that `header` includes, and theirs."""
    seen, waiting = {header}, [header]
    while waiting:
        current = waiting.pop()
        for _, found in _included(current, read(current), current, upstream):
            if found not in seen:
                seen.add(found)
                waiting.append(found)
                yield found


def _is_cpp(path: str) -> bool:
    return path.endswith((*_SOURCES, *_HEADERS, ".cu", ".cuh"))
