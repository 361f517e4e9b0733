"""Let more ranks run than there are GPUs: they share them, with gloo where NCCL refuses that.

A kernel reaches another rank's memory as it would on another GPU, since CUDA's handles between
processes hold on one GPU too, and one that waits for another rank is preempted by the driver's time
slices. So the operators are tried for what they do, not for how fast. Collectives of torch go
through the host. The interpreter imports this file by itself, as `sitecustomize`, in each process
that a program starts.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.distributed as dist
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_map

COLLECTIVES = (
    "all_gather",
    "all_gather_into_tensor",
    "all_reduce",
    "all_to_all_single",
    "broadcast",
    "gather",
    "reduce",
    "reduce_scatter",
    "reduce_scatter_tensor",
    "scatter",
)
_NUMBERED = re.compile(r"cuda:(\d+)$")


def share_gpus(count: int) -> None:
    """From here on rank n of this program uses GPU n modulo `count`, and groups use gloo."""
    torch.cuda.set_device = _on_shared(torch.cuda.set_device, count)
    dist.init_process_group = _with_gloo(dist.init_process_group)
    dist.new_group = _with_gloo(dist.new_group)
    for name in COLLECTIVES:
        setattr(dist, name, through_host(getattr(dist, name)))
    dist.all_to_all = all_to_all
    _Shared(count).__enter__()


def through_host(collective: Callable[..., Any]) -> Callable[..., Any]:
    """Return `collective` for tensors of GPUs, by a backend that takes those of the host.

    Only what it changed is copied back: another rank may be writing beside it.
    """

    @functools.wraps(collective)
    def carried(*args: Any, **kwargs: Any) -> Any:
        moved: list[tuple[Any, Any, Any]] = []

        def to_host(value: Any) -> Any:
            if not isinstance(value, torch.Tensor) or value.device.type == "cpu":
                return value
            copy = value.cpu()
            moved.append((value, copy, copy.clone()))
            return copy

        asynchronous = kwargs.pop("async_op", False)
        collective(*tree_map(to_host, args), **tree_map(to_host, kwargs))
        for value, copy, before in moved:
            if not torch.equal(copy, before):
                value.copy_(copy)
        return _Done() if asynchronous else None

    return carried


def all_to_all(
    output_tensor_list: Sequence[torch.Tensor],
    input_tensor_list: Sequence[torch.Tensor],
    group: Any = None,
    async_op: bool = False,
) -> Any:
    """Do what `torch.distributed.all_to_all` does, which gloo lacks, by its form for one tensor."""
    sent = torch.cat([tensor.reshape(-1) for tensor in input_tensor_list])
    sizes = [tensor.numel() for tensor in output_tensor_list]
    received = torch.empty(sum(sizes), dtype=sent.dtype, device=sent.device)
    given = [tensor.numel() for tensor in input_tensor_list]
    dist.all_to_all_single(received, sent, sizes, given, group=group)
    for tensor, part in zip(output_tensor_list, received.split(sizes), strict=True):
        tensor.copy_(part.view(tensor.shape))
    return _Done() if async_op else None


class _Done:
    """The handle of a collective that is over."""

    def wait(self, timeout: Any = None) -> bool:
        return True

    def is_completed(self) -> bool:
        return True


class _Shared(TorchFunctionMode):  # type: ignore[misc]
    """Sends what is asked of GPU n to GPU n modulo `count`."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._count = count

    def __torch_function__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = {name: self._shared(value) for name, value in (kwargs or {}).items()}
        return function(*map(self._shared, args), **kwargs)

    def _shared(self, value: Any) -> Any:
        if isinstance(value, torch.device):
            if value.type == "cuda" and value.index is not None and value.index >= self._count:
                return torch.device("cuda", value.index % self._count)
        elif isinstance(value, str) and (numbered := _NUMBERED.match(value)):
            return f"cuda:{int(numbered[1]) % self._count}"
        return value


def _on_shared(set_device: Callable[[Any], None], count: int) -> Callable[[Any], None]:
    def shared(device: Any) -> None:
        index = device if isinstance(device, int) else torch.device(device).index
        if index is not None and index >= 0:
            set_device(index % count)

    return shared


def _with_gloo(make: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(make)
    def made(*args: Any, **kwargs: Any) -> Any:
        kwargs.pop("device_id", None)
        kwargs.pop("pg_options", None)
        if make.__name__ == "init_process_group":
            args = args[1:]  # the backend, where it is given by position
        kwargs["backend"] = "gloo"
        return make(*args, **kwargs)

    return made


if __name__ == "sitecustomize":
    share_gpus(torch.cuda.device_count())
