"""Times `run` and `check` beside ast-grep with equal rules: `make bench TREE=path`.

Wall-clock time and processor time of whole processes, children included, side by side in one run.
"""

from __future__ import annotations

import resource
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROUNDS = 3
RULES = Path(__file__).parent / "ast_grep" / "sgconfig.yml"
AST_GREP = Path(sysconfig.get_path("scripts")) / "ast-grep"
Case = tuple[str, Callable[[Path], Sequence[str | Path]], bool]

CASES: tuple[Case, ...] = (
    ("run", lambda tree: _codemods("run", "--target", tree, "--no-format", "--allow-dirty"), True),
    ("run, formatted", lambda tree: _codemods("run", "--target", tree, "--allow-dirty"), True),
    ("ast-grep --update-all", lambda tree: (*_scan(), "--update-all", tree), True),
    ("check", lambda tree: _codemods("check", tree), False),
    ("ast-grep scan", lambda tree: (*_scan(), tree), False),
    ("check, one file", lambda tree: _codemods("check", _one_file(tree)), False),
    ("import click", lambda tree: (sys.executable, "-c", "import click"), False),
)
RATIOS = (
    ("run", "ast-grep --update-all"),
    ("run, formatted", "ast-grep --update-all"),
    ("check", "ast-grep scan"),
    ("check, one file", "import click"),
)


def main(tree: Path) -> None:
    """Time every case on `tree`, round by round, and print medians and ratios."""
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name, _, _ in CASES}
    for _ in range(ROUNDS):
        for name, command, writes in CASES:
            seconds[name].append(_time(tree, command, writes))
    medians = {
        name: tuple(statistics.median(each) for each in zip(*times, strict=True))
        for name, times in seconds.items()
    }
    print(f"{'':<24}{'wall':>10}{'processor':>12}")
    for name, (wall, processor) in medians.items():
        print(f"{name:<24}{wall:8.3f} s{processor:10.3f} s")
    for one, other in RATIOS:
        wall, processor = (
            mine / theirs for mine, theirs in zip(medians[one], medians[other], strict=True)
        )
        print(f"{one} / {other}: {wall:.2f} wall, {processor:.2f} processor")


def _time(
    tree: Path, command: Callable[[Path], Sequence[str | Path]], writes: bool
) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as scratch:
        here = tree
        if writes:
            here = Path(scratch) / "tree"
            shutil.copytree(tree, here, symlinks=True, ignore=shutil.ignore_patterns(".git"))
        before, began = _processor(), time.perf_counter()
        answer = subprocess.run(command(here), capture_output=True, check=False)
        took = time.perf_counter() - began, _processor() - before
    if answer.returncode > 2:
        raise RuntimeError(answer.stderr.decode())
    return took


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _codemods(command: str, *arguments: str | Path) -> Sequence[str | Path]:
    return (sys.executable, "-m", f"codemods.{command}", "--quiet", *arguments)


def _scan() -> Sequence[str | Path]:
    return (AST_GREP, "scan", "--config", RULES)


def _one_file(tree: Path) -> Path:
    """The file of middle size among the C++ sources: what a commit may touch."""
    sources = sorted(tree.rglob("*.cc"), key=lambda path: path.stat().st_size)
    return sources[len(sources) // 2]


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
