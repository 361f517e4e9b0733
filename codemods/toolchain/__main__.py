"""`python -m codemods.toolchain --target TREE`: which units do not parse against the target, and
why. For developers of migrations; `codemods.verify` is the command for users.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import click

from codemods.start import HELP
from codemods.toolchain.compilers import check_units
from codemods.toolchain.diagnostics import UnitResult
from codemods.toolchain.fetch import Unavailable
from codemods.toolchain.layout import find_toolchain
from codemods.toolchain.overlay import Overlay
from codemods.toolchain.parse import parse_units
from codemods.toolchain.releases import DEFAULT, UnknownRelease, release
from codemods.toolchain.units import units as units_of

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command("toolchain", context_settings=HELP)
@click.option("--target", "tree", required=True, type=_FOLDER, help="The tree to parse.")
@click.option("--to", "name", default=DEFAULT, show_default=True, help="The TileLang release.")
@click.option("--tvm", type=_FOLDER, help="A checkout of TVM to use instead of the published one.")
@click.option("--ffi", type=_FOLDER, help="A checkout or package of tvm-ffi, likewise.")
@click.option("--offline", is_flag=True, help="Fetch nothing; use the cache only.")
@click.option("--compiler", default="libclang", show_default=True, help="Or g++, clang++, ...")
@click.option("--jobs", default=os.cpu_count() or 1, help="Processes; all cores by default.")
@click.option("--fresh", is_flag=True, help="Parse also what is known from before.")
@click.option("--first", default=3, show_default=True, help="Errors to print for each unit.")
@click.option("--only", default="", help="Parse only units whose path holds this.")
def main(
    tree: Path,
    name: str,
    tvm: Path | None,
    ffi: Path | None,
    offline: bool,
    compiler: str,
    jobs: int,
    fresh: bool,
    first: int,
    only: str,
) -> None:
    """Parse the units of a tree against a release's headers; print the errors of each."""
    try:
        toolchain = find_toolchain(release(name), tree, tvm, ffi, offline)
    except (Unavailable, UnknownRelease, FileNotFoundError) as error:
        print(f"codemods: {error}", file=sys.stderr)
        sys.exit(2)
    tree = tree.resolve()
    found = units_of(tree, cuda_major=toolchain.cuda_major)
    units = [unit for unit in found.units if only in unit.path]
    began = time.monotonic()

    def progress(done: int, total: int) -> None:
        if sys.stderr.isatty():
            print(f"\r{done}/{total}", end="", file=sys.stderr)

    if compiler == "libclang":
        results = parse_units(Overlay(tree), units, toolchain, jobs, fresh, progress)
    else:
        results = check_units(tree, units, toolchain, compiler, jobs, progress)
    _print(results, first)
    passed = sum(result.passed for result in results)
    cached = sum(result.cached for result in results)
    print(
        f"{passed} of {len(results)} units parse ({cached} known from before) with {compiler} "
        f"in {time.monotonic() - began:.1f} s; {toolchain.origin}",
        file=sys.stderr,
    )
    sys.exit(0 if passed == len(results) else 1)


def _print(results: list[UnitResult], first: int) -> None:
    for result in results:
        if not result.passed:
            print(f"{result.path}: {len(result.errors)} errors")
            for error in result.errors[:first]:
                print(f"    {error}")


if __name__ == "__main__":
    main()
