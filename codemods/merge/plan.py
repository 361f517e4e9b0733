"""A whole sync worked out in a scratch store, before anything of the user's is touched."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from codemods.inventory import Inventory, Kind, Verdict, compare_merge, read_waivers, take
from codemods.merge import changed_defaults, lift, policy, record, vanished
from codemods.merge.afterwards import format_resolved
from codemods.merge.base import Base, Containment, claimed_but_absent, find_base
from codemods.merge.git import Entry, GitError, Repository, Tree
from codemods.merge.resolve import Resolved, Resolver
from codemods.merge.store import Store
from codemods.merge.syntax import language_of
from codemods.merge.three_way import merge_commits, merge_trees
from codemods.model import Finding, Rename

Say = Callable[[str], None]


class UpToDate(Exception):
    """The fork holds the upstream revision's content already."""


@dataclass(frozen=True)
class Sides:
    """What is merged: commits by full id, and their trees."""

    fork: Repository
    upstream: Repository
    ours: str
    onto: str


@dataclass
class Plan:
    """The result of a sync, in a store: nothing of the user's has changed yet."""

    sides: Sides
    base: Base
    release: str
    lifted: lift.Lifted
    merged: Tree  # git's own merge; a path that it could not merge holds the fork's lifted file
    resolved: Resolved
    warnings: list[str] = field(default_factory=list)
    git_conflicts: int = 0  # with the base that git's history gives; -1 where it gives none
    base_conflicts: int = 0  # with the measured base, before lifting
    gates: Verdict | None = None
    vanished: list[Finding] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


def make(
    store: Store, sides: Sides, release: str | None, jobs: int, say: Say = lambda text: None
) -> Plan:
    """Work the sync out. Raises `GitError` (and `NoBase`) where it cannot be."""
    clock = _Clock(say)
    clock.start("find the true base")
    base, warnings = _base(store, sides)
    if base.commit == sides.onto:
        raise UpToDate(f"the fork has all of {sides.onto[:12]} already: nothing to merge")
    trees = {
        name: store.files(tree)
        for name, tree in (
            ("base", base.tree),
            ("fork", store.tree_of(sides.ours)),
            ("upstream", store.tree_of(sides.onto)),
        )
    }
    wanted = release or lift.release_of(store, trees["upstream"])
    clock.start(f"lift base and fork to {wanted}")
    lifted = lift.lift(store, trees["base"], trees["fork"], trees["upstream"], wanted, jobs)
    clock.start("merge")
    merge = merge_trees(
        store,
        store.write_tree(lifted.base),
        store.write_tree(lifted.fork),
        store.tree_of(sides.onto),
    )
    clock.start("resolve by rule")
    chosen = policy.compute(
        trees["base"], trees["fork"], trees["upstream"], _stated(store, trees["fork"])
    )
    resolver = Resolver(store, lifted.base, lifted.fork, trees["upstream"], chosen)
    resolved = resolver.resolve(merge)
    format_resolved(store, resolved, merge.files, lifted.fork, trees["upstream"])
    kept = {path: c.ours for path, c in merge.conflicts.items() if c.ours is not None}
    clock.start("count what git alone leaves")
    plan = Plan(
        sides,
        base,
        wanted,
        lifted,
        {**merge.files, **kept},
        resolved,
        [*base.warnings, *warnings, *chosen.warnings, *lifted.notes],
        git_conflicts=_with_gits_base(store, sides),
        base_conflicts=len(
            merge_trees(
                store, base.tree, store.tree_of(sides.ours), store.tree_of(sides.onto)
            ).conflicts
        ),
    )
    clock.start("look for names that upstream left")
    code = vanished.Trees(
        _code(store, lifted.base),
        _code(store, lifted.fork),
        _code(store, trees["upstream"]),
        _code(store, resolved.files),
    )
    plan.vanished = sorted([*vanished.scan(code), *changed_defaults.scan(code)])
    clock.stop()
    plan.seconds = clock.laps
    return plan


def module_renames(repository: Repository, base: str, upstream: str) -> tuple[Rename, ...]:
    """The Python modules and test files that upstream renamed between two trees, as git sees it."""
    done = repository.run(
        "diff-tree", "-r", "-z", "-M40%", "--diff-filter=R", "--name-status", base, upstream
    )
    fields = iter(done.stdout.decode("utf-8", "surrogateescape").split("\0"))
    found = []
    for _, old, new in zip(fields, fields, fields, strict=False):
        if old.endswith(".py") and new.endswith(".py"):
            before, after = (p.removesuffix(".py").replace("/", ".") for p in (old, new))
            found.append(Rename(Kind.PYTHON_NAME.value, f"{before}.*", f"{after}.*"))
            found.append(Rename(Kind.TEST.value, f"{old}::*", f"{new}::*"))
    return tuple(found)


