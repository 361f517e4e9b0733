"""Times one rename in Python files beside LibCST's own codemod runner and `RenameCommand`.

`python benchmarks/against_libcst.py TREE`. Both get the same files and the same number of
processes. Which files hold the old name at all is told too: ours parses no other.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
from pathlib import Path

import click

from benchmarks.processes import Cost, measured
from codemods import own_python

_OLD, _NEW = "tvm.ffi.register_func", "tvm_ffi.register_global_func"


@click.command()
@click.argument("tree", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--rounds", default=3, show_default=True)
@click.option("--jobs", default=2, show_default=True)
def main(tree: Path, rounds: int, jobs: int) -> None:
    """Run both on fresh copies of the tree's Python files, in turn; print medians and ratios."""
    costs: dict[str, list[Cost]] = {"ours, every migration of Python": [], "LibCST, one rename": []}
    for _ in range(rounds):
        for name, found in costs.items():
            with tempfile.TemporaryDirectory() as folder:
                copy = Path(folder) / "tree"
                files = _python_of(tree, copy)
                found.append(measured(_command(name, copy, jobs), cwd=copy))
                if found[-1].code not in (0, 1) or not _renamed(copy):
                    raise click.ClickException(f"{name} failed with {found[-1].code}")
    print(f"{files} Python files, {jobs} processes, medians of {rounds}")
    medians = {}
    for name, found in costs.items():
        wall, processor = (
            statistics.median(getattr(cost, field) for cost in found)
            for field in ("wall", "processor")
        )
        medians[name] = wall, processor
        peak = max(cost.peak for cost in found)
        print(f"{name:<34}{wall:7.2f} s wall{processor:8.2f} s processor{peak:7.0f} MiB")
    (our_wall, ours), (their_wall, theirs) = medians.values()
    print(f"ratio: {our_wall / their_wall:.2f} wall, {ours / theirs:.2f} processor")


def _python_of(tree: Path, copy: Path) -> int:
    files = [path for path in tree.rglob("*.py") if path.is_file() and not path.is_symlink()]
    for path in files:
        place = copy / path.relative_to(tree)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)
    (copy / ".libcst.codemod.yaml").write_text(
        "generated_code_marker: '@generated-not-here'\nformatter: ['cat']\nblacklist_patterns: []\n"
        "modules: ['libcst.codemod.commands']\nrepo_root: '.'\n"
    )
    return len(files)


def _renamed(copy: Path) -> bool:
    new = _NEW.rpartition(".")[2].encode()
    return any(new in path.read_bytes() for path in copy.rglob("*.py"))


def _command(name: str, copy: Path, jobs: int) -> list[str | Path]:
    if name.startswith("ours"):
        words = ["run", "--target", copy, "--quiet", "--jobs", str(jobs)]
        return [*own_python.module("codemods"), *words]
    words = ["codemod", "--no-format", "--hide-progress", f"--jobs={jobs}"]
    rename = ["rename.RenameCommand", "--old_name", _OLD, "--new_name", _NEW]
    return [sys.executable, "-m", "libcst.tool", *words, *rename, "."]


if __name__ == "__main__":
    main()
