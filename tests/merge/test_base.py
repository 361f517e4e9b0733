"""Finding the commit that a fork's content was last taken from."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from codemods.merge.base import NoBase, claimed_but_absent, find_base
from codemods.merge.git import GitError, Repository

from .conftest import Files, History, numbered

Make = Callable[[str], History]
FILES = {f"src/file{number}.txt": numbered(f"file{number}") for number in range(10)}


def upstream_of(history: Make) -> tuple[History, list[str]]:
    """An upstream of six commits: each changes the file with its number, and adds one."""
    upstream = history("upstream")
    commits = [upstream.commit(FILES, "start")]
    for number in range(1, 6):
        new: Files = {
            f"src/file{number}.txt": numbered(f"file{number}") + f"changed by commit {number}\n",
            f"src/new{number}.txt": numbered(f"new{number}"),
        }
        commits.append(upstream.commit(new, f"commit {number}"))
    return upstream, commits


def squash(fork: History, upstream: History, commit: str, extra: Files) -> str:
    """What a squash merge leaves: upstream's content and the fork's own, and one parent."""
    for path in upstream.git("ls-tree", "-r", "--name-only", commit).split("\n"):
        content = upstream.repository.blobs([upstream.repository.files(commit)[path].oid])
        fork.write({path: next(iter(content.values()))})
    return fork.commit(extra, "sync")


def test_a_squashed_sync_is_found_by_content(history: Make) -> None:
    upstream, commits = upstream_of(history)
    fork = history("fork")
    squash(fork, upstream, commits[0], {"src/own.txt": "ours\n"})
    tip = squash(fork, upstream, commits[3], {"src/file9.txt": "rewritten by the fork\n"})
    base = find_base(fork.repository, tip, upstream.repository, "main")
    assert base.commit == commits[3]
    assert base.tree == upstream.git("rev-parse", f"{commits[3]}^{{tree}}")
    assert base.margin > 0
    assert not base.absent and not base.picked and not base.warnings


def test_equally_good_commits_are_told_apart_by_the_lines_they_added(history: Make) -> None:
    upstream, commits = upstream_of(history)
    touched = numbered("file9") + "a line that only upstream's seventh commit has\n"
    upstream.commit({"src/file9.txt": touched})
    fork = history("fork")
    tip = squash(fork, upstream, commits[5], {"src/file9.txt": "rewritten by the fork\n"})
    base = find_base(fork.repository, tip, upstream.repository, "main")
    assert len(base.plateau) == 2
    assert base.commit == commits[5]


def test_a_line_that_was_there_before_does_not_count_as_arrived(history: Make) -> None:
    upstream = history("upstream")
    text = numbered("shared")
    first = upstream.commit({**FILES, "src/shared.txt": text})
    upstream.commit({"src/shared.txt": text + "shared line 1\nshared line 2\n"})
    fork = history("fork")
    tip = squash(fork, upstream, first, {"src/shared.txt": text + "ours\n"})
    assert find_base(fork.repository, tip, upstream.repository, "main").commit == first


def test_cherry_picks_from_further_on_do_not_move_the_base(history: Make) -> None:
    upstream, commits = upstream_of(history)
    fork = history("fork")
    picked = upstream.repository.files(commits[5])
    extra = {
        path: upstream.repository.blobs([picked[path].oid])[picked[path].oid]
        for path in ("src/file5.txt", "src/new5.txt")
    }
    tip = squash(fork, upstream, commits[1], extra)
    base = find_base(fork.repository, tip, upstream.repository, "main")
    assert base.commit == commits[1]
    assert [c.commit for c in base.picked] == [commits[5]]


def test_a_commit_that_the_fork_left_out_is_named(history: Make) -> None:
    upstream, commits = upstream_of(history)
    fork = history("fork")
    tip = squash(fork, upstream, commits[5], {"src/file3.txt": FILES["src/file3.txt"]})
    tip = fork.commit({"src/new3.txt": None})
    base = find_base(fork.repository, tip, upstream.repository, "main")
    assert base.commit == commits[5]
    assert [c.commit for c in base.absent] == [commits[3]]


def test_ci_and_documents_in_the_root_say_nothing_about_the_base(history: Make) -> None:
    upstream, _ = upstream_of(history)
    ci = upstream.commit({".github/w.yml": numbered("ci"), "README.md": numbered("readme")})
    later = upstream.commit({"src/file7.txt": numbered("file7") + "changed later on\n"})
    fork = history("fork")
    own = {".github/w.yml": "own\n", "README.md": "own\n"}
    tip = squash(fork, upstream, later, own)
    base = find_base(fork.repository, tip, upstream.repository, "main")
    assert base.commit == later
    assert ci not in {c.commit for c in base.absent}


def test_a_reindented_fork_is_still_contained(history: Make) -> None:
    upstream, commits = upstream_of(history)
    fork = history("fork")
    text = numbered("file4") + "changed by commit 4\n"
    tip = squash(
        fork,
        upstream,
        commits[4],
        {"src/file4.txt": text.replace("\n", "\r\n").replace("l", "  l")},
    )
    base = find_base(fork.repository, tip, upstream.repository, "main")
    assert base.commit == commits[4]
    assert not base.absent


def test_a_recorded_parent_whose_content_never_came_is_refuted(history: Make) -> None:
    upstream, commits = upstream_of(history)
    fork = history("fork")
    tip = squash(fork, upstream, commits[2], {"src/own.txt": "ours\n"})
    base = find_base(fork.repository, tip, upstream.repository, "main")
    absent = claimed_but_absent(fork.repository, tip, upstream.repository, base, commits[4])
    assert [c.commit for c in absent] == commits[3:5]
    assert claimed_but_absent(fork.repository, tip, upstream.repository, base, commits[2]) == []


def test_binary_files_vote_but_are_not_compared_by_line(history: Make) -> None:
    upstream = history("upstream")
    first = upstream.commit({**FILES, "logo.bin": b"\0\1\2" * 100})
    second = upstream.commit({"logo.bin": b"\0\3\4" * 100})
    fork = history("fork")
    tip = squash(fork, upstream, second, {"src/own.txt": "ours\n"})
    assert find_base(fork.repository, tip, upstream.repository, "main").commit == second
    tip = squash(fork, upstream, first, {"src/own.txt": "ours\n"})
    assert find_base(fork.repository, tip, upstream.repository, "main").commit == first


def test_submodule_pins_do_not_vote(history: Make) -> None:
    upstream = history("upstream")
    pin = "160000,{},3rdparty/dep"
    upstream.write(FILES)
    upstream.git("update-index", "--add", "--cacheinfo", pin.format("1" * 40))
    upstream.git("commit", "-q", "-m", "with a submodule")
    first = upstream.git("rev-parse", "HEAD")
    upstream.git("update-index", "--cacheinfo", pin.format("2" * 40))
    upstream.git("commit", "-q", "-m", "a newer pin")
    fork = history("fork")
    tip = fork.commit(FILES)
    base = find_base(fork.repository, tip, upstream.repository, "main")
    assert base.commit == first
    assert base.files == base.equal == len(FILES)


def test_rewritten_upstream_history_does_not_matter(history: Make) -> None:
    upstream, commits = upstream_of(history)
    fork = history("fork")
    tip = squash(fork, upstream, commits[3], {"src/own.txt": "ours\n"})
    upstream.git("checkout", "-q", "--orphan", "rewritten")
    upstream.git("rm", "-rqf", ".")
    rewritten = history("rewritten")
    new = [
        squash(rewritten, upstream, commit, {"NOTE": f"{number}\n"})
        for number, commit in enumerate(commits)
    ]
    assert find_base(fork.repository, tip, rewritten.repository, "main").commit == new[3]


def test_a_stranger_has_no_base(history: Make) -> None:
    upstream, _ = upstream_of(history)
    stranger = history("stranger")
    tip = stranger.commit({"src/something.txt": "else\n"})
    with pytest.raises(NoBase, match=r"no commit in common .* shares 0 of 1 files"):
        find_base(stranger.repository, tip, upstream.repository, "main")


def test_an_unknown_revision_is_an_error_that_says_what_to_do(history: Make) -> None:
    upstream, commits = upstream_of(history)
    with pytest.raises(GitError, match=r"no commit `nowhere`; fetch it first"):
        find_base(upstream.repository, commits[0], upstream.repository, "nowhere")
    with pytest.raises(GitError, match="is not a revision"):
        find_base(upstream.repository, commits[0], upstream.repository, "--upload-pack=x")


def test_a_shallow_upstream_that_begins_too_late_is_an_error(history: Make, tmp_path: Path) -> None:
    upstream, commits = upstream_of(history)
    fork = history("fork")
    tip = squash(fork, upstream, commits[1], {"src/own.txt": "ours\n"})
    upstream.git("clone", "-q", "--bare", "--depth=3", f"file://{upstream.path}", "../shallow")
    with pytest.raises(NoBase, match=r"shallow clone that begins at .* deepen it"):
        find_base(fork.repository, tip, Repository.open(tmp_path / "shallow"), "main")
    tip = squash(fork, upstream, commits[4], {"src/own.txt": "ours\n"})
    found = find_base(fork.repository, tip, Repository.open(tmp_path / "shallow"), "main")
    assert found.commit == commits[4]


def test_missing_contents_are_counted_not_guessed(history: Make, tmp_path: Path) -> None:
    upstream, commits = upstream_of(history)
    fork = history("fork")
    tip = squash(fork, upstream, commits[3], {"src/file9.txt": "ours\n"})
    upstream.git("config", "uploadpack.allowFilter", "true")
    url = f"file://{upstream.path}"
    upstream.git("clone", "-q", "--bare", "--filter=blob:none", url, "../partial")
    partial = tmp_path / "partial"
    subprocess.run(["git", "remote", "remove", "origin"], cwd=partial, check=True)
    base = find_base(fork.repository, tip, Repository.open(partial), "main")
    assert base.commit == commits[3]
    assert any("missing from the clones" in warning for warning in base.warnings)


def test_nothing_of_a_repository_is_executed(
    history: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upstream, commits = upstream_of(history)
    fork = history("fork")
    squash(fork, upstream, commits[2], {".gitattributes": "* filter=evil diff=evil merge=evil\n"})
    script = tmp_path / "evil.sh"
    script.write_text(f"#!/bin/sh\ntouch {tmp_path}/executed\ncat\n")
    script.chmod(0o755)
    for setting in (
        "filter.evil.clean",
        "filter.evil.smudge",
        "diff.evil.command",
        "diff.evil.textconv",
        "merge.evil.driver",
        "core.fsmonitor",
    ):
        fork.git("config", setting, str(script))
    find_base(fork.repository, "main", upstream.repository, "main")
    fork.repository.run("status")
    fork.repository.run("read-tree", "-u", "--reset", "main")
    assert not (tmp_path / "executed").exists()
    assert os.environ.get("GIT_DIR") is None
