"""Values that changed without a name changing: what is found and what is not."""

from __future__ import annotations

import pytest

from codemods.migrations.r3.bool_became_a_dtype_of_its_own import MIGRATION as BOOL
from codemods.migrations.r3.string_values_are_plain_str import MIGRATION as STRING
from codemods.model import Migration
from tests.py_rewriters.applying import applied, remarks

FOUND = [
    (BOOL, "from tvm import DataType\nDataType(x).bits == 1\n"),
    (BOOL, "buf.dtype.bits != 1\n"),
    (BOOL, "1 == dtype.bits\n"),
    (BOOL, "dtype.bits in (1, 4)\n"),
    (BOOL, "dtype.bits <= 1\n"),
    (STRING, "import tvm\nisinstance(x, tvm.runtime.String)\n"),
    (STRING, "from tvm.runtime import String as S\nisinstance(x, (int, S))\n"),
]

NOT_FOUND = [
    (BOOL, "dtype.bits == 16\n"),
    (BOOL, "import torch\ntorch.finfo(d).bits == 1\n"),
    (BOOL, "(dtype.bits + 7) // 8 == 1\n"),
    (STRING, "from other import String\nisinstance(x, String)\n"),
    (STRING, "from tvm.runtime import String\nisinstance(x, (str, String))\n"),
    (STRING, "from tvm.runtime import String\nString('x')\n"),
]


@pytest.mark.parametrize(("migration", "text"), FOUND)
def test_code_that_depends_on_the_old_value_is_found(migration: Migration, text: str) -> None:
    (rewrite,) = migration.rewrites
    assert len(remarks(rewrite, text)) == 1
    assert applied(rewrite, text) == text


@pytest.mark.parametrize(("migration", "text"), NOT_FOUND)
def test_other_code_is_left_in_peace(migration: Migration, text: str) -> None:
    (rewrite,) = migration.rewrites
    assert remarks(rewrite, text) == []
