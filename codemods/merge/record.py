"""The record of a sync in a file of the fork's: it survives squash, rebase and cherry-pick.

[upstream]
base = "<commit>"     # the upstream commit that the fork's content is based on
tree = "<tree>"       # its tree, should history be rewritten
url = "<address>"

[sync]
fork = "<commit>"     # the fork before the sync
release = "0.1.7.post2"

[[skip]]              # upstream commits that are left out on purpose
commit = "<commit>"
reason = "why"

[[waiver]]            # differences of the four gates that somebody accepted
gate = "lost"
kind = "op"
name = "tl.old_one"
reason = "why"
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import tomlkit
import tomlkit.exceptions

FILE = ".upstream-sync.toml"
_HEADER = (
    "Written by `python -m codemods.sync`. The tables `skip` and `waiver` are yours to fill;",
    "the rest says what the next sync starts from, and is checked against the content.",
)
_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")


class BadRecord(ValueError):
    """The fork's record is not what this tool writes."""


@dataclass(frozen=True)
class Record:
    """What is known of the last sync."""

    base: str
    tree: str
    skipped: tuple[str, ...] = ()


def read(text: bytes) -> Record:
    """Parse a record; raises `BadRecord` where it is damaged."""
    try:
        data = tomlkit.parse(text).unwrap()
    except (tomlkit.exceptions.TOMLKitError, UnicodeDecodeError) as error:
        raise BadRecord(f"`{FILE}` is not TOML: {error}") from error
    upstream = data.get("upstream", {})
    ids = [upstream.get("base", ""), upstream.get("tree", "")]
    if not all(isinstance(oid, str) and _ID.match(oid) for oid in ids):
        raise BadRecord(f"`{FILE}` has no full ids in `upstream.base` and `upstream.tree`")
    skipped = tuple(entry.get("commit", "") for entry in data.get("skip", []))
    return Record(ids[0], ids[1], skipped)


def write(
    previous: bytes | None, *, base: str, tree: str, url: str, fork: str, release: str
) -> bytes:
    """The record of a sync; `skip`, `waiver` and comments of the previous one are kept."""
    if previous is None:
        document = tomlkit.document()
        for line in _HEADER:
            document.add(tomlkit.comment(line))
    else:
        document = tomlkit.parse(previous)
    for name, values in (
        ("upstream", {"base": base, "tree": tree, "url": url}),
        ("sync", {"fork": fork, "release": release}),
    ):
        if name not in document:
            document.add(tomlkit.nl())
            document.add(name, tomlkit.table())
        table = document[name]
        for key, value in values.items():
            if value:
                table[key] = value
    return tomlkit.dumps(document).encode()
