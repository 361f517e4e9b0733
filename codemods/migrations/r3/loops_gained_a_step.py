"""`For` gained a step, and a rebuilt loop must keep it.

The constructor takes the step before the span. A loop that passes a span does not compile any more; a
loop rebuilt from another one without a span still compiles, and runs with step one, silently.

A loop is taken as rebuilt from `x` when its variable is `x->loop_var`, or it passes `x->span`: it gets
`x->step`. Where it left out the binding or the annotations, they are written as the defaults that they
were. The factory of loop frames, `f_make_for_loop`, takes the steps of its loops as a third parameter.

In Python, a span by position would be taken for the step, and a loop over `x.loop_var` would lose it;
both are written as keywords.
"""

from __future__ import annotations

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
from cpp_rewriters.construct import constructions, is_span, owner_of
from cpp_rewriters.text import closing, code, skip_space, split, words
from py_rewriters.calls import Grown, keyword_for_position, member_kept

_DEFAULTS = ("std::nullopt", "{}")  # of the thread binding and the annotations


def _keep_step(source: Source, facts: Facts) -> Iterator[Outcome]:
    for built in constructions(source, "For"):
        arguments = built.texts
        if not 5 <= len(arguments) <= 8 or any(re.search(r"\bstep\b", a) for a in arguments):
            continue
        origin = _origin(arguments)
        if len(arguments) == 8:
            if not is_span(source, arguments[7], built.arguments[7][0]):
                yield Remark(
                    built.arguments[7][0],
                    f"the eighth argument of `For`, `{arguments[7]}`, was a span and is now the step",
                    "write `For(.., annotations, step, span)`",
                )
                continue
            origin = origin or owner_of(arguments[7], "span")
            at = (
                code(source).index(b",", built.arguments[6][1]) + 1
            )  # a comment belongs to its span
            step = f"{origin}step" if origin is not None else "std::nullopt"
            yield Edit(at, at, b" " + step.encode() + b",")
        elif origin is not None:
            filled = [*_DEFAULTS[len(arguments) - 5 :], f"{origin}step"]
            yield Edit(built.last, built.last, b", " + ", ".join(filled).encode())


def _origin(arguments: list[str]) -> str | None:
    """The loop that this one is rebuilt from: its variable, or its bounds under another variable.

    As it is written before a member, `x->` or `x.`.
    """
    variable = re.sub(r"^(?:\w+::)*Downcast<\w+>\((.*)\)$", r"\1", arguments[0])
    variable = re.sub(r"(?<=loop_var)\.copy_with_\w+\(.*\)$", "", variable)
    origin = owner_of(variable, "loop_var")
    if origin is not None:
        return origin
    begin, extent = owner_of(arguments[1], "min"), owner_of(arguments[2], "extent")
    is_loop = begin is not None and f"{begin}kind" in " ".join(arguments[3:])
    return begin if begin == extent and is_loop else None


def _take_steps(source: Source, facts: Facts) -> Iterator[Outcome]:
    text = code(source)
    for match in words(source, ("f_make_for_loop",)):
        assign = skip_space(text, match.end())
        capture = skip_space(text, assign + 1)
        if text[assign : assign + 1] != b"=" or text[capture : capture + 1] != b"[":
            continue
        lambda_head = re.compile(rb"\[[^\]]*\]\s*\(").match(text, capture)
        if lambda_head is None:
            continue
        opening = lambda_head.end() - 1
        parameters = split(text, opening + 1, closing(text, opening))
        if len(parameters) == 3:
            at = parameters[2][0]
            ffi = b"ffi::" if b"ffi::Array" in text[slice(*parameters[0])] else b""
            steps = b"const %bArray<%bOptional<PrimExpr>> &steps, " % (ffi, ffi)
            yield Edit(at, at, steps)


_PYTHON = ("tvm.tir.For", "tvm.tir.stmt.For")

_PRELUDE = """#include <tvm/tir/stmt.h>
#include <tvm/script/ir_builder/tir/frame.h>
namespace tvm {
using namespace tir;
using ffi::Array;
using ffi::Optional;
"""

