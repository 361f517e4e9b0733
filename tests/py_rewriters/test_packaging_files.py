"""Packaging files: what a dependency is added to, where, and what is only reported."""

from __future__ import annotations

import pytest
from packaging.specifiers import SpecifierSet

from codemods import ladder
from codemods.tvm_ffi_ranges import range_for, ranges
from py_rewriters.packaging_files import (
    command_option_added,
    dependency_added,
    dependency_missing,
    python_admitted,
    wheels_mended_on_macos,
)
from tests.py_rewriters.applying import applied, remarks

PROJECT, REQUIREMENTS = dependency_added("middle", lambda _: ">=1,<2")
USES = {"own/__init__.py": "import tvm\n", "pyproject.toml": ""}
TOML = "pyproject.toml"


def project(dependencies: str) -> str:
    return f'[project]\nname = "own"\ndependencies = [{dependencies}]\n\n[tool.x]\na = 1  # b\n'


LISTS = {
    "at its place": ('"a", "z"', '"a", "middle>=1,<2", "z"'),
    "at the end": ('"a"', '"a", "middle>=1,<2"'),
    "into an empty list": ("", '"middle>=1,<2"'),
    "on lines of their own": (
        '\n    "a",\n    "z",  # last\n',
        '\n    "a",\n    "middle>=1,<2",\n    "z",  # last\n',
    ),
    "there already": ('"a", "Middle==1.5"', '"a", "Middle==1.5"'),
    "brought by TVM's package": ('"apache-tvm"', '"apache-tvm"'),
}


@pytest.mark.parametrize("title", LISTS)
def test_a_dependency_is_added(title: str) -> None:
    before, after = LISTS[title]
    assert applied(PROJECT, project(before), TOML, USES) == project(after)


def test_a_project_that_does_not_import_tvm_is_left() -> None:
    others = {"own/__init__.py": "import os\n", "elsewhere/a.py": "import tvm\n"}
    assert applied(PROJECT, project('"a"'), f"own/{TOML}", others) == project('"a"')


def test_a_text_that_is_not_toml_is_left() -> None:
    assert (
        applied(PROJECT, "[project\ndependencies = [", TOML, USES) == "[project\ndependencies = ["
    )


LINES = {
    "at its place": ("# c\na\nz\n", "# c\na\nmiddle>=1,<2\nz\n"),
    "first": ("# c\nz\n", "# c\nmiddle>=1,<2\nz\n"),
    "after the last, without a last newline": ("a", "a\nmiddle>=1,<2"),
    "into an empty file": ("", "middle>=1,<2\n"),
    "after options": ("--index x\n", "--index x\nmiddle>=1,<2\n"),
    "with Windows line ends": ("a\r\nz\r\n", "a\r\nmiddle>=1,<2\r\nz\r\n"),
    "there already": ("middle==1.2  # why\n", "middle==1.2  # why\n"),
}


@pytest.mark.parametrize("title", LINES)
def test_a_requirement_is_added(title: str) -> None:
    before, after = LINES[title]
    assert applied(REQUIREMENTS, before, "requirements.txt", USES) == after
    assert applied(REQUIREMENTS, after, "requirements.txt", USES) == after


@pytest.mark.parametrize("path", ["requirements-dev.txt", "own/requirements.txt"])
def test_other_requirements_are_left(path: str) -> None:
    assert applied(REQUIREMENTS, "a\n", path, USES) == "a\n"


@pytest.mark.parametrize("given", ["middle", "middle>=1", "middle~=0.1.0"])
def test_a_range_that_admits_more_is_remarked(given: str) -> None:
    assert len(remarks(REQUIREMENTS, f"{given}\n", "requirements.txt", USES)) == 1
    assert len(remarks(PROJECT, project(f'"{given}"'), TOML, USES)) == 1


def test_an_option_is_added_once_and_not_in_comments() -> None:
    verb = command_option_added(
        "auditwheel", r"\bauditwheel\b[^\"'\r\n]*?\brepair\b", "--exclude x"
    )
    before = (
        '# auditwheel repair\na = ["auditwheel -v repair y", "auditwheel repair --exclude x"]\n'
    )
    after = before.replace("-v repair", "-v repair --exclude x")
    assert applied(verb, before, TOML) == after
    assert applied(verb, after, TOML) == after


def test_a_missing_dependency_is_remarked_once_it_is_missing() -> None:
    verb = dependency_missing("z", "message", "advice")
    assert len(remarks(verb, project('"a"'), TOML, USES)) == 1
    assert remarks(verb, project('"z>=1"'), TOML, USES) == []


def test_an_admitted_python_is_remarked() -> None:
    verb = python_admitted("3.8", "message", "advice")
    for given, count in ((">=3.8", 1), (">=3.7,<3.12", 1), (">=3.9", 0), ("junk", 0)):
        text = f'[project]\nrequires-python = "{given}"\n'
        assert len(remarks(verb, text, TOML, USES)) == count


def test_the_table_of_ranges_covers_every_release_from_its_first_on() -> None:
    first = min(ranges(), key=ladder.position)
    for release in ladder.RELEASES[ladder.position(first) :]:
        assert SpecifierSet(range_for(release))
    with pytest.raises(KeyError):
        range_for("0.1.6")


def test_the_range_of_the_default_target_holds_the_version_that_was_tried() -> None:
    assert SpecifierSet(range_for("0.1.7.post2")).contains("0.1.6")
    assert not SpecifierSet(range_for("0.1.7")).contains("0.1.6")


MENDED = wheels_mended_on_macos("mend {wheel}")
MACOS = {
    "behind the other platforms": (
        "# macOS\n[tool.cibuildwheel]\na = 1\n",
        "# macOS\n[tool.cibuildwheel]\na = 1\n\n[tool.cibuildwheel.macos]\n"
        'repair-wheel-command = "mend {wheel}"\n',
    ),
    "into the table that is there": (
        "[tool.cibuildwheel.macos]\na = 1\n\n[tool.b]\nc = 2\n",
        '[tool.cibuildwheel.macos]\na = 1\nrepair-wheel-command = "mend {wheel}"\n\n'
        "[tool.b]\nc = 2\n",
    ),
    "a command of the project's own": ('[tool.cibuildwheel.macos]\nrepair-wheel-command = ""\n',)
    * 2,
    "a command for every platform": ('# macOS\n[tool.cibuildwheel]\nrepair-wheel-command = ""\n',)
    * 2,
    "a project without macOS": ("[tool.cibuildwheel]\na = 1\n",) * 2,
    "a project without cibuildwheel": ("# macOS, cibuildwheel\n[tool.b]\na = 1\n",) * 2,
}


@pytest.mark.parametrize("title", MACOS)
def test_wheels_of_macos_are_mended_where_the_default_did(title: str) -> None:
    before, after = MACOS[title]
    assert applied(MENDED, before, TOML, USES) == after
    assert applied(MENDED, after, TOML, USES) == after
