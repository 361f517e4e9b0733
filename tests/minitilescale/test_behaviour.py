"""What the ported tree means when it runs: each trap that compiles when it is done wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

pytestmark = pytest.mark.sdk

EQUAL = (
    "a clone",
    "two puts",
    "puts: aggressive",  # never compared
    "gets: aggressive",
    "barriers: need_fence",  # never compared
    "gemms: offset_A",  # reflected, never compared
    "policies",
    "reductions: axis and line",  # a bound variable; a field that is reflected and not compared
    "swizzles",
    "fragments: thread range",
)
DIFFERENT = (
    "puts: scope",
    "puts: index",
    "puts: src_offset",  # compared, and was not reflected
    "puts: dst_offset",
    "gets: index",
    "stores: sem",
    "loads: nc",
    "waits: relation",
    "barriers: index",
    "gemms: kind",
    "gemms: trans_A",
    "policies: type",
    "reductions: value",
    "reductions: type",
    "swizzles: bits",  # the pattern is no field that reflection could hold
    "swizzles: base",
    "swizzles: shift",
    "swizzles: index",
    "fragments: thread",
)
SAID: dict[str, Any] = {
    "known by key": [
        "tl.CumSumOp",
        "tl.ReducerInfo",
        "tl.PassCounter",
        "tl.KernelLaunchFrame",
        "tl.TileOperator",
    ],
    "rebuilt calls": [["k"], ["k"]],
    "a new call": [],
    "a rebuilt loop, span True": [2, {"a": 1}],
    "a rebuilt loop, span False": [2, {"a": 1}],
    "default options": {"disable_rdc": 0, "trace": 0, "depth": 4},
    "chosen options": {"disable_rdc": 1, "trace": 1, "depth": 7},
    "printed name": "k",
    "attributes of a variable": ["i"],
    "attributes of nothing": 1,
    "a marked statement": "default",
    "simplify defaults": True,
    "tiled": "rank 2: 3 4",
    "im2col": 1,
    "copy engine": [5, 0],
    "engine of": True,
    "described": "copy engine of x",
    "not renamed": [],
    "layout text": "});Layout([4, 8] -> [_i * 8 + _j])",
    "context": "void* __tvm_ffi__library_ctx = nullptr;",
    "shaders": ["webgpu", 1, True],
    "kernel source": True,
}


@pytest.mark.parametrize("pair", EQUAL)
def test_what_was_not_compared_is_not_compared(answers: Mapping[str, Any], pair: str) -> None:
    assert answers[pair] == [True, True]  # equal objects have equal hashes


@pytest.mark.parametrize("pair", DIFFERENT)
def test_what_was_compared_is_compared(answers: Mapping[str, Any], pair: str) -> None:
    assert answers[pair][0] is False


def test_an_operator_that_had_no_equality_is_never_taken_for_another(
    answers: Mapping[str, Any],
) -> None:
    """It may gain equality (upstream gave it some later), and then a right one."""
    refused = str(answers["cumsums"]).startswith("TypeError")
    assert answers["cumsums"] is True or refused
    assert answers["cumsums: dim"] is False or refused


def test_an_operator_lowers_to_its_template(answers: Mapping[str, Any]) -> None:
    assert '"tl::cp_block<16>"' in answers["a put lowers"]


@pytest.mark.parametrize("question", SAID)
def test_the_port_answers_as_the_tree_did(answers: Mapping[str, Any], question: str) -> None:
    assert answers[question] == SAID[question]


def test_every_node_that_can_be_made_compares_hashes_and_clones_soundly(
    answers: Mapping[str, Any],
) -> None:
    """As the stage nodes exercises them, by no list of ours."""
    bad = {
        name: row["reason"] for name, row in answers["nodes"].items() if row["status"] == "failed"
    }
    assert bad == {}
    made = [name for name, row in answers["nodes"].items() if row["status"] == "passed"]
    assert {"tl.PutOp", "tl.GetOp", "tl.StOp", "tl.LdOp", "tl.WaitOp"} <= set(made)
    assert "scope" in answers["nodes"]["tl.PutOp"]["details"]["compared"].split()
