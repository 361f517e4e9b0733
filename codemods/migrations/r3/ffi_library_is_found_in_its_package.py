"""Installed libraries find the FFI's library in the package `tvm_ffi`.

TVM's libraries used to hold the FFI; now they need `libtvm_ffi`, which `apache-tvm-ffi` installs
as `tvm_ffi/lib` beside the package that is built here. An installed library that looks only in its
own folder does not load. The way is counted from where the tree installs its libraries.
"""

from __future__ import annotations

from codemods.model import Effort, Example, Language, Migration, Rung
from cpp_rewriters.cmake_verbs import run_path_extended

MIGRATION = Migration(
    code="TF371",
    title="installed libraries look for `libtvm_ffi` in its package",
    rung=Rung.R3,
    introduced="0.1.7",
    removed="0.1.7",
    upstream=("tile-ai/tilelang#1108",),
    effort=Effort.LOW,
    rewrites=(run_path_extended("tvm_ffi", ("tvm", "tvm_runtime"), "tvm_ffi/lib"),),
    examples=(
        Example(
            title="every installed library that needs it",
            language=Language.CMAKE,
            before=(
                "if(APPLE)\n"
                '  set_target_properties(demo PROPERTIES INSTALL_RPATH "@loader_path")\n'
                "else()\n"
                '  set_target_properties(demo PROPERTIES INSTALL_RPATH "\\$ORIGIN")\n'
                "endif()\n\n"
                "install(TARGETS tvm tvm_runtime demo LIBRARY DESTINATION demo/lib)\n"
            ),
            after=(
                "if(APPLE)\n"
                "  set_target_properties(demo PROPERTIES INSTALL_RPATH "
                '"@loader_path;@loader_path/../../tvm_ffi/lib")\n'
                "  set_target_properties(tvm PROPERTIES INSTALL_RPATH "
                '"@loader_path;@loader_path/../../tvm_ffi/lib")\n'
                "  set_target_properties(tvm_runtime PROPERTIES INSTALL_RPATH "
                '"@loader_path;@loader_path/../../tvm_ffi/lib")\n'
                "else()\n"
                "  set_target_properties(demo PROPERTIES INSTALL_RPATH "
                '"\\$ORIGIN:\\$ORIGIN/../../tvm_ffi/lib")\n'
                "  set_target_properties(tvm PROPERTIES INSTALL_RPATH "
                '"\\$ORIGIN:\\$ORIGIN/../../tvm_ffi/lib")\n'
                "  set_target_properties(tvm_runtime PROPERTIES INSTALL_RPATH "
                '"\\$ORIGIN:\\$ORIGIN/../../tvm_ffi/lib")\n'
                "endif()\n\n"
                "install(TARGETS tvm tvm_runtime demo LIBRARY DESTINATION demo/lib)\n"
            ),
        ),
    ),
)
