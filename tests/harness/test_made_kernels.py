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
from codemods.harness.inside.made import Made, frames_of, values_in
from codemods.harness.inside.reasons import innermost
from codemods.harness.inside.uncalled import (
    arguments,
    call_uncalled,
    inner_function,
    kernel_makers,
)

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
        self.made = Made(folder, self.lower, lambda name, *_why: self.broken.append(name))
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
    watched.made.lower_the_rest()
    assert watched.lowered == [("split", {"fast_math": True})]


def test_one_of_each_definition_is_lowered_and_the_next_where_it_fails() -> None:
    watched = _Watched(HERE)
    watched.fails = 1
    for _ in range(9):
        whole, _split = _split_or_not(watched.prim_func)
    watched.made.compiled(whole)
    watched.made.lower_the_rest()
    assert [name for name, _ in watched.lowered] == ["split", "split"]


def test_kernels_of_packages_and_functions_not_yet_parsed_do_not_count() -> None:
    elsewhere = _Watched(HERE / "elsewhere")
    _split_or_not(elsewhere.prim_func)
    elsewhere.made.lower_the_rest()
    assert elsewhere.lowered == []

    here = _Watched(HERE)

    @here.prim_func
    def lazy() -> None: ...

    here.made.lower_the_rest()
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
    watched.made.lower_the_rest()
    assert [name for name, _ in watched.lowered] == ["whole", "split", "old"]


_FILE = """
def prim_func(function):
    made.append((function.__name__, function()))


made = []
block_k = 32
STAGES = 2


def whole(size, block):
    @prim_func
    def main():
        return size, block


def split(size, block, block_k, stages, groups=1):
    @prim_func
    def main_split():
        return size, block, block_k, groups, stages


def other(prim_func):
    @prim_func
    def main_other():
        return "a function is no argument because its name fits"


def typed(block, dtype):
    @prim_func
    def main_typed():
        return block, dtype(1)


def convert(bits):
    @prim_func
    def main_convert():
        return bits


def run_convert(bits):
    return convert(bits)


def test_convert(fast=False):
    run_convert(8)
    raise ValueError("there are no results")
"""


def test_functions_that_hold_kernels_are_called_with_what_is_known_by_name(tmp_path: Path) -> None:
    file = tmp_path / "example.py"
    file.write_text(_FILE)
    module = types.ModuleType("example")
    module.__file__ = str(file)
    exec(compile(_FILE, str(file), "exec"), vars(module))
    lines = kernel_makers(file.read_bytes())
    assert list(lines) == ["whole", "split", "other", "typed", "convert"]
    failed: list[str] = []
    whole = {(str(file), *lines["whole"])}
    values = {"size": 128, "block": 64, "groups": 16, "dtype": str}
    call_uncalled(module, whole, values, lambda name, *why: failed.append(f"{name}: {why[-1]}"))
    assert failed == ["main_convert: there are no results"]
    assert vars(module)["made"] == [
        ("main_split", (128, 64, 32, 16, 2)),
        ("main_typed", (64, "1")),
        ("main_convert", 8),
    ]


def test_a_function_is_found_within_its_decorators() -> None:
    def kernel(size: int) -> int:
        return size

    jit = types.SimpleNamespace(func=kernel, options={})
    assert inner_function(types.SimpleNamespace(tuner=None, jit=jit), "kernel") is kernel
    assert inner_function(types.SimpleNamespace(func=len), "kernel") is None
    assert arguments(kernel, {"width": 1}) is None


def test_what_the_functions_around_a_kernel_were_given_is_known() -> None:
    watched = _Watched(HERE)

    def example(size: int) -> Callable[..., None]:
        def configured(*, block: int) -> None:
            own = size * block

            @watched.prim_func
            def main() -> int:
                return own

        return configured

    example(4)(block=2)
    assert {"size": 4, "block": 2}.items() <= watched.made.values.items()
    assert "own" not in watched.made.values
    assert len(watched.made.seen) == 1


def test_what_functions_were_given_that_an_error_passed_through_is_known() -> None:
    def fails(size: int) -> None:
        raise ValueError(size)

    with pytest.raises(ValueError) as caught:
        fails(7)
    assert values_in(frames_of(caught.value.__traceback__))["size"] == 7


class DiagnosticError(Exception):
    pass


def test_a_reason_is_what_an_error_says_first() -> None:
    assert innermost(ValueError("no layout\n\nstack\n")) == "ValueError: no layout"
    assert innermost(ValueError("conflict in loop:\n a, b\n c")) == (
        "ValueError: conflict in loop: a, b"
    )
    try:
        try:
            raise TypeError("sync() takes 1 argument")
        except TypeError:
            raise DiagnosticError("errors were emitted") from None
    except DiagnosticError as error:
        said = innermost(error)
    assert said.startswith("TypeError: sync() takes 1 argument (") and __file__ in said


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
