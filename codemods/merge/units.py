"""A source file as a sequence of definitions, merged definition by definition.

Where two people add functions at one place, move them, or change different functions of a
reformatted file, lines conflict and definitions do not. The order is upstream's; what only the
fork has follows what it followed in the fork.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from codemods.merge.hunks import Hunk, Pieces
from codemods.merge.tokens import same_code
from codemods.model import Language

Key = tuple[str, ...]

_IMPORTS = frozenset({"import", "from", "include"})
_FIELD = ("text", "field_declaration")
_EXECUTED = frozenset({"text", "if"})
"""The kinds of units that run where they stand, so that their place matters."""


@dataclass(frozen=True)
class Unit:
    """A definition or statement in whole lines, with the comments and blank lines in front.

    `key` names it among its siblings. A unit with `members` (a class, a namespace) is `head`, the
    members, and `tail`; for any other the three are empty. `signature`: what callers depend on.
    A definition that upstream deleted and of which the fork changed only the decorators goes.
    """

    key: Key
    text: bytes
    signature: tuple[bytes, ...] = ()
    head: bytes = b""
    members: tuple[Unit, ...] = ()
    tail: bytes = b""
    undecorated: tuple[bytes, ...] = ()  # the code without decorators and comments

    @property
    def is_definition(self) -> bool:
        return self.key[0] in {"def", "class", "function", "macro", "type", "name"}


class Ambiguous(Exception):
    """Definitions cannot be told apart by name, so that they cannot be merged one by one."""


@dataclass
class Merger:
    """Merges three lists of units. `resolve` merges the text of one that both sides changed;
    `moved` is asked whether a definition that upstream took away, and the fork changed, is
    dealt with elsewhere. `nested` is asked where a statement of the fork's belongs that stands
    behind one that upstream took away; an import that belongs nowhere stands in front of its next
    neighbour. `rules` collects what was decided, by key."""

    language: Language
    resolve: Callable[[Hunk], Pieces]
    moved: Callable[[Unit, Unit], str | None] = lambda base, ours: None
    nested: Callable[[Mapping[Key, Unit], Key, bytes], tuple[Key, bytes] | None] | None = None
    rules: list[tuple[str, Key]] = field(default_factory=list)

    def merge(self, base: Sequence[Unit], ours: Sequence[Unit], theirs: Sequence[Unit]) -> Pieces:
        """The merged text of the three. Raises `Ambiguous` where a name stands for two things."""
        old, mine, new = _by_key(base), _by_key(ours), _by_key(theirs)
        _refuse_double_rewrites(old, mine, new)
        parts: dict[Key, Pieces] = {}
        for key, unit in new.items():
            parts[key] = self._one(old.get(key), mine.get(key), unit)
        order = list(parts)
        before: Key | None = None
        gone: Key | None = None  # what stood in front of a unit, and upstream took away
        keys = list(mine)
        for number, (key, unit) in enumerate(mine.items()):
            if key not in new:
                pieces = self._not_theirs(old.get(key), unit)
                if not pieces:
                    gone = key
                    continue
                if gone and key not in old and key[0] in _EXECUTED | _IMPORTS:
                    if self._follow(new, gone, key, unit, parts):
                        gone = key
                        continue
                    if self.nested and key[0] in _EXECUTED:
                        pieces = [Hunk(b"", unit.text, b"")]
                parts[key] = pieces
                behind = next((k for k in keys[number + 1 :] if k in new), None)
                at = _place_of_import(unit, behind, order) if gone else None
                order.insert(_place_of(key, before, order, old) if at is None else at, key)
            before = key
            gone = None if key in new else gone
        return [piece for key in order for piece in parts[key]]

    def _follow(
        self,
        new: Mapping[Key, Unit],
        gone: Key,
        key: Key,
        unit: Unit,
        parts: dict[Key, Pieces],
    ) -> bool:
        """Put a statement into the block where what stood in front of it is now; whether it is."""
        merged = {
            name: replace(other, text=piece)
            for name, other in new.items()
            for piece in parts[name]
            if len(parts[name]) == 1 and isinstance(piece, bytes)
        }
        place = self.nested(merged, gone, unit.text) if self.nested else None
        if place is None:
            return False
        parts[place[0]] = [place[1]]
        self.rules.append(("moved", key))
        return True

    def _same(self, one: bytes, other: bytes) -> bool:
        return same_code(one, other, self.language)

    def _one(self, old: Unit | None, mine: Unit | None, new: Unit) -> Pieces:
        """A unit that upstream has."""
        if mine is None:
            if old is None:
                return [new.text]
            if self._same(old.text, new.text):
                self.rules.append(("deleted-here", new.key))
                return []
            return [Hunk(old.text, b"", new.text)]
        if self._same(mine.text, new.text) or (old and self._same(old.text, mine.text)):
            return [new.text]
        if old is None:
            if mine.signature == new.signature and mine.is_definition:
                self.rules.append(("converged", new.key))
                return [new.text]
            return self.resolve(Hunk(b"", mine.text, new.text))
        if self._same(old.text, new.text):
            return [mine.text]
        if old.members and mine.members and new.members:
            head = self.resolve(Hunk(old.head, mine.head, new.head))
            tail = self.resolve(Hunk(old.tail, mine.tail, new.tail))
            return [*head, *self.merge(old.members, mine.members, new.members), *tail]
        return self.resolve(Hunk(old.text, mine.text, new.text))

    def _not_theirs(self, old: Unit | None, mine: Unit) -> Pieces:
        """A unit that the fork has and upstream has not."""
        if old is None:
            return [mine.text]
        if self._same(old.text, mine.text):
            return []
        if old.undecorated and old.undecorated == mine.undecorated:
            self.rules.append(("deleted-upstream", mine.key))
            return []
        rule = self.moved(old, mine)
        if rule is not None:
            self.rules.append((rule, mine.key))
            return []
        return [Hunk(old.text, mine.text, b"")]


def _place_of(key: Key, before: Key | None, order: Sequence[Key], old: Mapping[Key, Unit]) -> int:
    """Where a unit of the fork's goes: behind what it followed there, but never among imports, and
    a field not in front of a new one of upstream's, whose code may fill them by place."""
    if before is None:
        return _first(order)
    at = order.index(before) + 1 if before in order else 0
    if key[0] in {"def", "class", "function", "type"}:
        while at < len(order) and order[at][0] in _IMPORTS:
            at += 1
    if key[:2] == _FIELD:
        while at < len(order) and order[at][:2] == _FIELD and order[at] not in old:
            at += 1
    return at


