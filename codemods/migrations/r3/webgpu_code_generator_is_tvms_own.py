"""TileLang dropped its own WebGPU code generator and calls TVM's.

The global function `target.build.tilelang_webgpu` was registered by TileLang's own C++;
`target.build.webgpu` is TVM's. A tree that still registers the old name in its C++ goes on using
it and is left; elsewhere the string is changed, because only calling it would show that nothing
is registered under it.
"""

from __future__ import annotations

from codemods.model import Effort, Example, Language, Migration, Rung
from py_rewriters.global_names import renamed_global_function

MIGRATION = Migration(
    code="TF345",
    title="`target.build.tilelang_webgpu` became `target.build.webgpu`",
    rung=Rung.R3,
    introduced="0.1.7",
    removed="0.1.7",
    upstream=("tile-ai/tilelang#1108",),
    effort=Effort.LOW,
    rewrites=(renamed_global_function("target.build.tilelang_webgpu", "target.build.webgpu"),),
    examples=(
        Example(
            title="a tree without the code generator",
            language=Language.PYTHON,
            before=(
                "import tvm_ffi\n\n"
                'build = tvm_ffi.get_global_func("target.build.tilelang_webgpu")\n'
            ),
            after='import tvm_ffi\n\nbuild = tvm_ffi.get_global_func("target.build.webgpu")\n',
        ),
        Example(
            title="a tree that has it",
            language=Language.PYTHON,
            before=(
                "import tvm_ffi\n\n"
                'build = tvm_ffi.get_global_func("target.build.tilelang_webgpu")\n'
            ),
            after=(
                "import tvm_ffi\n\n"
                'build = tvm_ffi.get_global_func("target.build.tilelang_webgpu")\n'
            ),
            path="demo/lower.py",
            others={
                "src/target/codegen_webgpu.cc": (
                    "TVM_FFI_STATIC_INIT_BLOCK() {\n"
                    "  namespace refl = tvm::ffi::reflection;\n"
                    '  refl::GlobalDef().def("target.build.tilelang_webgpu", BuildWebGPU);\n'
                    "}\n"
                )
            },
        ),
    ),
)
