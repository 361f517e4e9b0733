"""Kernels that a program makes and does not compile are lowered after it; time is shared out."""

from __future__ import annotations

import signal
import sys
import time
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from codemods.harness.inside import time_share
from codemods.harness.inside.made import Made

HERE = Path(__file__).parent


class _Kernel:
    params = buffer_map = ()
    orig_func: Any = None


def _front_end(function: Callable[..., Any], *_captured: Any) -> Any:
    if function.__name__ == "broken":
        raise TypeError("no kernel")
    return _Kernel() if function.__name__ != "lazy" else object()


class _Watched:
    """A front end that is watched, and what came of it."""

    def __init__(self, folder: Path) -> None:
        self.broken: list[str] = []
        self.lowered: list[tuple[str, dict[str, Any]]] = []
        self.fails = 0
        self.made = Made(folder, lambda function, _error: self.broken.append(function.__name__))
        self.prim_func = self.made.noting(_front_end)

    def lower(self, kernel: Any, config: dict[str, Any]) -> None:
        self.lowered.append((kernel.orig_func.__name__, config))
        if len(self.lowered) <= self.fails:
            raise ValueError


def _split_or_not(prim_func: Any) -> tuple[Any, Any]:
    @prim_func
    def whole() -> None: ...

    @prim_func
    def split() -> None: ...

    return whole, split


def test_what_is_made_and_not_compiled_is_lowered_as_its_neighbour_was() -> None:
    watched = _Watched(HERE)
    whole, _ = _split_or_not(watched.prim_func)
    watched.made.compiled(whole, {"fast_math": True})
    watched.made.lower_the_rest(watched.lower)
    assert watched.lowered == [("split", {"fast_math": True})]


def test_one_of_each_definition_is_lowered_and_the_next_where_it_fails() -> None:
    watched = _Watched(HERE)
    watched.fails = 1
    for _ in range(9):
        whole, _split = _split_or_not(watched.prim_func)
    watched.made.compiled(whole)
    watched.made.lower_the_rest(watched.lower)
    assert [name for name, _ in watched.lowered] == ["split", "split"]


def test_kernels_of_packages_and_functions_not_yet_parsed_do_not_count() -> None:
    elsewhere = _Watched(HERE / "elsewhere")
    _split_or_not(elsewhere.prim_func)
    elsewhere.made.lower_the_rest(elsewhere.lower)
    assert elsewhere.lowered == []

    here = _Watched(HERE)

    @here.prim_func
    def lazy() -> None: ...

    here.made.lower_the_rest(here.lower)
    assert here.lowered == []


def test_a_function_that_no_kernel_can_be_made_of_is_told_of() -> None:
    watched = _Watched(HERE)

    def broken() -> None: ...

    with pytest.raises(TypeError, match="no kernel"):
        watched.prim_func(broken)
    assert watched.broken == ["broken"]


def test_both_front_ends_are_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    builder, language = types.ModuleType("builder"), types.ModuleType("language")
    for module in (builder, language):
        monkeypatch.setattr(module, "prim_func", _front_end, raising=False)
    entry = types.ModuleType("entry")
    monkeypatch.setattr(entry, "parse", _front_end, raising=False)
    monkeypatch.setitem(sys.modules, "tilelang.language.v2.builder", builder)
    monkeypatch.setitem(sys.modules, "tilelang.language.tir.entry", entry)
    monkeypatch.setitem(sys.modules, "tilelang.language", language)
    watched = _Watched(HERE)
    watched.made.watch()
    # the names in other modules too: programs say T.prim_func
    _split_or_not(vars(language)["prim_func"])

    def old() -> None: ...

    vars(entry)["parse"](old, {})
    watched.made.lower_the_rest(watched.lower)
    assert [name for name, _ in watched.lowered] == ["whole", "split", "old"]


@pytest.fixture
def limit() -> Iterator[None]:
    """Ends a limit, whatever happens."""
    before = signal.getsignal(signal.SIGVTALRM)
    yield
    time_share.end()
    signal.signal(signal.SIGVTALRM, before)


def _work(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_a_limit_ends_what_takes_long_but_for_the_time_of_lowering(limit: None) -> None:
    time_share.start(0.2)
    with time_share.paused():
        _work(0.5)
    with pytest.raises(time_share.TooLong):
        _work(2)


def test_no_limit_is_left_behind(limit: None) -> None:
    time_share.start(0.1)
    time_share.end()
    with time_share.paused():
        _work(0.2)
    _work(0.2)
