"""Fake tensors answer what programs ask of them. Needs torch, which the toolkit itself does not."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="needs torch in this interpreter"
)

_PROLOGUE = """
import torch
from codemods.harness.inside.fake_devices import fake_devices
from codemods.harness.inside.inert import Inert

with fake_devices((9, 0), None):
"""


def _run(code: str) -> None:
    """Run `code` where every tensor is fake; what it asserts must hold."""
    program = _PROLOGUE + textwrap.indent(textwrap.dedent(code), "    ")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_tensor_is_made_of_a_list_of_one_element_tensors() -> None:
    _run("""
        sizes = torch.tensor([64, 128])
        offsets = [0]
        offsets.append(offsets[-1] + sizes[0])
        made = torch.tensor(offsets, dtype=torch.int32)
        assert made.dtype is torch.int32
        assert made.tolist() == [0, 64]
    """)


def test_torch_takes_what_an_absent_library_made_for_a_tensor() -> None:
    _run("""
        normalised = Inert("norm")(torch.zeros(2, 3, dtype=torch.float16))
        assert torch.zeros_like(normalised).shape == (2, 3)
        assert torch.isfinite(normalised).all().dtype is torch.bool
        assert torch.stack([normalised, normalised]).shape == (2, 2, 3)
        assert normalised.reshape(6).shape == (6,)
    """)


def test_what_has_the_shape_of_contents_is_worked_out() -> None:
    _run("""
        experts = torch.tensor([0, 2, 2, 1])
        counts = experts.bincount()
        assert counts.tolist() == [1, 1, 2] and counts.cumsum(0).tolist() == [1, 2, 4]
        assert torch.randint(0, 8, (1 << 20,)).bincount(minlength=8).shape == (8,)
    """)


def test_nothing_is_profiled() -> None:
    _run("""
        torch.cuda.profiler.start()
        torch.cuda.nvtx.range_push("kernel")
        with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profile:
            torch.cuda.synchronize()
        profile.key_averages().table(row_limit=10)
    """)


def test_what_torch_would_compile_stays_as_it_is() -> None:
    _run("""
        @torch.compile
        class Function(torch.autograd.Function):
            pass

        @torch.compile(dynamic=True)
        def double(tensor):
            return tensor * 2

        assert issubclass(Function, torch.autograd.Function)
        assert double(torch.ones(2)).tolist() == [2, 2]
    """)
