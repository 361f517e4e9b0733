"""`python -m codemods.check [PATH ...]`: say what `run` would change, without changing it.

Made to be instant, since it runs on each commit: a file that holds no token of any migration is
never parsed, the rest of the tree is read only when a migration needs to know it, and what earlier
checks worked out is remembered, by digest of all that it depends on.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import click

from codemods import options
from codemods.start import FAILED, FINDINGS, HELP, NOTHING_LEFT, start

if TYPE_CHECKING:
    from codemods.engine import Ported
    from codemods.memory import Memory
    from codemods.model import Finding, Migration
    from codemods.result import Result
    from codemods.tree import Tree


@click.command("check", context_settings=HELP)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--fix", is_flag=True, help="Change the named files instead of reporting them.")
@click.option("--no-cache", is_flag=True, help="Remember nothing of earlier checks.")
@options.selection
@options.output
def main(
    paths: tuple[Path, ...],
    fix: bool,
    no_cache: bool,
    to: str,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    unsafe_fixes: bool,
    jobs: int,
    rules_files: tuple[Path, ...],
    output_format: str,
    statistics: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Report what `run` would change in PATHS (files or trees; `.` by default), by line and code.

    Exit code 0: nothing. 1: something would change or a finding remains. 2: something could not be
    read or parsed.
    """
    from codemods import present, putting_back

    release = options.release(to)
    results: list[Result] = []
    places: list[Finding] = []
    known: dict[str, Migration] = {}
    for root, names in _by_root(paths or (Path(),)):
        rules, own = options.own_rules(root, rules_files)
        asked = _Asked(
            root, release, select, ignore, rules, own, unsafe_fixes, options.jobs(jobs), no_cache
        )
        known |= {migration.code: migration for migration in own}
        (putting_back.put_back if fix else putting_back.warn_of_mixture)(root)
        if fix:
            checked = (names and _check(names, names, asked)) or _check(None, names, asked)
            assert checked is not None  # a whole tree needs no other
            result, ported = _fixed(root, names, checked), checked.ported
            found = () if result.written else _places(result, asked)
        else:
            result, found, ported = _remembered(names, asked)
        if verbose and ported is not None:
            click.echo("\n".join(ported.tracebacks), err=True)
        asked.save()
        results.append(_shown_from_here(result, root))
        places += _shown_from_here(replace(result, findings=found), root).findings
    whole = _joined(results)
    shown = replace(whole, findings=tuple(sorted((*whole.findings, *places))))
    migrations = (*options.known(), *known.values()) if output_format == "sarif" else ()
    present.show(shown, output_format, migrations, statistics=statistics, quiet=True)
    if not quiet and (whole.changes or whole.findings):
        present.summarise_check(whole)
    if whole.failed:
        return FAILED
    return FINDINGS if whole.changes or whole.findings else NOTHING_LEFT


@dataclass(frozen=True)
class _Asked:
    """What was asked of one tree."""

    root: Path
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


def _by_root(paths: Sequence[Path]) -> list[tuple[Path, frozenset[str] | None]]:
    """Group paths by the tree that they belong to; None means the whole tree, each file once."""
    from codemods import tree

    folders: list[Path] = []
    files: dict[Path, set[str]] = {}
    for path in paths:
        if not path.exists():
            raise click.BadParameter(f"`{path}` does not exist", param_hint="PATHS")
        real = path.resolve()
        if real.is_dir():
            root = real if tree.is_project(real) else tree.enclosing(real) or real
            if root == real:
                folders.append(real)
            else:  # a part of a tree: judged with what the rest of it says
                below = f"{real.relative_to(root).as_posix()}/"
                inside = (name for name in tree.find(root).files if name.startswith(below))
                files.setdefault(root, set()).update(inside)
            continue
        root, name = _place(path, real)
        files.setdefault(root, set()).add(name)
    whole: list[tuple[Path, frozenset[str] | None]] = [(root, None) for root in folders]
    return [*dict.fromkeys(whole), *((root, frozenset(names)) for root, names in files.items())]


def _place(path: Path, real: Path) -> tuple[Path, str]:
    """The tree that a file belongs to, and its name there; its link's if that leads out of it."""
    import os

    from codemods import tree

    spelled = Path(os.path.abspath(path))  # noqa: PTH100 - links stay
    here = Path.cwd()
    home = here if spelled.is_relative_to(here) else spelled.parent
    root = tree.enclosing(spelled.parent) or home
    if real.is_relative_to(root.resolve()):
        root = tree.enclosing(real.parent) or root.resolve()
        return root, real.relative_to(root).as_posix()
    return root, spelled.relative_to(root).as_posix()


