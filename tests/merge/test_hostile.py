"""Repositories as people really leave them, and some that mean no good."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from codemods.merge import landing

from .conftest import History
from .test_sync import CODE, Pair, with_a_conflict

Make = Callable[[str], History]


@pytest.fixture
def pair(history: Make) -> Pair:
    return Pair(history)


def head(pair: Pair) -> str:
    return (pair.fork.path / ".git/HEAD").read_text().strip()


def test_upstream_may_be_a_remote_of_the_fork_itself(pair: Pair) -> None:
    onto = pair.upstream.commit({"pkg/b.py": "VALUE = 2\n"})
    pair.fork.git("remote", "add", "upstream", str(pair.upstream.path))
    pair.fork.git("fetch", "-q", "upstream")
    result = pair.sync("--upstream", str(pair.fork.path), "--onto", "upstream/main")
    assert result.return_value == 0, result.output
    assert pair.fork.git("merge-base", "HEAD", onto) == onto
    assert (pair.fork.path / "pkg/b.py").read_text() == "VALUE = 2\n"


def test_a_detached_head_is_where_abort_returns_to(pair: Pair) -> None:
    with_a_conflict(pair)
    pair.fork.git("checkout", "-q", "--detach")
    before = pair.state()
    assert pair.merge().return_value == 1
    assert head(pair).startswith("ref: refs/heads/sync/")
    assert pair.sync("--abort").return_value == 0
    assert pair.state() == before


def test_a_linked_working_tree_has_a_sync_of_its_own(pair: Pair, tmp_path: Path) -> None:
    with_a_conflict(pair)
    pair.fork.git("worktree", "add", "-q", "-b", "other", str(tmp_path / "linked"))
    before = pair.state()
    linked = pair.sync(
        "--fork", str(tmp_path / "linked"), "--upstream", str(pair.upstream.path), "--onto", "main"
    )
    assert linked.return_value == 1
    assert "<<<<<<<" in (tmp_path / "linked/pkg/b.py").read_text()
    assert pair.state()[2:] == before[2:]
    assert pair.sync("--fork", str(tmp_path / "linked"), "--abort").return_value == 0
    assert pair.state() == before


def test_continue_on_another_branch_is_refused(pair: Pair) -> None:
    with_a_conflict(pair)
    pair.merge()
    pair.fork.git("checkout", "-q", "-f", "main")
    before = pair.state()
    with pytest.raises(Exception, match=r"the sync is on branch `sync/.*`: check it out"):
        pair.sync("--continue")
    assert pair.state() == before


def test_abort_leaves_the_files_to_a_person_who_went_back_to_the_branch(pair: Pair) -> None:
    with_a_conflict(pair)
    pair.merge()
    pair.fork.git("checkout", "-q", "-f", "main")
    (pair.fork.path / "pkg/a.py").write_text("changed since\n")
    assert pair.sync("--abort").return_value == 0
    assert (pair.fork.path / "pkg/a.py").read_text() == "changed since\n"
    assert "sync/" not in pair.fork.git("for-each-ref")


def test_abort_on_a_third_branch_is_refused(pair: Pair) -> None:
    with_a_conflict(pair)
    pair.merge()
    pair.fork.git("checkout", "-q", "-f", "-b", "third", "main")
    (pair.fork.path / "pkg/a.py").write_text("changed since\n")
    before = pair.state()
    with pytest.raises(Exception, match=r"the sync is on branch `sync/.*`: check it out"):
        pair.sync("--abort")
    assert pair.state() == before


def test_a_person_may_commit_before_continue(pair: Pair) -> None:
    with_a_conflict(pair)
    onto = pair.upstream.git("rev-parse", "HEAD")
    pair.merge()
    pair.fork.write({"pkg/b.py": "VALUE = 5\n"})
    pair.fork.git("commit", "-q", "-m", "resolved, out of habit")
    result = pair.sync("--continue")
    assert result.return_value == 0, result.output
    assert pair.fork.git("show", "HEAD:pkg/b.py") == "VALUE = 5"
    assert onto in pair.fork.git("show", "HEAD:.upstream-sync.toml")
    assert pair.fork.git("status", "--porcelain") == ""


@pytest.mark.parametrize("state", ["MERGE_HEAD", "CHERRY_PICK_HEAD", "rebase-merge"])
def test_a_merge_or_rebase_in_progress_is_refused(pair: Pair, state: str) -> None:
    with_a_conflict(pair)
    place = pair.fork.path / ".git" / state
    if state == "rebase-merge":
        place.mkdir()
    else:
        place.write_text(pair.fork.git("rev-parse", "HEAD") + "\n")
    before = pair.state()
    with pytest.raises(Exception, match="in progress"):
        pair.merge()
    assert pair.state() == before


def test_a_branch_that_takes_the_name_is_a_clear_error(pair: Pair) -> None:
    with_a_conflict(pair)
    pair.fork.git("branch", "sync")
    before = pair.state()
    with pytest.raises(Exception, match="refs/heads/sync"):
        pair.merge()
    assert pair.state() == before


def test_a_second_sync_of_one_day_gets_a_branch_of_its_own(pair: Pair) -> None:
    pair.upstream.commit({"pkg/b.py": "VALUE = 2\n"})
    pair.merge()
    pair.fork.git("checkout", "-q", "main")
    pair.merge()
    assert head(pair).endswith("-2")


def test_a_file_that_became_a_folder_on_the_other_side_is_left_to_a_person(pair: Pair) -> None:
    pair.fork.commit({"thing": "a file of the fork's\n"})
    pair.upstream.commit({"thing/inside.py": "INSIDE = 1\n"})
    before = pair.state()
    result = pair.merge()
    assert result.return_value == 1
    assert "thing" in result.stdout
    assert (pair.fork.path / "thing/inside.py").read_text() == "INSIDE = 1\n"
    kept = [p for p in pair.fork.path.glob("thing*") if p.is_file()]
    assert [p.read_text() for p in kept] == ["a file of the fork's\n"]
    assert pair.sync("--abort").return_value == 0
    assert pair.state() == before


def test_a_submodule_that_both_sides_moved_is_gits_own_conflict(pair: Pair) -> None:
    pins = {}
    for name, repository in (("base", pair.upstream), ("fork", pair.fork), ("up", pair.upstream)):
        pins[name] = repository.git("rev-parse", "HEAD" if name != "up" else "HEAD~1")

    def pin(history: History, commit: str) -> None:
        history.git("add", "-A")
        (history.path / "3rdparty/dep").mkdir(parents=True, exist_ok=True)
        history.git("update-index", "--add", "--cacheinfo", f"160000,{commit},3rdparty/dep")
        history.git("commit", "-q", "-m", "pin")

    for side in (pair.upstream, pair.fork):
        (side.path / "pkg/e.py").write_text("WITH_THE_PIN = 1\n")
        pin(side, pins["base"])
    pin(pair.upstream, pins["up"])
    pin(pair.fork, pins["fork"])
    before = pair.state()
    result = pair.merge()
    assert result.return_value == 1
    git = pair.fork.git
    assert git("ls-files", "-u").split("\n") == [
        f"160000 {pins[name]} {stage}\t3rdparty/dep"
        for stage, name in ((1, "base"), (2, "fork"), (3, "up"))
    ]
    assert "`3rdparty/dep` is not resolved" in pair.sync("--continue").stdout
    git("update-index", "--cacheinfo", f"160000,{pins['up']},3rdparty/dep")
    assert pair.sync("--continue").return_value == 0
    assert pins["up"] in git("ls-tree", "HEAD", "3rdparty/dep")
    git("checkout", "-q", "main")
    assert pair.state()[2:] == before[2:]


def test_a_mode_of_one_side_and_a_text_of_the_other_are_both_taken(pair: Pair) -> None:
    pair.upstream.commit({"pkg/a.py": CODE.replace("value * 1", "value * 11")})
    (pair.fork.path / "pkg/a.py").chmod(0o755)
    pair.fork.commit({"pkg/a.py": CODE.replace("value * 4", "value * 44")})
    assert pair.merge().return_value == 0
    assert pair.fork.git("ls-files", "-s", "pkg/a.py").startswith("100755")
    assert "value * 11" in (pair.fork.path / "pkg/a.py").read_text()


def test_a_link_that_both_sides_turned_elsewhere_is_left_to_a_person(pair: Pair) -> None:
    for side, target in ((pair.upstream, "a.py"), (pair.fork, "a.py")):
        (side.path / "pkg/link").symlink_to(target)
        side.commit({}, "link")
    for side, target in ((pair.upstream, "b.py"), (pair.fork, "c.py")):
        (side.path / "pkg/link").unlink()
        (side.path / "pkg/link").symlink_to(target)
        side.commit({}, "elsewhere")
    before = pair.state()
    assert pair.merge().return_value == 1
    assert pair.fork.git("diff", "--name-only", "--diff-filter=U") == "pkg/link"
    assert pair.sync("--abort").return_value == 0
    assert pair.state() == before


@pytest.mark.parametrize("name", ["two words.py", 'a"quote.py', "tab\there.py", "\udcff.py"])
def test_a_file_may_have_any_name(pair: Pair, name: str) -> None:
    for number, side in enumerate((pair.upstream, pair.fork)):
        (side.path / name).write_text(f"V = {number}\n")
        side.commit({}, "the same odd name")
    assert pair.merge().return_value == 1
    assert "<<<<<<< fork" in (pair.fork.path / name).read_text()
    (pair.fork.path / name).write_text("V = 4\n")
    pair.fork.git("add", "-A")
    assert pair.sync("--continue").return_value == 0
    assert pair.fork.git("status", "--porcelain") == ""


def test_line_ends_that_git_converts_on_checkout_are_none_of_ours(pair: Pair) -> None:
    pair.fork.git("config", "core.autocrlf", "true")
    with_a_conflict(pair)
    assert pair.merge().return_value == 1
    pair.fork.write({"pkg/b.py": "VALUE = 5\r\n"})
    assert pair.sync("--continue").return_value == 0
    assert pair.fork.git("cat-file", "-s", "HEAD:pkg/b.py") == str(len("VALUE = 5\n"))
    assert pair.fork.git("status", "--porcelain") == ""


def test_a_record_of_an_upstream_that_was_rewritten_since_is_found_by_content(
    pair: Pair, history: Make
) -> None:
    pair.upstream.commit({"pkg/b.py": "VALUE = 2\n"})
    assert pair.merge().return_value == 0
    again = history("again")
    files = {
        path: (pair.upstream.path / path).read_text()
        for path in pair.upstream.git("ls-files").split("\n")
    }
    base = again.commit(files, "the same content under another name")
    again.commit({"pkg/b.py": "VALUE = 7\n"})
    result = pair.sync("--upstream", str(again.path), "--onto", "main")
    assert result.return_value == 0, result.output
    assert f"true base: {base}" in result.stderr
    assert (pair.fork.path / "pkg/b.py").read_text() == "VALUE = 7\n"


def test_a_repository_without_a_commit_is_a_clear_error(pair: Pair, history: Make) -> None:
    empty = history("empty")
    with pytest.raises(Exception, match="no commit"):
        pair.sync("--upstream", str(empty.path), "--onto", "main")
    with pytest.raises(Exception, match="no commit `HEAD`"):
        pair.sync(
            "--fork", str(empty.path), "--upstream", str(pair.upstream.path), "--onto", "main"
        )


def test_a_fork_that_lacks_what_it_was_promised_is_a_clear_error(
    pair: Pair, tmp_path: Path
) -> None:
    with_a_conflict(pair)
    pair.fork.git("config", "uploadpack.allowFilter", "true")
    url = f"file://{pair.fork.path}"
    pair.fork.git("clone", "-q", "--no-checkout", "--filter=blob:none", url, "../partial")
    partial = str(tmp_path / "partial")
    pair.fork.git("-C", partial, "remote", "remove", "origin")
    pair.fork.git("-C", partial, "update-ref", "refs/remotes/keep", "HEAD")
    with pytest.raises(Exception, match=r"none of the clones|missing|cannot|could not"):
        pair.sync(
            "--fork", partial, "--upstream", str(pair.upstream.path), "--onto", "main", "--dry-run"
        )


def test_nothing_that_a_repository_names_is_run_to_the_end_of_a_sync(
    pair: Pair, tmp_path: Path
) -> None:
    """Hooks of every kind, the command that a partial clone fetches with, and of an alternate."""
    with_a_conflict(pair)
    script = tmp_path / "evil.sh"
    script.write_text(f"#!/bin/sh\necho $0 $@ >> {tmp_path}/executed\ncat\n")
    script.chmod(0o755)
    hooks = pair.fork.path / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    for hook in (
        "applypatch-msg", "pre-commit", "prepare-commit-msg", "commit-msg", "post-commit",
        "pre-merge-commit", "post-merge", "post-checkout", "post-rewrite", "pre-auto-gc",
        "reference-transaction", "post-index-change", "fsmonitor-watchman", "pre-rebase",
    ):  # fmt: skip
        (hooks / hook).symlink_to(script)
    for key in ("core.fsmonitor", "core.alternateRefsCommand", "core.editor", "gpg.program"):
        pair.fork.git("config", key, str(script))
    pair.fork.git("config", "commit.gpgSign", "true")
    assert pair.merge().return_value == 1
    (pair.fork.path / "pkg/b.py").write_text("VALUE = 5\n")
    repository = pair.fork.repository
    repository.run("add", "pkg/b.py")
    assert pair.sync("--continue").return_value == 0
    assert not (tmp_path / "executed").exists(), (tmp_path / "executed").read_text()


def test_a_partial_clone_does_not_fetch_with_a_command_of_its_own(
    pair: Pair, tmp_path: Path
) -> None:
    pair.upstream.commit({"pkg/b.py": "VALUE = 2\n"})
    pair.upstream.git("config", "uploadpack.allowFilter", "true")
    url = f"file://{pair.upstream.path}"
    pair.upstream.git("clone", "-q", "--bare", "--filter=blob:none", url, "../partial")
    script = tmp_path / "evil.sh"
    script.write_text(f"#!/bin/sh\necho $0 $@ >> {tmp_path}/executed\nexit 1\n")
    script.chmod(0o755)
    partial = str(tmp_path / "partial")
    pair.fork.git("-C", partial, "config", "remote.origin.uploadpack", str(script))
    with pytest.raises(Exception, match=r"lazy fetching disabled|transport 'file' not allowed"):
        pair.sync("--upstream", partial, "--onto", "main")
    assert not (tmp_path / "executed").exists()
    pair.fork.git("-C", partial, "config", "--unset", "remote.origin.uploadpack")
    assert pair.sync("--upstream", partial, "--onto", "main").return_value == 0
    assert (pair.fork.path / "pkg/b.py").read_text() == "VALUE = 2\n"


def test_a_sparse_checkout_keeps_what_it_leaves_out(pair: Pair) -> None:
    pair.upstream.commit(
        {"pkg/a.py": CODE.replace("value * 1", "value * 11"), "far/x.py": "X = 1\n"}
    )
    pair.fork.commit({"far/y.py": "Y = 1\n"})
    pair.fork.git("sparse-checkout", "set", "pkg")
    assert not (pair.fork.path / "far").exists()
    assert pair.merge().return_value == 0
    assert pair.fork.git("status", "--porcelain") == ""
    names = pair.fork.git("ls-tree", "-r", "--name-only", "HEAD").split("\n")
    assert {"far/x.py", "far/y.py"} <= set(names)


def test_a_file_that_the_fork_renamed_takes_upstreams_edit(pair: Pair) -> None:
    pair.fork.git("mv", "pkg/a.py", "pkg/ours.py")
    pair.fork.commit({}, "rename")
    pair.upstream.commit({"pkg/a.py": CODE.replace("value * 1", "value * 11")})
    assert pair.merge().return_value == 0
    assert "value * 11" in (pair.fork.path / "pkg/ours.py").read_text()
    assert not (pair.fork.path / "pkg/a.py").exists()


def test_a_file_that_both_sides_renamed_differently_is_never_lost(pair: Pair) -> None:
    pair.fork.git("mv", "pkg/a.py", "pkg/ours.py")
    pair.fork.commit({"pkg/ours.py": CODE.replace("value * 4", "value * 44")})
    pair.upstream.git("mv", "pkg/a.py", "pkg/theirs.py")
    pair.upstream.commit({"pkg/theirs.py": CODE.replace("value * 1", "value * 11")})
    before = pair.state()
    result = pair.merge()
    texts = "".join(p.read_text() for p in (pair.fork.path / "pkg").glob("*.py"))
    assert "value * 11" in texts and "value * 44" in texts
    assert result.return_value == 1
    assert pair.sync("--abort").return_value == 0
    assert pair.state() == before


def test_a_new_file_in_a_folder_that_the_fork_renamed_is_never_lost(pair: Pair) -> None:
    for side in (pair.upstream, pair.fork):
        side.commit({f"sub/{name}.py": f"{name}_IN_THE_FOLDER = 1\n" for name in "XYZ"})
    pair.fork.git("mv", "sub", "renamed")
    pair.fork.commit({}, "rename")
    pair.upstream.commit({"sub/new.py": "NEW_IN_THE_OLD_FOLDER = 1\n"})
    pair.merge()
    found = [p for p in pair.fork.path.rglob("new.py") if ".git" not in p.parts]
    assert [p.read_text() for p in found] == ["NEW_IN_THE_OLD_FOLDER = 1\n"]


def test_a_binary_that_both_sides_changed_is_chosen_by_a_person(pair: Pair) -> None:
    for side in (pair.upstream, pair.fork):
        side.commit({"pkg/data.bin": b"\0old", "pkg/with.py": "WITH_THE_DATA = 1\n"})
    pair.upstream.commit({"pkg/data.bin": b"\0theirs"})
    pair.fork.commit({"pkg/data.bin": b"\0ours"})
    assert pair.merge().return_value == 1
    assert (pair.fork.path / "pkg/data.bin").read_bytes() == b"\0ours"
    assert pair.sync("--continue").return_value == 1
    pair.fork.write({"pkg/data.bin": b"\0theirs"})
    assert pair.sync("--continue").return_value == 0


def test_what_upstream_deleted_and_the_fork_changed_may_be_removed(pair: Pair) -> None:
    pair.upstream.commit({"pkg/b.py": None})
    pair.fork.commit({"pkg/b.py": "VALUE = 1\nOF_THE_FORK = 2\n"})
    assert pair.merge().return_value == 1
    pair.fork.git("rm", "-q", "pkg/b.py")
    refused = pair.sync("--continue")
    assert refused.return_value == 1
    assert "lost: python_name `pkg.b.OF_THE_FORK`" in refused.stdout
    assert pair.sync("--continue", "--no-gates").return_value == 0
    assert not (pair.fork.path / "pkg/b.py").exists()


def test_another_sync_is_refused_while_one_is_open(pair: Pair) -> None:
    with_a_conflict(pair)
    pair.merge()
    before = pair.state()
    with pytest.raises(Exception, match="a sync is open"):
        pair.merge()
    assert pair.merge("--dry-run").return_value is not None
    assert pair.state() == before


def test_a_kill_behind_the_last_commit_is_mended_by_continue(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_a_conflict(pair)
    onto = pair.upstream.git("rev-parse", "HEAD")
    pair.merge()
    pair.fork.write({"pkg/b.py": "VALUE = 5\n"})

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(landing, "_write", die)
    with pytest.raises(click.Abort):
        pair.sync("--continue")
    monkeypatch.undo()
    assert pair.sync("--continue").return_value == 0
    assert pair.fork.git("status", "--porcelain") == ""
    assert pair.fork.git("show", "HEAD:pkg/b.py") == "VALUE = 5"
    assert onto in pair.fork.git("show", "HEAD:.upstream-sync.toml")


def test_a_shallow_fork_merges_like_a_whole_one(pair: Pair, tmp_path: Path) -> None:
    onto = pair.upstream.commit({"pkg/b.py": "VALUE = 2\n"})
    pair.fork.commit({"own.py": "OWN = 2\n"})
    pair.fork.git("clone", "-q", "--depth=1", f"file://{pair.fork.path}", "../shallow")
    shallow = str(tmp_path / "shallow")
    for key, value in (("user.name", "A. Forker"), ("user.email", "f@example.org")):
        pair.fork.git("-C", shallow, "config", key, value)
    result = pair.sync("--fork", shallow, "--upstream", str(pair.upstream.path), "--onto", "main")
    assert result.return_value == 0, result.output
    assert (tmp_path / "shallow/pkg/b.py").read_text() == "VALUE = 2\n"
    assert pair.fork.git("-C", shallow, "merge-base", "HEAD", onto) == onto
    assert pair.fork.git("-C", shallow, "status", "--porcelain") == ""
    pair.fork.git("-C", shallow, "fsck", "--connectivity-only")
    pair.fork.git("-C", shallow, "push", "-q", "origin", "HEAD:refs/heads/pushed")
    assert pair.fork.git("merge-base", "pushed", onto) == onto


def test_a_copied_working_tree_is_clean_all_the_same(pair: Pair) -> None:
    """A copy's files have other times than git noted: it must look at them, not refuse them."""
    with_a_conflict(pair)
    pair.upstream.commit({"pkg/a.py": CODE.replace("value * 1", "value * 11")})
    for file in pair.fork.path.glob("pkg/*.py"):
        os.utime(file, (1, 1))
    assert pair.merge().return_value == 1
    assert pair.fork.git("diff", "--name-only", "--diff-filter=U") == "pkg/b.py"
    pair.fork.git("reset", "-q", "--hard")
    for file in pair.fork.path.glob("pkg/*.py"):
        os.utime(file, (2, 2))
    assert pair.sync("--abort").return_value == 0
    assert pair.fork.git("status", "--porcelain") == ""


