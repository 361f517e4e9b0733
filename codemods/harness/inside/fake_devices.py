"""Make torch behave as on a machine with GPUs of one architecture, without any.

Tensors are torch's own fake tensors: they have shapes, dtypes and devices; of contents only what
`shadows.py` keeps.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import itertools
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
import torch.utils.cpp_extension
from torch._subclasses import fake_tensor

from codemods.harness.inside import shadows
from codemods.harness.inside.inert import Inert, unpacked_names

DEVICES = 8
_ADDRESSES = itertools.count(0x7F00_0000_0000, 1 << 32)


@contextlib.contextmanager
def fake_devices(capability: tuple[int, int], device_guard: str | None) -> Iterator[None]:
    """Inside, `torch.cuda` reports GPUs of `capability`, and every new tensor is fake.

    `device_guard`: the library that lets a torch without CUDA index tensors on CUDA devices.
    """
    _set_device_guard(device_guard)
    # No constant may be computed on a GPU that is not there, whatever torch.cuda says from here on.
    fake_tensor.FakeTensorMode.avoid_device_init = property(lambda self: True)
    _fake_cuda(capability)
    _fake_contents()
    _agree_with_references()
    with fake_tensor.FakeTensorMode(allow_non_fake_inputs=True), shadows.Shadowing():
        yield


def warm_up(device_guard: str | None) -> None:
    """Load what fake tensors load on first use, so that forked processes have it."""
    _set_device_guard(device_guard)
    with fake_tensor.FakeTensorMode():
        made = torch.randn(2, 2, device="cuda")
        (made @ made).half().sum(dim=0)[0].softmax(dim=0)


def _set_device_guard(device_guard: str | None) -> None:
    if device_guard is not None:
        ctypes.CDLL(device_guard)
    else:
        torch._C._ensureCUDADeviceGuardSet()


def _fake_cuda(capability: tuple[int, int]) -> None:
    cuda = torch.cuda
    for module in (cuda, cuda.profiler, cuda.nvtx):
        for name, value in list(vars(module).items()):
            if isinstance(value, types.FunctionType) and not name.startswith("__"):
                setattr(module, name, _does_nothing(name))
    torch.profiler.profile = Inert("profiler")
    torch.compile = _not_compiled
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
    torch.device = _Device
    torch.Generator = _Generator
    torch.version.cuda = torch.version.cuda or "13.0"
    fake_tensor.init_gpu_context = lambda *_a: None


def _not_compiled(model: Any = None, **_kwargs: Any) -> Any:
    return model if model is not None else _not_compiled


def _gpu(device: Any) -> torch.device:
    if device is None:
        return torch.device("cuda", 0)
    return torch.device("cuda", device) if isinstance(device, int) else torch.device(device)


_REAL_DEVICE: Any = torch.device
_REAL_GENERATOR: Any = torch.Generator


class _DeviceType(type):
    """Makes `torch.device(0)` the first GPU, which torch itself answers only where there is one."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if len(args) == 1 and isinstance(args[0], int) and not kwargs:
            return _REAL_DEVICE("cuda", args[0])
        return _REAL_DEVICE(*args, **kwargs)

    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, _REAL_DEVICE)


class _Device(metaclass=_DeviceType):
    pass


class _GeneratorType(type):
    """Makes every generator of random numbers one of the CPU's."""

    def __call__(cls, *_args: Any, **_kwargs: Any) -> Any:
        return _REAL_GENERATOR()

    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, _REAL_GENERATOR)


class _Generator(metaclass=_GeneratorType):
    pass


def _does_nothing(name: str) -> Callable[..., Any]:
    def call(*_args: Any, **_kwargs: Any) -> None:
        return None

    call.__name__ = name
    return call


class _Timed(Inert):
    """A stream, event or graph: every interval that it measures is one millisecond."""

    cuda_stream = 0
    device = torch.device("cuda", 0)
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
                for field in _PROPERTIES if isinstance(target, ctypes.Structure) else ():
                    if hasattr(target, field):
                        setattr(target, field, _PROPERTIES[field])
            return 0

        call.__name__ = name
        setattr(self, name, call)
        return call


def fake_runtime_library(folders: tuple[str, ...]) -> None:
    """From here on a CUDA library that code below `folders` opens through ctypes, or calls through
    the cuda-python package, succeeds in everything."""
    _fake_cuda_python()
    opened = ctypes.CDLL

    class Opened(opened):  # type: ignore[misc,valid-type]
        def __new__(cls, name: Any = None, *args: Any, **kwargs: Any) -> Any:
            base = Path(str(name or "")).name
            asking = _asking()
            if asking.startswith(folders) and base.startswith(_CUDA_LIBRARIES):
                return _RuntimeLibrary()
            return super().__new__(cls)

    ctypes.CDLL = Opened  # type: ignore[misc]
    ctypes.cdll._dlltype = Opened  # type: ignore[attr-defined]


