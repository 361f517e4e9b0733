"""Names that lead nowhere are found, and nothing else is."""

import json
import subprocess
from pathlib import Path

import pytest

from codemods import own_python
from codemods.verification.python_names import main, unresolved

PACKAGES = {
    "tvm/__init__.py": "from . import tir\nfrom .runtime import *\nfrom tvm_ffi import Late\n",
    "tvm/ffi.py": "from tvm_ffi import *\n",
    "tvm/runtime/__init__.py": "from .tensor import Tensor, _hidden\nfrom . import nd\n",
    "tvm/runtime/tensor.py": "class Tensor: ...\n_hidden = 1\n",
    "tvm/runtime/nd.py": "",
    "tvm/runtime/loose.py": "",
    "tvm/tir/__init__.py": "from .op import *\nfrom . import op\n",
    "tvm/tir/op.py": "def call_intrin(): ...\ntry:\n    fast = 1\nexcept E:\n    slow = 1\n",
    "tvm/api.py": "import tvm_ffi\ntvm_ffi.init_ffi_api('tl.transform', __name__)\n",
    "tvm/lazy.py": "def __getattr__(name): ...\n",
    "tvm/joined.py": "from .tir import op\n__all__ = op.__all__ + ['x']\nx = 1\ny = 2\n",
    "tvm/late.py": "def f():\n    global made_late\n    made_late = 1\n",
    "tvm_ffi/__init__.py": "from .registry import register_object\nfrom . import core\n"
    "secret = 1\n__all__ = ['register_object']\n",
    "tvm_ffi/registry.py": "def register_object(): ...\n",
    "tvm_ffi/core.pyi": "class Object: ...\n",
}


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """Write the packages that names are looked up in."""
    for name, text in PACKAGES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def names(packages: Path, text: str, **others: str) -> list[str]:
    """Return what leads nowhere in one file of a tree."""
    files = {"own/use.py": text, "own/__init__.py": ""}
    files |= {f"own/{name}.py": source for name, source in others.items()}
    found = unresolved({path: data.encode() for path, data in files.items()}, [packages])
    return [use.name for use in found]


@pytest.mark.parametrize(
    "text",
    [
        "import tvm\ntvm.tir.op.call_intrin\ntvm.tir.call_intrin\ntvm.runtime.nd",
        "import tvm.ffi\ntvm.ffi.register_object",
        "from tvm.ffi import register_object as r",
        "from tvm import tir\ntir.op.fast, tir.op.slow",
        "import tvm\ntvm.Tensor\ntvm.runtime.loose",  # a submodule that something may import
        "import tvm\ntvm.api.Whatever\ntvm.lazy.Whatever\ntvm.late.made_late",
        "from tvm.joined import y",
        "from tvm_ffi.core import Object",
        "import torch\ntorch.nothing.known",
        "try:\n    import tvm.gone\nexcept ImportError:\n    pass",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from tvm import gone",
        "import tvm\ndef f(tvm):\n    return tvm.gone",
        "import tvm\ndef f():\n    tvm = 1\n    return tvm.gone",
        "import tvm\nlambda tvm: tvm.gone",
        "import tvm\ntvm.added = 1",
        "def f(:",
    ],
)
def test_name_that_resolves_is_not_told(packages: Path, text: str) -> None:
    assert names(packages, text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import tvm\ntvm.ndarray.array()", ["tvm.ndarray"]),
        ("import tvm.ffi\ntvm.ffi._init_api('x')", ["tvm.ffi._init_api"]),
        ("import tvm\ntvm.ffi.secret", ["tvm.ffi.secret"]),
        ("from tvm import gone as g", ["tvm.gone"]),
        ("from tvm.relay.expr import Call", ["tvm.relay"]),
        ("import tvm.relay.expr", ["tvm.relay"]),
        ("from tvm.runtime import ndarray", ["tvm.runtime.ndarray"]),
        ("import tvm as t\ndef f(x=t.gone) -> t.lost: ...", ["tvm.gone", "tvm.lost"]),
        ("import tvm\nclass A(tvm.gone):\n    x: tvm.lost = 1", ["tvm.gone", "tvm.lost"]),
        (
            "import tvm\n@tvm.gone('n')\ndef f():\n    import tvm\n    tvm.lost.x",
            ["tvm.gone", "tvm.lost"],
        ),
        ("from tvm import tir as T\nT.op.gone", ["tvm.tir.op.gone"]),
        ("from .helper import gone", ["own.helper.gone"]),
        ("from .helper import tvm\ntvm.gone", ["tvm.gone"]),
        (
            "from contextlib import suppress\nimport tvm\nwith suppress(E):\n    tvm.gone",
            ["tvm.gone"],
        ),
        ("import tvm\nclass A:\n    tvm = 1\n    def f(self):\n        tvm.gone", ["tvm.gone"]),
    ],
)
def test_name_that_leads_nowhere_is_told(packages: Path, text: str, expected: list[str]) -> None:
    assert names(packages, text, helper="import tvm") == expected


def test_place_is_the_uses(packages: Path) -> None:
    (use,) = unresolved({"a.py": b"import tvm\nx = [tvm.gone.x]\n"}, [packages])
    assert (use.path, use.line, use.column) == ("a.py", 2, 6)
    assert use.key == ("a.py", "gone")


def test_module_that_a_build_makes_is_not_missing(packages: Path) -> None:
    files = {
        "own/__init__.py": b"from ._C import f\nfrom ._D import g\n",
        "CMakeLists.txt": b'set_target_properties(x PROPERTIES OUTPUT_NAME "_C")\n',
    }
    assert [use.name for use in unresolved(files, [packages])] == ["own._D"]


def test_answer_is_json_on_standard_output(
    packages: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "a.py").write_text("import tvm.gone")
    main([str(tree), "", str(packages)])
    assert '"name": "tvm.gone"' in capsys.readouterr().out


@pytest.mark.parametrize(
    "text",
    [f"y = 1{' + 1' * 1500}\n", f"y = {'(' * 5000}1{')' * 5000}\n", f"y = {'-' * 9000}1\n"],
    ids=["sum", "brackets", "minus"],
)
def test_deep_text_is_looked_through_or_passed(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.py").write_text(text)
    (tmp_path / "b.py").write_text("import tvm\ntvm.gone()\n")
    (tmp_path / "sdk" / "tvm").mkdir(parents=True)
    (tmp_path / "sdk" / "tvm" / "__init__.py").write_text("")
    command = own_python.module("codemods.verification.python_names")
    done = subprocess.run(
        [*command, str(tmp_path), "", str(tmp_path / "sdk")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert [use["name"] for use in json.loads(done.stdout)] == ["tvm.gone"]
