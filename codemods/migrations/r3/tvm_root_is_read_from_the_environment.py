"""A TVM that the user names in the environment is taken.

`if(DEFINED $ENV{TVM_ROOT})` asks for a CMake variable whose name is the variable's value, so it is
never true and the user's TVM is ignored. `if(DEFINED ENV{TVM_ROOT})` asks what was meant. A port is
when a TVM of one's own is wanted, so it is mended here.
"""

from __future__ import annotations

import re

from codemods.model import Effort, Example, Language, Migration, Rung
from cpp_rewriters.cmake_verbs import environment_asked


def _named(name: str) -> bool:
    return re.search("tvm", name, re.IGNORECASE) is not None


MIGRATION = Migration(
    code="TF373",
    title="a TVM named in the environment is taken",
    rung=Rung.R3,
    introduced="0.1.7",
    removed=None,
    upstream=("tile-ai/tilelang#1108",),
    effort=Effort.LOW,
    rewrites=(environment_asked(_named),),
    examples=(
        Example(
            title="a variable of the environment",
            language=Language.CMAKE,
            before="if(DEFINED $ENV{TVM_ROOT})\n  set(TVM_SOURCE $ENV{TVM_ROOT})\nendif()\n",
            after="if(DEFINED ENV{TVM_ROOT})\n  set(TVM_SOURCE $ENV{TVM_ROOT})\nendif()\n",
        ),
    ),
)
