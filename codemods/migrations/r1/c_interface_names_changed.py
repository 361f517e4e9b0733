"""Types, symbols and type codes of the C interface changed their names.

| before | after |
|---|---|
| `TVMValue` | `TVMFFIAny` |
| `kTVMArgInt`, `kTVMArgFloat`, `kTVMStr`, .. | `ffi::TypeIndex::kTVMFFIInt`, `kTVMFFIFloat`, .. |
| `code == kTVMNDArrayHandle` | `code >= ffi::TypeIndex::kTVMFFIStaticObjectBegin`: every object |
| `tvm_index_t` | `runtime::tvm_index_t` |
| `symbol::tvm_module_ctx`, `"__tvm_module_ctx"` | `tvm_ffi_library_ctx`, `"__tvm_ffi_library_ctx"` |
| `kDLMicroDev` | gone with the devices it named: a comparison with it is a constant |
| `kTVMGridConstant` | `runtime::kDLGridConstant`, of `runtime/pack_args.h`, which wants `runtime/meta_data.h` before it; an own `#define` of it goes |
| `RelayExpr` | `RelaxExpr` |

Text that a code generator writes is only changed where it is that one symbol's name, and where it
declares an array of `TVMValue`: that is room on the stack, and its length is counted in the size of
`TVMFFIAny` now. Other old names in strings belong to the code that is generated, and they are
reported.
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
from cpp_rewriters.ffi_names import ffi, qualified
from cpp_rewriters.syntax import namespace_of
from cpp_rewriters.text import code, qualifier, words

_INDEX = {
    "kTVMArgInt": "kTVMFFIInt",
    "kTVMArgFloat": "kTVMFFIFloat",
    "kTVMArgBool": "kTVMFFIBool",
    "kTVMNullptr": "kTVMFFINone",
    "kTVMOpaqueHandle": "kTVMFFIOpaquePtr",
    "kTVMDLTensorHandle": "kTVMFFIDLTensorPtr",
    "kTVMDataType": "kTVMFFIDataType",
    "kTVMStr": "kTVMFFIRawStr",
    "kTVMBytes": "kTVMFFIByteArrayPtr",
    "kTVMPackedFuncHandle": "kTVMFFIFunction",
    "kTVMModuleHandle": "kTVMFFIModule",
    "kTVMObjectHandle": "kTVMFFIStaticObjectBegin",
    "kTVMNDArrayHandle": "kTVMFFIStaticObjectBegin",
}
_OBJECTS = ("kTVMObjectHandle", "kTVMNDArrayHandle")
_TYPES = {"TVMValue": "TVMFFIAny", "RelayExpr": "RelaxExpr", "RelayExprNode": "RelaxExprNode"}
_SYMBOLS = {"tvm_module_ctx": "tvm_ffi_library_ctx"}
_GRID = "kTVMGridConstant"
_OWN_GRID = re.compile(  # the old number, which the target's runtime does not know
    rb"(?P<guard>^[ \t]*#[ \t]*ifndef[ \t]+kTVMGridConstant[ \t]*\r?\n)?"
    rb"^[ \t]*#[ \t]*define[ \t]+kTVMGridConstant[ \t]+\d+[uUlL]*[ \t]*\r?\n"
    rb"(?(guard)[ \t]*#[ \t]*endif[^\r\n]*\r?\n)(?:(?<=\n)[ \t]*\r?\n)?",
    re.M,
)
_INDEX_TYPE = "tvm_index_t"
_MICRO = re.compile(
    rb"(?P<other>[\w.>-]+)\s*(?P<sign>==|!=)\s*(?P<device>kDLMicroDev\b)"
    rb"(?P<and>\s*&&\s*)?"
)
_STRING = re.compile(rb"\"__tvm_module_ctx\"")
_IN_STRINGS = re.compile(rb"\"[^\"\n]*\b(TVMValue)\b")
_ARRAY = re.compile(rb"\"(TVMValue) \"\s*<<\s*\w+\s*<<\s*\"\[\"")
_EQUALS = re.compile(rb"(==|!=)\s*$")


def _rename(source: Source, facts: Facts) -> Iterator[Outcome]:
    text = code(source)
    for match in words(source, (*_TYPES, *_SYMBOLS)):
        name = match.group().decode()
        yield Edit(*match.span(), {**_TYPES, **_SYMBOLS}[name].encode())
    for match in words(source, _INDEX):
        yield from _type_index(source, match)
    for match in words(source, (_INDEX_TYPE,)):
        if not qualifier(text, match.start())[1] and "runtime" not in namespace_of(
            source, match.start()
        ):
            yield Edit(match.start(), match.start(), _runtime(source, match.start()))
    grid = False
    own = _OWN_GRID.search(text)
    if own is not None:
        yield Edit(*own.span(), b"")
    for match in words(source, (_GRID,)):
        if own is not None and own.start() <= match.start() < own.end():
            continue
        grid = True
        start, end = qualified(source, match.span())
        yield Edit(start, end, _runtime(source, start) + b"kDLGridConstant")
    if grid and not any(i.name.endswith("pack_args.h") for i in includes.includes(source)):
        # the second needs the first before it
        yield from includes.add(source, "runtime/meta_data.h", "runtime/pack_args.h", system=False)
    for match in _MICRO.finditer(text):
        if match["sign"] == b"!=" and match["and"]:
            yield Edit(*match.span(), b"")
            continue
        yield Edit(
            match.start(), match.end("device"), b"false" if match["sign"] == b"==" else b"true"
        )
    yield from _strings(source)


def _runtime(source: Source, offset: int) -> bytes:
    return b"runtime::" if "tvm" in namespace_of(source, offset) else b"tvm::runtime::"


def _type_index(source: Source, match: re.Match[bytes]) -> Iterator[Outcome]:
    text, name = code(source), match.group().decode()
    start, end = qualified(source, match.span())
    if text[:start].rstrip().endswith(b"case") or re.match(rb"\s*=[^=]", text[end : end + 4]):
        yield Remark(
            start,
            f"`{name}` is a type index of the FFI now",
            f"use `ffi::TypeIndex::{_INDEX[name]}`",
            Effort.MEDIUM,
        )
        return
    if name in _OBJECTS:
        sign = _EQUALS.search(text[:start])
        if sign is None:
            yield Remark(
                start,
                f"`{name}`: every kind of object has a type index of its own",
                "compare with `>= ffi::TypeIndex::kTVMFFIStaticObjectBegin`",
                Effort.MEDIUM,
            )
            return
        yield Edit(*sign.span(1), b">=" if sign[1] == b"==" else b"<")
    yield Edit(start, end, ffi(source, start, f"TypeIndex::{_INDEX[name]}").encode())


def _strings(source: Source) -> Iterator[Outcome]:
    text = code(source)
    for match in _STRING.finditer(source.data):
        if text[match.start() : match.start() + 1] == b'"':
            yield Edit(*match.span(), b'"__tvm_ffi_library_ctx"')
    arrays = {match.start(1): match for match in _ARRAY.finditer(source.data)}
    for match in _IN_STRINGS.finditer(source.data):
        if text[match.start() : match.start() + 1] != b'"':
            continue
        if match.start(1) in arrays:
            yield Edit(*match.span(1), b"TVMFFIAny")
        else:
            yield Remark(
                match.start(1),
                "generated code says `TVMValue`, which the headers that it includes no longer have",
                "generate `TVMFFIAny` and the calling convention that goes with it",
                Effort.HIGH,
            )


MIGRATION = Migration(
    code="TF114",
    title="types, symbols and type codes of the C interface have new names",
    rung=Rung.R1,
    introduced="0.1.6",
    removed="0.1.6",
    upstream=("apache/tvm#17920", "apache/tvm#18042", "apache/tvm#17662"),
    effort=Effort.MEDIUM,
    rewrites=(
        Rewrite(
            Language.CPP,
            (*_INDEX, *_TYPES, *_SYMBOLS, _GRID, _INDEX_TYPE, "kDLMicroDev"),
            _rename,
        ),
    ),
    old_names=(*_INDEX, *_TYPES, *_SYMBOLS, _GRID, "kDLMicroDev"),
    examples=(
        Example(
            title="type codes of an argument",
            prelude="#include <tvm/tir/op.h>\n#include <tvm/ffi/any.h>\nnamespace tvm {\n",
            before="""size_t Unit() { return sizeof(TVMValue) / sizeof(tvm_index_t); }
