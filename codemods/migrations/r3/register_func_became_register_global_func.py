"""The Python functions that register and bind global functions got names that say so.

`register_func` became `register_global_func`, in the FFI package and in `tvm` itself, with the
same parameters. The private `_init_api`, which fills a module with the global functions of a
prefix, became the public `init_ffi_api`: a prefix that starts with `tvm.` loses that part, and
names with a further dot are skipped, as before. A comment that told pylint to let the private name
pass goes with it.

A module that others import the old name from goes on exporting it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from codemods.model import (
    Edit,
    Effort,
    Example,
    Facts,
    Language,
    Migration,
    Outcome,
    Rewrite,
    Rung,
    Source,
)
from py_rewriters.cython import moved_in_cython
from py_rewriters.exports import EXPORTS
from py_rewriters.moves import moved
from py_rewriters.parsing import Problem
from py_rewriters.resolving import resolver

_TABLE = {
    "tvm.register_func": "tvm.register_global_func",
    "tvm_ffi.register_func": "tvm_ffi.register_global_func",
    "tvm_ffi.registry.register_func": "tvm_ffi.registry.register_global_func",
    "tvm.ffi.register_func": "tvm_ffi.register_global_func",
    "tvm.ffi.registry.register_func": "tvm_ffi.registry.register_global_func",
    "tvm_ffi._init_api": "tvm_ffi.init_ffi_api",
    "tvm_ffi.registry._init_api": "tvm_ffi.registry.init_ffi_api",
    "tvm.ffi._init_api": "tvm_ffi.init_ffi_api",
    "tvm.ffi.registry._init_api": "tvm_ffi.registry.init_ffi_api",
}
_PRIVATE = frozenset(old for old in _TABLE if old.endswith("._init_api"))
_SILENCED = re.compile(rb"[ \t]*#[ \t]*pylint:[ \t]*disable=protected-access[ \t]*(?=\r|\n|$)")


def _private_no_more(source: Source, facts: Facts) -> Iterator[Outcome]:
    """Take out the comment behind a call of the name that was private."""
    if _SILENCED.search(source.data) is None:
        return
    names = resolver(source, facts)
    if isinstance(names, Problem):
        return
    for node, scope in names.analysis.scope_of.items():
        if isinstance(node, ast.Call) and names.expression(node.func, scope) in _PRIVATE:
            comment = _SILENCED.match(source.data, names.module.end(node))
            if comment is not None:
                yield Edit(*comment.span(), b"")


MIGRATION = Migration(
    code="TF341",
    title="`register_func` became `register_global_func`, `_init_api` `init_ffi_api`",
    rung=Rung.R3,
    introduced="0.1.7",
    removed="0.1.7",
    upstream=("apache/tvm#18277", "tile-ai/tilelang#1108"),
    effort=Effort.LOW,
    old_names=("tvm.register_func", "tvm.ffi.register_func", "tvm.ffi._init_api"),
    rewrites=(
        moved(_TABLE),
        moved_in_cython(_TABLE),
        Rewrite(Language.PYTHON, ("_init_api",), _private_no_more, needs=(EXPORTS,)),
    ),
    examples=(
        Example(
            title="a decorator",
            language=Language.PYTHON,
            before=(
                "import tvm\n\n\n"
                '@tvm.register_func("demo_callback_compile", override=True)\n'
                "def compile_callback(code, target):\n"
                "    return code\n"
            ),
            after=(
                "import tvm\n\n\n"
                '@tvm.register_global_func("demo_callback_compile", override=True)\n'
                "def compile_callback(code, target):\n"
                "    return code\n"
            ),
        ),
        Example(
            title="a name that an import binds; a parameter of that name is something else",
            language=Language.PYTHON,
            before=(
                "from tvm import register_func\n\n\n"
                "def postproc(func):\n"
                '    register_func("demo_callback_postproc", f=func)\n\n\n'
                "def other(register_func):\n"
                "    register_func()\n"
            ),
            after=(
                "from tvm import register_global_func\n\n\n"
                "def postproc(func):\n"
                '    register_global_func("demo_callback_postproc", f=func)\n\n\n'
                "def other(register_func):\n"
                "    register_func()\n"
            ),
        ),
        Example(
            title="filling a module with global functions",
            language=Language.PYTHON,
            before='import tvm_ffi\n\ntvm_ffi._init_api("demo", __name__)\n',
            after='import tvm_ffi\n\ntvm_ffi.init_ffi_api("demo", __name__)\n',
        ),
        Example(
            title="a comment for pylint about the private name",
            language=Language.PYTHON,
            before=(
                "import tvm_ffi\n\n"
                'tvm_ffi._init_api("demo", __name__)  # pylint: disable=protected-access\n'
                "tvm_ffi._tune()  # pylint: disable=protected-access\n"
            ),
            after=(
                "import tvm_ffi\n\n"
                'tvm_ffi.init_ffi_api("demo", __name__)\n'
                "tvm_ffi._tune()  # pylint: disable=protected-access\n"
            ),
        ),
        Example(
            title="a module that others import the old name from",
            language=Language.PYTHON,
            before='from tvm import register_func\n\nregister_func("demo.f", len)\n',
            after=(
                "from tvm import register_global_func as register_func\n\n"
                'register_func("demo.f", len)\n'
            ),
            path="demo/compat.py",
            others={"demo/user.py": "from .compat import register_func\n"},
        ),
        Example(
            title="an import in Cython",
            language=Language.CYTHON,
            before='from tvm import register_func\n\nregister_func("demo.f", len)\n',
            after=(
                "from tvm import register_global_func as register_func\n\n"
                'register_func("demo.f", len)\n'
            ),
        ),
    ),
)
