"""Run the backward passes of a program's own autograd functions, without torch's engine.

The engine wants a GPU for tensors on one. A program's `autograd.Function` compiles its backward
kernels when its `backward` is called, so that is called here, on gradients of the right shapes.
"""

from __future__ import annotations

import weakref
from typing import Any

import torch

from codemods.harness.inside.inert import Inert

_tape: list[tuple[Any, Any, tuple[Any, ...]]] = []
_leaves: weakref.WeakSet[Any] = weakref.WeakSet()


class _Context(Inert):
    """What `forward` and `backward` are given to hand tensors on."""

    def __init__(self, count: int) -> None:
        super().__init__("context")
        self.__dict__.update(saved_tensors=(), needs_input_grad=(True,) * count)

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep `tensors` for `backward`."""
        self.__dict__["saved_tensors"] = tensors


def fake_autograd() -> None:
    """From here on gradients are only shapes, and every function's `backward` is called."""
    torch.set_grad_enabled(False)
    torch.autograd.Function.apply = classmethod(_apply)
    tensor: Any = torch.Tensor
    tensor.requires_grad_ = _requires_grad
    tensor.retain_grad = lambda self: _leaves.add(self)
    tensor.backward = lambda self, *_a, **_k: _backward()
    torch.autograd.backward = lambda *_a, **_k: _backward()
    torch.autograd.grad = _grad


def _apply(cls: Any, *args: Any, **kwargs: Any) -> Any:
    context = _Context(len(args))
    outputs = cls.forward(context, *args, **kwargs)
    made = outputs if isinstance(outputs, tuple) else (outputs,)
    _tape.append((cls, context, made))
    return outputs


def _requires_grad(self: Any, _wanted: bool = True) -> Any:
    _leaves.add(self)
    return self


def _backward() -> None:
    while _tape:
        cls, context, outputs = _tape.pop()
        cls.backward(context, *(torch.empty_like(o) if _is_tensor(o) else None for o in outputs))
    for leaf in list(_leaves):
        leaf.grad = torch.empty_like(leaf)


def _grad(_outputs: Any, inputs: Any, *_args: Any, **_kwargs: Any) -> Any:
    _backward()
    wanted = inputs if isinstance(inputs, tuple | list) else (inputs,)
    return tuple(torch.empty_like(tensor) for tensor in wanted)


def _is_tensor(value: Any) -> bool:
    return isinstance(value, torch.Tensor)
