"""A progress bar for people at a terminal, once something takes longer than a second."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_PATIENCE = 1.0  # seconds


class Bar:
    """Called by the engine with a phase and its number of files, then with "" and 1 per file."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._began = time.monotonic()
        self._phase, self._total, self._done = "", 0, 0
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    @property
    def shown(self) -> Bar | None:
        """The bar where somebody can see it: telling of each file takes time."""
        return self if self._shown else None

    def __enter__(self) -> Bar:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, phase: str, count: int) -> None:
        if not self._shown:
            return
        if phase:
            self._phase, self._total, self._done = phase, count, 0
        else:
            self._done += count
        if self._bar is None and time.monotonic() - self._began > _PATIENCE:
            self._bar = _new_bar()
        if self._bar is not None:
            self._draw(self._bar)

    def _draw(self, bar: Progress) -> None:
        if self._task is None:
            self._task = bar.add_task(self._phase, total=self._total)
        bar.update(self._task, description=self._phase, total=self._total, completed=self._done)
        bar.refresh()


def _new_bar() -> Progress:
    from rich.console import Console
    from rich.progress import Progress

    # No refreshing thread: the engine forks, and threads do not survive that.
    bar = Progress(console=Console(stderr=True), auto_refresh=False, transient=True)
    bar.start()
    return bar
