"""One file merged three ways, and what rules can resolve of what git could not.

Three attempts, each stricter than the next: git's lines with the rules that only read what both
sides mean; definition by definition; git's lines with all rules. The first that leaves no hunk,
parses and defines nothing twice wins, else the one that leaves least.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from codemods.merge import branches, nested, units_cpp, units_python
from codemods.merge.hunks import Hunk, Pieces, compact, hunks, merge_texts, side
from codemods.merge.names import drop_unused, restore_imports, twice_imported, undefined
from codemods.merge.resolvers import (
    adjacent,
    both_added,
    converged,
    documentation,
    formatting,
    imports,
    lists,
    token_merge,
)
from codemods.merge.resolvers.place import Place, Rule
from codemods.merge.structure import lost_or_back, misplaced
from codemods.merge.syntax import still_parses
from codemods.merge.units import Ambiguous, Key, Merger, Unit, walk
from codemods.model import Language

STRICT: dict[str, Rule] = {
    "formatting": formatting.resolve,
    "list": lists.resolve,
    "imports": imports.resolve,
    "documentation": documentation.resolve,
    "converged": converged.resolve,
}
ALL: dict[str, Rule] = {
    **STRICT,
    "adjacent": adjacent.resolve,
    "both-added": both_added.resolve,
    "tokens": token_merge.resolve,
}

Carry = Callable[[Unit, Unit], str | None]


def _nowhere(base: Unit, ours: Unit) -> str | None:
    return None


@dataclass(frozen=True)
class Applied:
    """A rule that was applied: to which hunk, or to which definition, giving which text."""

    rule: str
    what: str
    hunk: Hunk | None = None
    text: bytes = b""


@dataclass(frozen=True)
class Outcome:
    """A merged file: its pieces (hunks are conflicts), the rules that went into it, and what is
    wrong with it all the same (then a person must look, also where no hunk is left)."""

    pieces: Pieces
    applied: tuple[Applied, ...]
    faults: tuple[str, ...] = ()

    @property
    def left(self) -> int:
        return len(hunks(self.pieces))

    @property
    def size(self) -> tuple[int, int, int]:
        """How much is left to a person: faults, hunks, bytes in them."""
        rest = hunks(self.pieces)
        return len(self.faults), len(rest), sum(len(h.ours) + len(h.theirs) for h in rest)


class _Resolved(bytes):
    """A hunk that a rule turned into text, and may be turned back."""

    applied: Applied


def merge_file(
    place: Place, base: bytes, ours: bytes, theirs: bytes, carry: Carry = _nowhere
) -> Outcome:
    """Merge three versions of a file. `carry` is asked to follow a definition that upstream moved
    to another file; it says how it did, or None."""
    base, ours, endings = _as_upstream_ends_lines(base, ours, theirs)
    versions = base, ours, theirs
    whole = lists.resolve_file(base, ours, theirs, place)
    if whole is not None:
        return Outcome([whole], (*endings, Applied("list", place.path, Hunk(*versions), whole)))
    lines = merge_texts(*versions)
    attempts: list[Callable[[], Outcome | None]] = [
        lambda: _by_rules(place, lines, STRICT),
        lambda: _by_definition(place, versions, carry),
        lambda: _by_rules(place, lines, ALL),
    ]
    best: Outcome | None = None
    for attempt in attempts:
        outcome = attempt()
        if outcome is None:
            continue
        outcome = _checked(place, outcome, versions)
        if best is None or outcome.size < best.size:
            best = outcome
        if not best.left and not best.faults:
            break
    assert best is not None  # the first attempt always answers
    applied = (*endings, *best.applied)
    return _finished(place, Outcome(compact(best.pieces), applied, best.faults), versions)


def faults(place: Place, merged: bytes, base: bytes, ours: bytes, theirs: bytes) -> list[str]:
    """What is wrong with a merged text and with neither of the versions: it does not parse, it
    defines a name twice, it uses a Python name that nothing in it defines, or it imports a module
    that is not there or one name from two places."""
    sides = ours, theirs
    found = [f"`{name}` is defined twice" for name in defined_twice(place, merged, *sides)]
    twice = branches.repeated(place.language, merged, ours, theirs)
    found += [f"the branch `{branch.shown}` stands twice in one chain" for branch in twice]
    if not still_parses(place.path, merged, base, ours, theirs):
        found.append("it does not parse")
    elif place.language is Language.PYTHON:
        before = [undefined(side) for side in sides]
        names = undefined(merged)
        if names and None not in before:
            found += [
                f"`{name}` is not defined" for name in names.difference(*filter(None, before))
            ]
        stale = set(imports.stale_imports(merged, place)) - set(
            imports.stale_imports(theirs, place)
        )
        found += [f"it imports `{module}`, which upstream removed" for module in stale]
        found += _wrong_imports(place, merged, sides)
    return sorted(found)


def _wrong_imports(place: Place, merged: bytes, sides: Sequence[bytes]) -> Iterator[str]:
    """What is wrong with the imports of a Python text and with neither side's."""
    nowhere = imports.unknown_imports(merged, place)
    for module in nowhere.difference(*(imports.unknown_imports(s, place) for s in sides)):
        yield f"it imports `{module}`, which is nowhere"
    for name in twice_imported(merged).difference(*map(twice_imported, sides)):
        yield f"`{name}` is imported from two places"


