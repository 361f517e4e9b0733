"""`python -m codemods.verify --target TREE`: proof that a tree is at its target, and whole.

Nothing of the tree is executed.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from codemods import ladder, options
from codemods.start import FAILED, FINDINGS, HELP, NOTHING_LEFT, start

if TYPE_CHECKING:
    from codemods.verification.verifying import Proof, Side

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("verify", context_settings=HELP)
@click.option("--target", type=_FOLDER, required=True, help="Tree to check.")
@click.option(
    "--before", help="The tree before: a folder, or a revision of the target's repository."
)
@click.option("--from", "origin", default="", help="Release that the tree before was written for.")
@click.option("--to", default=ladder.DEFAULT_TARGET, show_default=True, help="Release.")
@click.option("--tvm", type=_FOLDER, help="Checkout of TVM to use, not the published one.")
@click.option("--ffi", type=_FOLDER, help="Checkout or package of tvm-ffi, likewise.")
@click.option("--waivers", "waiver_file", type=_FILE, help="TOML file of accepted differences.")
@options.rules
@click.option("--jobs", type=click.IntRange(0), default=0, help="Processes; 0: all cores.")
@options.report
@click.option(
    "--fresh", is_flag=True, help="Parse also what is unchanged since it was last parsed."
)
@click.option("--offline", is_flag=True, help="Fetch nothing from the network.")
@click.option(
    "--output-format",
    type=click.Choice(["text", "json"]),
    metavar="FORMAT",
    default="text",
    help="text or json.",
)
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks, and all that is not checked.")
def main(
    target: Path,
    before: str | None,
    origin: str,
    to: str,
    tvm: Path | None,
    ffi: Path | None,
    waiver_file: Path | None,
    rules_files: tuple[Path, ...],
    jobs: int,
    report: Path | None,
    fresh: bool,
    offline: bool,
    output_format: str,
    verbose: bool,
) -> int:
    """Check that every unit parses, every name resolves and nothing is lost.

    Exit code 0: all of it holds. 1: findings. 2: something could not be checked at all.
    """
    from codemods import inventory, present, putting_back
    from codemods.progress import Bar
    from codemods.toolchain.clang_session import NoCompiler
    from codemods.toolchain.fetch import Unavailable
    from codemods.toolchain.layout import find_toolchain
    from codemods.toolchain.releases import UnknownRelease, release
    from codemods.verification.verifying import Side, verify

    putting_back.warn_of_mixture(target)
    exact = options.release(to)
    own = options.own_rules(target, rules_files)[1]
    try:
        toolchain = find_toolchain(release(exact), target, tvm, ffi, offline)
        waivers = inventory.read_waivers(waiver_file) if waiver_file is not None else ()
        renames = inventory.renames_of(options.migrations(exact, (), (), own))
        with Bar() as bar:
            seen = 0

            def progress(done: int, total: int) -> None:
                nonlocal seen
                if not seen:
                    bar("parse", total)
                for _ in range(done - seen):
                    bar("", 1)
                seen = max(seen, done)

            proof = verify(
                Side(target.resolve()),
                toolchain,
                _side(before, target),
                origin,
                waivers,
                renames,
                options.jobs(jobs),
                fresh,
                offline,
                progress,
            )
    except (Unavailable, UnknownRelease, NoCompiler, OSError, ValueError) as error:
        click.echo(f"TF913 {error}", err=True)
        return FAILED
    if report is not None:
        from codemods.report import proving, writing

        known = options.known(own)
        codes = {migration.code: migration for migration in known}
        made = proving.document(proof, str(target), exact, toolchain.origin, codes)
        writing.write_document(report, made, proof.findings, known)
    _show(proof, output_format, verbose)
    if report is not None:
        present.say_where(report)
    return FINDINGS if proof.findings else NOTHING_LEFT


def _side(before: str | None, target: Path) -> Side | None:
    from codemods.verification.verifying import Side

    if before is None:
        return None
    if Path(before).is_dir():
        return Side(Path(before).resolve())
    return Side(target.resolve(), before)


def _show(proof: Proof, output_format: str, verbose: bool) -> None:
    from codemods.one_line import one_line, place

    if output_format == "json":
        findings = [
            asdict(finding) | {"effort": finding.effort.value} for finding in proof.findings
        ]
        counted = dict(proof.lines)
        click.echo(
            json.dumps({"checked": counted, "findings": findings, "unchecked": proof.unchecked})
        )
        return
    for finding in proof.findings:
        advice = f"; {finding.advice}" if finding.advice else ""
        spot = f"{place(finding.path)}:{finding.line}:{finding.column}"
        click.echo(f"{spot}: {finding.code} {one_line(finding.message + advice)}")
    width = max(len(heading) for heading, _ in proof.lines)
    for heading, words in proof.lines:
        click.echo(f"{heading:{width}}  {words}", err=True)
    shown = proof.unchecked if verbose else proof.unchecked[:10]
    for line in shown:
        click.echo(f"{'not checked':{width}}  {one_line(line)}", err=True)
    if len(shown) < len(proof.unchecked):
        rest = len(proof.unchecked) - len(shown)
        click.echo(f"{'not checked':{width}}  and {rest} more (`--verbose`)", err=True)


if __name__ == "__main__":
    sys.exit(start(main))
