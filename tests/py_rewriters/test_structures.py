"""Mirrored structures: which lists of fields are remarked."""

from __future__ import annotations

import pytest

from codemods import engine
from codemods.migrations.r3.device_properties_changed_with_cuda_13 import MIGRATION

FIELD = '("{}", ctypes.c_int)'


def findings(*names: str) -> int:
    fields = ", ".join(FIELD.format(name) for name in names)
    text = f"import ctypes\n\n\nclass P(ctypes.Structure):\n    _fields_ = [{fields}]\n"
    return len(engine.port({"a.py": text.encode()}, [MIGRATION], "0.1.7").findings)


@pytest.mark.parametrize("dropped", ["clockRate", "computeMode", "memoryClockRate"])
def test_the_layout_before_cuda_13_is_remarked_once(dropped: str) -> None:
    assert findings("name", dropped, "multiProcessorCount", "major") == 1


def test_cuda_13s_own_layout_and_other_structures_are_left_alone() -> None:
    assert findings("name", "multiProcessorCount", "major") == 0
    assert findings("clockRate", "major") == 0
