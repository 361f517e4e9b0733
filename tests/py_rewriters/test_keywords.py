"""Keywords that were renamed."""

from __future__ import annotations

import pytest

from codemods import engine
from codemods.model import Effort, Migration, Rung
from py_rewriters.keywords import renamed_keywords

REWRITE = renamed_keywords({"acme.gemm": {"trans_A": "transpose_A"}})
MIGRATION = Migration("TF399", "t", Rung.R3, "0.1.7", None, (), Effort.LOW, (REWRITE,), ())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "import acme\nacme.gemm(1, trans_A=True)\n",
            "import acme\nacme.gemm(1, transpose_A=True)\n",
        ),
        (
            "from acme import gemm as g\ng(trans_A = 1)\n",
            "from acme import gemm as g\ng(transpose_A = 1)\n",
        ),
        ("import acme\nother.gemm(trans_A=1)\n", "import acme\nother.gemm(trans_A=1)\n"),
        ("import acme\nacme.gemm(trans_A)\n", "import acme\nacme.gemm(trans_A)\n"),
        (
            "import acme\nacme.gemm(x=acme.gemm(trans_A=1), trans_A=2)\n",
            "import acme\nacme.gemm(x=acme.gemm(transpose_A=1), transpose_A=2)\n",
        ),
        (
            "import acme\nacme.gemm(trans_A=1, transpose_A=2)\n",
            "import acme\nacme.gemm(trans_A=1, transpose_A=2)\n",
        ),
    ],
)
def test_a_keyword_is_renamed_where_the_function_is_meant(before: str, after: str) -> None:
    ported = engine.port({"a.py": before.encode()}, [MIGRATION])
    assert ported.files["a.py"].decode() == after
    assert not ported.findings


def test_a_spread_mapping_is_remarked() -> None:
    ported = engine.port({"a.py": b"import acme\nacme.gemm(**o)\n"}, [MIGRATION])
    assert not ported.changed
    assert [found.advice for found in ported.findings] == ["`trans_A` is `transpose_A` now"]
