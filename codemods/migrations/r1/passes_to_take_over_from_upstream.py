"""Passes of TVM that TileLang took over as its own.

With this TVM, `LowerOpaqueBlock`, `StorageRewrite`, `LowerThreadAllreduce` and
`LowerDeviceKernelLaunch` no longer do for TileLang's kernels what they did, so upstream copied them
into its own C++, changed them there, and calls `tilelang.transform.*`. TVM's are still there, so
nothing fails; kernels are lowered otherwise. A tree that has no pass of its own under that name is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from codemods.model import (
    Collector,
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
from py_rewriters.exports import EXPORTS
from py_rewriters.parsing import Problem
from py_rewriters.resolving import resolver

_PASSES = ("LowerDeviceKernelLaunch", "LowerOpaqueBlock", "LowerThreadAllreduce", "StorageRewrite")
_DEFINED = re.compile(rb"^def (" + "|".join(_PASSES).encode() + rb")\(", re.MULTILINE)


def _gather(source: Source) -> tuple[str, ...] | None:
    return tuple(sorted(found.decode() for found in _DEFINED.findall(source.data))) or None


def _digest(gathered: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(name for names in gathered.values() for name in names)


_OWN = Collector(
    "passes of the tree's own",
    Language.PYTHON,
    tuple(f"def {name}(" for name in _PASSES),
    _gather,
    _digest,
)


def _apply(source: Source, facts: Facts) -> Iterator[Outcome]:
    own: frozenset[str] = facts.get(_OWN.name, frozenset())
    names = resolver(source, facts)
    if isinstance(names, Problem):
        return
    for use in names.analysis.uses:
        name = use.parts[-1]
        if name not in _PASSES or name in own:
            continue
        found = names.dotted(use)
        if found is not None and found[1] == f"tvm.tir.transform.{name}":
            yield Remark(
                names.module.start(use.root),
                f"TVM's pass `{name}` changed, and upstream has one of its own in its place; not "
                "changed because the tree has no such pass",
                f"take `{name}` over from upstream's C++ and call it as `tilelang.transform.{name}`",
                Effort.HIGH,
            )


MIGRATION = Migration(
    code="TF145",
    title="passes that upstream took over from TVM",
    rung=Rung.R1,
    introduced="0.1.6",
    removed=None,
    upstream=("tile-ai/tilelang@a7c9a8b92",),
    effort=Effort.HIGH,
    rewrites=(Rewrite(Language.PYTHON, _PASSES, _apply, needs=(EXPORTS, _OWN)),),
    examples=(
        Example(
            title="a tree without the pass",
            language=Language.PYTHON,
            before=(
                "from tvm import tir\n\n\n"
                "def optimize(mod):\n    return tir.transform.StorageRewrite()(mod)\n"
            ),
            after=None,
            finding="the tree has no such pass",
        ),
        Example(
            title="a tree that has it",
            language=Language.PYTHON,
            before=(
                "from tvm import tir\n\n\n"
                "def optimize(mod):\n    return tir.transform.StorageRewrite()(mod)\n"
            ),
            after=(
                "from tvm import tir\n\n\n"
                "def optimize(mod):\n    return tir.transform.StorageRewrite()(mod)\n"
            ),
            path="demo/phase.py",
            others={
                "demo/transform.py": (
                    "from . import _ffi_api\n\n\n"
                    "def StorageRewrite():\n    return _ffi_api.StorageRewrite()\n"
                )
            },
        ),
    ),
)
