"""Slices handed to calls: in which trees and calls they become keywords."""

from __future__ import annotations

import pytest

from codemods import engine
from codemods.migrations.r3.slices_take_no_step import MIGRATION

FRONT_END = {"own/language.py": b"from tvm.script.parser.tir import *\n"}


def ported(call: str, others: dict[str, bytes]) -> str:
    text = f"import tilelang.language as T\n\n\ndef kernel(A, tile, k):\n    {call}\n"
    done = engine.port({"a.py": text.encode(), **others}, [MIGRATION], "0.1.7")
    return done.files["a.py"].decode().splitlines()[-1].strip()


@pytest.mark.parametrize(
    ("call", "after"),
    [
        ("T.atomic_add(A[k, 0:4, :], tile)", "T.atomic_add(dst=A[k, 0:4, :], value=tile)"),
        (
            "T.atomic_add(A[0:4], tile, use_tma=True)",
            "T.atomic_add(dst=A[0:4], value=tile, use_tma=True)",
        ),
        ("T.gemm(tile, A[0:4, 0:4], tile)", "T.gemm(tile, B=A[0:4, 0:4], C=tile)"),
        ("T.clear(A[0:4])", "T.clear(buffer=A[0:4])"),
        ("T.gemm(')', (1), A[0:4])", "T.gemm(')', (1), C=A[0:4])"),
        ("T.gemm((1), [2], A[0:4])", "T.gemm((1), [2], C=A[0:4])"),
        ("(T. # what\n clear \\\n (A[0:4]))", "(buffer=A[0:4]))"),
    ],
)
def test_a_slice_with_both_bounds_is_handed_over_by_keyword(call: str, after: str) -> None:
    assert ported(call, FRONT_END) == after
    assert ported(after, FRONT_END) == after


@pytest.mark.parametrize(
    "call",
    [
        "T.atomic_add(A[k, :], tile)",  # the parser gives no step to an open slice
        "T.atomic_add(A[k, 3], tile)",
        "T.copy(A[0:4], tile)",  # nor to what `copy` is given
        "T.atomic_add(A[0:4:2], tile)",
    ],
)
def test_other_arguments_stay(call: str) -> None:
    assert ported(call, FRONT_END) == call


def test_a_tree_without_a_front_end_of_its_own_stays() -> None:
    call = "T.atomic_add(A[0:4], tile)"
    assert ported(call, {}) == call


def test_a_function_that_the_tree_itself_defines_is_found() -> None:
    own = {
        "tilelang/__init__.py": b"from . import language\n",
        "tilelang/language/__init__.py": b"from tvm.script.parser.tir import *\n"
        b"from .atomic import atomic_add\n",
        "tilelang/language/atomic.py": b"def atomic_add(dst, value):\n    return dst\n",
    }
    assert ported("T.atomic_add(A[0:4], tile)", own) == "T.atomic_add(dst=A[0:4], value=tile)"
