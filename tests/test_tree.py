"""Which files a tree has, and what language they are in."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from codemods import tree
from codemods.model import Language


def make(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("text\n", encoding="utf-8")


def git(root: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", "-C", str(root), *identity, *arguments], check=True, capture_output=True)


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("src/a.cc", Language.CPP),
        ("a.CUH", Language.CPP),
        ("a.mm", Language.CPP),
        ("a.hip", Language.CPP),
        ("a.h", Language.CPP),
        ("config.h.in", Language.CPP),
        ("a.pyi", Language.PYTHON),
        ("a.pyx", Language.CYTHON),
        ("CMakeLists.txt", Language.CMAKE),
        ("cmake/x.cmake.in", Language.CMAKE),
        ("pyproject.toml", Language.TOML),
        ("requirements.txt", Language.REQUIREMENTS),
        ("requirements-test.txt", Language.REQUIREMENTS),
        ("docker/requirements/base.txt", Language.REQUIREMENTS),
        ("docs/a.rst", Language.PROSE),
        ("a.ipynb", Language.PROSE),
        ("notes.txt", None),
        ("LICENSE", None),
        (".gitignore", None),
        ("image.png", None),
    ],
)
def test_a_file_is_classified_by_its_name(path: str, language: Language | None) -> None:
    assert tree.classify(path) is language


def test_a_missing_tree_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(tree.NoSuchTree):
        tree.find(tmp_path / "nowhere")


def test_a_single_file_is_a_tree_of_one(tmp_path: Path) -> None:
    make(tmp_path, "a.cc", "b.cc")
    assert list(tree.find(tmp_path / "a.cc").files) == ["a.cc"]


def test_outside_git_hidden_and_build_folders_are_left_out(tmp_path: Path) -> None:
    make(tmp_path, "a.cc", ".cache/b.cc", "out/CMakeCache.txt", "out/c.cc", "env/pyvenv.cfg")
    make(tmp_path, "env/d.py", "__pycache__/e.py", "build_tools/f.py")
    assert list(tree.find(tmp_path).files) == ["a.cc", "build_tools/f.py"]


def test_in_git_ignored_files_are_left_out_and_new_ones_are_not(tmp_path: Path) -> None:
    make(tmp_path, "a.cc", "ignored.cc", "new.cc")
    (tmp_path / ".gitignore").write_text("ignored.cc\n", encoding="utf-8")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "a.cc")
    found = tree.find(tmp_path)
    assert list(found.files) == ["a.cc", "new.cc"]
    assert found.is_git


def test_a_folder_that_git_ignores_is_walked(tmp_path: Path) -> None:
    make(tmp_path, "build/copy/a.cc", "build/copy/.hidden/b.cc", "c.cc")
    (tmp_path / ".gitignore").write_text("/build/\n", encoding="utf-8")
    git(tmp_path, "init", "-q")
    found = tree.find(tmp_path / "build" / "copy")
    assert list(found.files) == ["a.cc"]
    assert not found.is_git
    assert list(tree.find(tmp_path).files) == ["c.cc"]


def test_an_empty_folder_of_a_git_tree_is_not_walked(tmp_path: Path) -> None:
    make(tmp_path, "part/a.cc")
    (tmp_path / ".gitignore").write_text("a.cc\n", encoding="utf-8")
    git(tmp_path, "init", "-q")
    found = tree.find(tmp_path / "part")
    assert found.is_git
    assert not found.files


def test_a_part_of_a_git_tree_is_named_from_that_part(tmp_path: Path) -> None:
    make(tmp_path, "src/a.cc", "b.cc")
    git(tmp_path, "init", "-q")
    assert list(tree.find(tmp_path / "src").files) == ["a.cc"]


@pytest.mark.parametrize("in_git", [True, False])
def test_submodules_are_never_entered(tmp_path: Path, in_git: bool) -> None:
    make(tmp_path, "a.cc", "3rdparty/tvm/b.cc", "3rdparty/own/c.cc")
    (tmp_path / ".gitmodules").write_text(
        '[submodule "tvm"]\n\tpath = 3rdparty/tvm\n', encoding="utf-8"
    )
    if in_git:
        git(tmp_path, "init", "-q")
    assert list(tree.find(tmp_path).files) == ["3rdparty/own/c.cc", "a.cc"]


def test_a_nested_checkout_is_never_entered(tmp_path: Path) -> None:
    make(tmp_path, "a.cc", "other/b.cc")
    (tmp_path / "other" / ".git").mkdir()
    assert list(tree.find(tmp_path).files) == ["a.cc"]


def test_a_link_inside_the_tree_is_not_a_second_file(tmp_path: Path) -> None:
    make(tmp_path, "a.h")
    (tmp_path / "b.h").symlink_to("a.h")
    found = tree.find(tmp_path)
    assert list(found.files) == ["a.h"]
    assert not found.passed


def test_a_link_out_of_the_tree_is_told_and_not_followed(tmp_path: Path) -> None:
    make(tmp_path, "outside.h", "root/a.h")
    (tmp_path / "root" / "b.h").symlink_to("../outside.h")
    (tmp_path / "root" / "c.h").symlink_to("nowhere.h")
    found = tree.find(tmp_path / "root")
    assert list(found.files) == ["a.h"]
    assert [(entry.path, entry.code) for entry in found.passed] == [
        ("b.h", "TF910"),
        ("c.h", "TF910"),
    ]


def test_a_file_is_found_from_the_root_of_all_folders(tmp_path: Path) -> None:
    make(tmp_path, "a.cc")
    name = str((tmp_path / "a.cc").resolve()).removeprefix("/")
    assert tree.some(Path("/"), [name]).files == {name: Language.CPP}


def test_linked_folders_are_not_entered(tmp_path: Path) -> None:
    make(tmp_path, "src/a.h")
    (tmp_path / "again").symlink_to("src")
    assert list(tree.find(tmp_path).files) == ["src/a.h"]


def test_binary_and_huge_files_are_told_and_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree, "HUGE", 100)
    (tmp_path / "binary.h").write_bytes(b"\x7fELF\0\0")
    (tmp_path / "huge.cc").write_bytes(b"// " + b"x" * 200)
    found = tree.read(tree.find(tmp_path))
    assert not found.data
    assert {entry.code for entry in found.passed} == {"TF907"}


def test_an_unreadable_file_is_told(tmp_path: Path) -> None:
    make(tmp_path, "a.cc")
    found = tree.find(tmp_path)
    (tmp_path / "a.cc").unlink()
    assert [entry.code for entry in tree.read(found).passed] == ["TF908"]


def test_a_file_that_nobody_may_write_is_read_only_even_for_root(tmp_path: Path) -> None:
    make(tmp_path, "a.cc")
    (tmp_path / "a.cc").chmod(0o444)
    assert tree.is_read_only(tmp_path / "a.cc")
