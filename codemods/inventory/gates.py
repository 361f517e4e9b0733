"""The four gates: lost, invented, resurrected, upstream-lost.

Each name, and each part of a signature, is one element with a membership in every tree. For a
merge of base B, fork F, upstream U into result R:

    lost           in F, not in R, unless upstream removed what B had
    upstream-lost  in U and new there, not in R
    invented       in R, in none of the others
    resurrected    in R and in B, removed by upstream or by the fork

For a port there are two trees, which is the same with B = U = nothing: lost and invented.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from codemods.inventory.model import Entry, Inventory, Kind
from codemods.inventory.renames import brought_in, matches, renamed
from codemods.inventory.waivers import Waiver
from codemods.model import Rename

Key = tuple[str, str]
_Side = Mapping[Key, tuple[Entry, ...]]

_DERIVED = "from "
_REMOVED_BY = ("upstream had removed it", "the fork had removed it")
_MAY_GAIN = frozenset(
    (
        (Kind.OBJECT_TYPE.value, "registered"),  # its metadata exists now: nothing relied on less
        (Kind.COMPARED_FIELD.value, "hash"),  # equal things hash equal now: hashing failed before
    )
)
_OF_FIELDS = frozenset((Kind.REFLECTED_FIELD.value, Kind.COMPARED_FIELD.value))
_NESTED = frozenset((Kind.PYTHON_NAME.value, Kind.DEVICE_FUNCTION.value))


class Gate(Enum):
    """What went wrong; the value is what is shown and what waivers say."""

    LOST = "lost"
    INVENTED = "invented"
    RESURRECTED = "resurrected"
    UPSTREAM_LOST = "upstream-lost"


@dataclass(frozen=True)
class Loss:
    """One difference that must not be. `entry` is the place to look at; `detail` tells a change of
    signature, and is empty when the whole entry is gone or new. `inside` counts what a lost or new
    class took along, which is not listed again.
    """

    gate: Gate
    entry: Entry
    detail: str = ""
    inside: int = 0

    def __str__(self) -> str:
        words = f"{self.gate.value}: {self.entry.kind} `{self.entry.name}`"
        inside = f", with {self.inside} inside" if self.inside else ""
        detail = f": {self.detail}" if self.detail else ""
        return f"{self.entry.path}:{self.entry.line}: {words}{inside}{detail}"


@dataclass(frozen=True)
class Verdict:
    """What a comparison found. It passes when `losses` is empty."""

    losses: tuple[Loss, ...]
    waived: tuple[tuple[Loss, Waiver], ...] = ()
    unused: tuple[Waiver, ...] = ()

    def count(self, gate: Gate) -> int:
        """How many losses of one gate are not waived."""
        return sum(loss.gate is gate for loss in self.losses)


def compare(
    before: Inventory,
    after: Inventory,
    renames: Sequence[Rename] = (),
    waivers: Sequence[Waiver] = (),
) -> Verdict:
    """What a port lost or invented; `renames` are applied to `before` where `after` has them."""
    old, new = _side(renamed(before, renames, after)), _side(after)
    losses = [
        *_elements((Gate.LOST,), {}, old, {}, new),
        *(
            loss
            for loss in _elements((Gate.INVENTED,), {}, old, {}, new)
            if not _explained(loss, old, renames)
        ),
    ]
    return _verdict(losses, waivers)


def compare_merge(
    base: Inventory,
    fork: Inventory,
    upstream: Inventory,
    result: Inventory,
    renames: Sequence[Rename] = (),
    waivers: Sequence[Waiver] = (),
) -> Verdict:
    """What a merge lost, invented, resurrected or dropped of upstream's.

    `renames` are applied to base and fork, which may still be on the API that upstream has left.
    """
    b, f = (_side(renamed(tree, renames, result)) for tree in (base, fork))
    u, r = _side(upstream), _side(result)
    losses = [
        loss
        for loss in _elements(tuple(Gate), b, f, u, r)
        if loss.gate is not Gate.INVENTED or not _explained(loss, {**f, **u}, renames)
    ]
    return _verdict(losses, waivers)


def _side(inventory: Inventory) -> dict[Key, tuple[Entry, ...]]:
    side: dict[Key, tuple[Entry, ...]] = {}
    for entry in inventory:
        side[entry.key] = (*side.get(entry.key, ()), entry)
    return side


def _elements(gates: tuple[Gate, ...], b: _Side, f: _Side, u: _Side, r: _Side) -> Iterator[Loss]:
    found: list[Loss] = []
    for key in sorted({*b, *f, *u, *r}):
        gate = _gate(key in b, key in f, key in u, key in r)
        if gate is Gate.LOST and (_still_compared(f[key], r) or _only_hashed(f[key])):
            continue
        if gate in gates:
            entry = next(side[key][0] for side in (r, f, u, b) if key in side)
            found.append(Loss(gate, entry, _removed_by(gate, key in u)))
        elif gate is None and key in r and (key in f or key in u):
            found += _signature(gates, *(side.get(key, ()) for side in (b, f, u, r)))
    yield from _folded(found)


def _gate(b: bool, f: bool, u: bool, r: bool) -> Gate | None:
    if r:
        if b and not (f and u):
            return Gate.RESURRECTED
        return None if f or u else Gate.INVENTED
    if f:
        return None if b and not u else Gate.LOST
    return Gate.UPSTREAM_LOST if u and not b else None


def _removed_by(gate: Gate, in_upstream: bool) -> str:
    if gate is not Gate.RESURRECTED:
        return ""
    return _REMOVED_BY[in_upstream]


def _signature(
    gates: tuple[Gate, ...],
    b: tuple[Entry, ...],
    f: tuple[Entry, ...],
    u: tuple[Entry, ...],
    r: tuple[Entry, ...],
) -> Iterator[Loss]:
    """The gates that the parts of one entry's signature fail."""
    whole = max(len(side) for side in (b, f, u, r)) > 1
    parts = [_parts(side, whole) for side in (b, f, u, r)]
    by_gate: dict[Gate, list[str]] = {}
    for part in sorted(set().union(*parts)):
        gate = _gate(*(part in side for side in parts))
        if gate in gates and not (gate is Gate.INVENTED and (r[0].kind, part) in _MAY_GAIN):
            by_gate.setdefault(gate, []).append(part)
    if len(by_gate) > 1:
        by_gate.pop(Gate.INVENTED, None)  # the new form of what is told as lost
    for gate, wrong in by_gate.items():
        yield Loss(gate, r[0], _change(wrong, f or u, r, whole))
    others = [side for side in (f, u) if side]
    if not by_gate and not whole and Gate.LOST in gates and len(others) == 1:
        old, new = (tuple(_comparable(side[0])) for side in (others[0], r))
        if old != new and sorted(old) == sorted(new):
            yield Loss(Gate.LOST, r[0], _change(["order"], others[0], r, whole))


