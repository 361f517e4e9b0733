"""A text merged three ways: what git can merge, and the hunks that it cannot."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from codemods.merge.git import GitError

_SIZE = 61  # length of the conflict markers that we ask of git: no text has a line like this
_OURS, _BASE, _THEIRS, _END = (mark * _SIZE for mark in (b"<", b"|", b"=", b">"))


@dataclass(frozen=True)
class Hunk:
    """A place where both sides changed the base, in whole lines."""

    base: bytes
    ours: bytes
    theirs: bytes


Pieces = list[bytes | Hunk]
"""A merged text: what merged, and hunks, in order."""


def merge_texts(base: bytes, ours: bytes, theirs: bytes) -> Pieces:
    """Merge by line with git's own algorithm.

    Raises `GitError` for binary contents.
    """
    sides = ours, base, theirs
    if any(b"\0" in side for side in sides):
        raise GitError("a binary file cannot be merged by line")
    ended = [side if not side or side.endswith(b"\n") else side + b"\n" for side in sides]
    with tempfile.TemporaryDirectory(prefix="codemods-hunk-") as folder:
        names = ["ours", "base", "theirs"]
        for name, side in zip(names, ended, strict=True):
            (Path(folder) / name).write_bytes(side)
        done = subprocess.run(
            ["git", "merge-file", "-p", "-q", "--diff3", f"--marker-size={_SIZE}", *names],
            cwd=folder,
            capture_output=True,
            check=False,
        )
    if done.returncode < 0 or done.returncode > 127:
        raise GitError(f"`git merge-file` failed: {done.stderr.decode('utf-8', 'replace').strip()}")
    return _unterminated(_pieces(done.stdout), base, ours, theirs)


def join(pieces: Sequence[bytes | Hunk], labels: tuple[str, str, str] = ("", "", "")) -> bytes:
    """The text with git's usual conflict markers (diff3 style) around what is left of hunks."""
    out = bytearray()
    for piece in pieces:
        if isinstance(piece, bytes):
            out += piece
            continue
        ours, base, theirs = (label.encode() for label in labels)
        for mark, label, side in (
            (b"<<<<<<<", ours, piece.ours),
            (b"|||||||", base, piece.base),
            (b"=======", b"", piece.theirs),
            (b">>>>>>>", theirs, b""),
        ):
            if out and not out.endswith(b"\n"):
                out += b"\n"
            out += b" ".join(filter(None, (mark, label))) + b"\n" + side
    return bytes(out)


def side(pieces: Sequence[bytes | Hunk], name: str) -> bytes:
    """The text with one side (`ours`, `theirs` or `base`) of each hunk."""
    return b"".join(p if isinstance(p, bytes) else getattr(p, name) for p in pieces)


def hunks(pieces: Sequence[bytes | Hunk]) -> list[Hunk]:
    return [piece for piece in pieces if isinstance(piece, Hunk)]


def compact(pieces: Sequence[bytes | Hunk]) -> Pieces:
    """The same text with neighbouring merged parts joined."""
    out: Pieces = []
    for piece in pieces:
        if isinstance(piece, bytes) and out and isinstance(out[-1], bytes):
            out[-1] += piece
        elif piece:
            out.append(piece)
    return out


def _pieces(merged: bytes) -> Pieces:
    pieces: Pieces = []
    clean = bytearray()
    parts: dict[bytes, bytearray] = {}
    current = clean
    for line in split_lines(merged):
        mark = line[:_SIZE]
        if mark == _OURS:
            pieces.append(bytes(clean))
            clean = bytearray()
            parts = {_OURS: bytearray(), _BASE: bytearray(), _THEIRS: bytearray()}
            current = parts[_OURS]
        elif mark in (_BASE, _THEIRS) and parts:
            current = parts[mark]
        elif mark == _END and parts:
            pieces.append(Hunk(bytes(parts[_BASE]), bytes(parts[_OURS]), bytes(parts[_THEIRS])))
            parts = {}
            current = clean
        else:
            current += line
    pieces.append(bytes(clean))
    return [piece for piece in pieces if piece]


def split_lines(text: bytes) -> list[bytes]:
    """Lines as git sees them: ended by a line feed only."""
    lines = text.split(b"\n")
    return [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _unterminated(pieces: Pieces, base: bytes, ours: bytes, theirs: bytes) -> Pieces:
    """Take away the last newline again where the merge of the three says so."""
    missing = [not side.endswith(b"\n") for side in (base, ours, theirs)]
    without = missing[2] if missing[2] != missing[0] else missing[1]
    last = pieces[-1] if pieces else None
    if without and isinstance(last, bytes):
        pieces[-1] = last.removesuffix(b"\n")
    return pieces
