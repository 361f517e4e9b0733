"""Times `run` and `check` beside ast-grep with equal rules: `make bench TREE=path`.

Wall-clock time and processor time of whole processes, children included, side by side in one run,
each on a copy of the tree in git. "Cold" remembers nothing of earlier checks; "warm" was asked
before; "edited" was asked before a line was added to the file.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROUNDS = 5
RULES = Path(__file__).parent / "ast_grep" / "sgconfig.yml"
AST_GREP = Path(sysconfig.get_path("scripts")) / "ast-grep"
GIT = ("git", "-c", "user.name=x", "-c", "user.email=x", "-c", "commit.gpgsign=false", "-C")


@dataclass(frozen=True)
class Case:
    """A process to time; `prepare` is done before, untimed, and `writes` asks for a fresh copy."""

    command: Callable[[Path], Sequence[str | Path]]
    writes: bool = False
    prepare: Callable[[Path], None] = lambda _tree: None


def main(tree: Path) -> None:
    """Time every case on copies of `tree`, round by round, and print medians and ratios."""
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["CODEMODS_CACHE"] = str(Path(scratch) / "cache")
        copy = Path(scratch) / "tree"
        shutil.copytree(tree, copy, symlinks=True, ignore=shutil.ignore_patterns(".git"))
        for words in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "x")):
            subprocess.run([*GIT, copy, *words], check=True)
        cases = _cases(copy)
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in cases}
        for _ in range(ROUNDS):
            for name, case in cases.items():
                taken[name].append(_time(copy, case))
    medians = {
        name: tuple(statistics.median(each) for each in zip(*times, strict=True))
        for name, times in taken.items()
    }
    print(f"{'':<28}{'wall':>10}{'processor':>12}")
    for name, (wall, processor) in medians.items():
        print(f"{name:<28}{wall:8.3f} s{processor:10.3f} s")
    for name in medians:
        base = _beside(name)
        if base != name:
            wall, processor = (a / b for a, b in zip(medians[name], medians[base], strict=True))
            print(f"{name} / {base}: {wall:.2f} wall, {processor:.2f} processor")


def _cases(tree: Path) -> dict[str, Case]:
    source, script = _middle(tree, "*.cc"), _middle(tree, "*.py")

    def run(*options: str) -> Case:
        return Case(lambda at: _codemods("run", "--target", at, "--allow-dirty", *options), True)

    def check(*arguments: str | Path, prepare: Callable[[Path], None] | None = None) -> Case:
        ready = prepare or (lambda _tree: _quietly(_codemods("check", *arguments)))
        return Case(lambda _tree: _codemods("check", *arguments), prepare=ready)

    def edit(file: Path, line: str, asked: Path) -> Callable[[Path], None]:
        def prepare(_tree: Path) -> None:
            _quietly(_codemods("check", asked))
            with file.open("a", encoding="utf-8") as stream:
                stream.write(line)

        return prepare

    def nothing(_tree: Path) -> None:
        pass

    return {
        "run": run("--no-format"),
        "run, formatted": run(),
        "ast-grep --update-all": Case(lambda at: (*_scan(), "--update-all", at), True),
        "check, cold": check("--no-cache", tree, prepare=nothing),
        "check, warm": check(tree),
        "check, edited": check(tree, prepare=edit(source, "// edited\n", tree)),
        "ast-grep scan": Case(lambda _tree: (*_scan(), tree)),
        "check of a C++ file, cold": check("--no-cache", source, prepare=nothing),
        "check of a C++ file, warm": check(source),
        "check of a C++ file, edited": check(source, prepare=edit(source, "// edited\n", source)),
        "check of a module, cold": check("--no-cache", script, prepare=nothing),
        "check of a module, warm": check(script),
        "check of a module, edited": check(script, prepare=edit(script, "# edited\n", script)),
        "import click": Case(lambda _tree: (sys.executable, "-c", "import click")),
    }


def _beside(name: str) -> str:
    if name.startswith("run"):
        return "ast-grep --update-all"
    if name.startswith("check of"):
        return "import click"
    return "ast-grep scan" if name.startswith("check") else name


def _time(tree: Path, case: Case) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as scratch:
        here = tree
        if case.writes:
            here = Path(scratch) / "tree"
            shutil.copytree(tree, here, symlinks=True, ignore=shutil.ignore_patterns(".git"))
        case.prepare(here)
        before, began = _processor(), time.perf_counter()
        answer = subprocess.run(case.command(here), capture_output=True, check=False)
        took = time.perf_counter() - began, _processor() - before
    if answer.returncode > 2:
        raise RuntimeError(answer.stderr.decode())
    return took


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _codemods(command: str, *arguments: str | Path) -> Sequence[str | Path]:
    return (sys.executable, "-m", f"codemods.{command}", "--quiet", *arguments)


def _quietly(command: Sequence[str | Path]) -> None:
    subprocess.run(command, capture_output=True, check=False)


def _scan() -> Sequence[str | Path]:
    return (AST_GREP, "scan", "--config", RULES)


def _middle(tree: Path, pattern: str) -> Path:
    """The file of middle size among the sources of a kind: what a commit may touch."""
    sources = sorted(tree.rglob(pattern), key=lambda path: (path.stat().st_size, path))
    return sources[len(sources) // 2]


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
