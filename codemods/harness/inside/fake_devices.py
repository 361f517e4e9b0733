"""Make torch behave as on a machine with GPUs of one architecture, without any.

Tensors are torch's own fake tensors: they have shapes, dtypes and devices, and no contents. Where a
program asks for contents, it gets ones: enough to reach its next compile call.
"""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch._subclasses import fake_tensor
from torch.utils._python_dispatch import TorchDispatchMode

from codemods.harness.inside.inert import Inert

DEVICES = 8
_ADDRESSES = itertools.count(0x7F00_0000_0000, 1 << 32)


@contextlib.contextmanager
def fake_devices(capability: tuple[int, int], device_guard: str | None) -> Iterator[None]:
    """Inside, `torch.cuda` reports GPUs of `capability`, and every new tensor is fake.

    `device_guard`: the library that lets a torch without CUDA index tensors on CUDA devices.
    """
    if device_guard is not None:
        ctypes.CDLL(device_guard)
    else:
        torch._C._ensureCUDADeviceGuardSet()
    _fake_cuda(capability)
    _fake_runtime_library()
    _fake_contents()
    _agree_with_references()
    with fake_tensor.FakeTensorMode(allow_non_fake_inputs=True), _Contents():
        yield


def _fake_cuda(capability: tuple[int, int]) -> None:
    cuda = torch.cuda
    for name in dir(cuda):
        value = getattr(cuda, name)
        if isinstance(value, types.FunctionType) and not name.startswith("__"):
            setattr(cuda, name, _does_nothing(name))
    properties = types.SimpleNamespace(
        name=f"stand-in for sm_{capability[0]}{capability[1]}",
        major=capability[0],
        minor=capability[1],
        multi_processor_count=132,
        total_memory=80 << 30,
        warp_size=32,
        L2_cache_size=50 << 20,
        shared_memory_per_block=48 << 10,
        shared_memory_per_block_optin=227 << 10,
        shared_memory_per_multiprocessor=228 << 10,
        max_threads_per_multi_processor=2048,
        regs_per_multiprocessor=65536,
    )
    answers: dict[str, Any] = {
        "is_available": True,
        "is_initialized": True,
        "device_count": DEVICES,
        "current_device": 0,
        "get_device_capability": capability,
        "get_device_properties": properties,
        "get_device_name": properties.name,
        "mem_get_info": (79 << 30, 80 << 30),
        "memory_allocated": 0,
        "max_memory_allocated": 0,
        "is_bf16_supported": True,
        "_is_in_bad_fork": False,
        "is_current_stream_capturing": False,
    }
    for name, answer in answers.items():
        setattr(cuda, name, lambda *_a, _answer=answer, **_k: _answer)
    for name in ("Event", "Stream", "CUDAGraph", "ExternalStream"):
        setattr(cuda, name, _Timed)
    for name in ("current_stream", "default_stream"):
        setattr(cuda, name, lambda *_a, **_k: _Timed())
    for name in ("stream", "graph", "device", "device_of", "use_mem_pool"):
        setattr(cuda, name, lambda *_a, **_k: contextlib.nullcontext())
    torch.Tensor.cuda = lambda self, device=None, **_k: self.to(_gpu(device))
    torch.Tensor.pin_memory = lambda self, *_a: self
    torch.version.cuda = torch.version.cuda or "13.0"
    fake_tensor.init_gpu_context = lambda *_a: None


def _gpu(device: Any) -> torch.device:
    if device is None:
        return torch.device("cuda", 0)
    return torch.device("cuda", device) if isinstance(device, int) else torch.device(device)


def _does_nothing(name: str) -> Callable[..., Any]:
    def call(*_args: Any, **_kwargs: Any) -> None:
        return None

    call.__name__ = name
    return call


class _Timed(Inert):
    """A stream, event or graph: every interval that it measures is one millisecond."""

    cuda_stream = 0
    stream_id = 0

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        super().__init__("torch.cuda")

    def elapsed_time(self, _end: Any) -> float:
        """Return one millisecond."""
        return 1.0

    def query(self) -> bool:
        """Say that all work is done."""
        return True


class _RuntimeLibrary:
    """A CUDA library opened through ctypes: every call succeeds, every pointer asked for is new."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)

        def call(*args: Any) -> int:
            for argument in args:
                target = getattr(argument, "_obj", None)
                if isinstance(target, ctypes.c_void_p):
                    target.value = next(_ADDRESSES)
            return 0

        call.__name__ = name
        setattr(self, name, call)
        return call


def _fake_runtime_library() -> None:
    opened = ctypes.CDLL

    class Opened(opened):  # type: ignore[misc,valid-type]
        def __new__(cls, name: Any = None, *args: Any, **kwargs: Any) -> Any:
            base = Path(str(name or "")).name
            if base.startswith(("libcudart", "libcuda.", "cudart", "cuda")):
                return _RuntimeLibrary()
            return super().__new__(cls)

    ctypes.CDLL = Opened  # type: ignore[misc]


class _Contents(TorchDispatchMode):  # type: ignore[misc]
    """Answers the questions that only a tensor's contents could: ones, true, one element."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        aten = torch.ops.aten
        kwargs = kwargs or {}
        if func is aten._local_scalar_dense.default:
            return _one(args[0].dtype)
        if func in (aten.equal.default, aten.is_nonzero.default):
            return True
        if func is aten.nonzero.default:
            return args[0].new_empty((1, args[0].dim()), dtype=torch.int64)
        if func is aten.masked_select.default:
            return args[0].new_empty((1,))
        if func is aten.repeat_interleave.Tensor:
            return args[0].new_empty((kwargs.get("output_size") or args[0].numel(),))
        return func(*args, **kwargs)


def _one(dtype: torch.dtype) -> Any:
    if dtype is torch.bool:
        return True
    return 1.0 if dtype.is_floating_point else 1


def _nested_ones(shape: tuple[int, ...], value: Any) -> Any:
    return [_nested_ones(shape[1:], value) for _ in range(shape[0])] if shape else value


def _fake_contents() -> None:
    import numpy

    tensor: Any = torch.Tensor
    tensor.item = lambda self: _one(self.dtype)
    tensor.tolist = lambda self: _nested_ones(tuple(self.shape), _one(self.dtype))
    tensor.__bool__ = lambda self: True
    tensor.__int__ = tensor.__index__ = lambda self: 1
    tensor.__float__ = lambda self: 1.0
    tensor.data_ptr = lambda self: 0x7F00_0000_0000
    fake: Any = fake_tensor.FakeTensor
    fake.data_ptr = tensor.data_ptr
    fake.tolist = tensor.tolist
    tensor.numpy = lambda self, **_k: numpy.broadcast_to(
        numpy.ones((), str(self.dtype).removeprefix("torch.").replace("bfloat16", "float32")),
        tuple(self.shape),
    )


def _agree_with_references() -> None:
    """Comparisons with reference results pass: there are no results here."""
    torch.allclose = lambda *_a, **_k: True
    torch.equal = lambda *_a, **_k: True
    torch.testing.assert_close = lambda *_a, **_k: None
    torch.testing.assert_allclose = lambda *_a, **_k: None
    import numpy.testing

    for name in ("assert_allclose", "assert_array_equal", "assert_equal", "assert_almost_equal"):
        setattr(numpy.testing, name, lambda *_a, **_k: None)
