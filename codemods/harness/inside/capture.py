"""Catch every kernel that a program compiles with TileLang, and lower it to CUDA source only.

The compile boundary is `tilelang.lower`: whatever a program calls (`jit`, `compile`, the
autotuner), its kernel passes there. What a program gets back stands for the kernel: calling it
gives tensors of the right shapes.
"""

from __future__ import annotations

import inspect
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from codemods.harness.inside import shadows, time_share
from codemods.harness.inside.detected import target_detects
from codemods.harness.inside.first_configuration import first_configuration_only
from codemods.harness.inside.inert import Inert
from codemods.harness.inside.made import Made, Place, place_of, replace_everywhere
from codemods.harness.inside.reasons import innermost


@dataclass(frozen=True)
class Captured:
    """A kernel as it came to the compile boundary.

    `function`: its global symbol. `file`, `line`: the definition that it was made from, empty and 0
    where that is not known. `source`: the CUDA text, or None with the `error` that lowering met.
    `target`: what it was lowered for, where the program itself chose.
    """

    function: str
    file: str
    line: int
    source: str | None
    error: str = ""
    target: str = ""
    flags: tuple[str, ...] = ()


def capture_kernels(arch: str, tree: Path, record: Callable[[Captured], None]) -> Made:
    """From here on, pass each kernel that is compiled in this process to `record`.

    `arch` (`sm_90a`) is what a program gets that does not choose an architecture itself. What
    is returned knows the kernels of files in `tree` that were made, compiled or not.
    """
    import tilelang
    import tvm
    from tilelang.engine import lower as lower_module
    from tilelang.utils import target as target_module
    from tvm.target import Target

    _fake_tvm_device(arch)
    chosen = Target({"kind": "cuda", "arch": arch})
    determine = target_module.determine_target

    def determine_target(target: Any = "auto", return_object: bool = False) -> Any:
        if target is None or (isinstance(target, str) and target.strip() in ("auto", "cuda")):
            current = Target.current(allow_none=True)
            return current if current is not None and target in (None, "auto") else chosen
        return determine(target, return_object)

    replace_everywhere(determine, determine_target)

    module: Any = sys.modules.get("tilelang.engine.lower", lower_module)
    original = module.lower if hasattr(module, "lower") else lower_module
    accepted = inspect.signature(original).parameters

    def lower(func_or_mod: Any, target: Any = "auto", *args: Any, **kwargs: Any) -> Any:
        resolved = Target(determine_target(target))
        if resolved.kind.name != "cuda" or "cutedsl" in resolved.keys:
            return original(func_or_mod, target, *args, **kwargs)
        for name in ("enable_host_codegen", "enable_device_compile"):
            if name in accepted:
                kwargs[name] = False
        function = _function(func_or_mod)
        made.compiled(function)
        facts = {**_origin(function), "target": "" if resolved.arch == arch else resolved.arch}
        with time_share.paused():
            try:
                artifact = original(func_or_mod, resolved, *args, **kwargs)
            except BaseException as error:
                traceback.print_exc()
                record(Captured(source=None, error=innermost(error), **facts))
                raise
        record(Captured(source=artifact.kernel_source, flags=_device_flags(), **facts))
        return artifact

    def not_made(function: str, place: Place, error: BaseException) -> None:
        record(Captured(function, *place, source=None, error=innermost(error)))

    def lower_alone(kernel: Any, config: dict[str, Any]) -> None:
        with tvm.transform.PassContext(opt_level=3, config=config), chosen:
            lower(kernel, chosen)

    made = Made(tree, lower_alone, not_made)
    made.watch()
    replace_everywhere(original, lower)
    _no_cache(tilelang)
    _fake_kernels(tilelang, made)
    first_configuration_only()
    _no_measurements()
    return made


def _fake_tvm_device(arch: str) -> None:
    from tvm.runtime import Device

    digits = arch.removeprefix("sm_").rstrip("af")
    version = f"{digits[:-1]}.{digits[-1]}"
    device: Any = Device
    device.exist = property(lambda self: True)
    device.compute_version = property(lambda self: version)
    real = Device._GetDeviceAttr

    def attribute(self: Any, device_type: int, index: int, kind: int) -> Any:
        on_gpu = device_type == _CUDA
        return (
            _ATTRIBUTES[kind]
            if on_gpu and kind in _ATTRIBUTES
            else real(self, device_type, index, kind)
        )

    device._GetDeviceAttr = attribute
    target_detects(f"sm_{digits}")


_CUDA = 2
"""`kDLCUDA` in dlpack.h."""

_ATTRIBUTES: dict[int, Any] = {
    1: 1024,  # threads per block
    2: 32,  # warp size
    3: 48 << 10,  # shared memory per block
    5: "stand-in",  # name
    6: 1_980_000,  # clock, kHz
    7: 132,  # multiprocessors
    8: "[1024, 1024, 64]",  # threads by dimension
    9: 65536,  # registers per block
    11: 13000,  # CUDA version
    13: 50 << 20,  # L2 cache
    14: 80 << 30,  # memory
}
"""What TVM's runtime is told of the GPU, by `DeviceAttrKind` (tvm/runtime/device_api.h)."""


