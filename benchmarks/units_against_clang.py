"""Parsing a tree's units, beside `clang -fsyntax-only` over the same units with as many jobs.

    python benchmarks/units_against_clang.py TREE [--clang clang-19] [--sample 20] [--jobs 2]

Both sides run in this one process's children, on a warm disk: the package's parser with an empty
cache (it precompiles the common headers), again with only those kept, and clang over a seeded
sample of the units, scaled up to all. Prints processor seconds and wall seconds, and their ratios;
on a busy machine only the processor seconds mean something.
"""

from __future__ import annotations

import os
import random
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click

from codemods.toolchain.cache import ENVIRONMENT, cache_folder
from codemods.toolchain.compilers import check_units
from codemods.toolchain.diagnostics import UnitResult
from codemods.toolchain.layout import find_toolchain
from codemods.toolchain.overlay import Overlay
from codemods.toolchain.parse import parse_units
from codemods.toolchain.releases import release
from codemods.toolchain.units import units as units_of


def measured(work: Callable[[], list[UnitResult]]) -> tuple[int, float, float]:
    """Return how many units passed, the children's processor seconds and the wall seconds."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    own = time.process_time()
    results = work()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return (
        sum(result.passed for result in results),
        spent + time.process_time() - own,
        time.monotonic() - began,
    )


@click.command()
@click.argument("tree", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--clang", default="clang", show_default=True)
@click.option("--sample", default=20, show_default=True, help="units for clang; 0: all")
@click.option("--jobs", default=os.cpu_count() or 1)
def main(tree: Path, clang: str, sample: int, jobs: int) -> None:
    """Measure both sides once, one after the other."""
    toolchain = find_toolchain(release(), tree)
    tree = tree.absolute()
    every = units_of(tree, cuda_major=toolchain.cuda_major).units
    some = random.Random(1).sample(every, sample) if sample else list(every)
    version = subprocess.run([clang, "--version"], capture_output=True, text=True, check=True)
    print(version.stdout.splitlines()[0])
    check_units(tree, some[:1], toolchain, clang)  # the disk is warm from here on
    rows = {"clang": measured(lambda: check_units(tree, some, toolchain, clang, jobs))}
    scale = len(every) / len(some)
    packages = cache_folder() / "packages"
    with tempfile.TemporaryDirectory() as scratch:
        os.environ[ENVIRONMENT] = scratch
        Path(scratch, "packages").symlink_to(packages)

        def parse() -> list[UnitResult]:
            return parse_units(Overlay(tree), every, toolchain, jobs)

        rows["first parse"] = measured(parse)
        shutil.rmtree(Path(scratch, "units"))
        rows["headers precompiled"] = measured(parse)
        rows["nothing changed"] = measured(parse)
    passed, spent, wall = rows.pop("clang")
    print(
        f"{clang}: {passed} of {len(some)} pass; for {len(every)} units "
        f"{spent * scale:.1f} s processor, {wall * scale:.1f} s wall"
    )
    for name, (ok, seconds, clock) in rows.items():
        print(
            f"{name}: {ok} of {len(every)} pass; {seconds:.1f} s processor "
            f"(ratio {seconds / spent / scale:.2f}), {clock:.1f} s wall "
            f"(ratio {clock / wall / scale:.2f})"
        )


if __name__ == "__main__":
    main()
