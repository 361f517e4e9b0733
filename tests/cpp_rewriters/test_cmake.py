"""CMake: how it is read, and what the verbs do to it."""

from __future__ import annotations

import pytest

from codemods.model import Language, Source
from cpp_rewriters.cmake import CMakeError, commands
from cpp_rewriters.cmake_verbs import (
    arguments_replaced,
    commands_removed,
    environment_asked,
    run_path_extended,
)
from tests.py_rewriters.applying import applied, remarks

PATH = "CMakeLists.txt"
MOVED = arguments_replaced(("old",), lambda text: ("new", "more") if text == "old" else None)
GONE = commands_removed(("gone",), lambda command: "gone" in command.values, "target")
RUN_PATH = run_path_extended("ffi", ("lib", "runtime"), "ffi/lib")


def read(text: str) -> list[tuple[str, tuple[str, ...]]]:
    source = Source(PATH, text.encode(), Language.CMAKE)
    return [(command.name, command.values) for command in commands(source)]


def test_commands_arguments_and_comments_are_told_apart() -> None:
    text = (
        "# set(a b)\n"
        'SET(x "a b" c;d [[e ) f]] # ) g\n  $ENV{H}/i)\n'
        '#[[ bracket\ncomment() ]] if((A OR B) AND "(")\nendif()'
    )
    assert read(text) == [
        ("set", ("x", "a b", "c;d", "[[e ) f]]", "$ENV{H}/i")),
        ("if", ("A", "OR", "B", "AND", "(")),
        ("endif", ()),
    ]


@pytest.mark.parametrize("text", ["set(a", 'set("a)', "set a)", "set(a) )"])
def test_a_text_that_is_not_cmake_is_said_so(text: str) -> None:
    with pytest.raises(CMakeError):
        read(text)
    (remark,) = remarks(MOVED, text + " # old", PATH)
    assert "cannot be read as CMake" in remark.message


ARGUMENTS = {
    "on lines of their own": ("set(a\n  old\n  b)\n", "set(a\n  new\n  more\n  b)\n"),
    "on one line": ("set(a old b)\n", "set(a new more b)\n"),
    "quoted": ('set(a "old")\n', 'set(a "new" "more")\n'),
    "one that is there already": ("set(a new\n  old)\n", "set(a new\n  more)\n"),
    "all there already": ("set(a new more\n  old\n  b)\n", "set(a new more\n  b)\n"),
    "within a longer argument": ("set(a older x/old)\n",) * 2,
    "in a comment": ("# old\nset(a b) # old\n",) * 2,
    "asked for": ("if(EXISTS old)\n  list(APPEND a old)\nendif()\n",) * 2,
    "with Windows line ends": ("set(a\r\n  old\r\n)\r\n", "set(a\r\n  new\r\n  more\r\n)\r\n"),
}


@pytest.mark.parametrize("title", ARGUMENTS)
def test_an_argument_is_replaced(title: str) -> None:
    before, after = ARGUMENTS[title]
    assert applied(MOVED, before, PATH) == after
    assert applied(MOVED, after, PATH) == after


REMOVED = {
    "a command with its comment": ("a()\n# why\nf(gone)\nb()\n", "a()\nb()\n"),
    "a comment apart from it stays": ("# other\n\nf(gone)\nb()\n", "# other\n\nb()\n"),
    "one blank line is left": (
        "a()\n\n# why\nif(X)\n  f(gone)\nendif()\n\nb()\n",
        "a()\n\nb()\n",
    ),
    "a blank line on one side stays": ("a()\r\nf(gone)\r\n\r\nb()\r\n", "a()\r\n\r\nb()\r\n"),
    "a block that holds nothing else": ("a()\nif(X)\n  f(gone)\nendif()\nb()\n", "a()\nb()\n"),
    "nested blocks": ("if(X)\n  if(Y)\n    f(gone)\n  endif()\nendif()\nb()\n", "b()\n"),
    "a block with something else stays": (
        "if(X)\n  f(gone)\n  g()\nendif()\n",
        "if(X)\n  g()\nendif()\n",
    ),
    "a block with another branch stays": (
        "if(X)\n  f(gone)\nelse()\n  g()\nendif()\n",
        "if(X)\nelse()\n  g()\nendif()\n",
    ),
    "a dependency": ("add_dependencies(a target)\nb()\n", "b()\n"),
    "one dependency of several": ("add_dependencies(a b target)\n", "add_dependencies(a b)\n"),
    "the target itself is not a dependency": ("add_dependencies(target a)\n",) * 2,
}


@pytest.mark.parametrize("title", REMOVED)
def test_a_command_is_removed(title: str) -> None:
    before, after = REMOVED[title]
    text = before if "gone" in before else before + "# gone\n"
    wanted = after if "gone" in before else after + "# gone\n"
    assert applied(GONE, text, PATH) == wanted


def test_the_run_path_counts_from_where_libraries_are_installed() -> None:
    text = (
        'set_target_properties(own PROPERTIES OUTPUT_NAME o INSTALL_RPATH "$ORIGIN")\n'
        "install(TARGETS own lib LIBRARY DESTINATION a/b/c)\n"
    )
    changed = applied(RUN_PATH, text, PATH)
    assert changed.count("$ORIGIN:$ORIGIN/../../../ffi/lib") == 2
    assert "set_target_properties(lib PROPERTIES INSTALL_RPATH" in changed
    assert "runtime" not in changed
    assert applied(RUN_PATH, changed, PATH) == changed


def test_a_file_that_installs_none_of_the_libraries_is_left() -> None:
    text = (
        'set_target_properties(own PROPERTIES INSTALL_RPATH "$ORIGIN")\n'
        "install(TARGETS own LIBRARY DESTINATION a)\n"
    )
    assert applied(RUN_PATH, text, PATH) == text


def test_a_library_with_a_run_path_of_its_own_gets_no_second() -> None:
    text = (
        'set_target_properties(own PROPERTIES INSTALL_RPATH "$ORIGIN")\n'
        'set_target_properties(lib PROPERTIES INSTALL_RPATH "/opt")\n'
        "install(TARGETS own lib LIBRARY DESTINATION a)\n"
    )
    assert applied(RUN_PATH, text, PATH).count("set_target_properties(lib") == 1


def test_only_a_wanted_variable_of_the_environment_is_mended() -> None:
    verb = environment_asked(lambda name: name == "A")
    assert applied(verb, "if(DEFINED $ENV{A} AND DEFINED $ENV{B})\n", PATH) == (
        "if(DEFINED ENV{A} AND DEFINED $ENV{B})\n"
    )
    assert applied(verb, "set(x $ENV{A})\n", PATH) == "set(x $ENV{A})\n"
