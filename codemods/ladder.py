"""The releases that people name, and which rungs of the ladder lead to them.

A release is a published TileLang version. Order is the order of publication, so that comparing two
releases is comparing two positions and needs no version parser. Source: the release history of the
`tilelang` package.
"""

from __future__ import annotations

from collections.abc import Iterable

from codemods.model import Migration, Rung

RELEASES: tuple[str, ...] = (
    "0.1.0",
    "0.1.1",
    "0.1.2",
    "0.1.2.post1",
    "0.1.3",
    "0.1.4",
    "0.1.5",
    "0.1.6",
    "0.1.6.post1",
    "0.1.6.post2",
    "0.1.7",
    "0.1.7.post1",
    "0.1.7.post2",
    "0.1.7.post3",
    "0.1.8",
    "0.1.9",
    "0.1.10",
    "0.1.11",
    "0.1.12",
    "0.1.13",
    "0.1.14",
    "0.1.15",
)

DEFAULT_TARGET = "0.1.7.post2"

MEANS: dict[str, str] = {"0.1.7": DEFAULT_TARGET}
"""What people mean by a release: who says 0.1.7 wants the last post release of its API."""

ORDER: tuple[Rung, ...] = (Rung.R1, Rung.R2, Rung.R3, Rung.R4, Rung.R5, Rung.OWN)

DEFAULT_RUNGS: frozenset[Rung] = frozenset({Rung.R1, Rung.R2, Rung.R3, Rung.R5, Rung.OWN})
"""R4 is TileLang's own inside: only `sync` applies it, or somebody who selects it by code."""


class UnknownRelease(ValueError):
    """A release that was never published under that name."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"unknown release `{name}`; the ladder knows {RELEASES[0]} to {RELEASES[-1]}"
        )


def resolve(name: str) -> str:
    """Return the exact release that `name` means; raises `UnknownRelease`."""
    exact = name.strip().removeprefix("v")
    exact = MEANS.get(exact, exact)
    if exact not in RELEASES:
        raise UnknownRelease(name)
    return exact


def position(release: str) -> int:
    """Return where `release` stands in the order of publication; raises `UnknownRelease`."""
    if release not in RELEASES:
        raise UnknownRelease(release)
    return RELEASES.index(release)


def applies(migration: Migration, target: str) -> bool:
    """Say whether the API of the exact release `target` has the migration's new form."""
    return position(migration.introduced) <= position(target)


def by_rung(migrations: Iterable[Migration]) -> list[tuple[Rung, tuple[Migration, ...]]]:
    """Group migrations into the rungs of the ladder, each in code order; empty rungs left out."""
    known = sorted(migrations, key=lambda migration: migration.code)
    grouped = [(rung, tuple(m for m in known if m.rung is rung)) for rung in ORDER]
    return [(rung, members) for rung, members in grouped if members]
