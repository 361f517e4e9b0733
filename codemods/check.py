"""`python -m codemods.check [PATH ...]`: say what `run` would change, without changing it.

Made to be instant, since it runs on each commit: a file that holds no token of any migration is
never parsed, and the rest of the tree is read only when a migration needs to know it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from codemods import options
from codemods.start import FAILED, FINDINGS, HELP, NOTHING_LEFT, start

if TYPE_CHECKING:
    from codemods.engine import Ported
    from codemods.model import Finding, Migration
    from codemods.result import Result


@click.command("check", context_settings=HELP)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--fix", is_flag=True, help="Change the named files instead of reporting them.")
@options.selection
@options.output
def main(
    paths: tuple[Path, ...],
    fix: bool,
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
    known: dict[str, Migration] = {}
    for root, names in _by_root(paths or (Path(),)):
        rules, own = options.own_rules(root, rules_files)
        chosen = options.migrations(release, select, ignore, own)
        known |= {migration.code: migration for migration in options.known(own)}
        asked = _Asked(release, chosen, rules, unsafe_fixes, options.jobs(jobs))
        (putting_back.put_back if fix else putting_back.warn_of_mixture)(root)
        result, ported, before = _check(root, names, asked)
        if ported is not None:
            if verbose:
                click.echo("\n".join(ported.tracebacks), err=True)
            if fix:
                blocked = _fix(root, names, ported, before)
                result = replace(result, findings=ported.findings)
                result = options.written(result, root, blocked)
        results.append(_shown_from_here(result, root))
    whole = _joined(results)
    migrations = tuple(known.values())
    shown = _with_changes(whole, migrations)
    present.show(shown, output_format, migrations, statistics=statistics, quiet=True)
    if not quiet and (whole.changes or whole.findings):
        present.summarise_check(whole)
    if whole.failed:
        return FAILED
    return FINDINGS if whole.changes or whole.findings else NOTHING_LEFT


@dataclass(frozen=True)
class _Asked:
    release: str
    migrations: tuple[Migration, ...]
    rules: tuple[Path, ...]
    unsafe: bool
    jobs: int


def _by_root(paths: Sequence[Path]) -> list[tuple[Path, frozenset[str] | None]]:
    """Group paths by the tree that they belong to; None means the whole tree, each file once."""
    folders: list[Path] = []
    files: dict[Path, set[str]] = {}
    for path in paths:
        if not path.exists():
            raise click.BadParameter(f"`{path}` does not exist", param_hint="PATHS")
        real = path.resolve()
        if real.is_dir():
            folders.append(real)
            continue
        root, name = _place(path, real)
        files.setdefault(root, set()).add(name)
    whole: list[tuple[Path, frozenset[str] | None]] = [(root, None) for root in folders]
    return [*dict.fromkeys(whole), *((root, frozenset(names)) for root, names in files.items())]


def _place(path: Path, real: Path) -> tuple[Path, str]:
    """The tree that a file belongs to, and its name there; its link's if that leads out of it."""
    import os

    from codemods import vcs

    spelled = Path(os.path.abspath(path))  # noqa: PTH100 - links stay
    here = Path.cwd()
    home = here if spelled.is_relative_to(here) else spelled.parent
    root = vcs.top_level(spelled.parent) or home
    if real.is_relative_to(root.resolve()):
        root = vcs.top_level(real.parent) or root.resolve()
        return root, real.relative_to(root).as_posix()
    return root, spelled.relative_to(root).as_posix()


def _check(
    root: Path, names: frozenset[str] | None, asked: _Asked
) -> tuple[Result, Ported | None, Mapping[str, bytes]]:
    """The result, the port unless nothing called for one, and the files' bytes before it."""
    from codemods import applying, shares, tree

    if names is None:
        found = tree.read(tree.without(tree.find(root), asked.rules))
        ported = _port(found.data, asked)
    else:
        found = tree.read(tree.without(tree.some(root, names), asked.rules))
        may_hold = shares.prefilter(asked.migrations)
        if not any(may_hold(found.files[path], data) for path, data in found.data.items()):
            return _result(root, asked, found, None), None, found.data
        try:
            ported = _port(found.data, asked, alone=True)
        except applying.NeedsTree:
            every = tree.read(tree.without(tree.find(root), asked.rules))
            ported = _only(_port(every.data, asked), names)
    return _result(root, asked, found, ported), ported, found.data


def _port(data: Mapping[str, bytes], asked: _Asked, *, alone: bool = False) -> Ported:
    from codemods import engine

    return engine.port(
        data, asked.migrations, asked.release, unsafe=asked.unsafe, jobs=asked.jobs, alone=alone
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


def _result(root: Path, asked: _Asked, found: object, ported: Ported | None) -> Result:
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
        target=str(root),
        release=asked.release,
        migrations=tuple(migration.code for migration in asked.migrations),
        files=len(found.files),
        changed=() if ported is None else tuple(ported.changed),
        new_files=() if ported is None else ported.new_files,
        changes=() if ported is None else ported.changes,
        findings=tuple(sorted(set(findings))),
    )


def _fix(
    root: Path, names: frozenset[str] | None, ported: Ported, before: Mapping[str, bytes]
) -> list[str]:
    """Write what the port changed of the named files; return those that nobody may write."""
    from codemods import journal, tree

    changed = {p: d for p, d in ported.changed.items() if names is None or p in names}
    made = [path for path in ported.new_files if path in changed]
    blocked = tree.read_only(root, (path for path in changed if path not in made))
    if not blocked:
        journal.write(root, changed, made, before=before, keep=False)
    return blocked


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


def _with_changes(result: Result, known: Sequence[Migration]) -> Result:
    """Add a finding for each place that would change, so that every format shows it."""
    from codemods import present

    if result.written:
        return result
    places = present.changes(result, {m.code: m.title for m in known})
    return replace(result, findings=tuple(sorted((*result.findings, *places))))


if __name__ == "__main__":
    sys.exit(start(main))
