"""Names of symbols in generated libraries moved to the FFI, and their values changed.

`runtime::symbol::tvm_ffi_library_ctx` is `ffi::symbol::tvm_ffi_library_ctx`, and its value changed from
`__tvm_ffi_library_ctx` to `__tvm_ffi__library_ctx` (one more underscore sets special symbols apart from
users' functions, which begin with `__tvm_ffi_`). A code generator that writes the old name into its
output as a string still compiles; the runtime then never finds it. Such strings are changed with it.

The symbols of devices and barriers (`tvm_set_device`, ..) stay in `runtime::symbol`.
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
from cpp_rewriters import includes
from cpp_rewriters.text import code, qualifier, words

MOVED = {
    "tvm_ffi_library_ctx": "tvm_ffi_library_ctx",
    "tvm_ffi_library_bin": "tvm_ffi_library_bin",
    "tvm_ffi_main": "tvm_ffi_main",
}
_OLD = (b"symbol::", b"runtime::symbol::", b"tvm::runtime::symbol::", b"::tvm::runtime::symbol::")
VALUES = {
    b"__tvm_ffi_library_ctx": b"__tvm_ffi__library_ctx",
    b"__tvm_ffi_library_bin": b"__tvm_ffi__library_bin",
}
_VALUE = re.compile(rb"__tvm_ffi_library_(?:ctx|bin)\b")
GONE = {"tvm_module_main": "tvm_ffi_main", "tvm_module_ctx": "tvm_ffi_library_ctx"}


def _move(source: Source, facts: Facts) -> Iterator[Outcome]:
    text = code(source)
    moved = False
    for match in words(source, MOVED):
        begin, qualified = qualifier(text, match.start())
        if qualified in _OLD:
            moved = True
            prefix = b"tvm::ffi::symbol::" if b"tvm::" in qualified else b"ffi::symbol::"
            yield Edit(begin, match.end(), prefix + MOVED[match.group().decode()].encode())
    for match in words(source, GONE):
        begin, qualified = qualifier(text, match.start())
        if qualified in _OLD:
            yield Remark(
                begin,
                f"the symbol `{match.group().decode()}` is gone, and the entry point's calling "
                "convention changed with it",
                f"use `ffi::symbol::{GONE[match.group().decode()]}`",
                Effort.HIGH,
            )
    for match in _VALUE.finditer(source.data):
        if text[match.start() : match.end()].strip() == b"" and _in_string(source, match.start()):
            yield Edit(*match.span(), VALUES[match.group()])
    if moved:
        yield from includes.add(source, "tvm/ffi/extra/module.h", system=True)


def _in_string(source: Source, offset: int) -> bool:
    """Whether a blanked place is in a literal, not in a comment: a quote opens it in code."""
    text = code(source)
    line_start = text.rfind(b"\n", 0, offset) + 1
    return text[line_start:offset].count(b'"') % 2 == 1


MIGRATION = Migration(
    code="TF315",
    title="library symbols moved to the FFI and changed their values",
    rung=Rung.R3,
    introduced="0.1.7",
    removed="0.1.7",
    upstream=("apache/tvm#18213", "apache/tvm#18273"),
    effort=Effort.LOW,
    rewrites=(
        Rewrite(
            Language.CPP,
            ("tvm_ffi_library", "tvm_ffi_main", "tvm_module_main", "tvm_module_ctx"),
            _move,
        ),
    ),
    old_names=("__tvm_ffi_library_ctx", "__tvm_ffi_library_bin"),
    examples=(
        Example(
            title="the name and a string that repeats its value",
            prelude="#include <tvm/runtime/module.h>\n#include <tvm/ffi/extra/module.h>\n#include <sstream>\n",
            before="""void Declare(std::ostringstream &os) {
  os << "void* " << tvm::runtime::symbol::tvm_ffi_library_ctx << " = NULL;\\n";
  os << "if (__tvm_ffi_library_ctx) return;\\n";  // as __tvm_ffi_library_ctx
}
""",
            after="""void Declare(std::ostringstream &os) {
  os << "void* " << tvm::ffi::symbol::tvm_ffi_library_ctx << " = NULL;\\n";
  os << "if (__tvm_ffi__library_ctx) return;\\n";  // as __tvm_ffi_library_ctx
}
""",
        ),
    ),
)
