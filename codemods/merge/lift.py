"""Base and fork carried to upstream's API and formatting before the three are merged.

What the codemods and the formatter would change on both sides then no longer conflicts: only what
the fork meant is left to merge. Files that cannot conflict keep their bytes but for the port.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from codemods import engine, ladder, registry
from codemods.merge import formatters, learned
from codemods.merge.git import Entry, Tree
from codemods.merge.store import Store
from codemods.merge.syntax import language_of
from codemods.model import Finding, Language, Migration, Rung

_RUNGS = {Rung.R1, Rung.R2, Rung.R3, Rung.R4, Rung.R5}


@dataclass(frozen=True)
class Lifted:
    """The lifted trees, the fork's files that the port and the formatter changed, and what the port
    found in files that only the fork has."""

    base: Tree
    fork: Tree
    ported: frozenset[str]
    formatted: frozenset[str]
    renames: Mapping[str, Mapping[str, str]]  # that upstream made in one file, by path
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]


def release_of(store: Store, upstream: Tree) -> str:
    """The release whose API an upstream tree has, by its own version file; the default target
    where it does not say."""
    entry = upstream.get("VERSION")
    text = store.content(entry, "VERSION").decode("utf-8", "replace") if entry else ""
    version = re.match(r"\s*v?([0-9][\w.]*)", text)
    if version is None:
        return ladder.DEFAULT_TARGET
    name = re.split(r"\.?(?:dev|a|b|rc)\d", version[1])[0]
    return ladder.resolve(name) if name in ladder.RELEASES else ladder.DEFAULT_TARGET


def lift(
    store: Store, base: Tree, fork: Tree, upstream: Tree, release: str, jobs: int = 1
) -> Lifted:
    """Port base and fork to `release`, format what both sides changed as upstream does, and
    follow upstream's renames in it."""
    migrations = [m for m in registry.load() if m.rung in _RUNGS and ladder.applies(m, release)]
    old, _ = _ported(store, base, migrations, release, jobs)
    new, findings = _ported(store, fork, migrations, release, jobs)
    contested = {
        path
        for path, entry in fork.items()
        if path in base and base[path] != entry and upstream.get(path) != base[path]
    }
    settings = _settings(store, upstream)
    notes = tuple(
        f"`{formatter.package}` is not installed, so that base and fork are not formatted with it"
        for formatter in formatters.formatters_of(settings)
        if not formatters.installed(formatter)
    )
    lifted_base, _ = _lifted(store, base, old, contested, settings)
    lifted_fork, formatted = _lifted(store, fork, new, contested, settings)
    renames = _follow(store, lifted_base, lifted_fork, upstream, contested)
    own = fork.keys() - upstream.keys() - base.keys()
    return Lifted(
        lifted_base,
        lifted_fork,
        frozenset(new),
        frozenset(formatted),
        renames,
        tuple(finding for finding in findings if finding.path in own),
        notes,
    )


def _follow(
    store: Store,
    base: dict[str, Entry],
    fork: dict[str, Entry],
    upstream: Tree,
    contested: Iterable[str],
) -> dict[str, Mapping[str, str]]:
    """Carry out on base and fork, in place, what upstream renamed in files that both changed."""
    both = [p for p in contested if p in upstream and upstream[p].mode.startswith("10")]
    old, mine, new = (store.contents({p: tree[p] for p in both}) for tree in (base, fork, upstream))
    found: dict[str, Mapping[str, str]] = {}

    def is_module(name: str) -> bool:
        stem = name.replace(".", "/")
        files = f"{stem}.py", f"{stem}/__init__.py"
        return any(file in tree for tree in (upstream, fork) for file in files)

    for path in sorted(both):
        language = language_of(path)
        renames = learned.learn(old[path], new[path], language)
        if not renames:
            continue
        texts = [learned.follow(t, renames, language, is_module) for t in (old[path], mine[path])]
        for tree, oid in zip((base, fork), store.write_blobs(texts), strict=True):
            tree[path] = Entry(tree[path].mode, oid)
        if texts[1] != mine[path]:
            found[path] = {a.decode(): b.decode() for a, b in renames.items()}
    return found


def _ported(
    store: Store, tree: Tree, migrations: Iterable[Migration], release: str, jobs: int
) -> tuple[Mapping[str, bytes], tuple[Finding, ...]]:
    wanted = {path: e for path, e in tree.items() if language_of(path) and e.mode[:2] == "10"}
    done = engine.port(store.contents(wanted), migrations, release, jobs=jobs)
    return done.changed, done.findings


def _lifted(
    store: Store,
    tree: Tree,
    ported: Mapping[str, bytes],
    contested: Iterable[str],
    settings: Mapping[str, bytes],
) -> tuple[dict[str, Entry], set[str]]:
    """The tree with its ported files, and the contested of them formatted."""
    code = (Language.PYTHON, Language.CPP)
    wanted = {p: tree[p] for p in contested if p in tree and language_of(p) in code}
    texts = {**store.contents(wanted), **{p: ported[p] for p in wanted if p in ported}}
    done = {**ported, **formatters.format_texts(texts, settings)}
    before = {p: tree[p] for p in done if p in tree}
    same = store.contents(before)
    changed = {path: text for path, text in sorted(done.items()) if same.get(path) != text}
    oids = store.write_blobs(list(changed.values()))
    result = dict(tree)
    for path, oid in zip(changed, oids, strict=True):
        result[path] = Entry(tree[path].mode if path in tree else "100644", oid)
    return result, {path for path in wanted if done[path] != texts[path]}


def _settings(store: Store, upstream: Tree) -> dict[str, bytes]:
    return store.contents({p: e for p, e in upstream.items() if formatters.is_setting(p)})
