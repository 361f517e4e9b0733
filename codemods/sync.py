"""`python -m codemods.sync`: merge a fork with its upstream from the true base, losing nothing."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from codemods import options
from codemods.start import FINDINGS, HELP, NOTHING_LEFT, start

if TYPE_CHECKING:
    from codemods.inventory import Loss, Verdict
    from codemods.merge.git import Repository
    from codemods.merge.landing import Session
    from codemods.merge.plan import Plan, Sides
    from codemods.merge.store import Store

_Folder = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command("sync", context_settings=HELP)
@click.option("--fork", type=_Folder, required=True, help="The fork's repository.")
@click.option("--upstream", type=_Folder, help="A clone of upstream's repository.")
@click.option("--onto", help="The upstream revision to merge.")
@click.option("--revision", default="HEAD", show_default=True, help="The fork's revision.")
@click.option("--to", help="TileLang release whose API upstream has; by default its own version.")
@click.option("--dry-run", is_flag=True, help="Work it out and tell the numbers; change nothing.")
@click.option("--continue", "go_on", is_flag=True, help="Commit what was resolved by hand.")
@click.option("--abort", is_flag=True, help="Put the fork back as it was before the sync.")
@click.option("--no-gates", is_flag=True, help="Do not compare the trees' public surface.")
@options.report
@click.option("--jobs", type=click.IntRange(0), default=0, help="Processes; 0: all cores.")
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def main(
    fork: Path,
    upstream: Path | None,
    onto: str | None,
    revision: str,
    to: str | None,
    dry_run: bool,
    go_on: bool,
    abort: bool,
    no_gates: bool,
    report: Path | None,
    jobs: int,
    verbose: bool,
) -> int:
    """Merge the upstream revision ONTO into FORK, on a branch of its own.

    The fork's files change only when the whole merge is worked out. What no rule resolves is an
    ordinary conflict in git's index: resolve it with your usual tools, `git add` it, and run
    again with `--continue`.

    Exit code 0: merged, nothing left. 1: conflicts or findings remain. 2: it could not be done.
    """
    from codemods.merge.git import GitError, Repository
    from codemods.merge.plan import UpToDate
    from codemods.merge.record import BadRecord

    try:
        ours = Repository.open(fork)
        if go_on or abort:
            return _go_on(ours, gates=not no_gates) if go_on else _abort(ours)
        if upstream is None or onto is None:
            raise click.UsageError("give `--upstream REPO` and `--onto REV`")
        return _sync(
            ours,
            Repository.open(upstream),
            revision,
            onto,
            _Wish(options.release(to) if to else None, dry_run, not no_gates, report, jobs),
        )
    except UpToDate as nothing:
        _say(str(nothing))
        return NOTHING_LEFT
    except (GitError, BadRecord, ValueError) as error:
        raise click.ClickException(str(error)) from error


class _Wish:
    def __init__(
        self, release: str | None, dry_run: bool, gates: bool, report: Path | None, jobs: int
    ) -> None:
        self.release, self.dry_run, self.gates = release, dry_run, gates
        self.report, self.jobs = report, options.jobs(jobs)


def _sync(fork: Repository, upstream: Repository, revision: str, onto: str, wish: _Wish) -> int:
    from codemods.merge import landing, plan
    from codemods.merge.store import scratch_store

    open_session = landing.session_of(fork)
    if open_session is not None and not wish.dry_run:
        if open_session.state == "open":
            raise click.UsageError("a sync is open: finish it with `--continue` or `--abort`")
        _say("an interrupted sync is rolled back first")
        landing.roll_back(fork, open_session)
    if not wish.dry_run:
        landing.check_clean(fork)
    sides = plan.Sides(fork, upstream, fork.commit(revision), upstream.commit(onto))
    with scratch_store(fork, upstream) as store:
        made = plan.make(store, sides, wish.release, wish.jobs, _say)
        if wish.gates:
            _say("compare the trees' public surface")
            made.gates = plan.gates(store, made, store.write_tree(plan.result_tree(made)))
        _tell(made)
        if not wish.dry_run:
            _land(fork, store, made)
        if wish.report is not None:
            _report(wish.report, made, landed=not wish.dry_run)
    lost = made.gates.losses if made.gates is not None else ()
    left = (made.resolved.conflicts, made.lifted.findings, made.vanished, lost)
    return FINDINGS if any(left) else NOTHING_LEFT


def _land(fork: Repository, store: Store, made: Plan) -> None:
    from codemods.merge import commits, landing

    sides = made.sides
    series = commits.make(store, made, commits.identity_of(fork))
    head = fork.run("symbolic-ref", "--quiet", "HEAD", ok=(0, 1)).stdout.decode().strip()
    before = fork.commit("HEAD")
    session = landing.Session(
        state="applying",
        head=head or before,
        before=before,
        branch=_free_branch(fork, sides),
        tip=series.tip,
        base=made.base.tree,
        onto=sides.onto,
        onto_tree=store.tree_of(sides.onto),
        lifted_base=store.write_tree(made.lifted.base),
        lifted_fork=store.write_tree(made.lifted.fork),
        url=commits.address(sides.upstream),
        release=made.release,
        paths=tuple(sorted(made.resolved.conflicts)),
        ours=sides.ours,
    )
    landing.land(fork, store, made.resolved, session)
    moved = landing.moved_submodules(fork, session)
    if moved:
        _say(f"run `git submodule update --init --recursive`: {', '.join(moved)} moved")
    if session.paths:
        _say(
            f"on branch `{session.branch}`; resolve the {len(session.paths)} conflicts, `git add` "
            "them, and run `python -m codemods.sync --fork ... --continue`"
        )
    else:
        landing.close(fork)
        _say(f"merged: branch `{session.branch}`")


def _free_branch(fork: Repository, sides: Sides) -> str:
    from codemods.merge.commits import branch_name

    name = branch_name(sides.onto, date.today())
    taken = set(fork.git("for-each-ref", "--format=%(refname)", "refs/heads/sync/").split())
    return next(
        candidate
        for candidate in (name, *(f"{name}-{number}" for number in range(2, 1000)))
        if f"refs/heads/{candidate}" not in taken
    )


def _go_on(fork: Repository, *, gates: bool) -> int:
    from codemods.merge import landing

    session = _session(fork)
    if session.state != "open":
        raise click.UsageError(
            "the sync was interrupted before its conflicts were written: start again"
        )

    def judge(tree: str) -> Iterable[str]:
        found = _verdict(fork, session, tree) if gates else []
        if found:
            _say(
                "bring back what was lost; a difference that is meant needs a `[[waiver]]` with "
                "its reason in `.upstream-sync.toml`, added with `git add`"
            )
        return found

    made, wrong = landing.continue_sync(fork, session, judge)
    for line in wrong:
        click.echo(line)
    if made is None:
        return FINDINGS
    _say(f"merged: {made[:12]} on branch `{session.branch}`")
    return NOTHING_LEFT


def _abort(fork: Repository) -> int:
    from codemods.merge import landing

    landing.roll_back(fork, _session(fork))
    _say("the fork is as it was before the sync")
    return NOTHING_LEFT


def _session(fork: Repository) -> Session:
    from codemods.merge import landing

    session = landing.session_of(fork)
    if session is None:
        raise click.UsageError(f"no sync is open in `{fork.path}`")
    return session


def _verdict(fork: Repository, session: Session, tree: str) -> list[str]:
    from codemods.inventory import take
    from codemods.merge import plan

    trees = (session.lifted_base, session.lifted_fork, session.onto_tree, tree)
    renames = plan.module_renames(fork, session.base, session.onto_tree)
    verdict = plan.judge(fork, [take(fork.path, name) for name in trees], tree, renames)
    return [str(loss) for loss in verdict.losses]


def _tell(made: Plan) -> None:
    """Numbers to stderr, what a person must look at to stdout."""
    from codemods.merge.resolve import counts
    from codemods.one_line import one_line, place

    base, resolved = made.base, made.resolved
    _say(f"true base: {base.commit} ({base.subject.strip()})")
    _say(
        f"  {base.equal} of {base.files} files equal, {base.margin} more than at the next best; "
        f"plateau of {len(base.plateau)}"
    )
    for warning in made.warnings:
        _say(f"warning: {warning}")
    gits = f"{made.git_conflicts}" if made.git_conflicts >= 0 else "no merge"
    _say(
        f"conflicts: {gits} with git's own base, {made.base_conflicts} with the true base, "
        f"{len(resolved.conflicts)} left"
    )
    rules = ", ".join(f"{rule} {count}" for rule, count in counts(resolved.resolutions).items())
    _say(f"resolved by rule: {rules or 'nothing'}")
    _say(
        f"ported {len(made.lifted.ported)} files, formatted {len(made.lifted.formatted)}, "
        f"followed upstream's renames in {len(made.lifted.renames)}"
    )
    for path in sorted(resolved.conflicts):
        reasons = "; ".join(resolved.reasons.get(path, ()))
        click.echo(f"{place(path)}: conflict{': ' + one_line(reasons) if reasons else ''}")
    for finding in sorted({*made.lifted.findings, *made.vanished}):
        click.echo(
            f"{place(finding.path)}:{finding.line}:{finding.column}: {finding.code} "
            f"{one_line(finding.message)}"
        )
    if made.gates is not None:
        _tell_gates(made.gates, made.resolved.conflicts.keys())
    _say(f"seconds: {', '.join(f'{name} {s}' for name, s in made.seconds.items())}")


def _tell_gates(verdict: Verdict, left: Collection[str]) -> None:
    for loss in verdict.losses:
        click.echo(str(loss))
    _say(f"gates: {_by_gate(verdict.losses)}")
    if left:
        _say(f"  outside the {len(left)} files left: {_by_gate(_outside(verdict.losses, left))}")
    _say(f"waived: {len(verdict.waived)}")


def _by_gate(losses: Iterable[Loss]) -> str:
    from codemods.inventory import Gate

    found = Counter(loss.gate for loss in losses)
    return ", ".join(f"{gate.value} {found[gate]}" for gate in Gate)


def _outside(losses: Sequence[Loss], left: Collection[str]) -> list[Loss]:
    """The losses that no file left to a person explains: it holds the fork's side until then, and
    what it defines is exported by others."""
    inside = {(x.gate, _last(x)) for x in losses if x.entry.path in left}
    return [x for x in losses if x.entry.path not in left and (x.gate, _last(x)) not in inside]


def _last(loss: Loss) -> str:
    return loss.entry.name.rpartition(".")[2]


def _report(folder: Path, made: Plan, *, landed: bool) -> None:
    """Write the report, and each resolution with its three sides beside it."""
    from codemods import present
    from codemods.report import syncing, writing

    known = options.known()
    titles = {migration.code: migration for migration in known}
    document = syncing.document(made, titles, landed=landed)
    writing.write_document(folder, document, syncing.findings(made), known)
    text = json.dumps(syncing.resolutions(made), indent=1) + "\n"
    (folder / "resolutions.json").write_text(text, "utf-8")
    present.say_where(folder)


def _say(text: str) -> None:
    click.echo(text, err=True)


if __name__ == "__main__":
    sys.exit(start(main))