def defined_twice(place: Place, merged: bytes, *versions: bytes) -> list[str]:
    """Names that a merged file defines more often than each version of it."""
    counts = [_definitions(place.language, text) for text in (merged, *versions)]
    most: Counter[Key] = Counter()
    for count in counts[1:]:
        most |= count
    return sorted(".".join(key) for key in counts[0] - most)


@lru_cache(maxsize=512)
def _definitions(language: Language | None, text: bytes) -> Counter[Key]:
    units = split_units(language, text) or [[]]
    counts: Counter[Key] = Counter()
    for path, unit in walk(units[0]):
        if unit.is_definition:
            macro = unit.key[1:] if unit.key[0] == "macro" else unit.signature[:0]
            takes = unit.signature if unit.key[0] == "function" else ()
            words = (part.decode("utf-8", "replace") for part in takes)
            name: Key = (*path, *macro, *words)
            counts[name] += 1
    return counts


def split_units(language: Language | None, *versions: bytes) -> list[list[Unit]] | None:
    """Each version as definitions, or None where one cannot be taken apart."""
    if language is Language.PYTHON:
        modules = [units_python.split(version) for version in versions]
    elif language is Language.CPP:
        modules = [units_cpp.split(version) for version in versions]
    else:
        return None
    found = [module for module in modules if module is not None]
    return found if len(found) == len(versions) else None


def _as_upstream_ends_lines(
    base: bytes, ours: bytes, theirs: bytes
) -> tuple[bytes, bytes, tuple[Applied, ...]]:
    """Base and fork with upstream's kind of line ends, where whole files differ in it."""
    wanted = _line_end(theirs)
    kinds = {kind for kind in (_line_end(base), _line_end(ours)) if kind}
    if not wanted or not kinds or kinds == {wanted}:
        return base, ours, ()
    note = Applied("line-ends", "CRLF" if wanted == b"\r\n" else "LF")
    base, ours = (t.replace(b"\r\n", b"\n").replace(b"\n", wanted) for t in (base, ours))
    return base, ours, (note,)


def _line_end(text: bytes) -> bytes:
    """The one way that all lines of a text end, or nothing."""
    crlf, lf = text.count(b"\r\n"), text.count(b"\n")
    return b"" if not lf or 0 < crlf < lf else b"\r\n" if crlf else b"\n"


def _by_rules(place: Place, pieces: Sequence[bytes | Hunk], rules: dict[str, Rule]) -> Outcome:
    done: Pieces = []
    applied = []
    for piece in pieces:
        if isinstance(piece, Hunk):
            for name, rule in rules.items():
                text = rule(piece, place)
                if text is not None:
                    resolved = _Resolved(text)
                    resolved.applied = Applied(name, _first_line(piece), piece, text)
                    applied.append(resolved.applied)
                    done.append(resolved)
                    break
            else:
                done.append(piece)
        else:
            done.append(piece)
    return Outcome(done, tuple(applied))


