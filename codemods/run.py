"""`python -m codemods.run --target TREE`: port a tree in place."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from codemods import options
from codemods.help_sections import Sectioned
from codemods.start import FAILED, FINDINGS, HELP, NOTHING_LEFT, start

if TYPE_CHECKING:
    from codemods.merge.takeover import Source
    from codemods.porting import Port
    from codemods.tree import Tree


_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_SECTIONS = {
    "The tree": ("--target", "--output", "--allow-dirty", "--undo"),
    "Look first": ("--diff", "--interactive"),
    "What is applied": (
        *("--to", "--select", "--ignore", "--rules", "--unsafe-fixes", "--upstream"),
        "--no-format",
    ),
    "Mend what is left by the compiler's word": ("--guide", "--tvm", "--ffi", "--offline"),
    "What comes of it": (
        *("--report", "--commit", "--output-format", "--statistics", "--quiet"),
        *("--verbose", "--jobs"),
    ),
}
_EPILOG = """\b
Look first, then port, then read the report:
  codemods run --target tree/ --diff
  codemods run --target tree/ --report port/
"""


@click.command("run", context_settings=HELP, cls=Sectioned, sections=_SECTIONS, epilog=_EPILOG)
@click.option(
    "--target", type=click.Path(path_type=Path), required=True, help="Tree (or one file) to port."
)
@click.option("--output", type=click.Path(path_type=Path), help="Port a copy, made here.")
@click.option("--diff", "show_diff", is_flag=True, help="Print the diff, write nothing.")
@click.option("--interactive", is_flag=True, help="Ask about unsafe fixes and findings.")
@click.option("--undo", is_flag=True, help="Put back what the last run changed.")
@options.report
@click.option("--commit", is_flag=True, help="Make one git commit for each migration.")
@click.option("--allow-dirty", is_flag=True, help="Port even over uncommitted changes.")
@click.option("--no-format", is_flag=True, help="Do not format changed C++ lines.")
@click.option("--guide", is_flag=True, help="Parse every unit and mend (takes minutes).")
@click.option("--tvm", type=_FOLDER, help="Checkout of TVM, not the published one.")
@click.option("--ffi", type=_FOLDER, help="Checkout or package of tvm-ffi, likewise.")
@click.option("--offline", is_flag=True, help="Fetch nothing; without --guide nothing ever is.")
@click.option(
    "--upstream",
    metavar="REPO@REV",
    help="Merge upstream's version into files whose finding asks for it.",
)
@options.selection
@options.output
def main(
    target: Path,
    output: Path | None,
    show_diff: bool,
    interactive: bool,
    undo: bool,
    report: Path | None,
    commit: bool,
    allow_dirty: bool,
    no_format: bool,
    guide: bool,
    tvm: Path | None,
    ffi: Path | None,
    offline: bool,
    upstream: str | None,
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
    """Port a tree in place, whole or not at all; nothing of it is executed.

    Exit code 0: nothing left. 1: findings remain, or the diff is not empty. 2: the command was not
    understood, or a file could not be read, parsed or settled. 130: interrupted.
    """
    from codemods import journal, porting, present, progress, putting_back, tree, vcs
    from codemods.commits import history
    from codemods.guiding import Headers

    release = options.release(to)
    root = _root(target)
    if undo:
        return _undo(root)
    putting_back.put_back(root)
    if interactive:
        _refuse_unattended(show_diff)
    if (tvm or ffi) and not guide:
        raise click.UsageError("`--tvm` and `--ffi` are headers for `--guide`: say that too")
    if commit and (show_diff or output or allow_dirty):
        raise click.UsageError("`--commit` goes with none of --diff, --output, --allow-dirty")
    if output is not None:
        _refuse_output(root, output)
    rules, own = options.own_rules(root, rules_files)
    wish = porting.Wish(
        release,
        options.migrations(release, select, ignore, own),
        unsafe_fixes,
        not no_format,
        options.jobs(jobs),
        Headers(tvm, ffi, offline) if guide else None,
        _upstream(upstream),
    )
    if not (show_diff or output or allow_dirty):
        _refuse_uncommitted(target)
    found = tree.read(tree.without(tree.find(target), rules))
    known = options.known(own)
    revision = vcs.revision(target) if report is not None else ""
    if interactive:
        from codemods.interactive import session

        done = session.port(found, wish)
    else:
        with progress.Bar() as bar:
            done = porting.port("run", found, wish, bar.shown)
    if verbose:
        click.echo("\n".join(done.tracebacks), err=True)
    if show_diff:
        return _show_diff(found, done)
    if output is not None:
        _copy(root, output)
        root = output.resolve()
    blocked = tree.read_only(root, (path for path in done.files if path not in done.made))
    if not blocked:
        keep = output is None and not found.is_git
        last = history(root, found.data, done, known) if commit else None
        journal.write(root, done.files, done.made, before=found.data, keep=keep, last=last)
    result = options.written(done.result, root, blocked)
    if report is not None:
        from codemods.report import writing

        writing.write(report, result, found.data, done, known, revision)
    present.show(result, output_format, known, statistics=statistics, quiet=quiet)
    if report is not None:
        present.say_where(report)
    if result.failed:
        return FAILED
    return NOTHING_LEFT if result.nothing_left else FINDINGS


def _refuse_unattended(show_diff: bool) -> None:
    from codemods.interactive import asking

    if show_diff:
        raise click.UsageError("`--interactive` shows a diff of each place: leave out `--diff`")
    if not asking.is_terminal():
        raise click.UsageError(
            "`--interactive` asks at a terminal, and there is none; `--unsafe-fixes` makes all "
            "changes that may alter meaning, and findings are listed without it"
        )


def _upstream(text: str | None) -> Source | None:
    if text is None:
        return None
    from codemods.merge.git import GitError
    from codemods.merge.takeover import Source

    try:
        return Source.parse(text)
    except GitError as error:
        raise click.BadParameter(str(error), param_hint="--upstream") from error


def _root(target: Path) -> Path:
    if not target.exists():
        raise click.BadParameter(f"`{target}` does not exist", param_hint="--target")
    real = target.resolve()
    if not real.is_dir() and not real.is_file():
        raise click.BadParameter(f"`{target}` is no folder and no file", param_hint="--target")
    return real if real.is_dir() else real.parent


def _undo(root: Path) -> int:
    from codemods import journal, putting_back

    if putting_back.put_back(root):
        return NOTHING_LEFT
    click.echo(f"put back {len(journal.undo(root))} files", err=True)
    return NOTHING_LEFT


def _refuse_uncommitted(target: Path) -> None:
    from codemods import vcs

    dirty = vcs.uncommitted(target)
    if dirty:
        shown = ", ".join(f"`{path}`" for path in dirty[:3]) + (" ..." if len(dirty) > 3 else "")
        raise click.ClickException(
            f"uncommitted changes under the target: {shown}; commit or stash them, "
            "or say `--allow-dirty`"
        )


def _refuse_output(root: Path, output: Path) -> None:
    real = output.resolve()
    if real.is_relative_to(root) or root.is_relative_to(real):
        raise click.BadParameter("overlaps the target", param_hint="--output")
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise click.BadParameter(f"`{output}` exists and is not empty", param_hint="--output")


def _copy(root: Path, output: Path) -> None:
    import shutil

    ignored = shutil.ignore_patterns(".git", ".codemods", "__pycache__")
    shutil.copytree(root, output, symlinks=True, ignore=ignored, dirs_exist_ok=True)


def _show_diff(found: Tree, done: Port) -> int:
    from codemods import present
    from codemods.porting import diff

    stream = sys.stdout.buffer
    for line in diff(found.data, done.files):
        stream.write(line)
    stream.flush()
    present.summarise(done.result)
    if done.result.failed:
        return FAILED
    return FINDINGS if done.files or not done.result.nothing_left else NOTHING_LEFT


if __name__ == "__main__":
    sys.exit(start(main))
