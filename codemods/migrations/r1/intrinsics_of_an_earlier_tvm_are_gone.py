"""Some intrinsics of TileLang's earlier TVM are not in TVM.

AMD's `tvm_mfma`, `tvm_rdna_wmma` and their stores, and `tvm_check_return`, existed only in the TVM that
TileLang carried before. Where the tree's own C++ defines the operator (`TIR_DEFINE_TL_BUILTIN`), that
one is meant from now on: `builtin::tvm_mfma()` is `tl::tvm_mfma()`, and in Python the call names the
operator. Elsewhere the tree defines them itself, or drops them.

One that a module takes while it is imported would keep the whole module from being imported. There
stands from now on what the function was, a call of the operator by its name, which fails where it is
used.
"""

from __future__ import annotations

import ast
import posixpath
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
    Remark,
    Rewrite,
    Rung,
    Source,
)
from cpp_rewriters import includes
from cpp_rewriters.builtins import BUILTINS, Builtins
from cpp_rewriters.text import code, words
from py_rewriters.gone import Gone, gone_names
from py_rewriters.parsing import Module, Problem
from py_rewriters.resolving import Resolver, resolver

_NAMES = (
    "tvm_check_return",
    "tvm_mfma",
    "tvm_mfma_store",
    "tvm_rdna_wmma",
    "tvm_rdna_wmma_store",
)
_HOMES = ("tvm.tir", "tvm.tir.op")
_WITH_TYPE = _NAMES[1:]  # their first argument is the data type of the call
_WHY = "the operator belonged to a fork of TVM"
_UNKNOWN = "not changed because only the tree's owner knows which operator of its own replaces it"

NAMES = {
    f"{home}.{name}": Gone(
        f"{_WHY}; {_UNKNOWN}",
        f'write `tir.call_intrin(dtype, tir.op.Op.get("tl.{name}"), ...)` with an '
        "operator that the tree registers, or drop it",
    )
    for home in _HOMES
    for name in _NAMES
}
_GONE = gone_names(NAMES)
_QUALIFIER = re.compile(rb"(?:\btir\s*::\s*)?\bbuiltin\s*::\s*$")


def _in_cpp(source: Source, facts: Facts) -> Iterator[Outcome]:
    known: Builtins | None = facts.get(BUILTINS.name)
    text = code(source)
    for word in words(source, _NAMES):
        qualifier = _QUALIFIER.search(text, max(0, word.start() - 40), word.start())
        if qualifier is None:
            continue
        name = word.group().decode()
        header = known.headers.get(name) if known is not None else None
        if header is None:
            yield Remark(
                qualifier.start(),
                f"`builtin::{name}` is gone: {_WHY}; {_UNKNOWN}",
                "define it with `TIR_DEFINE_TL_BUILTIN`, or drop the case",
                Effort.MEDIUM,
            )
            continue
        yield Edit(qualifier.start(), word.start(), b"tl::")
        if header != source.path:
            here = posixpath.dirname(source.path) or "."
            yield from includes.add(source, posixpath.relpath(header, here), system=False)


def _in_python(source: Source, facts: Facts) -> Iterator[Outcome]:
    known: Builtins | None = facts.get(BUILTINS.name)
    names = resolver(source, facts)
    edited: set[int] = set()
    if known is not None and not isinstance(names, Problem):
        for node, scope in names.analysis.scope_of.items():
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            home, _, name = (names.expression(node.func, scope) or "").rpartition(".")
            typed = bool(node.args) and not isinstance(node.args[0], ast.Starred)
            if home in _HOMES and name in _WITH_TYPE and name in known.headers and typed:
                edited.add(names.module.start(node.func))
                yield from _own_operator(names.module, node, node.func, home, name)
    if not isinstance(names, Problem):
        yield from _taken(names, known)
    for outcome in _GONE.apply(source, facts):
        if not isinstance(outcome, Remark) or outcome.offset not in edited:
            yield outcome


def _own_operator(
    module: Module, call: ast.Call, function: ast.Attribute, home: str, name: str
) -> Iterator[Edit]:
    """`op.f(dtype, x)` -> `op.call_intrin(dtype, op.Op.get("tl.f"), x)`, lines broken as before."""
    yield Edit(module.end(function.value), module.end(function), b".call_intrin")
    at = module.end(call.args[0])
    after = module.start(call.args[1]) if len(call.args) > 1 else at
    between = module.data[at:after] if module.data[at:after].strip() == b"," else b", "
    where = module.text(function.value) + (b"" if home.endswith(".op") else b".op")
    yield Edit(at, at, between + where + f'.Op.get("tl.{name}")'.encode())


