"""A compiled module's members were renamed when `Module` moved into the FFI package.

`get_source` became `inspect_source`, `imported_modules` became `imports`, `type_key` became `kind`,
`save` became `write_to_file`; `is_runnable` and its like were properties and are methods now.
Nothing of the old names stays, and a caught exception hides it: a
`with suppress(Exception): target = mod.imported_modules[0].type_key` goes on with the default.

What class a receiver has is told by annotations, by what made it, and by what people call it
(`mod`, `rt_mod`, `codegen_mod`). A place where that does not decide is reported.
"""

from __future__ import annotations

import re

from codemods.model import Effort, Example, Language, Migration, Rung
from py_rewriters.members import Class, Member, renamed_members

_MODULE = Class(
    title="tvm.runtime.Module",
    names=frozenset(
        {"tvm.runtime.Module", "tvm.runtime.module.Module", "tvm.ffi.Module", "tvm_ffi.Module"}
    ),
    makers=frozenset(
        {
            "tvm.runtime.load_module",
            "tvm.runtime.system_lib",
            "tvm.runtime.load_static_library",
            "tvm.runtime.module.load_module",
            "tvm.build",
            "tvm.driver.build",
            "tvm_ffi.load_module",
            "tvm_ffi.system_lib",
        }
    ),
    getters=re.compile(r"target\.build\.|runtime\.ModuleLoadFrom"),
    hint=re.compile(r"(^|_)mod(ule)?$"),
    holders=frozenset({"imported_modules", "imports"}),
)

_MEMBERS = {
    "get_source": Member("inspect_source", "method", telling=True),
    "imported_modules": Member("imports", "property", telling=True),
    "type_key": Member("kind", "property", telling=True),
    "save": Member("write_to_file", "method"),
    "is_runnable": Member("is_runnable", "call"),
    "is_binary_serializable": Member("is_binary_serializable", "call"),
    "is_dso_exportable": Member("is_compilation_exportable", "call"),
    "is_device_module": Member(None, "property", advice="compare `.kind` with the device's name"),
    "format": Member(None, "property", advice="ask `.get_write_formats()`"),
    "entry_func": Member(None, "property", advice="take the function by name: `mod['main']`"),
}

MIGRATION = Migration(
    code="TF343",
    title="`Module.get_source`, `imported_modules` and `type_key` were renamed",
    rung=Rung.R3,
    introduced="0.1.7",
    removed="0.1.7",
    upstream=("apache/tvm#18213", "apache/tvm#18214", "tile-ai/tilelang#1108"),
    effort=Effort.LOW,
    old_names=("imported_modules",),
    rewrites=(renamed_members(_MODULE, _MEMBERS),),
    examples=(
        Example(
            title="through the imports of a module",
            language=Language.PYTHON,
            before=(
                "from contextlib import suppress\n\n\n"
                "def target_of(rt_mod) -> str:\n"
                '    target = "cuda"\n'
                "    with suppress(Exception):\n"
                "        target = rt_mod.imported_modules[0].type_key\n"
                "    return target\n"
            ),
            after=(
                "from contextlib import suppress\n\n\n"
                "def target_of(rt_mod) -> str:\n"
                '    target = "cuda"\n'
                "    with suppress(Exception):\n"
                "        target = rt_mod.imports[0].kind\n"
                "    return target\n"
            ),
        ),
        Example(
            title="what a global function of `target.build` returns is a module",
            language=Language.PYTHON,
            before=(
                "import tvm_ffi\n\n\n"
                "def source(device, target) -> str:\n"
                '    built = tvm_ffi.get_global_func("target.build.cuda")(device, target)\n'
                "    return built.get_source()\n"
            ),
            after=(
                "import tvm_ffi\n\n\n"
                "def source(device, target) -> str:\n"
                '    built = tvm_ffi.get_global_func("target.build.cuda")(device, target)\n'
                "    return built.inspect_source()\n"
            ),
        ),
        Example(
            title="a property that is a method now",
            language=Language.PYTHON,
            before=(
                "import tvm\n\n\n"
                "def usable(thing: tvm.runtime.Module) -> bool:\n"
                "    return thing.is_runnable\n"
            ),
            after=(
                "import tvm\n\n\n"
                "def usable(thing: tvm.runtime.Module) -> bool:\n"
                "    return thing.is_runnable()\n"
            ),
        ),
        Example(
            title="a receiver that says nothing, where failure would be silent",
            language=Language.PYTHON,
            before=(
                "import tvm\n\n\n"
                "def source(thing) -> str:\n"
                "    try:\n"
                "        return thing.get_source()\n"
                "    except Exception:\n"
                '        return ""\n'
            ),
            after=None,
            finding="fails without a word",
        ),
    ),
)