def with_a_submodule(pair: Pair, history: Make) -> tuple[str, str]:
    """Upstream and fork have a submodule, checked out in the fork; upstream moves it on."""
    dep = history("dep")
    pins = dep.commit({"f": "1\n"}), dep.commit({"f": "2\n"})
    for side in (pair.upstream, pair.fork):
        side.git("submodule", "--quiet", "add", str(dep.path), "3rdparty/dep")
        side.git("-C", "3rdparty/dep", "checkout", "-q", pins[0])
        side.commit({"pkg/d.py": "WITH_THE_PIN = 1\n"})
    pair.upstream.git("-C", "3rdparty/dep", "checkout", "-q", pins[1])
    with_a_conflict(pair)
    return pins


def test_a_submodule_that_nobody_updated_does_not_take_the_merge_back(
    pair: Pair, history: Make
) -> None:
    old, new = with_a_submodule(pair, history)
    result = pair.merge()
    assert "run `git submodule update --init --recursive`: 3rdparty/dep moved" in result.stderr
    git = pair.fork.git
    pair.fork.write({"pkg/b.py": "VALUE = 5\n"})  # `git add -A`
    assert old in git("ls-files", "-s", "3rdparty/dep")
    refused = pair.sync("--continue")
    assert refused.return_value == 1
    assert "`3rdparty/dep` is back at the commit from before the merge" in refused.stdout
    git("checkout", refused.stdout.split("git checkout ")[1].split(" ")[0], "--", "3rdparty/dep")
    git("submodule", "--quiet", "update")
    assert pair.sync("--continue").return_value == 0
    assert new in git("ls-tree", "HEAD", "3rdparty/dep")
    assert git("status", "--porcelain") == ""


