"""What a command does first where an earlier run was killed while it wrote."""

from __future__ import annotations

from pathlib import Path

import click

from codemods import journal


def put_back(root: Path) -> bool:
    """Put a mixed tree back as it was, and say so; say whether there was anything to put back.

    A run whose commits are there is finished instead. Raises ClickException, having changed
    nothing, if somebody worked on the files in between.
    """
    try:
        done = journal.recover(root, lambda note: _is_history(root, note))
    except journal.EditedSince as error:
        hint = f"look at `{root / journal.FOLDER}`, mend the files, and remove it"
        raise click.ClickException(f"a run was killed here; {error.message}; {hint}") from error
    if done is None:
        return False
    if done.finished:
        click.echo("an earlier run was killed when it was done: its commits are whole", err=True)
        return False
    click.echo(
        f"an earlier run was killed while it wrote: put back {len(done.paths)} files, "
        "the tree is as it was before that run",
        err=True,
    )
    return True


def _is_history(root: Path, note: str) -> bool:
    from codemods import commits

    return commits.taken(root, note)


def warn_of_mixture(root: Path) -> None:
    """Say so, without changing anything, if an earlier run left the tree mixed."""
    if journal.is_mixed(root):
        click.echo(
            f"an earlier run was killed while it wrote `{root}`: part of it is ported and part of "
            "it is not, until `codemods run` puts it back",
            err=True,
        )
