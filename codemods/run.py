"""`python -m codemods.run --target TREE`: port a tree in place."""

from __future__ import annotations

from pathlib import Path

import click

from codemods import ladder


@click.command("run")
@click.option("--target", type=click.Path(path_type=Path), required=True)
@click.option("--to", default=ladder.DEFAULT_TARGET, show_default=True)
@click.option("--select", default="")
@click.option("--ignore", default="")
@click.option("--unsafe-fixes", is_flag=True)
@click.option("--jobs", type=int, default=0)
@click.option("--verbose", is_flag=True)
def main(
    target: Path, to: str, select: str, ignore: str, unsafe_fixes: bool, jobs: int, verbose: bool
) -> None:
    """Port the tree at TARGET in place."""
    from codemods import engine, registry, tree, workers

    found = tree.read(tree.find(target))
    exact = ladder.resolve(to)
    chosen = registry.select(
        registry.load(),
        target=exact,
        select=filter(None, select.split(",")),
        ignore=filter(None, ignore.split(",")),
    )
    jobs = jobs or workers.available()
    done = engine.port(found.data, chosen, exact, unsafe=unsafe_fixes, jobs=jobs)
    for path, data in done.changed.items():
        (found.root / path).parent.mkdir(parents=True, exist_ok=True)
        (found.root / path).write_bytes(data)
    for finding in sorted((*done.findings, *done.complaints)):
        place = f"{finding.path}:{finding.line}:{finding.column}"
        click.echo(f"{place}: {finding.code} {finding.message}")
    if verbose:
        click.echo("\n".join(done.tracebacks), err=True)
    click.echo(f"{len(done.changed)} files, {len(done.changes)} edits", err=True)


if __name__ == "__main__":
    main()
