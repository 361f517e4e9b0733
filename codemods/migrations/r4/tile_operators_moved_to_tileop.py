"""Tile operators are registered under `tl.tileop.` instead of `tl.`.

The macro that registers one has another name, and what it registers lies in a namespace of its own,
apart from the builtins, which keep `tl.`. So `tl.copy` became `tl.tileop.copy` everywhere an operator
is looked up by name, in C++ and in Python; a name that was missed fails when the operator is called,
not when the module is imported.

Only the names that the tree itself registers with the macro are changed, and only where a string is
exactly such a name. A name that is also that of a builtin is left, with a finding.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from codemods.model import (
    Collector,
    Edit,
    Effort,
    Example,
    Facts,
    Language,
    Migration,
    Outcome,
    Remark,
    Rename,
    Rewrite,
    Rung,
    Source,
)
from cpp_rewriters.text import calls, words
from py_rewriters.parsing import Problem, parse

_OLD, _NEW = "TIR_REGISTER_TL_OP", "TIR_REGISTER_TL_TILE_OP"
_BUILTIN = "TIR_DEFINE_TL_BUILTIN"
_MACRO = re.compile(rb"#[ \t]*define[ \t]+TIR_REGISTER_TL_(?:TILE_)?OP\b(?:\\\r?\n|[^\n])*")
_LOOKED_UP = re.compile(rb"\bOp::Get\(\s*\"(tl\.(\w+))\"\s*\)")


def _gather(source: Source) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    operators, builtins = [], []
    for call in calls(source, (_OLD, _NEW, _BUILTIN)):
        arguments = [
            source.data[start:end].decode("utf-8", "replace") for start, end in call.arguments
        ]
        if len(arguments) == 2:
            operators.append(arguments[1])
        elif len(arguments) == 1:
            builtins.append(arguments[0])
    return (tuple(operators), tuple(builtins)) if operators or builtins else None


def _digest(
    gathered: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]],
) -> tuple[frozenset[str], frozenset[str]]:
    operators = {name for names, _ in gathered.values() for name in names}
    builtins = {name for _, names in gathered.values() for name in names}
    return frozenset(operators), frozenset(operators & builtins)


REGISTERED = Collector("tile operators", Language.CPP, (_OLD, _NEW, _BUILTIN), _gather, _digest)


def _cpp(source: Source, facts: Facts) -> Iterator[Outcome]:
    for match in words(source, (_OLD,)):
        yield Edit(*match.span(), _NEW.encode())
    for macro in _MACRO.finditer(source.data):
        for name in re.finditer(rb"\"tl\.\"(?=\s*#)", macro[0]):
            yield Edit(macro.start() + name.start(), macro.start() + name.end(), b'"tl.tileop."')
    operators, doubtful = facts[REGISTERED.name]
    for match in _LOOKED_UP.finditer(source.data):
        yield from _renamed(match[2].decode(), match.start(1), operators, doubtful)


def _python(source: Source, facts: Facts) -> Iterator[Outcome]:
    module = source.once(parse)
    operators, doubtful = facts[REGISTERED.name]
    if isinstance(module, Problem) or not operators:
        return
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        name, written = node.value.removeprefix("tl."), module.text(node)
        at = written.find(node.value.encode())
        if node.value == f"tl.{name}" and at >= 0:
            yield from _renamed(name, module.start(node) + at, operators, doubtful)


def _renamed(
    name: str, start: int, operators: frozenset[str], doubtful: frozenset[str]
) -> Iterator[Outcome]:
    if name in doubtful:
        yield Remark(
            start,
            f"`tl.{name}` is both a tile operator, which moved to `tl.tileop.{name}`, and a builtin, "
            "which did not",
            "write `tl.tileop.` where the tile operator is meant",
            Effort.LOW,
        )
    elif name in operators:
        yield Edit(start, start + len("tl."), b"tl.tileop.")


MIGRATION = Migration(
    code="TF401",
    title="tile operators moved from `tl.` to `tl.tileop.`",
    rung=Rung.R4,
    introduced="0.1.7",
    removed="0.1.7",
    upstream=("tile-ai/tilelang#1358",),
    effort=Effort.LOW,
    old_names=(_OLD,),
    renames=(Rename("tile_op", "tl.*", "tl.tileop.*"),),
    rewrites=(
        Rewrite(Language.CPP, (_OLD, "Op::Get", _NEW), _cpp, needs=(REGISTERED,)),
        Rewrite(Language.PYTHON, ("tl.",), _python, needs=(REGISTERED,)),
    ),
    examples=(
        Example(
            title="a registration",
            before="""TIR_REGISTER_TL_OP(SendOp, send)
    .set_num_inputs(3)
    .set_attr<TCallEffectKind>("TCallEffectKind",
                               Integer(CallEffectKind::kOpaque));

TIR_DEFINE_TL_BUILTIN(fence).set_num_inputs(0);

const Op &Send() { return Op::Get("tl.send"); }
const Op &Fence() { return Op::Get("tl.fence"); }
""",
            after="""TIR_REGISTER_TL_TILE_OP(SendOp, send)
    .set_num_inputs(3)
    .set_attr<TCallEffectKind>("TCallEffectKind",
                               Integer(CallEffectKind::kOpaque));

TIR_DEFINE_TL_BUILTIN(fence).set_num_inputs(0);

const Op &Send() { return Op::Get("tl.tileop.send"); }
const Op &Fence() { return Op::Get("tl.fence"); }
""",
            compiles=False,
        ),
        Example(
            title="the macro itself",
            before="""#define TIR_REGISTER_TL_OP(Entry, OpName) \\
  const Op &Entry::Get() { return Op::Get("tl." #OpName); } \\
  TVM_REGISTER_OP("tl." #OpName)
""",
            after="""#define TIR_REGISTER_TL_TILE_OP(Entry, OpName) \\
  const Op &Entry::Get() { return Op::Get("tl.tileop." #OpName); } \\
  TVM_REGISTER_OP("tl.tileop." #OpName)
""",
            compiles=False,
        ),
        Example(
            title="operators looked up in Python",
            language=Language.PYTHON,
            before="""from tvm import tir

SEND = "tl.send"


def send(buffer, peer):
    \"\"\"Emit `tl.send`.\"\"\"
    tir.call_intrin("handle", tir.op.Op.get("tl.fence"))
    tir.call_intrin("handle", tir.op.Op.get("tl.sender"))
    return tir.call_intrin("handle", tir.op.Op.get('tl.send'), buffer, peer)
""",
            after="""from tvm import tir

SEND = "tl.tileop.send"


def send(buffer, peer):
    \"\"\"Emit `tl.send`.\"\"\"
    tir.call_intrin("handle", tir.op.Op.get("tl.fence"))
    tir.call_intrin("handle", tir.op.Op.get("tl.sender"))
    return tir.call_intrin("handle", tir.op.Op.get('tl.tileop.send'), buffer, peer)
""",
            others={"src/send.cc": "TIR_REGISTER_TL_OP(SendOp, send);\n"},
            compiles=False,
        ),
        Example(
            title="a name that a builtin has too",
            language=Language.PYTHON,
            before='OP = "tl.wait"\n',
            after=None,
            finding="both a tile operator",
            others={
                "src/a.cc": "TIR_REGISTER_TL_TILE_OP(WaitOp, wait);\n",
                "src/b.cc": "TIR_DEFINE_TL_BUILTIN(wait).set_num_inputs(1);\n",
            },
            compiles=False,
        ),
    ),
)
