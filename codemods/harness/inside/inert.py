"""An object that does nothing, whatever is done with it."""

from __future__ import annotations

import dis
import functools
import sys
import types
from collections.abc import Iterator
from typing import Any

_CONTENTS = frozenset({"item", "numpy", "tolist"})
"""What gives a tensor's contents: those of a result are not those of the tensor it is like."""

_OF_SIZES = frozenset(
    {"arange", "empty", "full", "linspace", "ones", "rand", "randint", "randn", "randperm", "zeros"}
)
"""Functions of torch that make a tensor of numbers alone: a stand-in among those is one."""


class Inert:
    """Stands for something that is not here: every attribute and call gives another one.

    As a decorator it leaves the function callable; as a number it is 0. What a call gives is, for
    torch's functions, like the first tensor that it was given (`like`): an example that hands a
    reference library's result to its own kernel still asks for a kernel of the right size.
    """

    def __init__(self, name: str = "inert", like: Any = None) -> None:
        self.__dict__["_name"] = name
        self.__dict__["_like"] = like

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        if self._like is not None and name not in _CONTENTS and hasattr(self._like, name):
            return getattr(self._like, name)
        return Inert(f"{self._name}.{name}", self._like)

    @classmethod
    def __torch_function__(
        cls, function: Any, _types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Answer for torch: on the tensors that stand-ins are like, if each is like one."""
        if function.__name__ in _OF_SIZES:
            return function(*_numbers(args), **_numbers(kwargs or {}))
        given = [*_flat(args), *_flat(kwargs or {})]
        if any(isinstance(value, Inert) and value._like is None for value in given):
            return Inert(function.__name__)(*given)
        return function(*_tensors(args), **_tensors(kwargs or {}))

    def __setattr__(self, name: str, value: Any) -> None:
        self.__dict__[name] = value

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if len(args) == 1 and not kwargs and isinstance(args[0], type | _Decorated):
            return args[0]
        if len(args) == 1 and not kwargs and isinstance(args[0], types.FunctionType):
            return _Decorated(args[0])
        tensors = (like for like in map(_tensor, [*args, *kwargs.values()]) if like is not None)
        return Inert(f"{self._name}()", next(tensors, self._like))

    def __getitem__(self, _key: Any) -> Any:
        return Inert(f"{self._name}[]", self._like)

    def __iter__(self) -> Iterator[Any]:
        frame = sys._getframe(1)
        wanted = unpacked_names(frame.f_code, frame.f_lasti)
        return iter([Inert(f"{self._name}[{index}]", self._like) for index in range(wanted)])

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_error: Any) -> None:
        return None

    def __mro_entries__(self, _bases: Any) -> tuple[type, ...]:
        return (_Base,)

    def __int__(self) -> int:
        return 0

    __index__ = __int__

    def __float__(self) -> float:
        return 0.0

    def __eq__(self, other: object) -> bool:
        return other == 0 if isinstance(other, int | float) else isinstance(other, Inert)

    __hash__ = object.__hash__

    def __instancecheck__(self, _instance: Any) -> bool:
        return False

    def __lt__(self, _other: Any) -> bool:
        return False

    __gt__ = __le__ = __ge__ = __lt__

    def __len__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return f"<stand-in for {self._name}>"

    def __format__(self, _spec: str) -> str:
        return repr(self)

    def _combined(self, _other: Any = None) -> Any:
        return self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _combined
    __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = __mod__ = _combined
    __pow__ = __rpow__ = __matmul__ = __rmatmul__ = __rmod__ = _combined
    __neg__ = __invert__ = __and__ = __or__ = __abs__ = _combined


class _Decorated(Inert):
    """A function that a stand-in decorated: it can be called, and launched like a kernel."""

    def __init__(self, function: types.FunctionType) -> None:
        super().__init__(function.__name__)
        functools.update_wrapper(self, function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.__wrapped__(*args, **kwargs)


class _BaseType(type):
    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return Inert(f"{cls.__name__}.{name}")


class _Base(metaclass=_BaseType):
    """What a class derives from whose base is a stand-in."""

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        pass


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        value = list(value.values())
    if type(value) in (list, tuple):
        for each in value:
            yield from _flat(each)
    else:
        yield value


def _numbers(value: Any) -> Any:
    """Return `value` with zeros in the places of stand-ins."""
    if type(value) in (list, tuple):
        return type(value)(_numbers(each) for each in value)
    if type(value) is dict:
        return {name: _numbers(each) for name, each in value.items()}
    return 0 if issubclass(type(value), Inert) else value


def _tensors(value: Any) -> Any:
    """Return `value` with the tensors that stand-ins are like in their places."""
    if type(value) in (list, tuple):
        return type(value)(_tensors(each) for each in value)
    if type(value) is dict:
        return {name: _tensors(each) for name, each in value.items()}
    return value._like if issubclass(type(value), Inert) else value


def _tensor(value: Any) -> Any:
    if isinstance(value, Inert):
        return value._like
    kind = type(value)
    return value if hasattr(kind, "shape") and hasattr(kind, "dtype") else None


def unpacked_names(code: types.CodeType, at: int) -> int:
    """Return how many values the instruction at `at` unpacks (`a, b = stand_in()`), else 0."""
    for instruction in dis.get_instructions(code):
        if instruction.offset == at and instruction.opname == "UNPACK_SEQUENCE":
            return int(instruction.arg or 0)
    return 0
