"""The whole command on small repositories: what lands in the fork, and what never does."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import click
import pytest
import tomllib
from click.testing import CliRunner, Result

from codemods import sync
from codemods.merge import landing, store
from codemods.merge.git import Repository
from codemods.report import html
from tests.report.test_html import Page

from .conftest import History, numbered


class _Killed(BaseException):
    """What no handler of ours may swallow."""


Make = Callable[[str], History]

CODE = "".join(f"def function_{n}(value):\n    return value * {n}\n\n\n" for n in range(6))
START = {
    "pkg/__init__.py": "",
    "pkg/a.py": CODE,
    "pkg/b.py": "VALUE = 1\n",
    "pkg/c.py": numbered("c").replace(" ", "_"),
    "requirements.txt": "numpy\n",
    "README.md": "# Upstream\n",
}


class Pair:
    """A fork that took upstream in by squash once, and an upstream that went on."""

    def __init__(self, history: Make) -> None:
        self.upstream, self.fork = history("upstream"), history("fork")
        self.fork.git("config", "user.name", "A. Forker")
        self.fork.git("config", "user.email", "f@example.org")
        old = {**START, "pkg/c.py": "OLD = 1\n"}
        self.upstream.commit(old, "first")
        self.fork.commit({**old, "own.py": "OWN = 1\n"}, "fork of the first")
        self.base = self.upstream.commit(START, "second")
        self.fork.commit(START, "sync (squashed)")

    def sync(self, *arguments: str) -> Result:
        runner = CliRunner()
        return runner.invoke(
            sync.main,
            ["--fork", str(self.fork.path), *arguments],
            standalone_mode=False,
            catch_exceptions=False,
        )

    def merge(self, *arguments: str) -> Result:
        return self.sync("--upstream", str(self.upstream.path), "--onto", "main", *arguments)

    def state(self) -> tuple[object, ...]:
        """All that a user sees: HEAD, refs, index, status and files."""
        files = {
            str(p.relative_to(self.fork.path)): p.read_bytes()
            for p in self.fork.path.rglob("*")
            if p.is_file() and ".git" not in p.parts
        }
        git = self.fork.git
        return (
            (self.fork.path / ".git/HEAD").read_text(),
            git("for-each-ref"),
            git("ls-files", "-s", "-u"),
            git("status", "--porcelain"),
            files,
        )


@pytest.fixture
def pair(history: Make) -> Pair:
    return Pair(history)


def with_a_conflict(pair: Pair) -> None:
    pair.upstream.commit({"pkg/b.py": "VALUE = 2\n", "requirements.txt": "numpy\nz3\n"})
    pair.fork.commit({"pkg/b.py": "VALUE = 3\n", "requirements.txt": "numpy\nshmem\n"})


def test_a_squash_synced_fork_merges_without_a_person(pair: Pair) -> None:
    onto = pair.upstream.commit(
        {"pkg/a.py": CODE.replace("value * 1", "value * 11"), "requirements.txt": "numpy\nz3\n"}
    )
    before = pair.fork.commit(
        {"pkg/a.py": CODE.replace("value * 4", "value * 44"), "requirements.txt": "numpy\nshmem\n"}
    )
    result = pair.merge()
    assert result.return_value == 0, result.output
    git = pair.fork.git
    assert git("status", "--porcelain") == ""
    merged = (pair.fork.path / "pkg/a.py").read_text()
    assert "value * 11" in merged and "value * 44" in merged
    assert (pair.fork.path / "requirements.txt").read_text() == "numpy\nshmem\nz3\n"
    parents = git("log", "--format=%H %P", f"{before}..HEAD", "--first-parent").split("\n")
    assert any(line.endswith(f" {onto}") for line in parents)
    assert git("merge-base", "HEAD", onto) == onto
    record = tomllib.loads((pair.fork.path / ".upstream-sync.toml").read_text())
    assert record["upstream"]["base"] == onto
    assert record["sync"]["fork"] == before
    assert git("for-each-ref", "refs/codemods") == ""
    assert git("rev-parse", "main") == before


def test_the_next_sync_starts_from_the_record_even_after_a_squash(pair: Pair) -> None:
    first = pair.upstream.commit({"pkg/b.py": "VALUE = 2\n"})
    pair.merge()
    files = {
        path: (pair.fork.path / path).read_text() for path in pair.fork.git("ls-files").split("\n")
    }
    pair.fork.git("checkout", "-q", "main")
    pair.fork.commit(files, "sync (squashed again)")
    pair.upstream.commit({"pkg/b.py": "VALUE = 4\n"})
    result = pair.merge()
    assert result.return_value == 0, result.output
    assert f"true base: {first}" in result.stderr
    assert "warning" not in result.stderr
    assert (pair.fork.path / "pkg/b.py").read_text() == "VALUE = 4\n"


def test_a_false_record_is_not_believed(pair: Pair) -> None:
    later = pair.upstream.commit({"pkg/b.py": "VALUE = 2\nLATER_LINE = 3\n"}, "later")
    tree = pair.upstream.git("rev-parse", f"{later}^{{tree}}")
    text = f'[upstream]\nbase = "{later}"\ntree = "{tree}"\n'
    pair.fork.commit({".upstream-sync.toml": text})
    result = pair.merge("--dry-run")
    assert f"true base: {pair.base}" in result.stderr
    assert (
        f"names {later[:12]} as merged, but the content is that of {pair.base[:12]}"
        in result.stderr
    )


def test_a_damaged_record_is_an_error(pair: Pair) -> None:
    pair.fork.commit({".upstream-sync.toml": '[upstream]\nbase = "main"\n'})
    with pytest.raises(Exception, match=r"has no full ids"):
        pair.merge("--dry-run")


def test_a_dry_run_changes_nothing(pair: Pair) -> None:
    with_a_conflict(pair)
    before = pair.state()
    result = pair.merge("--dry-run")
    assert result.return_value == 1
    assert result.stdout.startswith("pkg/b.py: conflict")
    assert "2 with the true base, 1 left" in result.stderr
    assert pair.state() == before


def test_a_conflict_is_gits_own_and_continue_finishes(pair: Pair) -> None:
    with_a_conflict(pair)
    onto = pair.upstream.git("rev-parse", "HEAD")
    assert pair.merge().return_value == 1
    git = pair.fork.git
    assert git("diff", "--name-only", "--diff-filter=U") == "pkg/b.py"
    assert [git("show", f":{n}:pkg/b.py") for n in (1, 2, 3)] == [
        "VALUE = 1",
        "VALUE = 3",
        "VALUE = 2",
    ]
    assert "<<<<<<< fork" in (pair.fork.path / "pkg/b.py").read_text()
    result = pair.sync("--continue")
    assert result.return_value == 1
    assert "`pkg/b.py` is not resolved" in result.stdout
    git("add", "pkg/b.py")
    assert "still has conflict markers" in pair.sync("--continue").stdout
    pair.fork.write({"pkg/b.py": "VALUE = (\n"})
    assert "it does not parse" in pair.sync("--continue").stdout
    pair.fork.write({"pkg/b.py": "VALUE = 5\n"})
    result = pair.sync("--continue")
    assert result.return_value == 0, result.output
    assert git("status", "--porcelain") == ""
    assert git("show", "HEAD:pkg/b.py") == "VALUE = 5"
    assert onto in git("show", "HEAD:.upstream-sync.toml")
    assert f"Upstream-Base: {onto}" in git("log", "-1", "--format=%B")
    assert git("diff", "--name-only", "HEAD~1", "HEAD").split() == [
        ".upstream-sync.toml",
        "pkg/b.py",
    ]


def test_abort_puts_everything_back(pair: Pair) -> None:
    with_a_conflict(pair)
    before = pair.state()
    pair.merge()
    assert pair.state() != before
    assert pair.sync("--abort").return_value == 0
    assert pair.state() == before


@pytest.mark.parametrize("at", ["fetch", "switch", "conflicts", "open"])
def test_an_interrupted_run_leaves_everything_as_it_was(
    pair: Pair, at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_a_conflict(pair)
    before = pair.state()

    def interrupt(step: str) -> None:
        if step == at:
            raise KeyboardInterrupt

    whole = landing.land
    monkeypatch.setattr(landing, "land", lambda *given: whole(*given, interrupt))
    with pytest.raises(click.Abort):
        pair.merge()
    assert pair.state()[:1] == before[:1]
    assert pair.state()[2:] == before[2:]
    assert "sync/" not in pair.fork.git("for-each-ref")


def test_a_killed_run_is_rolled_back_by_the_next_one(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_a_conflict(pair)
    before = pair.state()

    def die(step: str) -> None:
        if step == "open":
            raise _Killed

    whole = landing.land
    monkeypatch.setattr(landing, "land", lambda *given: whole(*given, die))
    monkeypatch.setattr(landing, "roll_back", lambda fork, session: None)
    with pytest.raises(_Killed):
        pair.merge()
    assert pair.state() != before
    monkeypatch.undo()
    session = landing.session_of(pair.fork.repository)
    assert session is not None and session.state == "applying"
    with pytest.raises(Exception, match="interrupted"):
        pair.sync("--continue")
    result = pair.merge()
    assert "rolled back first" in result.stderr
    assert pair.sync("--abort").return_value == 0
    assert pair.state() == before


def test_uncommitted_changes_and_files_in_the_way_are_refused(pair: Pair) -> None:
    with_a_conflict(pair)
    (pair.fork.path / "pkg/a.py").write_text("changed\n")
    with pytest.raises(Exception, match=r"1 uncommitted changes \(`pkg/a\.py`\)"):
        pair.merge()
    pair.fork.git("checkout", "-q", "pkg/a.py")
    pair.upstream.commit({"new.py": "NEW = 1\n"})
    (pair.fork.path / "new.py").write_text("mine\n")
    before = pair.state()
    with pytest.raises(Exception, match=r"new\.py"):
        pair.merge()
    assert pair.state() == before


def test_a_stranger_and_a_wrong_revision_are_clear_errors(pair: Pair, history: Make) -> None:
    stranger = history("stranger")
    stranger.commit({"x.py": "x = 1\n"})
    with pytest.raises(Exception, match="no commit in common"):
        pair.sync("--upstream", str(stranger.path), "--onto", "main")
    with pytest.raises(Exception, match="no commit `v9`"):
        pair.sync("--upstream", str(pair.upstream.path), "--onto", "v9")


def test_a_shallow_upstream_is_a_clear_error_that_changes_nothing(
    pair: Pair, tmp_path: Path
) -> None:
    for number in range(3):
        pair.upstream.commit({"pkg/b.py": f"VALUE = {number + 5}\n"})
    url = f"file://{pair.upstream.path}"
    pair.upstream.git("clone", "-q", "--bare", "--depth=2", url, "../shallow")
    before = pair.state()
    with pytest.raises(Exception, match="shallow clone"):
        pair.sync("--upstream", str(tmp_path / "shallow"), "--onto", "main")
    assert pair.state() == before


def test_hooks_and_filters_of_the_fork_are_not_run(pair: Pair, tmp_path: Path) -> None:
    with_a_conflict(pair)
    pair.fork.commit({".gitattributes": "*.py filter=evil merge=evil\n"})
    script = tmp_path / "evil.sh"
    script.write_text(f"#!/bin/sh\necho $0 >> {tmp_path}/executed\ncat\n")
    script.chmod(0o755)
    for setting in ("filter.evil.clean", "filter.evil.smudge", "merge.evil.driver"):
        pair.fork.git("config", setting, str(script))
    for hook in ("post-checkout", "reference-transaction", "post-merge", "post-index-change"):
        (pair.fork.path / ".git/hooks").mkdir(exist_ok=True)
        (pair.fork.path / ".git/hooks" / hook).symlink_to(script)
    pair.merge()
    pair.sync("--abort")
    assert not (tmp_path / "executed").exists()


def test_the_report_lists_each_resolution_with_its_sides(pair: Pair, tmp_path: Path) -> None:
    with_a_conflict(pair)
    pair.merge("--dry-run", "--report", str(tmp_path / "report"))
    report = json.loads((tmp_path / "report" / "resolutions.json").read_text())
    [entry] = report["resolutions"]
    assert (entry["path"], entry["rule"]) == ("requirements.txt", "list")
    assert entry["result"] == "numpy\nshmem\nz3\n"
    told = json.loads((tmp_path / "report" / "report.json").read_text())
    assert not told["written"]
    assert (told["summary"]["conflicts"], told["summary"]["resolved"]) == (1, 1)
    assert [item["code"] for item in told["todo"] if item["stage"] == "conflict"] == ["TF932"]
    page = Page((tmp_path / "report" / "report.html").read_text())
    assert (page.unbalanced, page.open) == ([], [])
    assert {f"/summary/{name}" for name in told["summary"]} <= {p for p, _, _ in page.numbers}
    for pointer, value, _ in page.numbers:
        assert str(html.resolve(told, pointer)) == value, pointer


def test_what_was_merged_by_definition_is_in_the_report_with_the_whole_files(
    pair: Pair, tmp_path: Path
) -> None:
    first, *more = CODE.split("def ")[1:]
    turned = "".join(f"def {part}" for part in (*more[1:], more[0], first))
    ours = CODE.replace("value * 1", "value * 10").replace("value * 0", "value * 20")
    pair.upstream.commit({"pkg/a.py": turned.replace("value * 3", "value * 30")})
    pair.fork.commit({"pkg/a.py": ours})
    assert pair.merge("--dry-run", "--report", str(tmp_path)).return_value == 0
    found = json.loads((tmp_path / "resolutions.json").read_text())["resolutions"]
    [entry] = [entry for entry in found if entry["rule"] == "definitions"]
    assert (entry["base"], entry["ours"]) == (CODE, ours)
    assert "value * 30" in entry["theirs"]
    assert "value * 10" in entry["result"] and "value * 30" in entry["result"]


def test_a_name_that_upstream_left_is_reported_in_the_forks_own_lines(pair: Pair) -> None:
    helper = "def ancient_helper(value):\n    return value\n"
    pair.upstream.commit({"pkg/d.py": helper})
    pair.fork.commit({"pkg/d.py": helper})
    pair.upstream.commit({"pkg/d.py": helper.replace("ancient", "modern")})
    pair.fork.commit({"own.py": "from pkg.d import ancient_helper\n\nancient_helper(1)\n"})
    result = pair.merge("--dry-run", "--no-gates")
    assert "own.py:1:19: TF930 `ancient_helper`" in result.stdout
    assert "own.py:3:1: TF930" in result.stdout


def test_the_gates_see_what_a_person_lost(pair: Pair) -> None:
    pair.upstream.commit({"pkg/b.py": "VALUE = 2\n"})
    pair.fork.commit({"pkg/b.py": "VALUE = 3\n\n\ndef of_the_fork(a):\n    return a\n"})
    pair.merge()
    pair.fork.write({"pkg/b.py": "VALUE = 2\n"})
    result = pair.sync("--continue")
    assert result.return_value == 1
    assert "lost: python_name `pkg.b.of_the_fork`" in result.stdout
    assert "needs a `[[waiver]]` with its reason in `.upstream-sync.toml`" in result.stderr
    waiver = '[[waiver]]\ngate = "lost"\nkind = "python_name"\nname = "pkg.b.of_the_fork"\n'
    pair.fork.write({".upstream-sync.toml": waiver + 'reason = "nobody called it"\n'})
    result = pair.sync("--continue")
    assert result.return_value == 0, result.output
    assert "nobody called it" in pair.fork.git("show", "HEAD:.upstream-sync.toml")


def test_losses_are_told_apart_from_what_waits_in_the_files_left(pair: Pair) -> None:
    old = "def of_upstream(a):\n    return a\n"
    pair.upstream.commit({"pkg/d.py": old})
    pair.fork.commit({"pkg/d.py": old})
    pair.upstream.commit(
        {
            "pkg/d.py": old.replace("return a", "return a + 1") + "\n\ndef new():\n    return 1\n",
            "pkg/__init__.py": "from pkg.d import new\n",
        }
    )
    pair.fork.commit({"pkg/d.py": old.replace("return a", "return a + 2")})
    said = pair.merge("--dry-run").stderr
    assert "gates: lost 0, invented 0, resurrected 0, upstream-lost 1" in said or (
        "gates: lost 0, invented 0, resurrected 0, upstream-lost 2" in said
    )
    assert "outside the 1 files left: lost 0, invented 0, resurrected 0, upstream-lost 0" in said


def test_a_bare_fork_only_takes_a_dry_run(pair: Pair, tmp_path: Path) -> None:
    pair.fork.git("clone", "-q", "--bare", ".", "../bare.git")
    bare = Repository.open(tmp_path / "bare.git")
    with pytest.raises(landing.NotClean, match="is bare"):
        landing.check_clean(bare)


def test_a_fork_that_has_it_all_is_left_alone(pair: Pair) -> None:
    before = pair.state()
    result = pair.merge()
    assert result.return_value == 0
    assert "nothing to merge" in result.stderr
    assert pair.state() == before


def test_a_folder_inside_the_fork_means_the_whole_fork(pair: Pair) -> None:
    pair.upstream.commit({"README.md": "# New\n", "pkg/b.py": "VALUE = 2\n"})
    runner = CliRunner()
    arguments = ["--fork", str(pair.fork.path / "pkg"), "--upstream", str(pair.upstream.path)]
    result = runner.invoke(sync.main, [*arguments, "--onto", "main"], standalone_mode=False)
    assert result.return_value == 0, result.output
    assert (pair.fork.path / "README.md").read_text() == "# New\n"


def test_who_commits_may_be_said_by_the_environment_alone(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair.fork.git("config", "--unset", "user.name")
    pair.fork.git("config", "--unset", "user.email")
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "A. Bot")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "bot@example.org")
    pair.upstream.commit({"pkg/b.py": "VALUE = 2\n"})
    assert pair.merge().return_value == 0
    assert pair.fork.git("log", "-1", "--format=%an %ce") == "A. Bot bot@example.org"


def test_a_commit_left_out_on_purpose_is_not_warned_of(pair: Pair) -> None:
    skipped = pair.upstream.commit({"pkg/skip.py": "SKIPPED_HERE = 1\nAND_THERE = 2\n"}, "unwanted")
    pair.upstream.commit({"pkg/b.py": "VALUE_OF_LATER = 2\nAND_MORE = 3\n"}, "later")
    pair.fork.commit({"pkg/b.py": "VALUE_OF_LATER = 2\nAND_MORE = 3\n"}, "sync, but for one")
    pair.upstream.commit({"pkg/b.py": "VALUE_OF_LATER = 9\nAND_MORE = 3\n"}, "to merge")
    result = pair.merge("--dry-run")
    assert "warning" in result.stderr
    tree = pair.upstream.git("rev-parse", f"{pair.base}^{{tree}}")
    record = f'[upstream]\nbase = "{pair.base}"\ntree = "{tree}"\n'
    record += f'[[skip]]\ncommit = "{skipped}"\nreason = "not for us"\n'
    pair.fork.commit({".upstream-sync.toml": record})
    assert "are not in the fork" not in pair.merge("--dry-run").stderr


def test_an_old_git_is_refused(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "OLDEST_GIT", (99, 0))
    with pytest.raises(Exception, match=r"git 99\.0 or newer is needed"):
        pair.merge("--dry-run")


def test_a_conflict_in_a_file_that_upstream_renamed_keeps_the_forks_text(pair: Pair) -> None:
    pair.upstream.commit({"pkg/a.py": None, "pkg/new.py": CODE.replace("value * 2", "value - 2")})
    mine = CODE.replace("value * 2", "value + 2")
    pair.fork.commit({"pkg/a.py": mine})
    assert pair.merge().return_value == 1
    git = pair.fork.git
    assert git("diff", "--name-only", "--diff-filter=U") == "pkg/new.py"
    assert git("show", "HEAD:pkg/new.py") == mine.strip()
    assert not (pair.fork.path / "pkg/a.py").exists()


def test_what_the_port_cannot_do_in_the_forks_own_files_is_a_finding(pair: Pair) -> None:
    pair.upstream.commit({"VERSION": "0.1.7.post2\n", "pkg/b.py": "VALUE = 2\n"})
    pair.fork.commit(
        {"src/own.cc": 'auto f = "(void* args, int* arg_type_ids, void* resource_handle)";\n'}
    )
    result = pair.merge("--dry-run", "--no-gates")
    assert result.return_value == 1
    assert "src/own.cc:1:" in result.stdout
    assert "TF316" in result.stdout


def test_the_forks_own_files_follow_the_api_of_the_revision(pair: Pair) -> None:
    pair.upstream.commit({"VERSION": "0.1.7.post2\n", "pkg/b.py": "VALUE = 2\n"})
    own = "TIR_REGISTER_TL_OP(SendOp, send).set_num_inputs(3);\n"
    call = 'from tvm import tir\n\n\ndef send(a):\n    return tir.op.Op.get("tl.send")\n'
    pair.fork.commit({"src/send.cc": own, "pkg/send.py": call})
    pair.merge()
    assert "TIR_REGISTER_TL_TILE_OP" in (pair.fork.path / "src/send.cc").read_text()
    assert '"tl.tileop.send"' in (pair.fork.path / "pkg/send.py").read_text()
    subjects = pair.fork.git("log", "--first-parent", "--format=%s", "-4").split("\n")
    assert any(s.startswith("Port to the API of TileLang 0.1.7.post2") for s in subjects)
