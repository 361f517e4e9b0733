"""`python -m codemods.check [PATH ...]`: say what `run` would change, without changing it.

Made to be instant, since it runs on each commit: a file that holds no token of any migration is
never parsed, the rest of the tree is read only when a migration needs to know it, and what earlier
checks worked out is remembered, by digest of all that it depends on.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from codemods import checking, options
from codemods.start import FAILED, FINDINGS, HELP, NOTHING_LEFT, start

if TYPE_CHECKING:
    from codemods.model import Finding, Migration
    from codemods.result import Result


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
    for group in _by_root(paths or (Path(),)):
        root, names = group.root, group.names
        rules, own = options.own_rules(root, rules_files)
        asked = checking.Asked(
            root,
            names if group.is_loose else None,
            release,
            select,
            ignore,
            rules,
            own,
            unsafe_fixes,
            options.jobs(jobs),
            no_cache,
        )
        known |= {migration.code: migration for migration in own}
        (putting_back.put_back if fix else putting_back.warn_of_mixture)(root)
        if fix:
            checked = (names and checking.check(names, names, asked)) or checking.check(
                None, names, asked
            )
            assert checked is not None  # a whole tree needs no other
            result, ported = _fixed(root, names, checked), checked.ported
            found = () if result.written else checking.places(result, asked)
        else:
            result, found, ported = checking.remembered(names, asked)
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
class _Group:
    """What was named of one tree: `names`, None for all of it. A file of no tree is its own."""

    root: Path
    names: frozenset[str] | None
    is_loose: bool = False


def _by_root(paths: Sequence[Path]) -> list[_Group]:
    """Group paths by the tree that they belong to, each file once."""
    from codemods import tree

    whole: dict[Path, _Group] = {}
    files: dict[Path, set[str]] = {}
    loose: dict[tuple[Path, str], _Group] = {}
    for path in paths:
        if not path.exists():
            raise click.BadParameter(f"`{path}` does not exist", param_hint="PATHS")
        real = path.resolve()
        if real.is_dir():
            root = real if tree.is_project(real) else tree.enclosing(real) or real
            if root == real:
                whole[real] = _Group(real, None)
            else:  # a part of a tree: judged with what the rest of it says
                below = f"{real.relative_to(root).as_posix()}/"
                inside = (name for name in tree.find(root).files if name.startswith(below))
                files.setdefault(root, set()).update(inside)
            continue
        root, name, is_loose = _place(path, real)
        if is_loose:
            loose[root, name] = _Group(root, frozenset({name}), is_loose=True)
        else:
            files.setdefault(root, set()).add(name)
    named = (_Group(root, frozenset(names)) for root, names in files.items())
    return [*whole.values(), *named, *loose.values()]


def _place(path: Path, real: Path) -> tuple[Path, str, bool]:
    """The tree that a file belongs to, its name there, and whether it is a tree by itself.

    A link that leads out of its tree has the link's name.
    """
    import os

    from codemods import tree

    spelled = Path(os.path.abspath(path))  # noqa: PTH100 - links stay
    here = Path.cwd()
    home = here if spelled.is_relative_to(here) else spelled.parent
    known = tree.enclosing(spelled.parent)
    root = known or home
    if real.is_relative_to(root.resolve()):
        known = tree.enclosing(real.parent)
        root = known or root.resolve()
        return root, real.relative_to(root).as_posix(), known is None
    return root, spelled.relative_to(root).as_posix(), known is None


def _fixed(root: Path, names: frozenset[str] | None, checked: checking.Checked) -> Result:
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


if __name__ == "__main__":
    sys.exit(start(main))