def _function(func_or_mod: Any) -> Any:
    if hasattr(func_or_mod, "params"):
        return func_or_mod
    return next(iter(dict(func_or_mod.functions.items()).values()))


def _origin(function: Any) -> dict[str, Any]:
    symbol = ""
    if function.attrs is not None and "global_symbol" in function.attrs:
        symbol = str(function.attrs["global_symbol"])
    file, line = place_of(function) or ("", 0)
    return {"function": symbol, "file": file, "line": line}


def _device_flags() -> tuple[str, ...]:
    """Return the compiler flags that the kernel's pass configuration asks for."""
    import tvm

    config = tvm.transform.PassContext.current().config
    flags: list[str] = []
    for key, value in config.items():
        if key.endswith("enable_fast_math") and value:
            flags.append("--use_fast_math")
        if key.endswith("device_compile_flags") and value:
            flags.extend([str(value)] if isinstance(value, str) else [str(v) for v in value])
    return tuple(flags)


def _no_cache(tilelang: Any) -> None:
    """Kernels are neither kept on the disk nor taken from there: what stands for one is no library,
    and a program that found it would load it as one. Not every tree has a variable for it."""
    if hasattr(tilelang, "disable_cache"):
        tilelang.disable_cache()
        replace_everywhere(tilelang.enable_cache, lambda *_a, **_k: None)


def _fake_kernels(tilelang: Any, made: Made) -> None:
    import tvm
    from tilelang.jit.kernel import JITKernel

    def compile_and_create_adapter(self: Any, tilelang_func: Any, out_idx: Any) -> Any:
        config = self.pass_configs or {}
        made.compiled(tilelang_func, config)
        with tvm.transform.PassContext(opt_level=3, config=config), self.target:
            try:
                self.artifact = tilelang.lower(
                    tilelang_func, target=self.target, target_host=self.target_host
                )
            except Exception as error:  # it is recorded: on to the kernels behind it
                return _Adapter(_parameters(tilelang_func), "", out_idx, error)
        return _Adapter(self.artifact.params, self.artifact.kernel_source, out_idx)

    JITKernel._compile_and_create_adapter = compile_and_create_adapter
    JITKernel.__getattr__ = lambda self, name: _missing(self, name)
    JITKernel.__call__ = lambda self, *args, **kwargs: self.adapter.func(*args, **kwargs)


def _missing(kernel: Any, name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return Inert(f"kernel.{name}")


def _parameters(function: Any) -> list[Any]:
    from tilelang.engine.param import KernelParam

    buffers = function.buffer_map
    return [
        KernelParam.from_buffer(buffers[p]) if p in buffers else KernelParam.from_var(p)
        for p in function.params
    ]


class _Adapter(Inert):
    """Stands for a compiled kernel: calling `func` returns tensors of the outputs' shapes.

    `failure`: what kept the kernel from being lowered, if anything did.
    """

    def __init__(
        self, params: Any, source: str, out_idx: Any, failure: Exception | None = None
    ) -> None:
        super().__init__("adapter")
        outputs = [out_idx] if isinstance(out_idx, int) else list(out_idx or [])
        self.__dict__.update(
            params=params,
            result_idx=[i % len(params) for i in outputs],
            source=source,
            failure=failure,
        )

    def get_kernel_source(self, *_args: Any, **_kwargs: Any) -> str:
        """Return the kernel's CUDA text."""
        return str(self.source)

    get_host_source = get_kernel_source

    def func(self, *args: Any, **_kwargs: Any) -> Any:
        """Return tensors for the outputs, with symbolic sizes taken from the inputs."""
        inputs = iter(args)
        sizes: dict[str, int] = {}
        for index, param in enumerate(self.params):
            if index in self.result_idx:
                continue
            value = next(inputs, None)
            if isinstance(value, torch.Tensor):
                shadows.forget(value)  # the kernel may have written it
                for name, size in zip(param.shape, value.shape, strict=False):
                    sizes[str(name)] = int(size)
        made = [
            torch.empty(
                [d if isinstance(d, int) else sizes.get(str(d), 1) for d in self.params[i].shape],
                dtype=_torch_dtype(self.params[i]),
                device="cuda",
            )
            for i in self.result_idx
        ]
        return made[0] if len(made) == 1 else made or None


def _torch_dtype(param: Any) -> torch.dtype:
    if isinstance(param.dtype, torch.dtype):
        return param.dtype
    dtype: torch.dtype = param.torch_dtype()
    return dtype


def _no_measurements() -> None:
    import tilelang.profiler as profiler

    def do_bench(fn: Any = None, *args: Any, **_kwargs: Any) -> float:
        if callable(fn) and not isinstance(fn, profiler.Profiler):
            fn()
        return 1.0

    if hasattr(profiler, "do_bench"):
        replace_everywhere(profiler.do_bench, do_bench)
    for name in ("assert_allclose", "manual_assert_close", "assert_consistent", "run_once"):
        if hasattr(profiler.Profiler, name):
            setattr(profiler.Profiler, name, lambda self, *_a, **_k: None)
    profiler.Profiler.do_bench = lambda self, *_a, **_k: 1.0
