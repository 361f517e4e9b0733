"""What the signatures in a kernel's CUDA text say of its parameters."""

from __future__ import annotations

import re

_POINTER = re.compile(r"(\bconst\s+)?\b\w+\s*\*\s*__restrict__\s+(\w+)\s*[,)]")


def read_only(source: str) -> frozenset[str]:
    """Return the tensors that no function of `source` writes: all its pointers to them are const.

    One that reaches it only as a descriptor is not among them.
    """
    pointers = [(match[2], bool(match[1])) for match in _POINTER.finditer(source)]
    written = {name for name, const in pointers if not const}
    return frozenset(name for name, _ in pointers) - written
