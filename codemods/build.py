"""`python -m codemods.build --target TREE`: compile, link, load, import, lower, compile, run.

From the stage `import` on, the tree's own Python is executed.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import click
from platformdirs import user_cache_path
from rich.console import Console

from codemods.harness import plan as planning
from codemods.harness.results import Results, Row

Stage = Callable[[planning.Plan, "_Options"], tuple[Row, ...]]


class _Options:
    """What single stages need besides the plan."""

    def __init__(self, manifest: Path | None, sources: Sequence[str]) -> None:
        self.manifest = manifest
        self.sources = sources


@click.command("build")
@click.option("--target", "tree", type=click.Path(exists=True, file_okay=False, path_type=Path),
              required=True, help="The tree to build; it is only read.")
@click.option("--stage", "stages", multiple=True, type=click.Choice(planning.STAGES),
              help="A stage to carry out; repeatable; all of them when not given.")
@click.option("--arch", "arches", multiple=True, default=planning.DEFAULT_ARCHES,
              show_default=True, help="A GPU architecture to lower and compile for; repeatable.")
@click.option("--only", multiple=True, help="A glob on paths of examples and tests; repeatable.")
@click.option("--to", default="0.1.7.post2", show_default=True,
              help="The TileLang release whose TVM the tree is built against.")
@click.option("--tvm", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="A checkout of TVM, built, instead of the published one.")
@click.option("--python", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="The interpreter to execute the tree's Python with; made when not given.")
@click.option("--reference", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="A tree that was built before; its table is put beside this one's.")
@click.option("--manifest", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Arguments for programs that do not reach their kernels without (TOML).")
@click.option("--build-dir", type=click.Path(file_okay=False, path_type=Path),
              help="Where to build; below the user's cache when not given.")
@click.option("--compiler", default="c++", show_default=True, help="The C++ compiler.")
@click.option("--optimize", default="-O2", show_default=True, help="Its optimisation flag.")
@click.option("--jobs", type=click.IntRange(min=1), help="Processes at a time.")
@click.option("--time-limit", type=float, default=300.0, show_default=True,
              help="Seconds for one example or test file.")
def main(
    tree: Path,
    stages: tuple[str, ...],
    arches: tuple[str, ...],
    only: tuple[str, ...],
    to: str,
    tvm: Path | None,
    python: Path | None,
    reference: Path | None,
    manifest: Path | None,
    build_dir: Path | None,
    compiler: str,
    optimize: str,
    jobs: int | None,
    time_limit: float,
) -> None:
    """Build and test TREE, and show one table of what passed, failed and was not run."""
