"""Brings a finished plan into the fork: objects, a branch, the index, the working tree.

The order makes an interruption harmless. Objects come first, which nobody sees. Then a session file
says what the tree was, and only then the branch, HEAD and the files change; whatever happens
before the session says `open` is rolled back, by this run or by the next one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from codemods.merge import record, three_way
from codemods.merge.commits import commit_tree, identity_of, trailers
from codemods.merge.git import SUBMODULE, Entry, GitError, Repository, is_inside
from codemods.merge.resolve import LABELS, Resolved
from codemods.merge.resolvers.place import Place
from codemods.merge.store import Store
from codemods.merge.syntax import language_of
from codemods.merge.text_merge import faults

_REF = "refs/codemods/sync"
_FOLDER = "codemods-sync"
_IN_PROGRESS = {
    "MERGE_HEAD": "merge",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
}


class NotClean(GitError):
    """The fork's working tree has changes that a merge could mix with its own."""


@dataclass(frozen=True)
class Session:
    """An open sync of a working tree. `head` is what HEAD was: a branch's full name or a commit."""

    state: str  # "applying" or "open"
    head: str
    before: str
    branch: str
    tip: str
    base: str  # upstream's tree at the base
    onto: str
    onto_tree: str
    lifted_base: str  # trees, kept alive by refs/codemods/
    lifted_fork: str
    url: str
    release: str
    paths: tuple[str, ...]
    ours: str = ""  # the fork's commit that is merged; `before` where it is not said


def session_of(fork: Repository) -> Session | None:
    """The sync that is open in the fork, if any."""
    file = _file(fork)
    if not file.is_file():
        return None
    data = json.loads(file.read_text("utf-8"))
    session = Session(**{**data, "paths": tuple(data["paths"])})
    if not all(_is_own(fork.path, path) for path in session.paths):
        raise GitError(f"`{file}` names files outside of the working tree; remove it")
    return session


def check_clean(fork: Repository) -> None:
    """Raise `NotClean` unless the working tree may be changed."""
    if fork.is_bare:
        raise NotClean(f"`{fork.path}` is bare: sync needs a working tree (or `--dry-run`)")
    for name, what in _IN_PROGRESS.items():
        if (fork.git_dir / name).exists():
            raise NotClean(f"a {what} is in progress in `{fork.path}`: finish or abort it first")
    done = fork.run(
        "status", "--porcelain=v1", "-z", "--untracked-files=no", "--ignore-submodules=dirty"
    )
    changed = [entry[3:] for entry in done.stdout.decode("utf-8", "replace").split("\0") if entry]
    if changed:
        raise NotClean(
            f"`{fork.path}` has {len(changed)} uncommitted changes (`{changed[0]}`): commit or "
            "stash them first"
        )


def land(
    fork: Repository,
    store: Store,
    resolved: Resolved,
    session: Session,
    step: Callable[[str], None] = lambda name: None,
) -> None:
    """Bring the commits, the branch, the index and the files into the fork. `step` is told what
    comes next (tests interrupt there)."""
    _check_free(fork, resolved, session)
    step("fetch")
    _fetch(fork, store, session)
    _save(fork, session)
    try:
        step("switch")
        _switch(fork, session)
        step("conflicts")
        _write_conflicts(fork, store, resolved)
        step("open")
        _save(fork, _with_state(session, "open"))
    except BaseException:
        roll_back(fork, session)
        raise


def _check_free(fork: Repository, resolved: Resolved, session: Session) -> None:
    """Raise `NotClean` where a file that git does not track is in the way."""
    tracked = fork.files(session.before)
    for path in resolved.texts:
        if path not in tracked and (fork.path / path).exists():
            raise NotClean(f"`{path}` is in the way: git does not track it, and the merge makes it")


def roll_back(fork: Repository, session: Session) -> None:
    """Put HEAD, the index and the files back as they were before the sync; drop its branch.

    Where a person has left an open sync for the branch that it began on, the files are theirs.
    """
    branch = f"refs/heads/{session.branch}"
    head = _head(fork)
    if head not in (branch, session.head):
        raise NotClean(_elsewhere(session))
    if head == branch or session.state != "open":
        for path in session.paths:
            file = fork.path / path
            if file.is_file() and not file.is_symlink():
                file.unlink()
        if head != session.head:
            _point_head(fork, session.head)
        fork.run("read-tree", "--reset", "-u", session.before)
    if fork.run("show-ref", "--verify", "--quiet", branch, ok=(0, 1, 128)).returncode == 0:
        fork.run("update-ref", "-d", branch)
    _forget(fork)


