"""Numbers in the annotations of a loop or a function stay plain.

`T.serial(8, annotations={"num_stages": 3})` and `T.func_attr({"stages": 3})` turned the number into
an `IntImm`. The maps hold any value now and keep a plain `int`, in which a pass that asks with
`as<IntImmNode>()` finds nothing and which equals no `IntImm` of another function. `T.int32(3)` is
what the number was. In a tree that has left the legacy FFI everywhere a plain number is meant.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any

from codemods.model import (
    Collector,
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
from py_rewriters.exports import EXPORTS
from py_rewriters.parsing import Problem
from py_rewriters.resolving import resolver
from py_rewriters.scopes import Scope

_LANGUAGES = ("language", "tir")  # tilelang.language, tvm.script.tir, a fork's own
_LOOPS = ("parallel", "serial", "thread_binding", "unroll", "vectorized")
_ATTRIBUTES = ("block_attr", "func_attr")


def _gather(source: Source) -> bool:
    return True


def _digest(gathered: Mapping[str, Any]) -> bool:
    return bool(gathered)


_LEGACY = Collector("legacy FFI in Python", Language.PYTHON, ("tvm._ffi",), _gather, _digest)


def _box(source: Source, facts: Facts) -> Iterator[Outcome]:
    if not facts[_LEGACY.name]:
        return
    names = resolver(source, facts)
    if isinstance(names, Problem):
        return
    for node, scope in names.analysis.scope_of.items():
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        language = node.func.value
        if not isinstance(language, ast.Name) or not _is_language(language.id, scope):
            continue
        for number in _numbers(node, node.func.attr):
            start, end = names.module.start(number), names.module.end(number)
            yield Edit(start, start, f"{language.id}.int32(".encode())
            yield Edit(end, end, b")")


def _is_language(name: str, scope: Scope) -> bool:
    bound = [binding.imported for binding in scope.lookup(name)]
    return bool(bound) and all(
        imported is not None and imported.split(".")[-1] in _LANGUAGES for imported in bound
    )


def _numbers(call: ast.Call, function: str) -> Iterator[ast.expr]:
    maps: list[ast.expr] = []
    if function in _LOOPS:
        maps = [keyword.value for keyword in call.keywords if keyword.arg == "annotations"]
    elif function in _ATTRIBUTES:
        maps = call.args[:1]
    for each in maps:
        for value in each.values if isinstance(each, ast.Dict) else ():
            yield from _plain(value)


def _plain(value: ast.expr) -> Iterator[ast.expr]:
    """Every whole number that `value` is, or that stands in the lists that it is."""
    if isinstance(value, (ast.List, ast.Tuple)):
        for element in value.elts:
            yield from _plain(element)
        return
    minus = isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub)
    number = value.operand if isinstance(value, ast.UnaryOp) and minus else value
    if isinstance(number, ast.Constant) and type(number.value) is int:
        yield value


_OLD = {"demo/_ffi_api.py": 'import tvm._ffi\n\ntvm._ffi._init_api("demo", __name__)\n'}

MIGRATION = Migration(
    code="TF156",
    title="numbers in annotations stay plain",
    rung=Rung.R1,
    introduced="0.1.6",
    removed=None,
    upstream=("apache/tvm#17920", "tile-ai/tilelang@a7c9a8b92"),
    effort=Effort.LOW,
    rewrites=(
        Rewrite(Language.PYTHON, ("annotations", *_ATTRIBUTES), _box, needs=(EXPORTS, _LEGACY)),
    ),
    examples=(
        Example(
            title="a loop and a function",
            language=Language.PYTHON,
            before=(
                "import tilelang.language as T\n\n\n"
                "@T.prim_func\n"
                'def main(A: T.Tensor((8,), "int32")):\n'
                '    T.func_attr({"global_symbol": "main", "stages": 2, "tir.noalias": True})\n'
                '    for k in T.serial(8, annotations={"num_stages": 3, "order": [0, -1]}):\n'
                "        A[k] = 1\n"
            ),
            after=(
                "import tilelang.language as T\n\n\n"
                "@T.prim_func\n"
                'def main(A: T.Tensor((8,), "int32")):\n'
                '    T.func_attr({"global_symbol": "main", "stages": T.int32(2), '
                '"tir.noalias": True})\n'
                "    for k in T.serial(8, annotations="
                '{"num_stages": T.int32(3), "order": [T.int32(0), T.int32(-1)]}):\n'
                "        A[k] = 1\n"
            ),
            others=_OLD,
        ),
        Example(
            title="a tree that has left the legacy FFI",
            language=Language.PYTHON,
            before=(
                "import tilelang.language as T\n\n\n"
                "def loop():\n"
                '    T.serial(8, annotations={"num_stages": 3})\n'
            ),
            after=(
                "import tilelang.language as T\n\n\n"
                "def loop():\n"
                '    T.serial(8, annotations={"num_stages": 3})\n'
            ),
        ),
        Example(
            title="other maps",
            language=Language.PYTHON,
            before=(
                "import tilelang.language as T\n\n\n"
                "def other(loops):\n"
                '    loops.serial(8, annotations={"a": 1})\n'
                '    T.serial(8, annotations={"a": T.int32(1), "b": "c", "d": 1.0})\n'
            ),
            after=(
                "import tilelang.language as T\n\n\n"
                "def other(loops):\n"
                '    loops.serial(8, annotations={"a": 1})\n'
                '    T.serial(8, annotations={"a": T.int32(1), "b": "c", "d": 1.0})\n'
            ),
            others=_OLD,
        ),
    ),
)
