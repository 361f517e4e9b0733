"""Old dotted names and the new ones that they move to, with everything below them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MoveTable:
    """`table` as given to the verb; `modules`: the new names that are modules."""

    table: dict[str, str]
    modules: frozenset[str]

    def match(self, dotted: str) -> tuple[str, str] | None:
        """Return the longest old name that `dotted` is or is below, and its new name."""
        name = dotted
        while name:
            if name in self.table:
                return name, self.table[name]
            name = name.rpartition(".")[0]
        return None

    def target(self, dotted: str) -> str | None:
        """Return the new name of `dotted`, or None when it does not move."""
        found = self.match(dotted)
        return None if found is None else found[1] + dotted[len(found[0]) :]

    def is_module(self, dotted: str) -> bool:
        """Return whether the new name `dotted` is a module (and not something inside one)."""
        return dotted in self.modules
