"""Applies the renames that migrations declare to the inventory of the tree before them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from codemods.inventory.model import Entry, Inventory, Kind
from codemods.model import Migration, Rename

_OPS = frozenset((Kind.OP.value, Kind.TILE_OP.value))


def renames_of(migrations: Iterable[Migration]) -> tuple[Rename, ...]:
    """What the given migrations rename or bring in.

    Raises ValueError for a pattern of names that are brought in: no invention of that kind would
    be told any more.
    """
    found = tuple(rename for migration in migrations for rename in migration.renames)
    for rename in found:
        if not rename.old and "*" in rename.new:
            raise ValueError(f"a migration brings in a pattern of names, `{rename.new}`")
    return found


def renamed(inventory: Inventory, renames: Sequence[Rename], now: Inventory) -> Inventory:
    """The inventory under the names that `now` has. An op's attributes follow the op.

    A rename is made only where `now` has the new name and no longer the old one: whether the
    migration ran is seen from the tree, and what is found under neither name is lost.
    """
    present = {entry.key for entry in now}
    changed = {
        entry.key: new
        for entry in inventory
        if entry.key not in present
        and (new := _new_name(entry.kind, entry.name, renames)) != entry.name
        and (entry.kind, new) in present
    }
    ops = {name: new for (kind, name), new in changed.items() if kind in _OPS}

    def apply(entry: Entry) -> Entry:
        if entry.kind == Kind.OP_ATTRIBUTE.value and entry.key not in changed:
            op, _, attribute = entry.name.partition(" ")
            return replace(entry, name=f"{ops.get(op, op)} {attribute}")
        return replace(entry, name=changed.get(entry.key, entry.name))

    return Inventory.of(map(apply, inventory), inventory.unreadable)


def brought_in(kind: str, name: str, renames: Sequence[Rename]) -> bool:
    """Whether a migration says that it makes entries of this name."""
    return any((r.kind, r.old, r.new) == (kind, "", name) for r in renames)


def matches(pattern: str, name: str) -> tuple[str, ...] | None:
    """What each `*` of `pattern` stands for in `name`, or None for no match."""
    expression = "(.*)".join(map(re.escape, pattern.split("*")))
    found = re.fullmatch(expression, name, re.DOTALL)
    return None if found is None else found.groups()


def _new_name(kind: str, name: str, renames: Sequence[Rename]) -> str:
    for rename in renames:
        if rename.kind != kind or not rename.old:
            continue
        texts = matches(rename.old, name)
        if texts is not None and matches(rename.new, name) is None:
            first, *rest = rename.new.split("*")
            return first + "".join(map("".join, zip(texts, rest, strict=True)))
    return name