def _head(fork: Repository) -> str:
    """What HEAD is: a branch's full name, or a commit."""
    name = fork.run("symbolic-ref", "--quiet", "HEAD", ok=(0, 1)).stdout.decode().strip()
    return name or fork.commit("HEAD")


def _elsewhere(session: Session) -> str:
    return f"the sync is on branch `{session.branch}`: check it out first"


def continue_sync(
    fork: Repository, session: Session, judge: Callable[[str], Iterable[str]]
) -> tuple[str | None, list[str]]:
    """Commit what a person resolved. The commit's id, or None and what is in the way.

    `judge` is given the tree and says what is wrong with it beyond its parts (the gates).
    """
    if _head(fork) != f"refs/heads/{session.branch}":
        raise NotClean(_elsewhere(session))
    left = sorted(
        {line.partition("\t")[2] for line in fork.git("ls-files", "-u", "-z").split("\0") if line}
    )
    if left:
        return None, [
            f"`{path}` is not resolved: edit it, then `git add` or `git rm` it" for path in left
        ]
    index = _index(fork)
    wrong = [*_pins_put_back(fork, session, index), *_faults(fork, session, index)]
    if wrong:
        return None, wrong
    known = index.get(record.FILE)
    text = record.write(
        fork.blobs([known.oid])[known.oid] if known is not None else None,
        base=session.onto,
        tree=session.onto_tree,
        url=session.url,
        fork=session.ours or session.before,
        release=session.release,
    )
    oid = (
        fork.run("hash-object", "-w", "--no-filters", "--stdin", stdin=text).stdout.decode().strip()
    )
    tree = fork.write_tree({**index, record.FILE: Entry("100644", oid)})
    wrong = list(judge(tree))
    if wrong:
        return None, wrong
    tip = fork.commit("HEAD")
    names = "".join(f"{path}\n" for path in session.paths)
    message = f"Resolve by hand what is left of merging upstream {session.onto[:12]}\n\n{names}\n"
    message += trailers(session.onto, session.onto_tree)
    made = commit_tree(fork, tree, (tip,), message, identity_of(fork))
    fork.run("update-ref", "HEAD", made, tip)
    _write(fork.path, record.FILE, text)
    fork.run("read-tree", made)
    fork.run("update-index", "-q", "--refresh", ok=(0, 1))
    _forget(fork)
    return made, []


def close(fork: Repository) -> None:
    """End the session of a sync that left nothing to a person."""
    _forget(fork)


def moved_submodules(fork: Repository, session: Session) -> list[str]:
    """The submodules whose commit the merge changed: their files are still the old ones."""
    before, tip = fork.files(session.before), fork.files(session.tip)
    return sorted(
        path for path, e in tip.items() if e.mode == SUBMODULE and before.get(path, e) != e
    )


def _pins_put_back(fork: Repository, session: Session, index: Mapping[str, Entry]) -> Iterable[str]:
    """Submodules at the commit from before the merge: what `git add -A` makes of files that were
    never updated."""
    before = fork.files(session.before)
    for path in moved_submodules(fork, session):
        if path not in session.paths and index.get(path) == before[path]:
            yield (
                f"`{path}` is back at the commit from before the merge: `git checkout "
                f"{session.tip[:12]} -- {path}` and `git submodule update`; if you want the old "
                "one, put it back in a commit of its own afterwards"
            )


def _faults(fork: Repository, session: Session, index: Mapping[str, Entry]) -> Iterable[str]:
    """What is wrong with the files that a person resolved."""
    trees = [fork.files(t) for t in (session.lifted_base, session.lifted_fork, session.onto_tree)]
    for path in session.paths:
        if path not in index or index[path].mode == SUBMODULE:
            continue
        text = fork.blobs([index[path].oid]).get(index[path].oid, b"")
        if any(f"<<<<<<< {LABELS[0]}".encode() in line for line in text.split(b"\n")):
            yield f"`{path}` still has conflict markers"
            continue
        entries = [tree.get(path) for tree in trees]
        base, ours, theirs = (
            fork.blobs([e.oid]).get(e.oid, b"") if e is not None else b"" for e in entries
        )
        place = Place(path, language_of(path), *(tree.keys() for tree in trees))
        for fault in faults(place, text, base, ours, theirs):
            yield f"`{path}`: {fault}"


