"""What earlier checks of a tree worked out, kept in the user's cache and never in the tree.

An answer is kept under a digest of everything that it depends on: the text of the file, the facts
of the tree that were read, the migrations asked for, and the tool itself with its options. So
nothing has to be invalidated: whatever changes is another question. A tree's answers of a kind are
one sealed file of JSON, read whole and replaced whole; of two checks at once the later one's stay,
and what is not whole, or of another version of the tool, is worked out anew.

A text whose file has the size, the times and the inode it had when it was read is not read again,
as with git's index.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from enum import Enum
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from codemods.toolchain.cache import cache_folder, forget_unused, write_atomically

_FORMAT = 1  # of the file; raised when it changes
_OURS = ("codemods", "cpp_rewriters", "py_rewriters")
_THEIRS = ("tree_sitter", "tree_sitter_cpp", "tomlkit", "packaging")
_TREES = 16
"""Files kept: one for each tree and choice of options, the least recently used go."""

_SETTLED = 2_000_000_000
"""Nanoseconds after which a file's times tell its next change; file systems count in up to two
seconds."""
_SPARE = 2_000_000
"""Bytes of answers kept that the last check had no use for; the ones unused longest go."""


class Memory:
    """Answers of a `kind` by question; `asked`: what all of them depend on, such as options."""

    def __init__(self, kind: str, root: Path, asked: object) -> None:
        of = digest(_FORMAT, kind, str(root), asked)
        self._place = cache_folder() / "checks" / f"{of}.json"
        self._root = str(root)
        self._tool = _tool()
        self._known: dict[str, str] = {}
        self._used: dict[str, str] = {}
        self._texts: dict[str, list[Any]] = {}
        self._is_new = False
        try:
            seal, _, body = self._place.read_bytes().partition(b"\n")
        except OSError:
            return  # there is none yet
        if seal.decode("latin-1") == digest(self._tool, body):  # ours, whole, and of this version
            kept = json.loads(body)
            self._known, self._texts = kept["known"], kept["texts"]

    def get(self, question: str, text: bytes = b"") -> Any:
        """Return the answer, None for none. `text`: the file's, where the answer was about one."""
        kept = self._known.get(question)
        if kept is None:
            return None
        self._used[question] = kept
        return _unpacked(json.loads(kept), text)

    def put(self, question: str, answer: object, text: bytes = b"") -> None:
        """Keep an answer, which may hold the `text` that it is about."""
        self._used[question] = json.dumps(_packed(answer, text), separators=(",", ":"))
        self._is_new = True

    def mark(self, question: str) -> str:
        """Return a digest of the answer to a question that was got or put."""
        return digest(self._used[question])

    def text(self, path: str) -> str:
        """Return a digest of the file at `path` below the root, of its absence for one."""
        name = f"{self._root}/{path}"
        try:
            status = os.stat(name)  # noqa: PTH116 - thousands of times
            now = [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]
            known = self._texts.get(path)
            if known is not None and known[1:] == now:
                return str(known[0])
            with open(name, "rb") as stream:  # noqa: PTH123 - likewise
                found = digest(stream.read())
        except OSError as error:
            return digest(error.errno)
        # a file just written may be written again without any of this changing
        if time.time_ns() - max(now[1:3]) > _SETTLED:
            self._texts[path] = [found, *now]
            self._is_new = True
        return found

    def save(self) -> None:
        """Keep what was asked this time for the next; a cache that cannot be written is none."""
        try:
            if self._is_new:
                unused = {k: v for k, v in self._known.items() if k not in self._used}
                room = _SPARE
                for question in reversed(list(unused)):  # the latest last
                    room -= len(unused[question])
                    if room < 0:
                        del unused[question]
                known = {**unused, **self._used}
                body = json.dumps({"known": known, "texts": self._texts}).encode()
                seal = digest(self._tool, body).encode()
                write_atomically(self._place, seal + b"\n" + body)
                forget_unused(self._place.parent, "*.json", _TREES)
            else:
                os.utime(self._place)
        except OSError:
            pass


def digest(*parts: object) -> str:
    """Return a digest of bytes and of plain values, whose texts say all about them."""
    made = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part if isinstance(part, bytes) else repr(part).encode("utf-8", "surrogateescape")
        made.update(b"%d:" % len(data))
        made.update(data)
    return made.hexdigest()


def _tool() -> str:
    """A digest of the tool as it is installed: its files' names, sizes and times, and Python's."""
    seen: list[object] = [sys.version]
    for package in _OURS:
        folder = Path(importlib.import_module(package).__file__ or "").parent
        seen += sorted(_files(str(folder)))
    for package in _THEIRS:
        spec = find_spec(package)
        status = Path(spec.origin).stat() if spec is not None and spec.origin else None
        seen.append((package, status and (status.st_size, status.st_mtime_ns)))
    return digest(*seen)


def _files(folder: str) -> Iterator[tuple[str, int, int]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.name != "__pycache__":
                    yield from _files(entry.path)
            else:
                status = entry.stat()
                yield entry.path, status.st_size, status.st_mtime_ns


def _packed(value: Any, text: bytes) -> Any:
    """A value as JSON: a list is a tuple, what JSON does not know is an object with one key."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, bytes):
        return {"text": 0} if value == text and text else {"bytes": value.decode("latin-1")}
    if isinstance(value, tuple):
        return [_packed(each, text) for each in value]
    if isinstance(value, list):
        return {"list": [_packed(each, text) for each in value]}
    if isinstance(value, dict):
        pairs = [[_packed(key, text), _packed(each, text)] for key, each in value.items()]
        return {"dict": pairs}
    if isinstance(value, (set, frozenset)):
        kind = "set" if isinstance(value, set) else "frozenset"
        return {kind: sorted((_packed(each, text) for each in value), key=json.dumps)}
    kind = f"{type(value).__module__}:{type(value).__qualname__}"
    if isinstance(value, Enum):
        return {"enum": [kind, value.name]}
    if is_dataclass(value):
        held = [getattr(value, each.name) for each in fields(value) if each.init]
        return {"data": [kind, *(_packed(each, text) for each in held)]}
    raise TypeError(f"cannot be kept: {value!r}")


def _unpacked(value: Any, text: bytes) -> Any:
    if isinstance(value, list):
        return tuple([_unpacked(each, text) for each in value])
    if not isinstance(value, dict):
        return value
    ((key, held),) = value.items()
    if key == "data":
        return _class(held[0])(*[_unpacked(each, text) for each in held[1:]])
    if key == "dict":
        return {_unpacked(name, text): _unpacked(each, text) for name, each in held}
    if key == "bytes":
        return held.encode("latin-1")
    if key == "text":
        return text
    if key == "enum":
        return _class(held[0])[held[1]]
    made = [_unpacked(each, text) for each in held]
    return {"list": list, "set": set, "frozenset": frozenset}[key](made)


def _class(name: str) -> Any:
    """One of our own frozen dataclasses or enumerations; a kept answer can name nothing else."""
    known = _classes.get(name)
    if known is None:
        module, _, path = name.partition(":")
        if module.partition(".")[0] not in _OURS or "." in path:
            raise ValueError(f"not a class of answers: {name}")
        known = getattr(importlib.import_module(module), path)
        if not (isinstance(known, type) and (is_dataclass(known) or issubclass(known, Enum))):
            raise ValueError(f"not a class of answers: {name}")
        _classes[name] = known
    return known


_classes: dict[str, Any] = {}
