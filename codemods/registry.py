"""Finds the migrations: every module under `codemods/migrations/` that defines `MIGRATION`.

No list is edited by hand; adding a migration is adding its file.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise
from types import ModuleType

from codemods import ladder, migrations
from codemods.model import Migration, Rung

_CODE = re.compile(r"TF([1-5])\d\d")


class BadMigration(Exception):
    """A migration file that breaks the rules of its kind."""


@cache
def load() -> tuple[Migration, ...]:
    """Return every migration in code order, each with its module's name and docstring."""
    found = [_read(module) for module in _modules()]
    known = sorted((m for m in found if m is not None), key=lambda m: m.code)
    for one, other in pairwise(known):
        if one.code == other.code:
            raise BadMigration(f"{one.code} belongs to both `{one.name}` and `{other.name}`")
    return tuple(known)


def select(
    known: Sequence[Migration],
    *,
    target: str,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
) -> tuple[Migration, ...]:
    """Return the migrations that a run applies.

    `target` is an exact release. `select` and `ignore` hold codes or beginnings of codes; the
    longer one wins, as in ruff. Without `select` the default rungs are meant.
    """
    chosen, left_out = tuple(select), tuple(ignore)

    def wanted(migration: Migration) -> bool:
        if not ladder.applies(migration, target):
            return False
        yes = max((len(p) for p in chosen if migration.code.startswith(p)), default=-1)
        no = max((len(p) for p in left_out if migration.code.startswith(p)), default=-1)
        if not chosen and migration.rung in ladder.DEFAULT_RUNGS:
            yes = 0
        return yes > no

    return tuple(migration for migration in known if wanted(migration))


def _modules() -> Iterable[ModuleType]:
    for rung in (each for each in Rung if each is not Rung.OWN):
        package = importlib.import_module(f"{migrations.__name__}.{rung.value}")
        for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name):
            if not info.ispkg:
                yield importlib.import_module(f"{package.__name__}.{info.name}")


def _read(module: ModuleType) -> Migration | None:
    migration = getattr(module, "MIGRATION", None)
    if migration is None:
        return None
    package, _, name = module.__name__.rpartition(".")
    if not isinstance(migration, Migration):
        raise BadMigration(f"`{module.__name__}.MIGRATION` is not a Migration")
    matched = _CODE.fullmatch(migration.code)
    if not matched or f"r{matched[1]}" != migration.rung.value:
        raise BadMigration(f"`{module.__name__}`: {migration.code} is no code of its rung")
    if package.rpartition(".")[2] != migration.rung.value:
        raise BadMigration(f"`{module.__name__}` says it belongs to {migration.rung.value}")
    ladder.position(migration.introduced)
    return replace(migration, name=name, doc=(module.__doc__ or "").strip())
