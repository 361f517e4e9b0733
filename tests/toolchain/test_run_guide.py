"""`codemods.run --guide` mends on top of the migrations what only the compiler knows."""

import json
from pathlib import Path

import pytest

from codemods.run import main
from codemods.start import start
from codemods.toolchain.layout import Toolchain

SOURCE = """#include <tvm/tir/function.h>
#include <tvm/ffi/reflection/registry.h>
namespace tvm {
bool f(const tir::PrimFunc &p);
TVM_FFI_STATIC_INIT_BLOCK({ ffi::reflection::GlobalDef().def("own.f", f); });
ffi::Optional<ffi::String> hidden();
#define NAME_OF hidden()
bool f(const tir::PrimFunc &p) { return NAME_OF.defined(); }
}
"""


def write(root: Path) -> Path:
    """Write a tree with one unit, which no CMake on disk names before the port."""
    (root / "src").mkdir(parents=True)
    (root / "CMakeLists.txt").write_text("add_library(x src/a.cc)\n")
    (root / "src/a.cc").write_text(SOURCE)
    return root


@pytest.mark.sdk
def test_guide_mends_what_no_migration_sees(
    tmp_path: Path, toolchain: Toolchain, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = write(tmp_path / "t")
    assert start(main, ["--target", str(tree), "--guide", "--output-format", "json"]) == 0
    said = json.loads(capsys.readouterr().out)
    text = (tree / "src/a.cc").read_text()
    assert "NAME_OF.has_value()" in text
    assert "TVM_FFI_STATIC_INIT_BLOCK() {" in text
    (mended,) = [change for change in said["changes"] if change["code"] == "TF920"]
    assert (mended["line"], mended["column"], mended["before"]) == (8, 49, "defined")


@pytest.mark.sdk
def test_without_guide_the_place_stays(tmp_path: Path) -> None:
    tree = write(tmp_path / "t")
    start(main, ["--target", str(tree)])
    assert "NAME_OF.defined()" in (tree / "src/a.cc").read_text()


def test_headers_that_cannot_be_had_leave_the_port_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CODEMODS_CACHE", str(tmp_path / "empty"))
    tree = write(tmp_path / "t")
    assert start(main, ["--target", str(tree), "--guide", "--offline"]) == 2
    assert "TVM_FFI_STATIC_INIT_BLOCK() {" in (tree / "src/a.cc").read_text()
    said = capsys.readouterr().out
    assert "TF913 the guided stage did not run" in said
    assert "is not in the cache" in said