def _by_definition(
    place: Place, versions: tuple[bytes, bytes, bytes], carry: Carry
) -> Outcome | None:
    language = place.language
    modules = split_units(language, *versions)
    if modules is None or language is None:
        return None
    applied: list[Applied] = []

    def resolve(hunk: Hunk) -> Pieces:
        outcome = _by_rules(place, merge_texts(hunk.base, hunk.ours, hunk.theirs), ALL)
        if outcome.left:
            whole = _by_rules(place, [hunk], STRICT)
            outcome = outcome if whole.left else whole
        applied.extend(outcome.applied)
        return outcome.pieces

    if language is Language.CPP:
        modules = units_cpp.told_apart(*modules)
    merger = Merger(language, resolve, carry)
    if language is Language.PYTHON:
        merger.nested = nested.follow
    try:
        pieces = merger.merge(*modules)
    except Ambiguous:
        return None
    applied += [Applied(rule, ".".join(key[1:])) for rule, key in merger.rules]
    return Outcome(pieces, (Applied("definitions", place.path), *applied))


def _checked(place: Place, outcome: Outcome, versions: tuple[bytes, bytes, bytes]) -> Outcome:
    """The outcome without the resolutions that do not parse or that define something twice."""
    if not _problems(place, outcome.pieces, versions):
        return outcome
    pieces: Pieces = [
        p.applied.hunk if isinstance(p, _Resolved) and p.applied.hunk else p for p in outcome.pieces
    ]
    kept = [a for a in outcome.applied if a.hunk is None]
    least = _problems(place, pieces, versions)
    for at, piece in enumerate(outcome.pieces):
        if isinstance(piece, _Resolved):
            trial = [*pieces[:at], piece, *pieces[at + 1 :]]
            problems = _problems(place, trial, versions)
            if len(problems) <= len(least):
                pieces, least = trial, problems
                kept.append(piece.applied)
    return Outcome(pieces, tuple(kept), tuple(least))


def _problems(place: Place, pieces: Pieces, versions: tuple[bytes, bytes, bytes]) -> list[str]:
    """What is wrong with the text, with whichever side in its hunks is better."""
    sides = [side(pieces, name) for name in (("ours", "theirs") if hunks(pieces) else ("ours",))]
    sides = [_mended(place, text, versions)[0] for text in sides]
    found = [
        [*faults(place, text, *versions), *misplaced(place.language, text, *versions)]
        for text in sides
    ]
    if not hunks(pieces):
        found[0] += lost_or_back(place.language, sides[0], *versions)
    return min(found, key=len)


def _finished(place: Place, outcome: Outcome, versions: tuple[bytes, bytes, bytes]) -> Outcome:
    """The outcome with what only the whole text shows mended."""
    if outcome.left:
        return outcome
    text, applied = _mended(place, side(outcome.pieces, "ours"), versions)
    return Outcome([text], (*outcome.applied, *applied), outcome.faults)


def _mended(
    place: Place, text: bytes, versions: tuple[bytes, bytes, bytes]
) -> tuple[bytes, list[Applied]]:
    """The text with the imports that one side took away and the other side's code needs, and
    without the fork's copy of a branch that both sides brought."""
    applied: list[Applied] = []
    if place.language is Language.PYTHON:
        text, names = restore_imports(text, *versions[1:])
        applied += [Applied("imports", f"`{name}` is still used") for name in names]
        if not place.path.endswith("__init__.py"):
            text, names = drop_unused(text, *versions[1:])
            applied += [Applied("imports", f"`{name}` is used nowhere now") for name in names]
    text, asked = branches.without_repeated(place.language, text, *versions[1:])
    return text, [*applied, *(Applied("converged", f"branch `{shown}`") for shown in asked)]


def _first_line(hunk: Hunk) -> str:
    text = (hunk.theirs or hunk.ours or hunk.base).strip().split(b"\n")[0]
    return text.decode("utf-8", "replace")[:80]
