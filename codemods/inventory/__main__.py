"""`python -m codemods.inventory`: write a tree's inventory, or compare several."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from codemods import registry
from codemods.inventory import (
    Inventory,
    Verdict,
    Waiver,
    compare,
    compare_merge,
    read_waivers,
    renames_of,
    take,
)
from codemods.model import Rename

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """The preservation inventory of a tree, and its four gates."""


@main.command("take")
@click.argument("tree", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--revision", help="Read this revision of the git repository at TREE.")
@click.option("--users", is_flag=True, help="Also say which files mention each entry.")
@click.option("--output", type=click.Path(path_type=Path), help="Write JSON here.")
def take_command(tree: Path, revision: str | None, users: bool, output: Path | None) -> None:
    """Take the inventory of TREE and show how many entries there are of each kind."""
    try:
        inventory = take(tree, revision, find_users=users)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if output is not None:
        output.write_text(inventory.to_json(), "utf-8")
    for kind, count in inventory.sizes().items():
        click.echo(f"{count:6} {kind}")
    for path in inventory.unreadable:
        click.echo(f"{path}: not read: does not parse", err=True)
    sys.exit(2 if inventory.unreadable else 0)


@main.command("compare")
@click.argument("inventories", nargs=-1, type=_FILE, required=True)
@click.option("--waivers", "waiver_file", type=_FILE, help="TOML file of accepted differences.")
@click.option("--ported", is_flag=True, help="What a migration renames is neither lost nor new.")
def compare_command(inventories: tuple[Path, ...], waiver_file: Path | None, ported: bool) -> None:
    """Compare inventories that `take` wrote: BEFORE AFTER, or BASE FORK UPSTREAM RESULT."""
    renames = renames_of(registry.load()) if ported else ()
    try:
        waivers = read_waivers(waiver_file) if waiver_file is not None else ()
        loaded = [Inventory.from_json(path.read_text("utf-8")) for path in inventories]
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    verdict = _verdict(loaded, renames, waivers)
    for loss in verdict.losses:
        click.echo(str(loss))
    for waiver in verdict.unused:
        words = f"unused waiver: {waiver.gate} {waiver.kind} `{waiver.name}`"
        click.echo(words, err=True)
    click.echo(f"{len(verdict.losses)} left, {len(verdict.waived)} waived", err=True)
    sys.exit(1 if verdict.losses else 0)


def _verdict(
    loaded: list[Inventory], renames: tuple[Rename, ...], waivers: tuple[Waiver, ...]
) -> Verdict:
    if len(loaded) == 2:
        return compare(loaded[0], loaded[1], renames, waivers)
    if len(loaded) == 4:
        base, fork, upstream, result = loaded
        return compare_merge(base, fork, upstream, result, renames, waivers)
    raise click.UsageError(f"got {len(loaded)} inventories; give two, or four for a merge")


if __name__ == "__main__":
    main()
