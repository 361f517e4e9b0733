"""A sync as commits that a person can review one by one.

1. the fork, carried to upstream's API and formatting (nothing of upstream yet);
2. the merge, with upstream as a real second parent: what git merged, and for each path that it
   could not merge the fork's file;
3. the rules' resolutions, listed;
4. what was resolved by hand, and the record (`codemods.merge.landing.continue_sync`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from codemods import disarmed_git
from codemods.merge import record
from codemods.merge.git import Entry, GitError, Repository, Tree
from codemods.merge.plan import Plan, result_tree
from codemods.merge.resolve import Resolution
from codemods.merge.store import Store


@dataclass(frozen=True)
class Series:
    """The commits, oldest first, and the last one."""

    commits: tuple[str, ...]
    tip: str


def make(store: Store, plan: Plan, identity: Mapping[str, str]) -> Series:
    """Write the commits into the store. Without a conflict left, the record is in the last."""
    sides = plan.sides
    made: list[str] = []

    def commit(tree: Tree, message: str, *more: str) -> None:
        parent = made[-1] if made else sides.ours
        oid = store.write_tree(tree)
        if more or oid != store.tree_of(parent):
            made.append(commit_tree(store, oid, (parent, *more), message, identity))

    short = sides.onto[:12]
    commit(
        plan.lifted.fork,
        f"Port to the API of TileLang {plan.release}, before merging upstream\n\n"
        f"Made by codemods: {len(plan.lifted.ported)} files ported, {len(plan.lifted.formatted)} "
        f"formatted as upstream formats them.\n{_renames_message(plan.lifted.renames)}",
    )
    commit(
        plan.merged,
        f"Merge upstream {short}\n\n"
        f"Merged from the true base {plan.base.commit[:12]}, found by content. A path that git\n"
        "could not merge holds the fork's file here; the next commits resolve it.\n\n"
        f"{trailers(sides.onto, store.tree_of(sides.onto))}",
        sides.onto,
    )
    tree = result_tree(plan)
    if not plan.resolved.conflicts:
        tree[record.FILE] = record_entry(store, plan, tree)
    commit(tree, _rules_message(plan.resolved.resolutions))
    return Series(tuple(made), made[-1] if made else sides.ours)


def commit_tree(
    store: Repository,
    tree: str,
    parents: tuple[str, ...],
    message: str,
    identity: Mapping[str, str],
) -> str:
    """Write one commit object."""
    named = [part for parent in parents for part in ("-p", parent)]
    done = store.run(
        "commit-tree", tree, *named, stdin=message.encode("utf-8", "backslashreplace"), env=identity
    )
    return done.stdout.decode().strip()


def record_entry(store: Store, plan: Plan, tree: Tree) -> Entry:
    """The record of this sync as a file of the tree."""
    known = tree.get(record.FILE)
    text = record.write(
        store.content(known, record.FILE) if known is not None else None,
        base=plan.sides.onto,
        tree=store.tree_of(plan.sides.onto),
        url=address(plan.sides.upstream),
        fork=plan.sides.ours,
        release=plan.release,
    )
    return Entry("100644", store.write_blobs([text])[0])


def trailers(onto: str, tree: str) -> str:
    return f"Upstream-Base: {onto}\nUpstream-Tree: {tree}\n"


def address(upstream: Repository) -> str:
    """Where upstream was cloned from; nothing for a path of one machine, or one with a password."""
    done = upstream.run("config", "--get", "remote.origin.url", ok=(0, 1))
    url = done.stdout.decode().strip()
    return url if re.match(r"(https?://[^@]*$|ssh://|git@)", url) else ""


def identity_of(fork: Repository) -> dict[str, str]:
    """Who commits in the fork, as environment for git; raises where git does not know."""
    found = {}
    for who in ("AUTHOR", "COMMITTER"):
        try:
            said = fork.run("var", f"GIT_{who}_IDENT", env=disarmed_git.identity())
        except GitError as error:
            raise GitError(
                f"git does not know who you are in `{fork.path}`: set user.name and user.email"
            ) from error
        ident = said.stdout.decode("utf-8", "surrogateescape").rstrip("\n")
        name, mail, when = re.fullmatch(r"(.*) <(.*)> (\d+ [-+]\d+)", ident).groups()  # type: ignore[union-attr]
        found.update({f"GIT_{who}_NAME": name, f"GIT_{who}_EMAIL": mail, f"GIT_{who}_DATE": when})
    return found


def branch_name(onto: str, today: date) -> str:
    return f"sync/{today.isoformat()}-{onto[:10]}"


def _renames_message(renames: Mapping[str, Mapping[str, str]]) -> str:
    lines = [
        f"{path}: {old} became {new}, as in upstream's own lines"
        for path, names in sorted(renames.items())
        for old, new in names.items()
    ]
    return "".join(f"{line}\n" for line in ["", *lines]) if lines else ""


def _rules_message(resolutions: list[Resolution]) -> str:
    lines = ["Resolve by rule what git could not merge", ""]
    for resolution in sorted(resolutions, key=lambda r: (r.path, r.rule)):
        lines.append(f"{resolution.path}: {resolution.rule}: {resolution.what}")
    return "\n".join(lines) + "\n"