def test_a_submodule_that_somebody_built_in_is_no_change(pair: Pair, history: Make) -> None:
    with_a_submodule(pair, history)
    (pair.fork.path / "3rdparty/dep/f").write_text("patched\n")
    (pair.fork.path / "3rdparty/dep/built.o").write_text("object\n")
    assert pair.merge().return_value == 1
    assert (pair.fork.path / "3rdparty/dep/f").read_text() == "patched\n"
    pair.fork.git("-C", "3rdparty/dep", "checkout", "-q", "-f", "HEAD")
    assert pair.sync("--abort").return_value == 0
    pair.fork.git("-C", "3rdparty/dep", "checkout", "-q", "HEAD~0")
    pair.fork.git(
        "-C",
        "3rdparty/dep",
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@x",
        "commit",
        "-q",
        "--allow-empty",
        "-m",
        "moved by hand",
    )
    with pytest.raises(Exception, match="uncommitted changes"):
        pair.merge()


def test_another_revision_than_the_one_checked_out_is_merged_and_recorded(pair: Pair) -> None:
    pair.fork.git("checkout", "-q", "-b", "feature")
    with_a_conflict(pair)
    feature = pair.fork.commit({"feature.py": "FEATURE = 1\n"})
    pair.fork.git("checkout", "-q", "main")
    before = pair.state()
    assert pair.merge("--revision", "feature").return_value == 1
    assert (pair.fork.path / "feature.py").exists()
    assert pair.sync("--abort").return_value == 0
    assert pair.state() == before
    pair.merge("--revision", "feature")
    pair.fork.write({"pkg/b.py": "VALUE = 5\n"})
    assert pair.sync("--continue").return_value == 0
    assert f'fork = "{feature}"' in pair.fork.git("show", "HEAD:.upstream-sync.toml")
    assert pair.fork.git("status", "--porcelain") == ""
