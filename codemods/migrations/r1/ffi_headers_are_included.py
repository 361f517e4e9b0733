"""TVM's new FFI has an include folder of its own.

Beside `include` in TVM's source tree, `ffi/include` is needed: TVM's own headers include from it. It
is added to every list that has the former together with another folder of the same tree.

This FFI's extension for Python is made with Cython by TVM's target `tvm_cython`, until the FFI became
a package that brings it. A tree that is carried no further is told what its own build needs for it.
"""

from __future__ import annotations

from collections.abc import Iterator

from codemods import ladder
from codemods.model import (
    TARGET,
    Edit,
    Effort,
    Example,
    Facts,
    Language,
    Migration,
    Outcome,
    Remark,
    Rewrite,
    Rung,
    Source,
)
from cpp_rewriters.cmake import Command
from cpp_rewriters.cmake_verbs import argument_added


def _wanted(command: Command, argument: str) -> str | None:
    """Return what belongs after `argument`, the include folder of TVM's source tree."""
    home, slash, last = argument.rpartition("/")
    tree = home.rpartition("/")[2].lower()
    if last != "include" or not slash or "tvm" not in tree or "ffi" in tree:
        return None
    beside = {each for each in command.values if each.startswith(f"{home}/") and each != argument}
    if not beside or any("ffi/include" in each for each in beside):
        return None
    return f"{home}/ffi/include"


_ADDED = argument_added(("/include",), _wanted)
_PACKAGED = "0.1.7"  # the first release whose FFI is a package


def _add(source: Source, facts: Facts) -> Iterator[Outcome]:
    release = facts.get(TARGET, ladder.DEFAULT_TARGET)
    told = ladder.position(release) >= ladder.position(_PACKAGED)
    for outcome in _ADDED.apply(source, facts):
        yield outcome
        if isinstance(outcome, Edit) and not told:
            told = True
            yield Remark(
                outcome.start,
                "TVM's target `tvm_cython` makes the FFI's extension for Python; not added because "
                "which of the tree's targets needs it first, and how its build is called, is the "
                "tree's own affair",
                "write `add_dependencies(... tvm_cython)` where TVM is built along, require `Cython` "
                "for the build, and name the interpreter as `-DPython_EXECUTABLE=...`, as TVM reads "
                "it now",
                Effort.MEDIUM,
            )


MIGRATION = Migration(
    code="TF160",
    title="the FFI's headers are included",
    rung=Rung.R1,
    introduced="0.1.6",
    removed="0.1.6",
    upstream=("tile-ai/tilelang@a7c9a8b92",),
    effort=Effort.LOW,
    rewrites=(Rewrite(Language.CMAKE, _ADDED.tokens, _add, _ADDED.needs),),
    examples=(
        Example(
            title="a list of include folders",
            language=Language.CMAKE,
            before=(
                "list(APPEND DEMO_INCLUDES\n"
                "  ${TVM_SOURCE_DIR}/include\n"
                "  ${TVM_SOURCE_DIR}/src\n"
                ")\n"
            ),
            after=(
                "list(APPEND DEMO_INCLUDES\n"
                "  ${TVM_SOURCE_DIR}/include\n"
                "  ${TVM_SOURCE_DIR}/ffi/include\n"
                "  ${TVM_SOURCE_DIR}/src\n"
                ")\n"
            ),
        ),
    ),
)
