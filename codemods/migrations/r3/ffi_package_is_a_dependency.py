"""A package that uses TVM needs the package `apache-tvm-ffi`, in the right range.

It is added to `dependencies` in `pyproject.toml` and to the `requirements.txt` beside it, for a
project whose Python imports TVM. The range belongs to the TVM of the target and comes from a table
(`codemods/tvm_ffi_ranges.csv`): the FFI's binary interface changed between patch releases, and a
version outside fails at import, aborts, or gives wrong results. A range that is there already and
admits such versions is reported.
"""

from __future__ import annotations

from codemods import ladder
from codemods.model import TARGET, Effort, Example, Facts, Language, Migration, Rung
from codemods.tvm_ffi_ranges import PACKAGE, range_for
from py_rewriters.packaging_files import dependency_added


def _range(facts: Facts) -> str:
    return range_for(facts.get(TARGET, ladder.DEFAULT_TARGET))


_USES_TVM = {"demo/__init__.py": "import tvm\n", "pyproject.toml": ""}

MIGRATION = Migration(
    code="TF374",
    title="`apache-tvm-ffi` is a dependency",
    rung=Rung.R3,
    introduced="0.1.7",
    removed="0.1.7",
    upstream=("tile-ai/tilelang#1108", "tile-ai/tilelang#1373", "tile-ai/tilelang#1502"),
    effort=Effort.LOW,
    rewrites=dependency_added(PACKAGE, _range),
    examples=(
        Example(
            title="a project's dependencies",
            language=Language.TOML,
            before=(
                '[project]\nname = "demo"\ndependencies = [\n'
                '    "cloudpickle",  # kernels\n    "numpy>=1.23.5",\n]\n'
            ),
            after=(
                '[project]\nname = "demo"\ndependencies = [\n    "apache-tvm-ffi>=0.1.6,<0.1.10",\n'
                '    "cloudpickle",  # kernels\n    "numpy>=1.23.5",\n]\n'
            ),
            path="pyproject.toml",
            others={"demo/__init__.py": "import tvm\n"},
        ),
        Example(
            title="the requirements beside it",
            language=Language.REQUIREMENTS,
            before="# Runtime requirements\ncloudpickle\nnumpy>=1.23.5",
            after=(
                "# Runtime requirements\napache-tvm-ffi>=0.1.6,<0.1.10\ncloudpickle\nnumpy>=1.23.5"
            ),
            path="requirements.txt",
            others=_USES_TVM,
        ),
        Example(
            title="a range that admits too much",
            language=Language.TOML,
            before='[project]\nname = "demo"\ndependencies = ["apache-tvm-ffi~=0.1.0"]\n',
            after=None,
            finding="do not go with the target's TVM",
            path="pyproject.toml",
            others={"demo/__init__.py": "import tvm\n"},
        ),
    ),
)
