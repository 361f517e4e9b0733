"""A stack for text that is nested deeply: thousands of `elif`, of terms of a sum, of brackets."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")

_STACK = 256 * 1024 * 1024  # bytes of address space; memory is used as far as it is touched
_FRAMES = 50_000


def on_deep_stack(work: Callable[[], Answer]) -> Answer:
    """Return what `work` returns, having done it in a thread with a large stack."""
    answers: list[Answer] = []
    errors: list[BaseException] = []

    def do() -> None:
        try:
            answers.append(work())
        except BaseException as error:
            errors.append(error)

    frames, size = sys.getrecursionlimit(), threading.stack_size(_STACK)
    thread = threading.Thread(target=do, daemon=True)
    sys.setrecursionlimit(max(frames, _FRAMES))
    try:
        thread.start()
        threading.stack_size(size)
        thread.join()
    finally:
        threading.stack_size(size)
        sys.setrecursionlimit(frames)
    if errors:
        raise errors[0]
    return answers[0]
