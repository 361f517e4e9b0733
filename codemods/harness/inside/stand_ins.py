"""Stand-ins for modules that cannot be had here: a tree's own compiled extensions, and third-party
packages that an example imports for its reference results."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import sys
import types
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from codemods.harness.inside.inert import Inert

used: set[str] = set()
"""The modules that a stand-in was imported for, in this process."""


class CompiledExtension(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Makes a tree's compiled extensions importable where they are not built.

    `extensions`: for each module, its functions with the number of tensors each returns. A
    function that returns tensors makes them of the shape and dtype among its arguments.
    """

    def __init__(self, extensions: Mapping[str, Mapping[str, int]]) -> None:
        self._extensions = extensions

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return a spec for an extension that nothing before this finder had."""
        if name in self._extensions:
            return importlib.machinery.ModuleSpec(name, self)
        return None

    def exec_module(self, module: types.ModuleType) -> None:
        """Give the module the functions that its sources bind, and no others."""
        used.add(module.__name__)
        for function, tensors in self._extensions[module.__name__].items():
            setattr(module, function, _function(f"{module.__name__}.{function}", tensors))


def _function(name: str, tensors: int) -> Any:
    def stand_in(*args: Any, **kwargs: Any) -> Any:
        if not tensors:
            return Inert(name)
        import torch

        values = [*args, *kwargs.values()]
        shape = next(v for v in values if isinstance(v, list | tuple))
        dtype = next(
            (getattr(torch, v) if isinstance(v, str) else v for v in values if _is_dtype(v)),
            torch.float32,
        )
        made = tuple(torch.empty(shape, dtype=dtype, device="cuda") for _ in range(tensors))
        return made if tensors > 1 else made[0]

    stand_in.__name__ = name
    return stand_in


def _is_dtype(value: Any) -> bool:
    import torch

    if isinstance(value, str):
        value = getattr(torch, value, None)
    return isinstance(value, torch.dtype)


class MissingPackage(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Makes any module importable that nothing else has, when a file below `folders` asks for it.

    An example that compares with another library's kernels gets as far as its own. The tree's own
    `packages` are never stood in for: a module missing there is the tree's fault.
    """

    def __init__(self, folders: Sequence[Path], packages: Sequence[str]) -> None:
        self._folders = tuple(f"{folder}/" for folder in folders)
        self._packages = frozenset(packages)
        self._made: set[str] = set()

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return a spec where the importing file is an example's, or the parent is a stand-in."""
        top, _, rest = name.partition(".")
        if top in self._packages:
            return None
        inner = rest and name.rpartition(".")[0] in self._made
        if not inner and (rest or not self._importer().startswith(self._folders)):
            return None
        self._made.add(name)
        used.add(name)
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        """Return a module whose every name is inert."""
        module = types.ModuleType(spec.name)
        module.__getattr__ = lambda name: _attribute(spec.name, name)  # type: ignore[method-assign]
        module.__version__ = "0"  # type: ignore[attr-defined]
        module.__file__ = f"<stand-in for {spec.name}>"
        return module

    def exec_module(self, module: types.ModuleType) -> None:
        """Do nothing: the module is inert."""

    @staticmethod
    def _importer() -> str:
        frame = sys._getframe(1)
        while frame is not None:
            name = frame.f_code.co_filename
            if "importlib" not in name and name != __file__:
                return name
            if frame.f_back is None:
                break
            frame = frame.f_back
        return ""


_KNOWN: Mapping[str, Any] = {
    "triton.cdiv": lambda x, y: -(-x // y),
    "triton.next_power_of_2": lambda n: 1 << max(n - 1, 0).bit_length(),
}
"""Functions that programs take the sizes of their own kernels from."""


def _attribute(module: str, name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    full = f"{module}.{name}"
    return _KNOWN[full] if full in _KNOWN else Inert(full)
