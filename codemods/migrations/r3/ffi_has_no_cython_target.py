"""TVM's build no longer makes the FFI's Cython extension.

The target `tvm_cython` and the file `tvm/ffi/core.abi3.so` belonged to the FFI inside TVM's tree.
The package `apache-tvm-ffi` brings its own, so a dependency on the target stops the configuration
and installing the file stops the installation. Both go, with the conditional block and the comment
that were there only for them.
"""

from __future__ import annotations

from codemods.model import Effort, Example, Language, Migration, Rung
from cpp_rewriters.cmake import Command
from cpp_rewriters.cmake_verbs import commands_removed


def _installs_extension(command: Command) -> bool:
    """Say whether `command` installs the FFI's extension and nothing else."""
    if command.name != "install" or command.values[:1] != ("FILES",):
        return False
    files = (
        command.values[1 : command.values.index("DESTINATION")]
        if ("DESTINATION" in command.values)
        else command.values[1:]
    )
    return bool(files) and all("/tvm/ffi/core." in each for each in files)


MIGRATION = Migration(
    code="TF372",
    title="the FFI's Cython extension is not built with TVM",
    rung=Rung.R3,
    introduced="0.1.7",
    removed="0.1.7",
    upstream=("tile-ai/tilelang#1108",),
    effort=Effort.LOW,
    old_names=("tvm_cython",),
    rewrites=(
        commands_removed(("tvm_cython", "/tvm/ffi/core."), _installs_extension, "tvm_cython"),
    ),
    examples=(
        Example(
            title="a block that is there for nothing else",
            language=Language.CMAKE,
            before=(
                "install(TARGETS tvm LIBRARY DESTINATION demo/lib)\n\n"
                "# Copy the extension for wheels\n"
                "if(TVM_BUILD_FROM_SOURCE)\n"
                "  add_dependencies(demo tvm_cython)\n"
                "  install(FILES 3rdparty/tvm/python/tvm/ffi/core.abi3.so DESTINATION demo/ffi)\n"
                "endif()\n"
                'message(STATUS "configured")\n'
            ),
            after=(
                "install(TARGETS tvm LIBRARY DESTINATION demo/lib)\n\n"
                'message(STATUS "configured")\n'
            ),
        ),
        Example(
            title="one dependency of several",
            language=Language.CMAKE,
            before="add_dependencies(demo tvm_cython demo_headers)\n",
            after="add_dependencies(demo demo_headers)\n",
        ),
    ),
)