def _index(fork: Repository) -> dict[str, Entry]:
    found = {}
    for record_ in filter(None, fork.git("ls-files", "-s", "-z").split("\0")):
        facts, _, path = record_.partition("\t")
        mode, oid, _ = facts.split(" ")
        found[path] = Entry(mode, oid)
    return found


def _fetch(fork: Repository, store: Store, session: Session) -> None:
    """Bring the commits, and the lifted trees that `--continue` needs, into the fork."""
    keep = three_way.commit_tree(store, session.lifted_base, (), "base")
    keep = three_way.commit_tree(store, session.lifted_fork, (keep,), "fork")
    wanted = {"tip": session.tip, "lifted": keep}
    for name, commit in wanted.items():
        store.run("update-ref", f"refs/heads/{name}", commit)
    try:
        fork.run(
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-recurse-submodules",
            "--no-auto-gc",
            str(store.path),
            *(f"+refs/heads/{name}:{_REF}/{name}" for name in wanted),
            env={"GIT_ALLOW_PROTOCOL": "file"},
        )
    except GitError as error:
        raise GitError(
            "upstream's commits cannot be brought into the fork; a shallow or partial clone of "
            f"upstream must be completed first (`git fetch --unshallow`, `--refetch`): {error}"
        ) from error


def _switch(fork: Repository, session: Session) -> None:
    fork.run("update-ref", f"refs/heads/{session.branch}", session.tip, "0" * len(session.tip))
    fork.run("update-index", "-q", "--refresh", ok=(0, 1))  # a copied file is not a changed one
    fork.run("read-tree", "-m", "-u", session.before, session.tip)
    fork.run("symbolic-ref", "HEAD", f"refs/heads/{session.branch}")


def _write_conflicts(fork: Repository, store: Store, resolved: Resolved) -> None:
    """The three stages in the index, and the text that shows what is left in the file."""
    lines = []
    for path, conflict in sorted(resolved.conflicts.items()):
        lines.append(f"0 {'0' * 40}\t{path}\0")
        for stage, entry in enumerate((conflict.base, conflict.ours, conflict.theirs), 1):
            if entry is not None:
                lines.append(f"{entry.mode} {entry.oid} {stage}\t{path}\0")
    if lines:
        needed = {
            e.oid: e
            for c in resolved.conflicts.values()
            for e in (c.base, c.ours, c.theirs)
            if e is not None and e.mode != SUBMODULE and not fork.has(e.oid)
        }
        for oid, content in store.blobs(needed).items():
            made = fork.run("hash-object", "-w", "--no-filters", "--stdin", stdin=content)
            assert made.stdout.decode().strip() == oid
        listing = "".join(lines).encode("utf-8", "surrogateescape")
        fork.run("update-index", "-z", "--index-info", stdin=listing)
    for path, text in resolved.texts.items():
        if text is not None and path in resolved.conflicts:
            _write(fork.path, path, text)


def _is_own(root: Path, path: str) -> bool:
    """Whether a path leads to a place in the working tree, through no link out of it."""
    folder = (root / path).parent
    return is_inside(path) and folder.resolve().is_relative_to(root.resolve())


def _write(root: Path, path: str, text: bytes) -> None:
    """Write one file of the working tree, never through a symbolic link."""
    file = root / path
    if not _is_own(root, path):
        raise GitError(f"`{path}` leads out of the working tree through a symbolic link")
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.is_symlink():
        file.unlink()
    file.write_bytes(text)


def _point_head(fork: Repository, head: str) -> None:
    if head.startswith("refs/"):
        fork.run("symbolic-ref", "HEAD", head)
    else:
        fork.run("update-ref", "--no-deref", "HEAD", head)


def _file(fork: Repository) -> Path:
    return fork.git_dir / _FOLDER / "session.json"


def _save(fork: Repository, session: Session) -> None:
    file = _file(fork)
    file.parent.mkdir(exist_ok=True)
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps(asdict(session), indent=1), "utf-8")
    fresh.replace(file)


def _forget(fork: Repository) -> None:
    for name in ("tip", "lifted"):
        fork.run("update-ref", "-d", f"{_REF}/{name}")
    _file(fork).unlink(missing_ok=True)


def _with_state(session: Session, state: str) -> Session:
    return Session(**{**asdict(session), "state": state})
