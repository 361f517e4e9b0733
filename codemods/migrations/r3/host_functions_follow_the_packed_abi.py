"""Host functions follow the FFI's calling convention; code that emits the old one is reported.

A packed function's C signature was `(args, type_ids, num_args, out_value, out_type, resource_handle)`
and is `(self, const TVMFFIAny *args, num_args, TVMFFIAny *result)`; its exported name carries the prefix
`__tvm_ffi_`. Code that builds or prints the old convention still compiles: the enum value
`kTVMValueContent` exists, and no code generator of the target knows it.

No local rewrite can follow a convention. Take upstream's version of the file: the passes that make
packed functions and bind their arguments, split host from device, and lower tensor maps changed
together, and host C code is printed by a new generator.
"""

from __future__ import annotations

import re
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
from cpp_rewriters.includes import includes
from cpp_rewriters.text import code, words

UPSTREAM = "take over upstream's version of this file, `codemods run --upstream REPO@REV` (tile-ai/tilelang#1259)"
NAMES = {
    "kTVMValueContent": "`kTVMValueContent` is how the old packed convention passed a value; no code "
    "generator of the target handles it, so this compiles and cannot run",
}
STRINGS = {
    b"__tvm_main__": "`__tvm_main__` is `__tvm_ffi_main` at the target, and called differently",
    b"__tvm_module_ctx": "`__tvm_module_ctx` is `__tvm_ffi__library_ctx` at the target",
}
HEADERS = {
    "tir/transforms/arg_binder.h": "TVM's internal `arg_binder.h` binds arguments by the new convention "
    "at the target",
}
_PARTS = re.compile(
    rb"\b(?:resource_handle|arg_type_ids|out_ret_value|out_ret_tcode|ret_type_code|out_type_code)"
)


def _report(source: Source, facts: Facts) -> Iterator[Outcome]:
    seen: set[str] = set()
    for match in words(source, NAMES):
        name = match.group().decode()
        if name not in seen:
            seen.add(name)
            yield Remark(match.start(), NAMES[name], UPSTREAM, Effort.HIGH)
    parts = {match.group(): match for match in reversed(list(_PARTS.finditer(source.data)))}
    if len(parts) > 1:
        first = min(parts.values(), key=lambda match: match.start())
        names = ", ".join(f"`{name.decode()}`" for name in sorted(parts))
        yield Remark(
            first.start(),
            f"this file builds or prints the old packed convention ({names}), which nothing at the "
            "target calls",
            UPSTREAM,
            Effort.HIGH,
        )
    text = code(source)
    for value, message in STRINGS.items():
        for match in re.finditer(re.escape(value), source.data):
            line_start = text.rfind(b"\n", 0, match.start()) + 1
            if text[line_start : match.start()].count(b'"') % 2 == 1:
                yield Remark(match.start(), message, UPSTREAM, Effort.HIGH)
                break
    for include in includes(source):
        for name, message in HEADERS.items():
            if include.name.endswith(name):
                yield Remark(include.line[0], message, UPSTREAM, Effort.HIGH)


MIGRATION = Migration(
    code="TF316",
    title="host functions follow the FFI's calling convention",
    rung=Rung.R3,
    introduced="0.1.7",
    removed="0.1.7",
    upstream=("apache/tvm#18273", "tile-ai/tilelang#1259"),
    effort=Effort.HIGH,
    rewrites=(
        Rewrite(
            Language.CPP,
            (
                *NAMES,
                *(value.decode() for value in STRINGS),
                "arg_binder.h",
                "resource_handle",
                "arg_type_ids",
            ),
            _report,
        ),
    ),
    examples=(
        Example(
            title="a pass that loads a packed argument the old way",
            before="auto kind = tir::builtin::kTVMValueContent;\n",
            after=None,
            finding="no code generator of the target handles it",
        ),
        Example(
            title="a generator that prints the old signature",
            before='os << "(void* args, int* arg_type_ids, void* resource_handle)";\n',
            after=None,
            finding="the old packed convention (`arg_type_ids`, `resource_handle`)",
        ),
    ),
)
