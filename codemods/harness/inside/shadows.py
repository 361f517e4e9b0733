"""Contents for small fake tensors: each has a real one behind it, kept in step.

A program reads some tensors to decide what to compile (lengths, offsets, counts). Those are small.
Every operation on fake tensors is carried out a second time on the real ones behind them, as long
as all of these are known and small; what is not known reads as ones.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch._subclasses import fake_tensor
from torch.utils._python_dispatch import TorchDispatchMode, _disable_current_modes
from torch.utils._pytree import tree_flatten, tree_map
from torch.utils.weak import WeakIdKeyDictionary

SMALL = 1 << 16
"""The most elements of a tensor whose contents are kept."""

_shadows: Any = WeakIdKeyDictionary()
_UNINITIALISED = ("empty", "empty_like", "empty_strided", "new_empty", "new_empty_strided")


_CPU = torch.device("cpu")


@contextlib.contextmanager
def for_real() -> Iterator[None]:
    """Inside, operations are carried out on the CPU, whatever default device a program has set."""
    with _disable_current_modes(), torch._C.DisableTorchFunction():
        yield


def forget(tensor: Any) -> None:
    """Say that the contents of `tensor` are not known any more."""
    _shadows.pop(tensor, None)


def contents(tensor: Any) -> Any:
    """Return a real tensor with the contents of `tensor` as far as they are known."""
    if not _is_fake(tensor):
        return tensor
    known = _shadows.get(tensor)
    if known is not None:
        return known
    with for_real():
        return torch.ones((), dtype=tensor.dtype).expand(tuple(tensor.shape))


class Shadowing(TorchDispatchMode):  # type: ignore[misc]
    """Keeps the real tensors in step, and answers what only contents can."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if kwargs.pop("generator", None) is not None and func._overloadname == "generator":
            func = func.overloadpacket.default
        answer = _ANSWERS.get(func)
        if answer is not None:
            return answer(*args, **kwargs)
        try:
            result = func(*args, **kwargs)
        except fake_tensor.DynamicOutputShapeException:
            return _worked_out(func, args, kwargs)
        _follow(func, args, kwargs, result)
        return result


LARGE = 1 << 24
"""The most elements of a tensor that is worked with where the shape of a result depends on it."""


def _worked_out(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """Return the results of `func`, whose shapes depend on contents: on ones, if not known."""
    flat = [value for value in tree_flatten((args, kwargs))[0] if _is_fake(value)]
    if not flat or any(value.numel() > LARGE for value in flat):
        raise fake_tensor.DynamicOutputShapeException(func)
    args, kwargs = tree_map(contents, (args, kwargs))
    with for_real():
        real = func(*args, **kwargs)
    return tree_map(lambda v: _fake_of(v, flat[0]) if isinstance(v, torch.Tensor) else v, real)


def _follow(func: Any, args: Any, kwargs: dict[str, Any], result: Any) -> None:
    flat = [value for value in tree_flatten((args, kwargs))[0] if isinstance(value, torch.Tensor)]
    made = [value for value in tree_flatten(result)[0] if isinstance(value, torch.Tensor)]
    known = all(_size(value) <= SMALL for value in [*flat, *made])
    real: Any = None
    if known:
        for value in flat:
            if _is_fake(value) and value not in _shadows:
                with for_real():
                    _shadows[value] = contents(value).clone()
        try:
            real = _carry_out(func, args, kwargs)
        except Exception:  # an operation that the CPU has not: its result is not known, no more
            known = False
    if not known:
        for value in made:
            _shadows.pop(value, None)
        return
    outcomes = [value for value in tree_flatten(real)[0] if isinstance(value, torch.Tensor)]
    for value, outcome in zip(made, outcomes, strict=False):
        if isinstance(value, fake_tensor.FakeTensor) and tuple(value.shape) == outcome.shape:
            _shadows[value] = outcome


def _carry_out(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    args, kwargs = tree_map(lambda v: _shadows.get(v, v) if _is_fake(v) else v, (args, kwargs))
    if isinstance(kwargs.get("device"), torch.device):
        kwargs["device"] = _CPU
    kwargs.pop("pin_memory", None)
    with for_real():
        real = func(*args, **kwargs)
        if func.overloadpacket.__name__ in _UNINITIALISED:
            real.fill_(1)
    return real


def _is_fake(value: Any) -> bool:
    return isinstance(value, fake_tensor.FakeTensor)


def _size(value: Any) -> int:
    return value.numel() if all(isinstance(n, int) for n in value.shape) else SMALL + 1


def _nonzero(tensor: Any) -> Any:
    real = contents(tensor)
    with for_real():
        found = (
            torch.nonzero(real) if real.numel() <= SMALL else torch.zeros(1, tensor.dim()).long()
        )
    return _fake_of(found, tensor)


def _masked_select(tensor: Any, mask: Any) -> Any:
    real, chosen = contents(tensor), contents(mask)
    with for_real():
        small = real.numel() <= SMALL
        found = torch.masked_select(real, chosen.bool()) if small else real.reshape(-1)[:1].clone()
    return _fake_of(found, tensor)


def _unique(function: Callable[..., Any], tensor: Any, *args: Any, **kwargs: Any) -> Any:
    real = contents(tensor)
    with for_real():
        found = function(real if real.numel() <= SMALL else real.reshape(-1)[:1], *args, **kwargs)
    return tuple(_fake_of(each, tensor) for each in found)


def _fake_of(real: Any, like: Any) -> Any:
    made = like.new_empty(tuple(real.shape), dtype=real.dtype)
    _shadows[made] = real
    return made


def _scalar(tensor: Any) -> Any:
    real = contents(tensor)
    with for_real():
        return real.reshape(-1)[0].item()


_ANSWERS: dict[Any, Callable[..., Any]] = {
    torch.ops.aten._local_scalar_dense.default: _scalar,
    torch.ops.aten.equal.default: lambda *_a: True,
    torch.ops.aten.is_nonzero.default: lambda tensor: bool(_scalar(tensor)),
    torch.ops.aten.nonzero.default: _nonzero,
    torch.ops.aten.masked_select.default: _masked_select,
    **{
        function: functools.partial(_unique, function)
        for function in (
            torch.ops.aten._unique2.default,
            torch.ops.aten.unique_consecutive.default,
            torch.ops.aten.unique_dim.default,
        )
    },
}