MIGRATION = Migration(
    code="TF313",
    title="loops gained a step, which a rebuilt loop must keep",
    rung=Rung.R3,
    introduced="0.1.7.post1",
    removed="0.1.7.post1",
    upstream=("apache/tvm#18421", "tile-ai/tilelang#1400"),
    effort=Effort.LOW,
    rewrites=(
        Rewrite(Language.CPP, ("For",), _keep_step),
        Rewrite(Language.CPP, ("f_make_for_loop",), _take_steps),
        keyword_for_position(Grown(_PYTHON, 7, "span", "step")),
        member_kept(_PYTHON, ((0, "loop_var"),), 1, 7, "step"),
    ),
    examples=(
        Example(
            title="with and without a span, rebuilt and new",
            prelude=_PRELUDE,
            before="""Stmt Again(const ForNode *op, Stmt body, Var v) {
  body = For(v, 0, 4, op->kind, body, op->thread_binding, op->annotations, op->span);
  body = For(op->loop_var, op->min, op->extent, op->kind, body, op->thread_binding, op->annotations);
  body = For(op->loop_var, op->min, op->extent, ForKind::kSerial, body);
  return For(v, 0, 4, ForKind::kParallel, body);
}
""",
            after="""Stmt Again(const ForNode *op, Stmt body, Var v) {
  body = For(v, 0, 4, op->kind, body, op->thread_binding, op->annotations, op->step, op->span);
  body = For(op->loop_var, op->min, op->extent, op->kind, body, op->thread_binding, op->annotations, op->step);
  body = For(op->loop_var, op->min, op->extent, ForKind::kSerial, body, std::nullopt, {}, op->step);
  return For(v, 0, 4, ForKind::kParallel, body);
}
""",
            postlude="}\n",
        ),
        Example(
            title="whatever names the loop, and another variable over the same bounds",
            prelude=_PRELUDE,
            before="""Stmt Again(Stmt s, const ForNode &op, Array<For> loops, Stmt body, Var v) {
  body = For(v, op.min, op.extent, op.kind, body, op.thread_binding, op.annotations);
  body = For(loops[0]->loop_var, 0, loops[0]->extent, ForKind::kSerial, body);
  const For inner{op.loop_var.copy_with_suffix("_i"), 0, 4, ForKind::kSerial, body};
  return For(v, op.min, op.extent - 1, op.kind, inner);
}
""",
            after="""Stmt Again(Stmt s, const ForNode &op, Array<For> loops, Stmt body, Var v) {
  body = For(v, op.min, op.extent, op.kind, body, op.thread_binding, op.annotations, op.step);
  body = For(loops[0]->loop_var, 0, loops[0]->extent, ForKind::kSerial, body, std::nullopt, {}, \
loops[0]->step);
  const For inner{op.loop_var.copy_with_suffix("_i"), 0, 4, ForKind::kSerial, body, std::nullopt, {}, op.step};
  return For(v, op.min, op.extent - 1, op.kind, inner);
}
""",
            postlude="}\n",
        ),
        Example(
            title="a loop frame's factory",
            prelude=_PRELUDE + "void Fill(script::ir_builder::tir::ForFrameNode *n) {\n",
            before="""  n->f_make_for_loop = [=](const Array<Var> &vars, const Array<Range> &doms, Stmt body) -> Stmt {
    return For(vars[0], doms[0]->min, doms[0]->extent, ForKind::kSerial, body);
  };
""",
            after="""  n->f_make_for_loop = [=](const Array<Var> &vars, const Array<Range> &doms, const Array<Optional<PrimExpr>> &steps, Stmt body) -> Stmt {
    return For(vars[0], doms[0]->min, doms[0]->extent, ForKind::kSerial, body);
  };
""",
            postlude="}\n}\n",
        ),
        Example(
            title="in Python",
            language=Language.PYTHON,
            before=(
                "from tvm import tir\n\n\n"
                "def again(loop: tir.For, body) -> tir.For:\n"
                "    return tir.For(loop.loop_var, loop.min, loop.extent, loop.kind, body)\n"
            ),
            after=(
                "from tvm import tir\n\n\n"
                "def again(loop: tir.For, body) -> tir.For:\n"
                "    return tir.For("
                "loop.loop_var, loop.min, loop.extent, loop.kind, body, step=loop.step)\n"
            ),
        ),
        Example(
            title="a span by its place, in Python",
            language=Language.PYTHON,
            before=(
                "from tvm import tir\n\n\n"
                "def made(v, kind, body, span) -> tir.For:\n"
                "    return tir.For(v, 0, 4, kind, body, None, {}, span)\n"
            ),
            after=(
                "from tvm import tir\n\n\n"
                "def made(v, kind, body, span) -> tir.For:\n"
                "    return tir.For(v, 0, 4, kind, body, None, {}, span=span)\n"
            ),
        ),
    ),
)
