"""TileLang left Python 3.8 with this TVM.

`apache-tvm-ffi` still names 3.8, but upstream builds and tests its packages with 3.9 and later
only. A project decides by itself what it supports, so its `requires-python` is reported where it
admits 3.8.
"""

from __future__ import annotations

from codemods.model import Effort, Example, Language, Migration, Rung
from py_rewriters.packaging_files import python_admitted

MIGRATION = Migration(
    code="TF377",
    title="Python 3.8 was left",
    rung=Rung.R3,
    introduced="0.1.7",
    removed=None,
    upstream=("tile-ai/tilelang#1108",),
    effort=Effort.LOW,
    rewrites=(
        python_admitted(
            "3.8",
            "TileLang requires Python 3.9 with this TVM, and this range admits 3.8; not changed "
            "because which versions a project supports is its own choice",
            'write `requires-python = ">=3.9"`, and `cp39` in `wheel.py-api`',
        ),
    ),
    examples=(
        Example(
            title="a project that admits 3.8",
            language=Language.TOML,
            before='[project]\nname = "demo"\nrequires-python = ">=3.8"\ndependencies = []\n',
            after=None,
            finding="this range admits 3.8",
            path="pyproject.toml",
            others={"demo/__init__.py": "import tvm\n"},
        ),
    ),
)