def _place_of_import(unit: Unit, behind: Key | None, order: Sequence[Key]) -> int | None:
    """Where an import of the fork's goes whose neighbour in front is gone: in front of the one
    behind it. A star import goes behind all others, since what it brings takes their place."""
    if unit.key[0] not in _IMPORTS:
        return None
    if b"import *" in unit.text:
        leading = next((n for n, k in enumerate(order) if k[0] in {"def", "class"}), len(order))
        return max((n + 1 for n, k in enumerate(order[:leading]) if k[0] in _IMPORTS), default=0)
    return order.index(behind) if behind and behind[0] in _IMPORTS else None


def _first(order: Sequence[Key]) -> int:
    """Where something may go that the fork has in front of all that upstream has too."""
    return next(
        (n for n, key in enumerate(order) if key[0] not in {"docstring", "top"}), len(order)
    )


def _by_key(units: Sequence[Unit]) -> dict[Key, Unit]:
    """The units by key; equal ones are numbered."""
    seen: Counter[Key] = Counter()
    found = {}
    for unit in units:
        seen[unit.key] += 1
        key = unit.key if seen[unit.key] == 1 else (*unit.key, f"#{seen[unit.key]}")
        found[key] = unit
    return found


def _refuse_double_rewrites(
    old: Mapping[Key, Unit], mine: Mapping[Key, Unit], new: Mapping[Key, Unit]
) -> None:
    """Units that only their text names: where both sides lost one and one side has a new one,
    that may be one that both rewrote, or that one side rewrote and the other deleted."""

    def groups(keys: Iterable[Key]) -> Counter[Key]:
        return Counter(key[:2] for key in keys if key[0] == "text")

    added_here = groups(mine.keys() - old.keys() - new.keys())
    added_there = groups(new.keys() - old.keys() - mine.keys())
    gone = groups(old.keys() - mine.keys()) & groups(old.keys() - new.keys())
    doubtful = (set(added_here) | set(added_there)) & set(gone)
    if doubtful:
        raise Ambiguous(f"both sides rewrote `{sorted(doubtful)[0][1]}`")


def walk(units: Iterable[Unit], path: Key = ()) -> Iterable[tuple[Key, Unit]]:
    """Every unit with the names around it, outermost first."""
    for unit in units:
        name = (*path, unit.key[1] if len(unit.key) > 1 else unit.key[0])
        yield name, unit
        yield from walk(unit.members, name)
