"""A limit on the processor's time between two kernels.

References in plain Python, number by number, take hours on fake tensors, and the kernels of other
tests stand behind them. The time that lowering a kernel takes does not count.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from types import FrameType

_limits: list[float] = []


class TooLong(Exception):
    """A program or test took its share of the processor's time."""


def start(limit: float) -> None:
    """Raise `TooLong` in this thread when `limit` seconds of its own work have passed."""
    signal.signal(signal.SIGVTALRM, _stop)
    _limits[:] = [limit]
    signal.setitimer(signal.ITIMER_VIRTUAL, limit)


def end() -> None:
    """Take the limit away."""
    _limits.clear()
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)


@contextlib.contextmanager
def paused() -> Iterator[None]:
    """Inside, no time counts; afterwards it starts anew, if there is a limit."""
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, _limits[0] if _limits else 0)


_FAKE_TENSORS = tuple(
    os.path.join("torch", *inner)  # noqa: PTH118 - a part of a path
    for inner in (("_subclasses", ""), ("utils", "_python_dispatch.py"))
)


def _stop(_signal: int, frame: FrameType | None) -> None:
    """Stop the program, as soon as torch's fake tensors are not at work: stopped in the midst of
    that they would take what every later test does for a part of it."""
    while frame is not None:
        if any(part in frame.f_code.co_filename for part in _FAKE_TENSORS):
            signal.setitimer(signal.ITIMER_VIRTUAL, 0.01)
            return
        frame = frame.f_back
    raise TooLong("it took its share of the processor's time without another kernel")