def gates(store: Store, plan: Plan, tree: str) -> Verdict:
    """What the merged tree lost, invented, brought back, or took from upstream and dropped."""
    inventories = [
        take(store.path, name)
        for name in (
            store.write_tree(plan.lifted.base),
            store.write_tree(plan.lifted.fork),
            store.tree_of(plan.sides.onto),
            tree,
        )
    ]
    renames = module_renames(store, plan.base.tree, store.tree_of(plan.sides.onto))
    return judge(store, inventories, tree, renames)


def judge(
    repository: Repository, inventories: list[Inventory], tree: str, renames: Sequence[Rename]
) -> Verdict:
    """Compare four inventories, with the waivers of the merged tree's own record."""
    base, fork, upstream, result = inventories
    entry = repository.files(tree).get(record.FILE)
    if entry is None:
        return compare_merge(base, fork, upstream, result, renames)
    with tempfile.TemporaryDirectory(prefix="codemods-waivers-") as folder:
        file = Path(folder) / record.FILE
        file.write_bytes(repository.blobs([entry.oid])[entry.oid])
        return compare_merge(base, fork, upstream, result, renames, read_waivers(file))


def result_tree(plan: Plan) -> dict[str, Entry]:
    """The merged tree; a path that is left to a person holds the fork's lifted file."""
    conflicts = plan.resolved.conflicts
    kept = {path: c.ours for path, c in conflicts.items() if c.ours is not None}
    return {**plan.resolved.files, **kept}


def _base(store: Store, sides: Sides) -> tuple[Base, list[str]]:
    base = find_base(sides.fork, sides.ours, sides.upstream, sides.onto)
    warnings = []
    skipped = _skipped(store, sides)
    for source, claimed in _claims(store, sides):
        if claimed == base.commit:
            continue
        if not sides.upstream.has(claimed):
            warnings.append(f"{source} names {claimed[:12]}, which upstream has no more")
            continue
        absent = [
            c
            for c in claimed_but_absent(sides.fork, sides.ours, sides.upstream, base, claimed)
            if not c.commit.startswith(skipped)
        ]
        if absent:
            warnings.append(
                f"{source} names {claimed[:12]} as merged, but the content is that of "
                f"{base.commit[:12]}: {len(absent)} commits between them are not there "
                f"({_named(absent)})"
            )
    left_out = [c for c in base.absent if not c.commit.startswith(skipped)]
    if left_out:
        warnings.append(
            f"{len(left_out)} upstream commits at or before the base are not in the fork "
            f"({_named(left_out)}): the merge will not bring them"
        )
    if base.picked:
        warnings.append(
            f"{len(base.picked)} upstream commits after the base are in the fork already "
            f"({_named(base.picked)})"
        )
    return base, warnings


def _claims(store: Store, sides: Sides) -> list[tuple[str, str]]:
    """What the history and the fork's record say the base is."""
    found = []
    done = store.run("merge-base", sides.ours, sides.onto, ok=(0, 1))
    if done.stdout.strip():
        found.append(("the history", done.stdout.decode().split()[0]))
    entry = store.files(sides.ours).get(record.FILE)
    if entry is not None:
        known = record.read(store.content(entry, record.FILE))
        found.append((f"`{record.FILE}`", known.base))
    return found


def _skipped(store: Store, sides: Sides) -> tuple[str, ...]:
    """The commits that the fork's record leaves out on purpose."""
    entry = store.files(sides.ours).get(record.FILE)
    if entry is None:
        return ()
    known = record.read(store.content(entry, record.FILE)).skipped
    return tuple(commit for commit in known if len(commit) >= 7)


def _named(commits: list[Containment] | tuple[Containment, ...]) -> str:
    shown = [f"{c.commit[:8]} {c.subject.strip()[:50]}" for c in commits[:4]]
    return "; ".join(shown) + ("; ..." if len(commits) > 4 else "")


def _with_gits_base(store: Store, sides: Sides) -> int:
    try:
        return len(merge_commits(store, sides.ours, sides.onto).conflicts)
    except GitError:
        return -1


def _stated(store: Store, fork: Tree) -> bytes | None:
    entry = fork.get(policy.FILE)
    return store.content(entry, policy.FILE) if entry is not None else None


def _code(store: Store, tree: Tree) -> dict[str, bytes]:
    return store.contents(
        {p: e for p, e in tree.items() if e.mode.startswith("10") and language_of(p) is not None}
    )


class _Clock:
    def __init__(self, say: Say) -> None:
        self.laps: dict[str, float] = {}
        self._say = say
        self._name, self._began = "", 0.0

    def start(self, name: str) -> None:
        self.stop()
        self._say(name)
        self._name, self._began = name, time.monotonic()

    def stop(self) -> None:
        if self._name:
            self.laps[self._name] = round(time.monotonic() - self._began, 2)
        self._name = ""