PrimExpr IsPointer(tir::Var code) {
  return code == kTVMOpaqueHandle || code == kTVMNDArrayHandle || code == kTVMNullptr;
}
""",
            after="""size_t Unit() { return sizeof(TVMFFIAny) / sizeof(runtime::tvm_index_t); }
PrimExpr IsPointer(tir::Var code) {
  return code == ffi::TypeIndex::kTVMFFIOpaquePtr || \
code >= ffi::TypeIndex::kTVMFFIStaticObjectBegin || code == ffi::TypeIndex::kTVMFFINone;
}
""",
            postlude="}\n",
        ),
        Example(
            title="an own number for a constant that TVM defines",
            prelude="#include <tvm/runtime/data_type.h>\n",
            before="""#ifndef kTVMGridConstant
#define kTVMGridConstant 130
#endif

namespace tvm {
DataType Grid() { return DataType(kTVMGridConstant, 64, 1); }
} // namespace tvm
""",
            after="""
#include "runtime/meta_data.h"
#include "runtime/pack_args.h"
namespace tvm {
DataType Grid() { return DataType(runtime::kDLGridConstant, 64, 1); }
} // namespace tvm
""",
        ),
        Example(
            title="text of generated code",
            before='void Write(std::ostream &os) { os << "TVMValue v;"; int TVMValue = 0; }\n',
            after='void Write(std::ostream &os) { os << "TVMValue v;"; int TVMFFIAny = 0; }\n',
            finding="generated code says `TVMValue`",
            compiles=False,
        ),
        Example(
            title="room on the stack of generated code",
            before="""void Room(std::ostream &os, const char *stack, size_t bytes) {
  size_t unit = sizeof(TVMValue);
  os << "TVMValue " << stack << "[" << (bytes + unit - 1) / unit << "];\\n";
}
""",
            after="""void Room(std::ostream &os, const char *stack, size_t bytes) {
  size_t unit = sizeof(TVMFFIAny);
  os << "TVMFFIAny " << stack << "[" << (bytes + unit - 1) / unit << "];\\n";
}
""",
            prelude="#include <ostream>\n#include <tvm/ffi/any.h>\n",
        ),
    ),
)
