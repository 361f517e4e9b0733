"""TVM's FFI headers come from a source tree of their own, a submodule within TVM's.

`ffi/include` in TVM's tree became `3rdparty/tvm-ffi/include`, and DLPack's headers that fit are in
`3rdparty/tvm-ffi/3rdparty/dlpack/include`. The submodule that holds TVM must be moved to a commit of
the target, recursively. Which commit that is belongs to the tree's owner: it is reported, never
changed.
"""

from __future__ import annotations

from codemods.model import Effort, Example, Language, Migration, Rung
from cpp_rewriters.cmake_verbs import arguments_replaced

_OLD = "/ffi/include"


def _new(argument: str) -> tuple[str, ...] | None:
    if not argument.endswith(_OLD) or argument.endswith(f"tvm-ffi{_OLD}"):
        return None
    home = argument.removesuffix(_OLD) + "/3rdparty/tvm-ffi"
    return f"{home}/include", f"{home}/3rdparty/dlpack/include"


MIGRATION = Migration(
    code="TF370",
    title="the FFI's headers have a source tree of their own",
    rung=Rung.R3,
    introduced="0.1.7",
    removed="0.1.7",
    upstream=("apache/tvm#18314", "tile-ai/tilelang#1108"),
    effort=Effort.LOW,
    rewrites=(
        arguments_replaced(
            (_OLD,),
            _new,
            (
                "these headers are there once the submodule that holds TVM is at a commit of the "
                "target; the pin was not changed because it is the tree owner's choice",
                "move the submodule and run `git submodule update --init --recursive`",
            ),
        ),
    ),
    examples=(
        Example(
            title="a list of include folders",
            language=Language.CMAKE,
            before=(
                "set(TVM_INCLUDES\n"
                "  ${TVM_SOURCE}/include\n"
                "  ${TVM_SOURCE}/ffi/include\n"
                "  ${TVM_SOURCE}/src\n"
                ")\n"
            ),
            after=(
                "set(TVM_INCLUDES\n"
                "  ${TVM_SOURCE}/include\n"
                "  ${TVM_SOURCE}/3rdparty/tvm-ffi/include\n"
                "  ${TVM_SOURCE}/3rdparty/tvm-ffi/3rdparty/dlpack/include\n"
                "  ${TVM_SOURCE}/src\n"
                ")\n"
            ),
        ),
        Example(
            title="a tree that asks which of them is there",
            language=Language.CMAKE,
            before=(
                "if(EXISTS ${TVM_SOURCE}/ffi/include)\n"
                "  list(APPEND TVM_INCLUDES ${TVM_SOURCE}/ffi/include)\n"
                "endif()\n"
            ),
            after=(
                "if(EXISTS ${TVM_SOURCE}/ffi/include)\n"
                "  list(APPEND TVM_INCLUDES ${TVM_SOURCE}/ffi/include)\n"
                "endif()\n"
            ),
        ),
    ),
)
