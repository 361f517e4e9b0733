"""Times the parsing that the guided stage and `verify` do beside clang-tidy with one check.

`python -m benchmarks.against_clang_tidy TREE --sample 8`: a ported tree. clang-tidy gets the same
units, definitions and header folders and one of its cheapest checks; it parses each unit whole, as
it must, and knows no old API.
"""

from __future__ import annotations

import os
import random
import sysconfig
import tempfile
import time
from pathlib import Path

import click

from benchmarks.processes import measured
from codemods.toolchain import clang_session
from codemods.toolchain.cache import ENVIRONMENT, cache_folder
from codemods.toolchain.layout import find_toolchain
from codemods.toolchain.overlay import Overlay
from codemods.toolchain.parse import common_arguments, parse_units
from codemods.toolchain.releases import release
from codemods.toolchain.units import units as units_of

_CHECK = "-*,readability-redundant-control-flow"


@click.command()
@click.argument("tree", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--sample", default=8, show_default=True, help="Units; 0: all.")
def main(tree: Path, sample: int) -> None:
    """Measure both, one process each, and print the ratios."""
    toolchain = find_toolchain(release(), tree)
    tree = tree.absolute()
    every = units_of(tree, cuda_major=toolchain.cuda_major).units
    units = random.Random(1).sample(every, sample) if sample else list(every)
    tidy = Path(sysconfig.get_path("scripts")) / "clang-tidy"
    spent = 0.0
    for unit in units:
        arguments = [*common_arguments(unit, toolchain), *(f"-I{tree / f}" for f in unit.includes)]
        builtin = [word for f in clang_session.builtin_includes() for word in ("-isystem", f)]
        words = [f"--checks={_CHECK}", str(tree / unit.path), "--", *arguments, *builtin, "-w"]
        spent += measured([tidy, *words]).processor
    print(f"clang-tidy, one check: {spent:.1f} s processor for {len(units)} units")
    packages = cache_folder() / "packages"
    with tempfile.TemporaryDirectory() as scratch:
        os.environ[ENVIRONMENT] = scratch
        Path(scratch, "packages").symlink_to(packages)
        for name in ("cold", "warm"):
            before, began = os.times(), time.monotonic()
            passed = sum(r.passed for r in parse_units(Overlay(tree), units, toolchain, 1))
            after, wall = os.times(), time.monotonic() - began
            cost = sum(after[:4]) - sum(before[:4])
            print(
                f"ours, {name}: {cost:.1f} s processor, {wall:.1f} s wall, {passed} of "
                f"{len(units)} parse; ratio {cost / spent:.2f}"
            )


if __name__ == "__main__":
    main()
