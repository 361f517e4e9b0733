"""TVM's analyzer can use the Z3 solver, and TileLang's builds of TVM do.

From 0.1.7.post1 on TileLang builds its TVM with `USE_Z3`, needs `z3-solver` to build and to run,
and looks for its library beside the package. Whether a fork's TVM does so depends on how the fork
builds it, so a project that does not name the package is only told.
"""

from __future__ import annotations

from codemods.model import Effort, Example, Language, Migration, Rung
from py_rewriters.packaging_files import dependency_missing

MIGRATION = Migration(
    code="TF376",
    title="TVM may link Z3",
    rung=Rung.R3,
    introduced="0.1.7.post1",
    removed=None,
    upstream=("tile-ai/tilelang#1367", "tile-ai/tilelang#1487"),
    effort=Effort.MEDIUM,
    rewrites=(
        dependency_missing(
            "z3-solver",
            "TileLang builds this TVM with Z3, which the project does not depend on; not added "
            "because a TVM that is built without `USE_Z3` does not need it",
            'with `USE_Z3`, add "z3-solver>=4.13.0" here and to the build requirements, and '
            "`../../z3/lib` to the libraries' run path; without, say so in the build",
        ),
    ),
    examples=(
        Example(
            title="a project without it",
            language=Language.TOML,
            before='[project]\nname = "demo"\ndependencies = ["apache-tvm-ffi>=0.1.6,<0.1.10"]\n',
            after=None,
            finding="TileLang builds this TVM with Z3",
            path="pyproject.toml",
            others={"demo/__init__.py": "import tvm\n"},
        ),
    ),
)
