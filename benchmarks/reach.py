"""How far other tools carry a tree: units that parse against the target's headers afterwards.

`python -m benchmarks.reach TREE`: nothing, sed with `sed/old_names.sed`, ast-grep with `ast_grep/`
and `codemods run`, each on a fresh copy, one process after the other.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable
from pathlib import Path

import click

from codemods.toolchain.layout import find_toolchain
from codemods.toolchain.overlay import Overlay
from codemods.toolchain.parse import parse_units
from codemods.toolchain.releases import release
from codemods.toolchain.units import units as units_of

_HERE = Path(__file__).parent
_TEXT = (".cc", ".h", ".cpp", ".hpp", ".py", ".cu")


def _nothing(tree: Path) -> None:
    """The tree as it is."""


def _sed(tree: Path) -> None:
    files = [str(path) for path in tree.rglob("*") if path.suffix in _TEXT and path.is_file()]
    subprocess.run(["sed", "-i", "-f", str(_HERE / "sed/old_names.sed"), *files], check=True)


def _ast_grep(tree: Path) -> None:
    program = Path(sysconfig.get_path("scripts")) / "ast-grep"
    config = _HERE / "ast_grep/sgconfig.yml"
    command = [str(program), "scan", "--config", str(config), "--update-all", str(tree)]
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _ours(tree: Path) -> None:
    words = ["run", "--target", str(tree), "--quiet", "--allow-dirty"]
    subprocess.run(
        [sys.executable, "-m", "codemods", *words], check=False, stdout=subprocess.DEVNULL
    )


_TOOLS: dict[str, Callable[[Path], None]] = {
    "nothing": _nothing,
    "sed": _sed,
    "ast-grep": _ast_grep,
    "codemods run": _ours,
}


@click.command()
@click.argument("tree", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--sample", default=0, help="Parse only so many units, the same for all; 0: all.")
@click.option("--jobs", default=2, show_default=True)
@click.option("--tool", "tools", multiple=True, type=click.Choice(list(_TOOLS)))
def main(tree: Path, sample: int, jobs: int, tools: tuple[str, ...]) -> None:
    """Apply each tool to a copy of TREE and count what parses."""
    toolchain = find_toolchain(release(), tree)
    for name in tools or tuple(_TOOLS):
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "tree"
            shutil.copytree(tree, copy, symlinks=True)
            _TOOLS[name](copy)
            every = units_of(copy, cuda_major=toolchain.cuda_major).units
            units = random.Random(1).sample(every, sample) if sample else list(every)
            results = parse_units(Overlay(copy), units, toolchain, jobs, fresh=True)
            passed = sum(result.passed for result in results)
            errors = sum(len(result.errors) for result in results)
            print(f"{name}: {passed} of {len(results)} units parse, {errors} errors", flush=True)


if __name__ == "__main__":
    main()