def _taken(names: Resolver, known: Builtins | None) -> Iterator[Edit]:
    """What is handed on or assigned, not called, at the level of the module."""
    module, scope = names.module, names.analysis.scope
    handed = {
        id(value)
        for node in ast.walk(module.tree)
        for value in (
            (*node.args, *(k.value for k in node.keywords))
            if isinstance(node, ast.Call)
            else (node.value,)
            if isinstance(node, ast.Assign)
            else ()
        )
    }
    for use in names.analysis.uses:
        attribute = use.attributes[-1] if use.attributes else None
        if attribute is None or use.scope is not scope or id(attribute) not in handed:
            continue
        home, _, name = (names.expression(attribute, scope) or "").rpartition(".")
        if home not in _HOMES or name not in _NAMES:
            continue
        own = known is not None and name in known.headers
        typed, given = ("dtype, ", "dtype") if name in _WITH_TYPE else ("", '"int32"')
        call = f'.call_intrin({given}, "{"tl" if own else "tir"}.{name}", *args)'.encode()
        new = f"lambda {typed}*args: ".encode() + module.text(attribute.value) + call
        yield Edit(module.start(attribute), module.end(attribute), new)


_DEFINED = {
    "src/op/builtin.h": "namespace tvm {\nnamespace tl {\nTVM_DLL const Op &tvm_mfma();\n}\n}\n",
    "src/op/builtin.cc": '#include "builtin.h"\nTIR_DEFINE_TL_BUILTIN(tvm_mfma).set_num_inputs(12);\n',
}

MIGRATION = Migration(
    code="TF144",
    title="intrinsics of an earlier TVM are gone",
    rung=Rung.R1,
    introduced="0.1.6",
    removed="0.1.6",
    upstream=("tile-ai/tilelang@a7c9a8b92",),
    effort=Effort.MEDIUM,
    rewrites=(
        Rewrite(Language.CPP, _NAMES, _in_cpp, needs=(BUILTINS,)),
        Rewrite(Language.PYTHON, _GONE.tokens, _in_python, needs=(*_GONE.needs, BUILTINS)),
    ),
    examples=(
        Example(
            title="a wrapper around one",
            language=Language.PYTHON,
            before=(
                "from tvm.tir import op\n\n\ndef mfma(*args):\n    return op.tvm_mfma(*args)\n"
            ),
            after=None,
            finding="belonged to a fork of TVM",
        ),
        Example(
            title="one whose data type is not told apart",
            language=Language.PYTHON,
            before="from tvm import tir\n\n\ndef mfma(*args):\n    return tir.tvm_mfma(*args)\n",
            after=None,
            finding="belonged to a fork of TVM",
            others=_DEFINED,
        ),
        Example(
            title="a wrapper in a tree that defines the operator",
            language=Language.PYTHON,
            before="""import tvm.tir.op as _op


def mfma(dtype, shape, a, b):
    return _op.tvm_mfma(
        dtype,
        shape,
        a,
        b,
    )
""",
            after="""import tvm.tir.op as _op


def mfma(dtype, shape, a, b):
    return _op.call_intrin(
        dtype,
        _op.Op.get("tl.tvm_mfma"),
        shape,
        a,
        b,
    )
""",
            others=_DEFINED,
        ),
        Example(
            title="one that a module takes when it is imported",
            language=Language.PYTHON,
            before="""from tvm.tir import op as _op


def wrap(function):
    return lambda *args: function(*args)


check_return = wrap(_op.tvm_check_return)
mfma = _op.tvm_mfma
""",
            after="""from tvm.tir import op as _op


def wrap(function):
    return lambda *args: function(*args)


check_return = wrap(lambda *args: _op.call_intrin("int32", "tir.tvm_check_return", *args))
mfma = lambda dtype, *args: _op.call_intrin(dtype, "tl.tvm_mfma", *args)
""",
            finding="belonged to a fork of TVM",
            others=_DEFINED,
        ),
        Example(
            title="a code generator in a tree that defines the operator",
            path="src/target/codegen_own.cc",
            before="""#include "../op/builtin.h"
bool Multiplies(const CallNode *op) { return op->op.same_as(builtin::tvm_mfma()); }
""",
            after="""#include "../op/builtin.h"
bool Multiplies(const CallNode *op) { return op->op.same_as(tl::tvm_mfma()); }
""",
            others=_DEFINED,
            compiles=False,
        ),
        Example(
            title="a code generator in a tree that does not",
            before="bool Stores(const CallNode *op) { return op->op.same_as(tir::builtin::tvm_mfma()); }\n",
            after=None,
            finding="`builtin::tvm_mfma` is gone",
        ),
    ),
)
