"""Options of TileLang's own that upstream turned round or removed.

`tl.disable_fast_math` became `tl.enable_fast_math`, which says the opposite: no rename. The options of
dynamic tail splitting and dynamic alignment went with the pass that they were for. None of it
belongs to the FFI: a tree that registers its own options goes on using them, and nothing is changed.
Each use is reported, because a merge with upstream takes the registration away.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from codemods.model import (
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
from py_rewriters.parsing import Problem, parse

_GONE = "upstream removed it; not changed because the tree's own registration still answers"
_TURNED = (
    "upstream turned it round into `tl.enable_fast_math`; not changed because the tree's own "
    "registration still answers"
)
_FAST = "after a merge with upstream, write `TL_ENABLE_FAST_MATH` and negate the value"
_DROP = "after a merge with upstream, leave the option out"
_OPTIONS = {
    "tl.disable_fast_math": (_TURNED, _FAST),
    "tl.disable_dynamic_tail_split": (_GONE, _DROP),
    "tl.dynamic_alignment": (_GONE, _DROP),
}
_MEMBERS = {key.replace("tl.", "tl_").upper(): key for key in _OPTIONS}


def _report(source: Source, facts: Facts) -> Iterator[Outcome]:
    module = source.once(parse)
    if isinstance(module, Problem):
        return
    definitions = {
        id(statement.value)
        for cls in ast.walk(module.tree)
        if isinstance(cls, ast.ClassDef)
        for statement in cls.body
        if isinstance(statement, ast.Assign)
    }
    for node in ast.walk(module.tree):
        key = ""
        if isinstance(node, ast.Attribute):
            key = _MEMBERS.get(node.attr, "")
        elif isinstance(node, ast.Constant) and id(node) not in definitions:
            key = str(node.value)
        if isinstance(node, ast.expr) and key in _OPTIONS:
            what, advice = _OPTIONS[key]
            yield Remark(module.start(node), f"the pass option `{key}`: {what}", advice)


_PRELUDE = "from tilelang.transform import PassConfigKey\n\n"

MIGRATION = Migration(
    code="TF346",
    title="options of TileLang that upstream turned round or removed",
    rung=Rung.R3,
    introduced="0.1.7.post2",
    removed="0.1.7.post2",
    upstream=("tile-ai/tilelang#1506", "tile-ai/tilelang#1486"),
    effort=Effort.LOW,
    rewrites=(Rewrite(Language.PYTHON, (*_OPTIONS, *_MEMBERS), _report),),
    examples=(
        Example(
            title="an option that says the opposite upstream",
            language=Language.PYTHON,
            prelude=_PRELUDE,
            before="configs = {PassConfigKey.TL_DISABLE_FAST_MATH: True}\n",
            after=None,
            finding="turned it round",
            compiles=False,
        ),
        Example(
            title="by its name",
            language=Language.PYTHON,
            before='configs = {"tl.dynamic_alignment": 8}\n',
            after=None,
            finding="upstream removed it",
        ),
        Example(
            title="where the tree defines it, nothing is to be done",
            language=Language.PYTHON,
            before='class PassConfigKey:\n    TL_DISABLE_FAST_MATH = "tl.disable_fast_math"\n',
            after='class PassConfigKey:\n    TL_DISABLE_FAST_MATH = "tl.disable_fast_math"\n',
        ),
    ),
)
