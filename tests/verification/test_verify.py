"""`codemods.verify` proves or refutes a tree, and says what it could not look at."""

import json
from pathlib import Path

import pytest

from codemods.start import start
from codemods.toolchain.layout import Toolchain
from codemods.verification.verifying import written_for
from codemods.verify import main

CMAKE = """
if(USE_ROCM)
  add_library(x src/hip.cc)
else()
  add_library(x src/a.cc)
endif()
"""
GOOD = {
    "CMakeLists.txt": CMAKE,
    "src/a.cc": """#include <tvm/ffi/reflection/registry.h>
namespace tvm {
int Made() { return 1; }
TVM_FFI_STATIC_INIT_BLOCK() {
  ffi::reflection::GlobalDef().def("own.made", Made);
}
}
""",
    "src/hip.cc": "",
    "own/__init__.py": "import tvm_ffi\n\n\ndef made():\n"
    '    return tvm_ffi.get_global_func("own.made")\n',
}


def write(root: Path, **changed: str) -> Path:
    """Write the tree with some files changed."""
    for name, text in (GOOD | changed).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.mark.sdk
def test_good_tree_is_proved(
    tmp_path: Path, toolchain: Toolchain, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = write(tmp_path / "t")
    assert start(main, ["--target", str(tree)]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert "1 of 1 parse" in said.err
    assert "src/hip.cc: built for ROCM only" in said.err


@pytest.mark.sdk
def test_each_kind_of_failure_is_told_at_its_place(
    tmp_path: Path, toolchain: Toolchain, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = write(
        tmp_path / "t",
        **{
            "src/a.cc": GOOD["src/a.cc"].replace('"own.made"', '"own.other"') + "Lost x;\n",
            "own/__init__.py": GOOD["own/__init__.py"] + "\n\nfrom tvm.relay import expr\n",
        },
    )
    assert start(main, ["--target", str(tree), "--output-format", "json"]) == 1
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert [(f["path"], f["line"], f["column"], f["code"]) for f in findings] == [
        ("own/__init__.py", 5, 12, "TF923"),
        ("own/__init__.py", 8, 1, "TF922"),
        ("src/a.cc", 8, 1, "TF921"),
    ]


@pytest.mark.sdk
def test_only_what_is_new_is_told_beside_a_tree_before(
    tmp_path: Path, toolchain: Toolchain, capsys: pytest.CaptureFixture[str]
) -> None:
    stale = GOOD["own/__init__.py"] + "\n\nfrom tvm.relay import expr\n"
    before = write(tmp_path / "before", **{"own/__init__.py": stale})
    after = write(tmp_path / "after", **{"own/__init__.py": stale.replace("def made", "def kept")})
    command = ["--target", str(after), "--before", str(before), "--from", "0.1.7.post2"]
    assert start(main, [*command, "--output-format", "json"]) == 1
    said = json.loads(capsys.readouterr().out)
    messages = [finding["message"] for finding in said["findings"]]
    assert all(finding["code"] == "TF925" for finding in said["findings"])
    assert any("lost" in message and "own.made" in message for message in messages)
    assert "1 lead nowhere, 0 of them new" in said["checked"]["Python names"]


def test_headers_that_cannot_be_had_fail_the_proof(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CODEMODS_CACHE", str(tmp_path / "empty"))
    tree = write(tmp_path / "t")
    assert start(main, ["--target", str(tree), "--offline"]) == 2
    assert "is not in the cache" in capsys.readouterr().err


def test_a_tree_without_sources_is_not_proved(
    tmp_path: Path, toolchain: Toolchain, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    assert start(main, ["--target", str(tmp_path / "empty")]) == 2
    assert "nothing to prove" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "release"),
    [
        ("import tvm._ffi\n", "0.1.5"),
        ("from tvm.ffi import register_func\nimport tvm.ffi\n", "0.1.6.post2"),
        ("import tvm_ffi\n", "0.1.7.post2"),
        ("from tvm import tirx\n", "0.1.15"),
        ("x = 1\n", "0.1.7.post2"),
    ],
)
def test_tree_tells_what_it_was_written_for(text: str, release: str) -> None:
    assert written_for({"a.py": text.encode()}) == release
