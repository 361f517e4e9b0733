"""Make torch.distributed behave as in process 0 of several, without the others."""

from __future__ import annotations

import copy
import os
from typing import Any

import torch
import torch.distributed as dist

RANKS = 4
"""How many processes a launcher is taken to have started: a number that is also a square, since
programs that lay ranks out as a mesh want one."""


def fake_processes() -> None:
    """From here on process groups are torch's fake ones and collectives change nothing."""
    os.environ.update(
        RANK="0",
        LOCAL_RANK="0",
        WORLD_SIZE=str(RANKS),
        LOCAL_WORLD_SIZE=str(RANKS),
        MASTER_ADDR="127.0.0.1",
        MASTER_PORT="29500",
    )
    dist.init_process_group = _init_process_group
    torch.multiprocessing.spawn = _spawn
    for name in (
        "all_gather",
        "all_gather_into_tensor",
        "all_reduce",
        "all_to_all",
        "all_to_all_single",
        "barrier",
        "broadcast",
        "broadcast_object_list",
        "gather",
        "monitored_barrier",
        "recv",
        "reduce",
        "reduce_scatter",
        "reduce_scatter_tensor",
        "scatter",
        "send",
        "destroy_process_group",
    ):
        setattr(dist, name, lambda *_a, **_k: None)
    dist.all_gather_object = _all_gather_object
    new_group = dist.new_group
    dist.new_group = lambda ranks=None, *_a, **_k: new_group(ranks, backend="fake")


def _init_process_group(
    backend: Any = None, *_args: Any, rank: int = -1, world_size: int = -1, **_kwargs: Any
) -> None:
    from torch.testing._internal.distributed.fake_pg import FakeStore

    if dist.is_initialized():
        return
    if world_size < 1:
        world_size = int(os.environ.get("WORLD_SIZE", RANKS))
    _REAL_INIT("fake", rank=max(rank, 0), world_size=world_size, store=FakeStore())


_REAL_INIT = dist.init_process_group


def _spawn(fn: Any, args: tuple[Any, ...] = (), nprocs: int = 1, **_kwargs: Any) -> None:
    # Processes made by the program itself, not by a launcher, see no launcher's variables.
    for name in ("RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE"):
        os.environ.pop(name, None)
    fn(0, *args)


def _all_gather_object(gathered: list[Any], value: Any, *_args: Any, **_kwargs: Any) -> None:
    for index in range(len(gathered)):
        try:
            gathered[index] = copy.copy(value)
        except Exception:  # some objects cannot be copied; the same one serves as well
            gathered[index] = value
