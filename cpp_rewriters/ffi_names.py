"""How a name of the FFI is written at a place: as short as its namespaces allow."""

from __future__ import annotations

from codemods.model import Source
from cpp_rewriters.directives import definition_at
from cpp_rewriters.syntax import namespace_of
from cpp_rewriters.text import Span, code, qualifier


def ffi(source: Source, offset: int, name: str) -> str:
    """`ffi::name` inside `namespace tvm`, `tvm::ffi::name` outside, `::tvm::..` in a macro's body.

    A macro is expanded in a namespace that its definition does not tell.
    """
    if definition_at(source, offset) is not None:
        return f"::tvm::ffi::{name}"
    if "tvm" in namespace_of(source, offset):
        return f"ffi::{name}"
    return f"tvm::ffi::{name}"


def qualified(source: Source, name: Span) -> Span:
    """The identifier with the `tvm::runtime::` in front of it, where it has one."""
    return qualifier(code(source), name[0])[0], name[1]
