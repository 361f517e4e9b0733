"""Runs a function over many items, in forked processes where that pays.

Forked children inherit the tree and the facts as they stand, so that only answers travel. The
answers come in the order of the items, whatever the number of processes.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")

_task: tuple[Callable[[Any], Any], Sequence[Any]] | None = None


def available() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def each(function: Callable[[Item], Answer], items: Sequence[Item], jobs: int) -> Iterator[Answer]:
    """Yield `function(item)` for each item in order, from `jobs` processes if more than one."""
    count = min(jobs, len(items))
    if count <= 1 or "fork" not in multiprocessing.get_all_start_methods():
        yield from map(function, items)
        return
    global _task
    _task = (function, items)
    chunk = max(1, len(items) // (count * 8))
    try:
        with multiprocessing.get_context("fork").Pool(count) as pool:
            yield from pool.imap(_call, range(len(items)), chunk)
    finally:
        _task = None


def _call(index: int) -> Any:
    assert _task is not None, "a worker was started without its task"
    function, items = _task
    return function(items[index])
