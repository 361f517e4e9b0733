"""`python -m codemods.build --target TREE`: compile, link, load, import, lower, compile, run.

From the stage `load` on, the tree's own code is executed: its libraries, then its Python.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn

from codemods import options, putting_back
from codemods.harness import compare
from codemods.harness import report as shown
from codemods.harness.environment import EnvironmentFailed, prepare_environment
from codemods.harness.plan import DEFAULT_ARCHES, Plan
from codemods.harness.results import Results
from codemods.harness.sdk import find_sdk
from codemods.harness.stages import EXECUTING, NEED_PYTHON, STAGES, carry_out
from codemods.start import HELP, start
from codemods.toolchain.cache import cache_folder
from codemods.toolchain.fetch import Unavailable
from codemods.toolchain.releases import UnknownRelease


@click.command("build", context_settings=HELP)
@click.option(
    "--target",
    "tree",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    required=True,
    help="The tree to build; it is only read.",
)
@click.option(
    "--stage",
    "stages",
    multiple=True,
    type=click.Choice(tuple(STAGES)),
    help="A stage to carry out; repeatable; all of them when not given.",
)
@click.option(
    "--arch",
    "arches",
    multiple=True,
    default=DEFAULT_ARCHES,
    show_default=True,
    help="A GPU architecture to lower and compile for; repeatable.",
)
@click.option("--only", multiple=True, help="A glob on paths of examples and tests; repeatable.")
@click.option(
    "--to",
    default="0.1.7.post2",
    show_default=True,
    help="The TileLang release whose TVM the tree is built against.",
)
@click.option(
    "--tvm",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A checkout of TVM, built, instead of the published one.",
)
@click.option(
    "--python",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The interpreter to execute the tree's Python with; made when not given.",
)
@click.option(
    "--reference",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A tree that was built before; its table is put beside this one's.",
)
@click.option(
    "--manifest",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Arguments for programs that do not reach their kernels without (TOML).",
)
@click.option(
    "--build-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where to build; below the cache when not given.",
)
@options.report
@click.option("--compiler", default="c++", show_default=True, help="The C++ compiler.")
@click.option("--optimize", default="-O2", show_default=True, help="Its optimisation flag.")
@click.option(
    "--checked",
    is_flag=True,
    help="Compile with the C++ library's assertions: what follows an empty optional is named.",
)
@click.option("--jobs", type=click.IntRange(min=1), help="Processes at a time.")
@click.option(
    "--time-limit",
    type=float,
    default=300.0,
    show_default=True,
    help="Seconds for one example or test file.",
)
@click.option(
    "--ranks",
    type=click.IntRange(min=1),
    help="Ranks of a distributed program, one for each GPU when not given; more of them share the "
    "GPUs, with gloo in NCCL's place.",
)
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
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
    report: Path | None,
    compiler: str,
    optimize: str,
    checked: bool,
    jobs: int | None,
    time_limit: float,
    ranks: int | None,
    verbose: bool,
) -> int:
    """Build and test TREE, and show one table of what passed, failed and was not run."""
    tree = tree.resolve()
    putting_back.warn_of_mixture(tree)
    chosen = [name for name in STAGES if not stages or name in stages]
    folder = (build_dir or default_build_folder(tree)).resolve()
    del verbose  # `start` reads it from the command line
    err = Console(stderr=True)
    try:
        sdk = find_sdk(to, tree, tvm)
    except (Unavailable, UnknownRelease, FileNotFoundError) as error:
        raise click.ClickException(str(error)) from error
    if executing := [name for name in chosen if name in EXECUTING]:
        names = ", ".join(executing)
        err.print(f"code of {tree} is executed, in subprocesses, by: {names}")
    if python is None and NEED_PYTHON.intersection(chosen):
        try:
            python = prepare_environment(folder.parent, tree, sdk.ffi_version)
        except EnvironmentFailed as error:
            raise click.ClickException(str(error)) from error
    plan = Plan(
        tree,
        folder,
        sdk,
        python,
        compiler,
        optimize,
        arches,
        only,
        manifest,
        jobs or os.cpu_count() or 1,
        time_limit,
        checked,
        ranks,
    )
    for name in chosen:
        with Progress(
            SpinnerColumn(),
            TextColumn(name),
            console=err,
            transient=True,
            disable=not err.is_terminal,
        ) as progress:
            progress.add_task(name, total=None)
            carry_out(plan, name)
    out = Console()
    shown.show(plan.results, chosen, out)
    code = shown.exit_code(plan.results, chosen)
    pairs: tuple[compare.Pair, ...] = ()
    if reference is not None:
        pairs = _compare(plan, reference.resolve(), tuple(chosen), out)
        code = max(code, 1 if any(pair.worse for pair in pairs) else 0)
    if report is not None:
        _report(report, plan, to, chosen, pairs)
    err.print(f"all rows: {plan.results.path}")
    return code


def _report(
    folder: Path, plan: Plan, release: str, stages: list[str], pairs: tuple[compare.Pair, ...]
) -> None:
    from codemods import present
    from codemods.report import building, writing

    versions = (
        ("target", f"TVM of TileLang {plan.sdk.version}", "the release asked for with `--to`"),
        ("tvm-ffi", plan.sdk.ffi_version or "inside TVM", "what the target's libraries want"),
        ("C++ compiler", f"{plan.compiler} {plan.optimize}", "`--compiler`, `--optimize`"),
        ("architectures", ", ".join(plan.arches), "`--arch`"),
    )
    made = building.document(plan.results, stages, plan.tree, release, versions, pairs)
    found = [finding for _, finding in building.findings(plan.results, stages, plan.tree)]
    writing.write_document(folder, made, found, options.known())
    present.say_where(folder)


def _compare(
    plan: Plan, reference: Path, stages: tuple[str, ...], out: Console
) -> tuple[compare.Pair, ...]:
    """Show this table beside the reference's; return the pairs of rows."""
    folder = (
        reference if (reference / "results.json").is_file() else default_build_folder(reference)
    )
    if not (folder / "results.json").is_file():
        raise click.UsageError(f"`{reference}` was not built: there is no `results.json` of it")
    pairs = compare.compare(plan.results, Results(folder / "results.json"), stages)
    diffs = compare.write_diffs(pairs, plan.build / "diffs")
    shown.show_comparison(pairs, stages, diffs, out)
    return pairs


def default_build_folder(tree: Path) -> Path:
    """Return the folder below the user's cache in which `tree` is built, one for each path."""
    digest = hashlib.sha256(str(tree).encode()).hexdigest()[:10]
    return cache_folder() / "build" / f"{tree.name}-{digest}"


if __name__ == "__main__":
    sys.exit(start(main))