def _parts(side: tuple[Entry, ...], whole: bool) -> set[str]:
    if whole:
        return {_shown(entry) for entry in side}
    return {part for entry in side for part in _comparable(entry)}


def _comparable(entry: Entry) -> tuple[str, ...]:
    return tuple(part for part in entry.signature if not part.startswith(_DERIVED))


def _shown(entry: Entry) -> str:
    return f"({', '.join(_comparable(entry))})"


def _change(wrong: list[str], old: tuple[Entry, ...], new: tuple[Entry, ...], whole: bool) -> str:
    named = ", ".join(f"`{part}`" for part in wrong)
    if whole:
        return named
    return f"{named}: `{_shown(old[0])}` became `{_shown(new[0])}`"


def _still_compared(entries: tuple[Entry, ...], after: _Side) -> bool:
    """Whether a compared value that is computed from fields is covered: all of them are compared.

    Fields that compare equal give equal computed values.
    """
    entry = entries[0]
    fields = [p.removeprefix(_DERIVED) for p in entry.signature if p.startswith(_DERIVED)]
    owner = entry.name.rpartition(".")[0]
    return bool(fields) and all((entry.kind, f"{owner}.{field}") in after for field in fields)


def _only_hashed(entries: tuple[Entry, ...]) -> bool:
    """Whether a field told hashes apart and not values: equal ones could hash apart.

    No lookup can rely on it, and the reflected form cannot say it.
    """
    kind = Kind.COMPARED_FIELD.value
    return all(entry.kind == kind and entry.signature == ("hash",) for entry in entries)


def _explained(loss: Loss, old: _Side, renames: Sequence[Rename]) -> bool:
    """Whether something new had to come: a migration says so, equality needs the field, or it is
    what an operator's class already held, told for the first time.
    """
    if loss.detail:
        return False
    kind, name = loss.entry.key
    if brought_in(kind, name, renames):
        return True
    if kind == Kind.OBJECT_TYPE.value:
        return (Kind.OPERATOR.value, name) in old
    if kind not in _OF_FIELDS:
        return False
    members = (name, f"{name}_")
    if kind == Kind.REFLECTED_FIELD.value and _any(Kind.COMPARED_FIELD, members, old):
        return True
    owner = name.rpartition(".")[0] + "."
    told = any(k == kind and n.startswith(owner) for k, n in old)
    return not told and _any(Kind.OPERATOR_FIELD, members, old)


def _any(kind: Kind, names: Sequence[str], side: _Side) -> bool:
    return any((kind.value, name) in side for name in names)


def _folded(losses: list[Loss]) -> Iterator[Loss]:
    """The losses without the members of a class that is itself lost, new or there again."""
    entire = ("", *_REMOVED_BY)
    whole = {(loss.gate, loss.entry.key) for loss in losses if loss.detail in entire}
    inside: dict[tuple[Gate, Key], int] = {}
    kept: list[Loss] = []
    for loss in losses:
        kind, name = loss.entry.key
        owner = (loss.gate, (kind, name.rpartition(".")[0]))
        if kind in _NESTED and owner in whole:
            inside[owner] = inside.get(owner, 0) + 1
        else:
            kept.append(loss)
    for loss in kept:
        count = inside.get((loss.gate, loss.entry.key), 0)
        yield Loss(loss.gate, loss.entry, loss.detail, count)


def _verdict(losses: Sequence[Loss], waivers: Sequence[Waiver]) -> Verdict:
    kept: list[Loss] = []
    waived: list[tuple[Loss, Waiver]] = []
    for loss in losses:
        waiver = next((w for w in waivers if _covers(w, loss)), None)
        if waiver is None:
            kept.append(loss)
        else:
            waived.append((loss, waiver))
    used = {id(waiver) for _, waiver in waived}
    unused = tuple(w for w in waivers if id(w) not in used)
    return Verdict(tuple(kept), tuple(waived), unused)


def _covers(waiver: Waiver, loss: Loss) -> bool:
    return (
        waiver.gate == loss.gate.value
        and waiver.kind == loss.entry.kind
        and matches(waiver.name, loss.entry.name) is not None
    )
