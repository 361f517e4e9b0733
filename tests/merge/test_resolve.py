"""Whole trees merged: policy, deletions, renames, and what stays a conflict in git's own terms."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from codemods.merge import policy
from codemods.merge.git import Entry, GitError
from codemods.merge.resolve import Resolved, Resolver
from codemods.merge.store import Store, scratch_store
from codemods.merge.three_way import merge_trees

from .conftest import History, numbered

Files = dict[str, str]


@pytest.fixture
def store(history: Callable[[str], History]) -> Iterator[Store]:
    with scratch_store(history("lender").repository) as made:
        yield made


def tree(store: Store, files: dict[str, str] | dict[str, bytes]) -> dict[str, Entry]:
    contents = [c.encode() if isinstance(c, str) else c for c in files.values()]
    oids = store.write_blobs(contents)
    return {path: Entry("100644", oid) for path, oid in zip(files, oids, strict=True)}


def merge(store: Store, base: Files, ours: Files, theirs: Files) -> Resolved:
    trees = [tree(store, files) for files in (base, ours, theirs)]
    chosen = policy.compute(trees[0], trees[1], trees[2])
    merged = merge_trees(store, *(store.write_tree(t) for t in trees))
    return Resolver(store, trees[0], trees[1], trees[2], chosen).resolve(merged)


def text(store: Store, resolved: Resolved, path: str) -> str:
    return store.content(resolved.files[path], path).decode()


def rules(resolved: Resolved) -> set[str]:
    return {resolution.rule for resolution in resolved.resolutions}


CODE = "".join(f"def function_{n}(value):\n    return value * {n} + {n}\n\n\n" for n in range(8))


def test_what_one_side_changed_merges_by_itself(store: Store) -> None:
    base = {"a.py": "a = 1\n", "b.py": "b = 1\n", "gone.py": numbered("gone")}
    ours = {**base, "a.py": "a = 2\n", "own.py": "own = 1\n"}
    theirs = {"a.py": "a = 1\n", "b.py": "b = 2\n"}
    resolved = merge(store, base, ours, theirs)
    assert sorted(resolved.files) == ["a.py", "b.py", "own.py"]
    assert not resolved.conflicts and not resolved.resolutions


def test_documents_and_ci_stay_the_forks_and_sources_never_do(store: Store) -> None:
    base = {"README.md": "x\n", ".github/w.yml": "1\n2\n3\n4\n", "src/a.cc": "int a = 1;\n"}
    ours = {"README.md": "fork\n", ".github/w.yml": "0\n2\n3\n4\n", "src/a.cc": "int a = 2;\n"}
    theirs = {"README.md": "up\n", ".github/w.yml": "1\n2\n3\n5\n", "src/a.cc": "int a = 3;\n"}
    resolved = merge(store, base, ours, theirs)
    assert text(store, resolved, "README.md") == "fork\n"
    assert text(store, resolved, ".github/w.yml") == ours[".github/w.yml"]
    assert list(resolved.conflicts) == ["src/a.cc"]


def test_a_conflict_keeps_its_three_stages_and_shows_what_is_left(store: Store) -> None:
    base = {"a.py": "first = 1\n\nx = 1\n"}
    ours = {"a.py": "import mine\nfirst = 1\n\nx = 2\n"}
    theirs = {"a.py": "import new\nfirst = 1\n\nx = 3\n"}
    resolved = merge(store, base, ours, theirs)
    conflict = resolved.conflicts["a.py"]
    stages = (conflict.base, conflict.ours, conflict.theirs)
    assert [store.content(e, "a.py").decode() for e in stages if e] == [
        base["a.py"],
        ours["a.py"],
        theirs["a.py"],
    ]
    assert resolved.texts["a.py"] is not None
    shown = resolved.texts["a.py"].decode()
    assert shown.count("<<<<<<<") == 1
    assert "import new\nimport mine\n" in shown


def test_a_file_that_upstream_deleted_and_the_fork_reformatted_goes(store: Store) -> None:
    base = {"a.py": "x = [1,2]\n", "b.py": "b = 1\n"}
    resolved = merge(store, base, {**base, "a.py": "x = [1, 2]\n"}, {"b.py": "b = 1\n"})
    assert sorted(resolved.files) == ["b.py"]
    assert rules(resolved) == {"deletion"}


def test_a_file_that_upstream_deleted_and_the_fork_changed_is_left_to_a_person(
    store: Store,
) -> None:
    base = {"a.py": "x = [1, 2]\n", "b.py": "b = 1\n"}
    resolved = merge(store, base, {**base, "a.py": "x = [1, 3]\n"}, {"b.py": "b = 1\n"})
    conflict = resolved.conflicts["a.py"]
    assert conflict.base and conflict.ours and not conflict.theirs


def test_the_forks_change_follows_a_file_that_upstream_renamed_and_rewrote(store: Store) -> None:
    base = {"pkg/old.py": CODE}
    ours = {"pkg/old.py": CODE.replace("value * 2 + 2", "value * 2 + 22")}
    new = "".join(f"def fresh_{n}(a, b):\n    return a - b - {n}\n\n\n" for n in range(9))
    theirs = {"pkg/new_op.py": new + CODE.replace("function_7", "renamed_7")}
    resolved = merge(store, base, ours, theirs)
    assert not resolved.conflicts
    assert list(resolved.files) == ["pkg/new_op.py"]
    assert text(store, resolved, "pkg/new_op.py") == theirs["pkg/new_op.py"].replace(
        "value * 2 + 2", "value * 2 + 22"
    )


def test_the_forks_change_follows_a_definition_that_upstream_moved(store: Store) -> None:
    kept = "def stays(a):\n    return a\n\n\n"
    moved = "def moves(a):\n    b = a\n    c = b\n    return c\n"
    other = "def other(z):\n    return z\n"
    base = {"pkg/a.py": kept + moved, "pkg/b.py": other}
    ours = {**base, "pkg/a.py": kept + moved.replace("b = a", "b = a + 1")}
    theirs = {"pkg/a.py": kept, "pkg/b.py": other + "\n\n" + moved}
    resolved = merge(store, base, ours, theirs)
    assert not resolved.conflicts
    assert text(store, resolved, "pkg/a.py") == kept
    assert "b = a + 1" in text(store, resolved, "pkg/b.py")
    assert "moved" in rules(resolved)


def test_a_test_file_that_went_upstream_is_upstreams(store: Store) -> None:
    ours = {"test_x.py": "def test_x( ):\n    assert f( 1 )\n"}
    theirs = {"test_x.py": "def test_x():\n    assert f(1)\n\n\ndef test_y():\n    assert f(2)\n"}
    resolved = merge(store, {"z.py": ""}, {"z.py": "", **ours}, {"z.py": "", **theirs})
    assert text(store, resolved, "test_x.py") == theirs["test_x.py"]
    assert rules(resolved) == {"converged"}


def test_a_name_whose_import_went_in_a_clean_merge_comes_back(store: Store) -> None:
    middle = "".join(f"x{n} = {n}\n" for n in range(9))
    base = {"a.py": f"import os\nimport re\n{middle}print(os)\n"}
    ours = {"a.py": f"import os\n{middle}print(os)\n"}
    theirs = {"a.py": f"import os\nimport re\n{middle}print(os)\nprint(re)\n"}
    resolved = merge(store, base, ours, theirs)
    assert "import re\n" in text(store, resolved, "a.py")


def test_binary_files_and_submodules_are_left_as_they_are(store: Store) -> None:
    binary = [tree(store, {"logo.bin": b"\0" + bytes([n]) * 40}) for n in range(3)]
    for n, files in enumerate(binary):
        files["dep"] = Entry("160000", str(n + 1) * 40)
    merged = merge_trees(store, *(store.write_tree(t) for t in binary))
    chosen = policy.compute(binary[0], binary[1], binary[2])
    resolved = Resolver(store, binary[0], binary[1], binary[2], chosen).resolve(merged)
    assert sorted(resolved.conflicts) == ["dep", "logo.bin"]
    assert resolved.texts == {"dep": None, "logo.bin": None}


def test_a_submodule_that_only_upstream_moved_follows(store: Store) -> None:
    trees = [{"dep": Entry("160000", pin * 40)} for pin in "112"]
    merged = merge_trees(store, *(store.write_tree(t) for t in trees))
    assert merged.files == trees[2]
    assert not merged.conflicts


def test_a_claim_in_sync_toml_that_the_trees_refute_is_a_warning(store: Store) -> None:
    base = tree(store, {"src/a.cc": "int a;\n", "docs/x.md": "x\n"})
    fork = tree(store, {"src/a.cc": "int b;\n", "src/own.cc": "int c;\n", "docs/x.md": "y\n"})
    stated = b'exclusive = ["src/"]\nours = ["src/*"]\n'
    chosen = policy.compute(base, fork, base, stated)
    assert chosen.documents == {"docs/x.md"}
    assert any("1 of its 2 files are upstream's and 1 of them differ" in w for w in chosen.warnings)
    assert any("are sources" in w for w in chosen.warnings)
    with pytest.raises(ValueError, match="is not known"):
        policy.compute(base, fork, base, b"theirs = []\n")


def test_a_content_that_no_clone_has_is_an_error_that_names_the_file(store: Store) -> None:
    with pytest.raises(GitError, match=r"the content of `a\.cc` .* is in none of the clones"):
        store.content(Entry("100644", "1" * 40), "a.cc")


def test_the_store_is_gone_afterwards_and_the_lender_unchanged(
    history: Callable[[str], History],
) -> None:
    lender = history("lender")
    lender.commit({"a": "1\n"})
    before = sorted(p for p in (lender.path / ".git").rglob("*"))
    with scratch_store(lender.repository) as made:
        made.write_tree(tree(made, {"b": "2\n"}))
        where = Path(made.path)
    assert not where.exists()
    assert sorted(p for p in (lender.path / ".git").rglob("*")) == before
