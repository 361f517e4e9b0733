"""Which files mention an entry, by the last word of its name. A hint for people, not a proof."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from codemods.inventory.model import Entry, Inventory, Kind

_WORD = re.compile(rb"[A-Za-z_]\w*")
_NOT_ASKED = frozenset((Kind.TEST.value, Kind.DEVICE_FILE.value))


def with_users(inventory: Inventory, files: Mapping[str, bytes]) -> Inventory:
    """The inventory with `users` filled in from `files`."""
    wanted = {_word(entry) for entry in inventory if entry.kind not in _NOT_ASKED}
    mentions: dict[bytes, list[str]] = {}
    for path, data in sorted(files.items()):
        for word in wanted.intersection(_WORD.findall(data)):
            mentions.setdefault(word, []).append(path)
    return replace(
        inventory,
        entries=tuple(
            entry
            if entry.kind in _NOT_ASKED
            else replace(
                entry, users=tuple(p for p in mentions.get(_word(entry), ()) if p != entry.path)
            )
            for entry in inventory
        ),
    )


def _word(entry: Entry) -> bytes:
    words = _WORD.findall(entry.name.split("<")[0].encode("utf-8", "replace"))
    if entry.kind == Kind.OP_ATTRIBUTE.value:
        words = words[:2]
    return words[-1] if words else b""
