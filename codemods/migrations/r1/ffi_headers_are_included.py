"""TVM's new FFI has an include folder of its own.

Beside `include` in TVM's source tree, `ffi/include` is needed: TVM's own headers include from it. It
is added to every list that has the former together with another folder of the same tree.
"""

from __future__ import annotations

from codemods.model import Effort, Example, Language, Migration, Rung
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


MIGRATION = Migration(
    code="TF160",
    title="the FFI's headers are included",
    rung=Rung.R1,
    introduced="0.1.6",
    removed="0.1.6",
    upstream=("tile-ai/tilelang@a7c9a8b92",),
    effort=Effort.LOW,
    rewrites=(argument_added(("/include",), _wanted),),
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
