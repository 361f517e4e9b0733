"""Worker processes that keep their share of the work, so that each file is parsed once.

Each worker is forked with an object of its own and answers calls to that object's methods until
it is dismissed. Forked children inherit the tree as it stands, so that only answers travel.
"""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import click

from codemods.deep_stack import on_deep_stack

if TYPE_CHECKING:  # imported where processes are wanted: checking one file needs none
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkProcess

Share = TypeVar("Share")


def available() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class WorkerDied(click.ClickException):
    """A process ended before it had answered: killed, most often for want of memory."""

    def __init__(self, codes: Sequence[int | None]) -> None:
        ends = ", ".join(f"exit code {code}" for code in codes) or "no exit code"
        super().__init__(
            f"a worker process died ({ends}) and nothing was written; "
            "was there too little memory? `--jobs 1` needs the least"
        )


class Crew(Generic[Share]):
    """Objects of type `Share`, each in a process of its own, or one of them in this process."""

    def __init__(self, shares: Sequence[Callable[[], Share]]) -> None:
        self._here: list[Share] = []
        self._links: list[Connection] = []
        self._processes: list[ForkProcess] = []
        if len(shares) == 1 or not hasattr(os, "fork"):
            self._here = [make() for make in shares]
            return
        import multiprocessing

        context = multiprocessing.get_context("fork")
        for make in shares:
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(make, theirs, ours), daemon=True)
            process.start()
            theirs.close()
            self._links.append(ours)
            self._processes.append(process)

    @property
    def size(self) -> int:
        """How many shares there are."""
        return len(self._here) or len(self._links)

    def ask(self, method: str, arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Call `method` of every share, each with its own arguments; return the answers in order.

        An exception in a share is raised here.
        """
        if self._here:
            pairs = zip(self._here, arguments, strict=True)
            return on_deep_stack(lambda: [getattr(share, method)(*own) for share, own in pairs])
        try:
            for link, own in zip(self._links, arguments, strict=True):
                link.send((method, own))
            answers = [link.recv() for link in self._links]
        except (EOFError, BrokenPipeError, ConnectionResetError) as error:
            raise WorkerDied([process.exitcode for process in self._dead()]) from error
        for answer in answers:
            if isinstance(answer, _Raised):
                raise answer.error
        return answers

    def _dead(self) -> list[ForkProcess]:
        for process in self._processes:
            process.join(timeout=0.2)
        return [process for process in self._processes if not process.is_alive()]

    def dismiss(self) -> None:
        """End the processes."""
        for link in self._links:
            link.close()
        for process in self._processes:
            process.join(timeout=1)
            if process.is_alive():
                process.terminate()


class _Raised:
    def __init__(self, error: Exception) -> None:
        self.error = error


def _serve(make: Callable[[], Any], link: Connection, parents: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is interrupted and dismisses us
    parents.close()
    gc.disable()  # syntax trees are many small objects, kept to the end anyway
    on_deep_stack(lambda: _answer(make(), link))


def _answer(share: Any, link: Connection) -> None:
    while True:
        try:
            method, arguments = link.recv()
        except EOFError:
            os._exit(0)
        try:
            answer = getattr(share, method)(*arguments)
        except Exception as error:
            answer = _Raised(error)
        link.send(answer)
