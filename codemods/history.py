"""Names that people look for but that the target does not have: what became of each.

They lived for weeks between two designs, so that tutorials and issues quote them; no migration
emits them. Source: the history of apache/tvm from 2025-05 to 2025-09 and the headers of the
releases named.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ShortLived:
    """A name, when it existed, and what to write instead."""

    name: str
    lived: str
    instead: str
    migration_of: str  # the old name whose migration writes the right thing


_V21 = "is in TVM 0.21.0 and in no other release"

_ALL = (
    ShortLived(
        "TVM_FFI_REGISTER_GLOBAL",
        "lived for ten weeks, from 2025-05-06 (apache/tvm #17920) to 2025-07-15 (#18148): it "
        + _V21
        + ", and it is in no release of tvm-ffi",
        'TVM_FFI_STATIC_INIT_BLOCK() { tvm::ffi::reflection::GlobalDef().def("key", function); }',
        "TVM_REGISTER_GLOBAL",
    ),
    ShortLived(
        "TVM_FFI_DECLARE_FINAL_OBJECT_INFO",
        _V21 + ": renamed, with its arguments reordered, by #18289 (2025-09-09)",
        'TVM_FFI_DECLARE_OBJECT_INFO_FINAL("type.Key", TypeName, ParentType)',
        "TVM_DECLARE_FINAL_OBJECT_INFO",
    ),
    ShortLived(
        "TVM_FFI_DECLARE_BASE_OBJECT_INFO",
        _V21 + ": renamed, with its arguments reordered, by #18289 (2025-09-09)",
        'TVM_FFI_DECLARE_OBJECT_INFO("type.Key", TypeName, ParentType)',
        "TVM_DECLARE_BASE_OBJECT_INFO",
    ),
    ShortLived(
        "TVM_FFI_DEFINE_OBJECT_REF_METHODS",
        _V21 + ": split by nullability in #18289 (2025-09-09)",
        "TVM_FFI_DEFINE_OBJECT_REF_METHODS_NULLABLE(TypeName, ParentType, ObjectName)",
        "TVM_DEFINE_OBJECT_REF_METHODS",
    ),
    ShortLived(
        "TVM_FFI_DEFINE_NOTNULLABLE_OBJECT_REF_METHODS",
        _V21 + ": renamed by #18289 (2025-09-09)",
        "TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(TypeName, ParentType, ObjectName)",
        "TVM_DEFINE_NOTNULLABLE_OBJECT_REF_METHODS",
    ),
)

SHORT_LIVED: dict[str, ShortLived] = {entry.name: entry for entry in _ALL}
