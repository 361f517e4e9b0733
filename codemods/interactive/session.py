"""A port with questions: first the fixes that are not safe, then what is left to a person.

The questions come between two computations, and nothing is written before the last answer: the
caller writes the whole tree at once, as without questions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from codemods import engine, notices, porting, residue
from codemods.applying import NOT_SAFE
from codemods.choices import Choices, Key
from codemods.interactive import asking, editing, showing
from codemods.interactive.proposals import Proposal, proposals
from codemods.model import Finding
from codemods.porting import Port, Wish
from codemods.progress import Bar
from codemods.tree import Tree, classify


@dataclass
class _Answers:
    """What was said so far."""

    accepted: dict[Key, list[bool]] = field(default_factory=lambda: defaultdict(list))
    always: set[str] = field(default_factory=set)
    never: set[str] = field(default_factory=set)
    to_edit: list[Proposal] = field(default_factory=list)
    quit: bool = False


def port(found: Tree, wish: Wish) -> Port:
    """Port a tree that was read, asking at the terminal. Raises click.Abort to stop it all."""
    answers = _Answers()
    if any(not migration.safe for migration in wish.migrations) and wish.unsafe is not True:
        _ask_fixes(_proposed(found, wish), answers)
    accepted = {key: tuple(said) for key, said in answers.accepted.items()}
    unsafe = wish.unsafe or Choices(accepted)
    with Bar() as bar:
        done = porting.port("run", found, replace(wish, unsafe=unsafe), bar)
    edited = _ask_findings(found, done, answers)
    return _with_edits(found, done, wish, edited) if edited else done


def _proposed(found: Tree, wish: Wish) -> Sequence[Proposal]:
    with Bar() as bar:
        ported = engine.port(
            found.data, wish.migrations, wish.release, unsafe=True, jobs=wish.jobs, progress=bar
        )
    return list(proposals(found.data, ported, wish.migrations))


def _ask_fixes(every: Sequence[Proposal], answers: _Answers) -> None:
    for number, proposal in enumerate(every, 1):
        code = proposal.migration.code
        if answers.quit or code in answers.never or code in answers.always:
            answers.accepted[proposal.key].append(code in answers.always and not answers.quit)
            continue
        asking.say(f"\nfix {number} of {len(every)}, which may change meaning")
        asking.show(showing.fix(proposal, asking.width()))
        said = asking.ask("make this change?", asking.FIX, asking.SKIP)
        answers.accepted[proposal.key].append(said in (asking.ACCEPT, asking.EDIT, asking.ALWAYS))
        if said == asking.EDIT:
            answers.to_edit.append(proposal)
        elif said == asking.ALWAYS:
            answers.always.add(code)
        elif said == asking.NEVER:
            answers.never.add(code)
        answers.quit = said == asking.QUIT


def _ask_findings(found: Tree, done: Port, answers: _Answers) -> dict[str, bytes]:
    """Ask about fixes to be edited and about each finding; return the texts that were edited."""
    texts = {**found.data, **done.files}
    edited: dict[str, bytes] = {}
    for proposal in answers.to_edit:
        path = proposal.path
        now = edited.get(path, texts[path])
        place = now.find(proposal.site.new.rstrip())
        line = now.count(b"\n", 0, place) + 1 if place >= 0 else proposal.line
        edited[path] = editing.edited(path, now, line) or now
    findings = [f for f in done.result.findings if f.path in texts and _is_editable(f)]
    for number, original in enumerate(findings, 1):
        if answers.quit:
            break
        path, now = original.path, edited.get(original.path, texts[original.path])
        finding = editing.moved(original, texts[path], now)
        if finding is None or finding.code in answers.never:
            continue
        asking.say(f"\nfinding {number} of {len(findings)}")
        asking.show(showing.finding(finding, now, asking.width()))
        said = asking.ask("edit it now?", asking.FINDING, asking.SKIP)
        if said == asking.EDIT:
            edited[path] = editing.edited(path, now, finding.line) or now
        elif said == asking.NEVER:
            answers.never.add(finding.code)
        answers.quit = said == asking.QUIT
    return {path: text for path, text in edited.items() if text != texts[path]}


def _is_editable(finding: Finding) -> bool:
    """Say whether a person can mend it here; a fix that was not accepted was asked about before."""
    if notices.is_fatal(finding.code) or finding.message.endswith(NOT_SAFE):
        return False
    return classify(finding.path) is not None


def _with_edits(found: Tree, done: Port, wish: Wish, edited: dict[str, bytes]) -> Port:
    """Take the edited texts into the port, and look at them again as a run would."""
    before = {**found.data, **done.files}
    after = {**before, **edited}
    again = engine.port(
        after, wish.migrations, wish.release, unsafe=wish.unsafe is True, jobs=wish.jobs
    )
    after |= {path: text for path, text in again.changed.items() if path in edited}
    findings = {f for f in done.result.findings if f.path not in edited}
    findings |= {f for f in again.findings if f.path in edited}
    said = {(f.path, f.code, f.message) for f in findings}
    for finding in done.result.findings:
        if finding.path in edited:
            kept = editing.moved(finding, before[finding.path], after[finding.path])
            if kept is not None and (kept.path, kept.code, kept.message) not in said:
                findings.add(kept)
    files = {p: t for p, t in after.items() if p in done.made or t != found.data.get(p)}
    left, regions = residue.scan(after, wish.migrations, findings)
    result = replace(
        done.result,
        changed=tuple(sorted(files)),
        findings=tuple(sorted(findings)),
        residue=left,
        regions=regions,
    )
    return replace(done, files=files, result=result)
