"""An object that does nothing, whatever is done with it."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Any


class Inert:
    """Stands for something that is not here: every attribute and call gives another one.

    As a decorator it returns the decorated function; as a number it is 0.
    """

    def __init__(self, name: str = "inert") -> None:
        self.__dict__["_name"] = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return Inert(f"{self._name}.{name}")

    def __setattr__(self, name: str, value: Any) -> None:
        self.__dict__[name] = value

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if len(args) == 1 and not kwargs and isinstance(args[0], types.FunctionType | type):
            return args[0]
        return Inert(f"{self._name}()")

    def __getitem__(self, _key: Any) -> Any:
        return Inert(f"{self._name}[]")

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_error: Any) -> None:
        return None

    def __mro_entries__(self, _bases: Any) -> tuple[type, ...]:
        return (object,)

    def __int__(self) -> int:
        return 0

    __index__ = __int__

    def __float__(self) -> float:
        return 0.0

    def __len__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return f"<stand-in for {self._name}>"
