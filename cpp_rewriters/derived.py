"""What is worked out from a tree-wide fact alone is worked out once, not again for each file."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

T = TypeVar("T")


def derived(compute: Callable[..., T]) -> Callable[..., T]:
    """Have `compute`, pure, asked once while its arguments stay the same objects.

    Only the last answer is kept: the facts of a run follow one another and never come back.
    """
    last: list[tuple[tuple[Any, ...], T]] = []

    @wraps(compute)
    def remembered(*facts: Any) -> T:
        if not last or any(a is not b for a, b in zip(last[0][0], facts, strict=True)):
            last[:] = [(facts, compute(*facts))]
        return last[0][1]

    return remembered
