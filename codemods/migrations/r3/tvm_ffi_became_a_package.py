"""TVM's FFI left TVM's tree and became a package of its own, `apache-tvm-ffi`.

In Python, `tvm.ffi` became `tvm_ffi`. For a while a file `tvm/ffi.py` repeats the public names of
the package, so `tvm.ffi.get_global_func` goes on working; its submodules (`tvm.ffi.core`,
`tvm.ffi.registry`) and its private names do not, and the file itself was removed in June 2026.
This migration moves all of them at once.

`import tvm.ffi` also binds the name `tvm`. Where the file goes on using it and nothing else there
binds it, an `import tvm` is written beside the new import; and so it is in a script where nothing
else loads TVM, whose library registers the functions and types that are asked for.

Some names that the in-tree FFI exported were not taken along: devices and tensors live in
`tvm.runtime`, and strings are plain `str`.
"""

from __future__ import annotations

from codemods.model import Effort, Example, Language, Migration, Rung
from py_rewriters.cython import moved_in_cython
from py_rewriters.moves import moved

# Checked against tvm/ffi/__init__.py of the 0.1.6.post2 wheel and tvm_ffi 0.1.6: names of the
# first that the second does not have, and where TVM has them.
_NOT_TAKEN_ALONG = {
    f"tvm.ffi.{name}": f"tvm.runtime.{name}"
    for name in ("cpu", "cuda", "rocm", "opencl", "metal", "vpi", "vulkan", "ext_dev", "String")
}

_TABLE = {
    "tvm.ffi": "tvm_ffi",
    "tvm.ffi.ndarray": "tvm_ffi._tensor",
    "tvm.ffi.dtype": "tvm_ffi._dtype",
    "tvm.ffi.convert": "tvm_ffi.convert",
    # Neither existed under `tvm.ffi`; hasty renamings of `tvm._ffi` have written them.
    "tvm.ffi.runtime_ctypes": "tvm.runtime",
    "tvm.ffi.base": "tvm.base",
    "tvm.ffi.NDArray": "tvm.runtime.Tensor",
    "tvm.ffi.DataTypeCode": "tvm.DataTypeCode",
    "tvm.ffi.ObjectGeneric": "tvm_ffi.ObjectConvertible",
    **_NOT_TAKEN_ALONG,
}

MIGRATION = Migration(
    code="TF340",
    title="`tvm.ffi` became the package `tvm_ffi`",
    rung=Rung.R3,
    introduced="0.1.7",
    removed=None,
    upstream=("apache/tvm#18226", "tile-ai/tilelang#1108", "apache/tvm#19721"),
    effort=Effort.LOW,
    old_names=("tvm.ffi",),
    rewrites=(moved(_TABLE, modules=("tvm.base", "tvm.runtime")), moved_in_cython(_TABLE)),
    examples=(
        Example(
            title="the import and every use",
            language=Language.PYTHON,
            before=(
                "import tvm.ffi\n\n\n"
                '@tvm.ffi.register_object("demo.Layout")\n'
                "class Layout(tvm.ffi.Object):\n"
                "    pass\n"
            ),
            after=(
                "import tvm_ffi\n\n\n"
                '@tvm_ffi.register_object("demo.Layout")\n'
                "class Layout(tvm_ffi.Object):\n"
                "    pass\n"
            ),
            path="demo/layout.py",
            others={"demo/__init__.py": "import tvm\n"},
        ),
        Example(
            title="a script in which no other import loads TVM's library",
            language=Language.PYTHON,
            before='import tvm.ffi\n\nbuild = tvm.ffi.get_global_func("target.build.c")\n',
            after=(
                "import tvm  # noqa: F401\nimport tvm_ffi\n\n"
                'build = tvm_ffi.get_global_func("target.build.c")\n'
            ),
        ),
        Example(
            title="a file that goes on using `tvm` keeps it",
            language=Language.PYTHON,
            before=(
                "import tvm.ffi\n"
                "from tvm.target import Target\n\n\n"
                "def build(mod: tvm.IRModule) -> object:\n"
                '    return tvm.ffi.get_global_func("target.build.c")(mod, Target("c"))\n'
            ),
            after=(
                "import tvm\n"
                "import tvm_ffi\n"
                "from tvm.target import Target\n\n\n"
                "def build(mod: tvm.IRModule) -> object:\n"
                '    return tvm_ffi.get_global_func("target.build.c")(mod, Target("c"))\n'
            ),
        ),
        Example(
            title="through a package that re-exports TVM",
            language=Language.PYTHON,
            before=('from demo import tvm\n\nbuild = tvm.ffi.get_global_func("target.build.c")\n'),
            after=(
                "from demo import tvm\n"
                "import tvm_ffi\n\n"
                'build = tvm_ffi.get_global_func("target.build.c")\n'
            ),
            path="examples/use.py",
            others={"demo/__init__.py": "import tvm\n"},
        ),
        Example(
            title="one of several names of an import",
            language=Language.PYTHON,
            before="from tvm import ffi, tir\n\nmake = ffi.get_global_func\nVar = tir.Var\n",
            after=(
                "from tvm import tir\nimport tvm_ffi\n\n"
                "make = tvm_ffi.get_global_func\nVar = tir.Var\n"
            ),
        ),
        Example(
            title="a name with a second meaning is left and reported",
            language=Language.PYTHON,
            before=(
                "import tvm\n\n"
                "if not tvm.runtime.enabled('cuda'):\n"
                "    tvm = make_stand_in()\n"
                'build = tvm.ffi.get_global_func("target.build.c")\n'
            ),
            after=None,
            finding="has another meaning here too",
            prelude="def make_stand_in() -> object: ...\n\n\n",
            compiles=False,
        ),
        Example(
            title="an import in Cython",
            language=Language.CYTHON,
            before="from tvm.ffi import get_global_func\n\ncdef object build = get_global_func\n",
            after="from tvm_ffi import get_global_func\n\ncdef object build = get_global_func\n",
        ),
    ),
)