def _fake_contents() -> None:
    tensor: Any = torch.Tensor
    tensor.item = _item
    tensor.tolist = _tolist
    tensor.__bool__ = lambda self: bool(_item(self))
    tensor.__int__ = tensor.__index__ = lambda self: int(_item(self))
    tensor.__float__ = lambda self: float(_item(self))
    tensor.data_ptr = lambda self: 0x7F00_0000_0000
    fake: Any = fake_tensor.FakeTensor
    fake.data_ptr, fake.tolist = tensor.data_ptr, _tolist
    tensor.numpy = _numpy
    torch.tensor = _tensor


def _tensor(data: Any, *args: Any, **kwargs: Any) -> Any:
    """Make a tensor as torch does, of numbers where `data` lists tensors of one element each."""
    return _REAL_TENSOR(_numbers(data), *args, **kwargs)


def _numbers(data: Any) -> Any:
    if isinstance(data, list | tuple):
        return [_item(v) if isinstance(v, torch.Tensor) else _numbers(v) for v in data]
    return data


def _item(self: Any) -> Any:
    return _tolist(self.reshape(-1)[:1])[0]


def _tolist(self: Any) -> Any:
    real = shadows.contents(self)
    with shadows.for_real():
        return _REAL_TOLIST(real)


def _numpy(self: Any, **_kwargs: Any) -> Any:
    real = shadows.contents(self)
    with shadows.for_real():
        plain = real.float() if real.dtype is torch.bfloat16 else real
        return _REAL_NUMPY(plain.detach())


_REAL_TOLIST = torch.Tensor.tolist
_REAL_NUMPY = torch.Tensor.numpy
_REAL_TENSOR = torch.tensor


def _asking() -> str:
    """Return the file of the code that opens a library, through ctypes or not."""
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_code.co_filename == ctypes.__file__:
        frame = frame.f_back
    return frame.f_code.co_filename


_PROPERTIES = {
    "multiProcessorCount": 132,
    "warpSize": 32,
    "maxThreadsPerBlock": 1024,
    "sharedMemPerBlock": 48 << 10,
    "sharedMemPerBlockOptin": 227 << 10,
    "sharedMemPerMultiprocessor": 228 << 10,
    "regsPerBlock": 65536,
    "regsPerMultiprocessor": 65536,
    "totalGlobalMem": 80 << 30,
    "l2CacheSize": 50 << 20,
}
"""What the runtime's `cudaDeviceProp` says, by its field names (driver_types.h)."""

_CUDA_LIBRARIES = ("libcudart", "libcuda.", "cudart", "cuda")


class _Answer(Inert):
    """What a function of cuda-python returns: success, then as many values as are unpacked."""

    def __init__(self, success: Any) -> None:
        super().__init__("cuda")
        self.__dict__["success"] = success

    def __iter__(self) -> Iterator[Any]:
        frame = sys._getframe(1)
        wanted = unpacked_names(frame.f_code, frame.f_lasti)
        return iter([self.success, *(Inert("cuda") for _ in range(max(wanted, 1) - 1))])

    def __getitem__(self, key: Any) -> Any:
        return Inert("cuda") if key else self.success


def _fake_cuda_python() -> None:
    for name, result, success in (
        ("driver", "CUresult", "CUDA_SUCCESS"),
        ("runtime", "cudaError_t", "cudaSuccess"),
    ):
        try:
            module = importlib.import_module(f"cuda.bindings.{name}")
        except ImportError:
            continue
        answer = _Answer(getattr(getattr(module, result), success))
        for function, value in list(vars(module).items()):
            if function.startswith("cu") and callable(value) and not isinstance(value, type):
                setattr(module, function, lambda *_a, _answer=answer, **_k: _answer)


def _agree_with_references() -> None:
    """Comparisons with reference results pass, and none is compiled for: there are no results."""
    torch.allclose = lambda *_a, **_k: True
    torch.equal = lambda *_a, **_k: True
    for name in ("load", "load_inline"):
        setattr(torch.utils.cpp_extension, name, lambda *_a, **_k: Inert("extension"))
    torch.testing.assert_close = lambda *_a, **_k: None
    torch.testing.assert_allclose = lambda *_a, **_k: None
    import numpy.testing

    for name in ("assert_allclose", "assert_array_equal", "assert_equal", "assert_almost_equal"):
        setattr(numpy.testing, name, lambda *_a, **_k: None)
