"""One writer at a time in a tree: its folder's lock, which ends with the process that holds it."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import click


class Busy(click.ClickException):
    """Another run is writing the tree."""


@contextlib.contextmanager
def locked(root: Path) -> Iterator[None]:
    """Hold the tree's lock; raises `Busy` if another process does."""
    handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                raise Busy(f"another run is writing `{root}`; wait for it") from error
            # a file system without locks: as good as it can be
        yield
    finally:
        os.close(handle)
