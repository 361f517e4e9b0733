"""What `check` says of one tree or of files of it, remembered from one check to the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from codemods import options

if TYPE_CHECKING:
    from codemods.engine import Ported
    from codemods.memory import Memory
    from codemods.model import Finding, Migration
    from codemods.result import Result
    from codemods.tree import Tree


@dataclass(frozen=True)
class Asked:
    """What was asked of one tree; `loose`: its files, where a folder's others are none of it."""

    root: Path
    loose: frozenset[str] | None
    release: str
    select: tuple[str, ...]
    ignore: tuple[str, ...]
    rules: tuple[Path, ...]
    own: tuple[Migration, ...]
    unsafe: bool
    jobs: int
    no_cache: bool

    @cached_property
    def migrations(self) -> tuple[Migration, ...]:
        """Those chosen; loading them is a large part of checking one file."""
        return options.migrations(self.release, self.select, self.ignore, self.own)

    @cached_property
    def everything(self) -> Tree:
        """The files of the tree, listed once: git is asked for them."""
        from codemods import tree

        found = tree.find(self.root) if self.loose is None else tree.some(self.root, self.loose)
        return tree.without(found, self.rules) if self.rules else found

    @cached_property
    def results(self) -> Memory | None:
        """What whole checks said; a small file, always read."""
        return self._memory("results")

    @cached_property
    def answers(self) -> Memory | None:
        """What the engine worked out; a large file, read where there is work to do."""
        return self._memory("answers")

    def _memory(self, kind: str) -> Memory | None:
        if self.no_cache:
            return None
        from codemods.memory import Memory

        rules = [(str(path), path.read_bytes()) for path in self.rules]
        wish = (self.release, self.select, self.ignore, rules, self.unsafe)
        return Memory(kind, self.root, wish)

    def save(self) -> None:
        """Keep what was worked out for the next check."""
        for name in ("results", "answers"):
            memory: Memory | None = self.__dict__.get(name)
            if memory is not None:
                memory.save()


@dataclass(frozen=True)
class Checked:
    """`ported` is None where nothing called for a port, `before` holds the files' bytes."""

    result: Result
    ported: Ported | None
    before: Mapping[str, bytes]


def remembered(
    names: frozenset[str] | None, asked: Asked
) -> tuple[Result, tuple[Finding, ...], Ported | None]:
    """The result, a finding for each place to change, and the port unless that was remembered."""
    memory = asked.results
    # what is said of a file by itself first: the rest of the tree need not be looked at then
    for part in (None,) if names is None else (names, None):
        question = ""
        if memory is not None:
            question = _question(part, names, asked, memory)
            kept = memory.get(question)
            if kept:
                return (*kept, None)
            if kept == _NEEDS_TREE:
                continue
        checked = check(part, names, asked)
        if checked is None:
            if memory is not None:
                memory.put(question, _NEEDS_TREE)
            continue
        found = places(checked.result, asked)
        sound = checked.ported is None or not checked.ported.tracebacks
        # as it was asked, unless somebody edited meanwhile
        if memory is not None and sound and _question(part, names, asked, memory) == question:
            memory.put(question, (checked.result, found))
        return checked.result, found, checked.ported
    raise AssertionError("a whole tree needs no other")


_NEEDS_TREE = ()
"""What is remembered of files of which nothing can be said without the rest of the tree."""


def _question(
    part: frozenset[str] | None, names: frozenset[str] | None, asked: Asked, memory: Memory
) -> str:
    """What is said of the files `names`, given these or all (None) as they stand."""
    from codemods.memory import digest

    files = _files(part, asked)
    texts = [(path, memory.text(path)) for path in sorted(files.files)]
    return digest(part is None, sorted(names or ()), texts, files.passed)


def _files(names: frozenset[str] | None, asked: Asked) -> Tree:
    from codemods import tree

    if names is None:
        return asked.everything
    found = tree.some(asked.root, names)
    return tree.without(found, asked.rules) if asked.rules else found


def check(
    part: frozenset[str] | None, names: frozenset[str] | None, asked: Asked
) -> Checked | None:
    """Check `names` (None: all) given the files `part` alone; None if the tree has a say."""
    from codemods import applying, shares, tree
    from codemods.model import Source

    found = tree.read(_files(names, asked))
    if part is None:
        if names is None:
            ported = _port(found.data, asked)
        else:
            ported = _only(_port(tree.read(_files(None, asked)).data, asked), names)
        return Checked(_result(asked, found, ported), ported, found.data)
    may_hold = shares.prefilter(asked.migrations)
    if not any(may_hold(Source(p, text, found.files[p])) for p, text in found.data.items()):
        return Checked(_result(asked, found, None), None, found.data)
    try:
        ported = _port(found.data, asked, alone=True)
    except applying.NeedsTree:
        return None
    return Checked(_result(asked, found, ported), ported, found.data)


def _port(data: Mapping[str, bytes], asked: Asked, *, alone: bool = False) -> Ported:
    from codemods import engine

    return engine.port(
        data,
        asked.migrations,
        asked.release,
        unsafe=asked.unsafe,
        jobs=asked.jobs,
        alone=alone,
        memory=None if alone else asked.answers,  # which cost more to look up than a file
    )


def _only(ported: Ported, names: frozenset[str]) -> Ported:
    def of_these(findings: Sequence[Finding]) -> tuple[Finding, ...]:
        return tuple(finding for finding in findings if finding.path in names)

    return replace(
        ported,
        changed={p: data for p, data in ported.changed.items() if p in names},
        changes=tuple(change for change in ported.changes if change.path in names),
        findings=of_these(ported.findings),
        findings_before=of_these(ported.findings_before),
        complaints=of_these(ported.complaints),
    )


def _result(asked: Asked, found: object, ported: Ported | None) -> Result:
    from codemods import remarks, tree
    from codemods.result import Result

    assert isinstance(found, tree.Tree)
    findings = list(remarks.passed(found))
    if ported is not None:
        findings += (*ported.findings_before, *ported.complaints)
    used = frozenset() if ported is None else ported.used_suppressions
    findings += remarks.unused(found.data, used)
    return Result(
        command="check",
        target=str(asked.root),
        release=asked.release,
        migrations=tuple(migration.code for migration in asked.migrations),
        files=len(found.files),
        changed=() if ported is None else tuple(ported.changed),
        new_files=() if ported is None else ported.new_files,
        changes=() if ported is None else ported.changes,
        findings=tuple(sorted(set(findings))),
    )


def places(result: Result, asked: Asked) -> tuple[Finding, ...]:
    """A finding for each place that would change, so that every format shows it."""
    from codemods import present

    titles = {migration.code: migration.title for migration in asked.migrations}
    return tuple(present.changes(result, titles))
