"""The headers of the legacy FFI and of Relay are gone.

`tvm/runtime/registry.h` and `tvm/runtime/packed_func.h` became `tvm/ffi/function.h`. The containers
moved from `tvm/runtime/container/` to `tvm/ffi/container/`. Relay's headers, and the generator of
function registries that only its micro runtime used, have no successor: the include goes, and what
it was for is reported by the name that no longer exists.
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
    Rewrite,
    Rung,
    Source,
)
from cpp_rewriters import includes
from cpp_rewriters.text import code

_MOVED = {
    "tvm/runtime/registry.h": "tvm/ffi/function.h",
    "tvm/runtime/packed_func.h": "tvm/ffi/function.h",
    "tvm/runtime/container/array.h": "tvm/ffi/container/array.h",
    "tvm/runtime/container/map.h": "tvm/ffi/container/map.h",
    "tvm/runtime/container/optional.h": "tvm/ffi/optional.h",
    "tvm/runtime/container/shape_tuple.h": "tvm/ffi/container/shape.h",
    "tvm/runtime/container/string.h": "tvm/ffi/string.h",
    "tvm/runtime/container/variant.h": "tvm/ffi/container/variant.h",
}
_MODULE = "tvm/runtime/module.h"
_LOGGING = "tvm/runtime/logging.h"
_FROM_MODULE = re.compile(rb"\bruntime::(?:symbol\b|Module\b)")
_FROM_LOGGING = re.compile(
    rb"\b(?:I?CHECK(?:_\w+)?|LOG(?:_\w+)?|DLOG)\b|\bnamespace\s+(?:\w+::)*runtime\b"
)
_GONE_FOLDERS = ("tvm/relay/",)
_GONE = ("target/func_registry_generator.h",)


def _follow_headers(source: Source, facts: Facts) -> Iterator[Outcome]:
    present = {include.name for include in includes.includes(source)}
    for include in includes.includes(source):
        if include.name in _GONE or include.name.startswith(_GONE_FOLDERS):
            yield Edit(*include.line, b"")
        elif include.name in _MOVED:
            new = _MOVED[include.name]
            if new in present:
                yield Edit(*include.line, b"")
                continue
            present.add(new)
            yield from includes.replace(source, include, new, _MOVED)
    if not present.isdisjoint(_MOVED) and _FROM_MODULE.search(code(source)) is not None:
        yield from includes.add(source, _MODULE, system=True, without=_MOVED)
    elif not present.isdisjoint(_MOVED) and _needs_logging(source, present):
        yield from includes.add(source, _LOGGING, system=True, without=_MOVED)


def _needs_logging(source: Source, present: set[str]) -> bool:
    """Whether the file had its checks and `namespace tvm::runtime` from the legacy headers alone."""
    others = (name for name in present if name.startswith("tvm/") and name not in _MOVED)
    if any(not name.startswith("tvm/ffi/") for name in others):
        return False
    return _FROM_LOGGING.search(code(source)) is not None


MIGRATION = Migration(
    code="TF106",
    title="the headers of the legacy FFI and of Relay are gone",
    rung=Rung.R1,
    introduced="0.1.6",
    removed="0.1.6",
    upstream=("apache/tvm#17920", "apache/tvm#17923", "apache/tvm#17662"),
    effort=Effort.LOW,
    rewrites=(Rewrite(Language.CPP, (*_MOVED, *_GONE, *_GONE_FOLDERS), _follow_headers),),
    old_names=(*_MOVED, *_GONE),
    examples=(
        Example(
            title="moved, merged and dropped",
            before="""#include <tvm/relay/executor.h>
#include <tvm/runtime/packed_func.h>
#include <tvm/runtime/registry.h>
#include <tvm/tir/op.h>
""",
            after="""#include <tvm/ffi/function.h>
#include <tvm/tir/op.h>
""",
        ),
        Example(
            title="modules and symbols that came along",
            before="""#include <tvm/runtime/registry.h>
#include <tvm/tir/op.h>
const char *Name() { return tvm::runtime::symbol::tvm_set_device; }
""",
            after="""#include <tvm/ffi/function.h>
#include <tvm/runtime/module.h>
#include <tvm/tir/op.h>
const char *Name() { return tvm::runtime::symbol::tvm_set_device; }
""",
        ),
        Example(
            title="checks that came along",
            before="""#include <tvm/runtime/registry.h>
namespace tvm {
using namespace runtime;
void Positive(int x) { ICHECK(x > 0); }
} // namespace tvm
""",
            after="""#include <tvm/ffi/function.h>
#include <tvm/runtime/logging.h>
namespace tvm {
using namespace runtime;
void Positive(int x) { ICHECK(x > 0); }
} // namespace tvm
""",
        ),
    ),
)