@dataclass(frozen=True)
class _Checked:
    """`ported` is None where nothing called for a port, `before` holds the files' bytes."""

    result: Result
    ported: Ported | None
    before: Mapping[str, bytes]


def _remembered(
    names: frozenset[str] | None, asked: _Asked
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
        checked = _check(part, names, asked)
        if checked is None:
            if memory is not None:
                memory.put(question, _NEEDS_TREE)
            continue
        places = _places(checked.result, asked)
        sound = checked.ported is None or not checked.ported.tracebacks
        # as it was asked, unless somebody edited meanwhile
        if memory is not None and sound and _question(part, names, asked, memory) == question:
            memory.put(question, (checked.result, places))
        return checked.result, places, checked.ported
    raise AssertionError("a whole tree needs no other")


_NEEDS_TREE = ()
"""What is remembered of files of which nothing can be said without the rest of the tree."""


def _question(
    part: frozenset[str] | None, names: frozenset[str] | None, asked: _Asked, memory: Memory
) -> str:
    """What is said of the files `names`, given these or all (None) as they stand."""
    from codemods.memory import digest

    files = _files(part, asked)
    texts = [(path, memory.text(path)) for path in sorted(files.files)]
    return digest(part is None, sorted(names or ()), texts, files.passed)


def _files(names: frozenset[str] | None, asked: _Asked) -> Tree:
    from codemods import tree

    found = tree.find(asked.root) if names is None else tree.some(asked.root, names)
    return tree.without(found, asked.rules) if asked.rules else found


def _check(
    part: frozenset[str] | None, names: frozenset[str] | None, asked: _Asked
) -> _Checked | None:
    """Check `names` (None: all) given the files `part` alone; None if the tree has a say."""
    from codemods import applying, shares, tree

    found = tree.read(_files(names, asked))
    if part is None:
        if names is None:
            ported = _port(found.data, asked)
        else:
            ported = _only(_port(tree.read(_files(None, asked)).data, asked), names)
        return _Checked(_result(asked, found, ported), ported, found.data)
    may_hold = shares.prefilter(asked.migrations)
    if not any(may_hold(found.files[path], data) for path, data in found.data.items()):
        return _Checked(_result(asked, found, None), None, found.data)
    try:
        ported = _port(found.data, asked, alone=True)
    except applying.NeedsTree:
        return None
    return _Checked(_result(asked, found, ported), ported, found.data)


def _port(data: Mapping[str, bytes], asked: _Asked, *, alone: bool = False) -> Ported:
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


def _result(asked: _Asked, found: object, ported: Ported | None) -> Result:
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


def _fixed(root: Path, names: frozenset[str] | None, checked: _Checked) -> Result:
    """Write what the port changed of the named files, unless nobody may write one of them."""
    from codemods import journal, tree

    ported = checked.ported
    if ported is None:
        return checked.result
    changed = {p: d for p, d in ported.changed.items() if names is None or p in names}
    made = [path for path in ported.new_files if path in changed]
    blocked = tree.read_only(root, (path for path in changed if path not in made))
    if not blocked:
        journal.write(root, changed, made, before=checked.before, keep=False)
    return options.written(replace(checked.result, findings=ported.findings), root, blocked)


def _shown_from_here(result: Result, root: Path) -> Result:
    """Name files as they are seen from the working directory, as compilers do."""
    import os

    prefix = os.path.relpath(root, Path.cwd())
    if prefix == ".":
        return result

    def here(path: str) -> str:
        return f"{prefix}/{path}"

    return replace(
        result,
        changed=tuple(map(here, result.changed)),
        new_files=tuple(map(here, result.new_files)),
        changes=tuple(replace(change, path=here(change.path)) for change in result.changes),
        findings=tuple(replace(found, path=here(found.path)) for found in result.findings),
    )


def _joined(results: Sequence[Result]) -> Result:
    first, *others = results
    for other in others:
        first = replace(
            first,
            files=first.files + other.files,
            changed=first.changed + other.changed,
            new_files=first.new_files + other.new_files,
            changes=first.changes + other.changes,
            findings=first.findings + other.findings,
        )
    return first


def _places(result: Result, asked: _Asked) -> tuple[Finding, ...]:
    """A finding for each place that would change, so that every format shows it."""
    from codemods import present

    titles = {migration.code: migration.title for migration in asked.migrations}
    return tuple(present.changes(result, titles))


if __name__ == "__main__":
    sys.exit(start(main))
