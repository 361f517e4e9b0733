"""Which kernels a program made, whether or not it compiled them.

A kernel's definition is run when the function around it is called. What is made and then not
compiled (the other of two that a switch chooses between, one that is only printed or analysed)
is lowered after the program has ended.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import CodeType, FrameType, TracebackType
from typing import Any

Place = tuple[str, int]
"""A definition's file and first line."""

KEPT = 4
"""How many kernels are kept of one definition: a first one may have been made to fail."""


def place_of(function: Any) -> Place | None:
    """Return where the kernel `function` is defined, as far as it is known."""
    code = getattr(getattr(function, "orig_func", None), "__code__", None)
    if isinstance(code, CodeType):
        return code.co_filename, code.co_firstlineno
    span = getattr(function, "span", None)
    if span is not None and span.source_name is not None:
        return str(span.source_name.name), int(span.line)
    return None


class Made:
    """The kernels that were made in this process."""

    def __init__(
        self,
        folder: Path,
        lower: Callable[[Any, dict[str, Any]], None],
        failed: Callable[[str, Place, BaseException], None],
    ) -> None:
        """Only what files below `folder` define counts: the packages make kernels too, of parts.

        `lower` lowers a kernel with a pass configuration, and notes how that ended itself.
        `failed` is told of each function that no kernel could be made of: its name, place and why.
        """
        self.seen: set[Place] = set()
        """The definitions that were reached, with or without success."""
        self.values: dict[str, Any] = {}
        """What the functions around the definitions were given, by parameter; the last of each."""
        self._folder = f"{folder}/"
        self._lower = lower
        self.failed = failed
        self._kernels: dict[Place, list[Any]] = defaultdict(list)
        self._compiled: set[Place] = set()
        self._configurations: dict[tuple[str, str], dict[str, Any]] = {}

    def watch(self) -> None:
        """Note what TileLang's front ends make from here on, each with the function it was."""
        for name in ("tilelang.language.tir.entry", "tilelang.language.parser.entry"):
            entry: Any = sys.modules.get(name)
            if entry is not None and hasattr(entry, "parse"):
                entry.parse = self.noting(entry.parse)
        builder: Any = sys.modules.get("tilelang.language.v2.builder")
        if builder is not None:
            replace_everywhere(builder.prim_func, self.noting(builder.prim_func))

    def noting(self, make: Callable[..., Any]) -> Callable[..., Any]:
        """Return `make`, which makes a kernel of a Python function, with its results noted."""

        def noting(function: Any = None, *args: Any, **kwargs: Any) -> Any:
            if function is None:
                return self.noting(make(*args, **kwargs))
            code = function.__code__
            own = code.co_filename, code.co_firstlineno
            wanted = code.co_filename.startswith(self._folder)
            if wanted:
                self.seen.add(own)
                self.values.update(values_in(self._own_frames()))
            try:
                made = make(function, *args, **kwargs)
            except Exception as error:
                if wanted:
                    self.failed(function.__name__, own, error)
                raise
            if wanted and hasattr(made, "params") and hasattr(made, "buffer_map"):
                made.orig_func = function
                place = place_of(made)
                if place is not None and len(self._kernels[place]) < KEPT:
                    self._kernels[place].append(made)
            return made

        return noting

    def compiled(self, kernel: Any, configuration: dict[str, Any] | None = None) -> None:
        """Say that the program itself compiled `kernel`, with a pass configuration if known."""
        place = place_of(kernel)
        if place is not None:
            self._compiled.add(place)
            self.seen.add(place)
        if configuration is not None and hasattr(kernel, "orig_func"):
            self._configurations.setdefault(_around(kernel), configuration)

    def lower_the_rest(self) -> None:
        """Lower what was not compiled, with the pass configuration of a kernel that the same
        function made, until one of each definition does not fail."""
        for place, kernels in list(self._kernels.items()):
            if place in self._compiled:
                continue
            for kernel in kernels:
                try:
                    self._lower(kernel, self._configurations.get(_around(kernel), {}))
                except Exception:  # noted by `lower` itself
                    continue
                break

    def _own_frames(self) -> list[FrameType]:
        frames = []
        frame: FrameType | None = sys._getframe(2)
        while frame is not None:
            if frame.f_code.co_filename.startswith(self._folder):
                frames.append(frame)
            frame = frame.f_back
        return frames[::-1]


def _around(kernel: Any) -> tuple[str, str]:
    function = kernel.orig_func
    return function.__code__.co_filename, function.__qualname__.rpartition(".")[0]


def values_in(frames: Iterable[FrameType]) -> dict[str, Any]:
    """Return what the functions of `frames` were given, by parameter, and what they have of the
    functions around them; the last frame's say."""
    given: dict[str, Any] = {}
    for frame in frames:
        code = frame.f_code
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount] + code.co_freevars
        given.update({name: frame.f_locals[name] for name in names if name in frame.f_locals})
    return given


def frames_of(trace: TracebackType | None) -> Iterator[FrameType]:
    """Yield the frames that an error passed through."""
    while trace is not None:
        yield trace.tb_frame
        trace = trace.tb_next


def replace_everywhere(old: Any, new: Any) -> None:
    """Let every module that has `old` under some name have `new` there."""
    for module in list(sys.modules.values()):
        for name, value in list(getattr(module, "__dict__", {}).items()):
            if value is old:
                setattr(module, name, new)
