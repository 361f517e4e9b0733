"""Units are parsed against the real headers; shared cost hides nothing; nothing is parsed twice."""

import shutil
from pathlib import Path

import pytest

from codemods.toolchain import precompiled
from codemods.toolchain.compilers import check_units
from codemods.toolchain.layout import Toolchain
from codemods.toolchain.overlay import Overlay
from codemods.toolchain.parse import parse_units
from codemods.toolchain.units import Unit

pytestmark = pytest.mark.sdk

GOOD = 'namespace tvm { ffi::Array<PrimExpr> f() { return {tir::Var("x")}; } }\n'
FILES = {
    "a.cc": "#include <tvm/tir/expr.h>\n#include <tvm/tir/stmt_functor.h>\n" + GOOD,
    "b.cc": "#include <tvm/tir/expr.h>\n#include <tvm/tir/stmt_functor.h>\n" + GOOD,
    "c.cc": '#include "own.h"\n' + GOOD,
    "own.h": "#pragma once\n#include <tvm/tir/expr.h>\n#include <tvm/tir/stmt_functor.h>\n",
    "forgets.cc": "#include <tvm/tir/expr.h>\nclass V : public tvm::tir::StmtExprMutator {};\n",
    "order.cc": '#include "needs.h"\n#include <tvm/tir/expr.h>\n',
    "needs.h": "tvm::PrimExpr f();\n",
}
UNITS = [Unit(name) for name in FILES if name.endswith(".cc")]


def write(root: Path, files: dict[str, str]) -> Path:
    """Write a tree."""
    root.mkdir(exist_ok=True)
    for name, text in files.items():
        (root / name).write_text(text)
    return root


def test_shared_headers_hide_no_missing_include(tmp_path: Path, toolchain: Toolchain) -> None:
    tree = write(tmp_path / "t", FILES)
    results = {result.path: result for result in parse_units(Overlay(tree), UNITS, toolchain, 2)}
    assert {path for path, result in results.items() if result.passed} == {"a.cc", "b.cc", "c.cc"}
    (error,) = results["forgets.cc"].errors[:1]
    assert error.message == "expected class name"
    assert (error.path, error.line, error.column) == ("forgets.cc", 2, 28)
    assert results["order.cc"].errors[0].path == "needs.h"
    assert results["c.cc"].headers == ("own.h",)
    by_compiler = check_units(tree, UNITS, toolchain, "g++", 2)
    assert {result.path for result in by_compiler if result.passed} == {"a.cc", "b.cc", "c.cc"}


def test_only_what_changed_is_parsed_again(tmp_path: Path, toolchain: Toolchain) -> None:
    tree = write(tmp_path / "t", FILES)
    parse_units(Overlay(tree), UNITS, toolchain, 2)
    again = parse_units(Overlay(tree), UNITS, toolchain, 2)
    assert all(result.cached for result in again)
    (tree / "own.h").write_text(FILES["own.h"] + "int changed;\n")
    third = parse_units(Overlay(tree), UNITS, toolchain, 2)
    assert [result.path for result in third if not result.cached] == ["c.cc"]


def test_result_from_the_cache_is_the_result(tmp_path: Path, toolchain: Toolchain) -> None:
    tree = write(tmp_path / "t", FILES)
    units = [Unit("forgets.cc")]
    (first,) = parse_units(Overlay(tree), units, toolchain, fresh=True)
    (second,) = parse_units(Overlay(tree), units, toolchain)
    assert second.cached
    assert not first.cached
    assert (first.errors, first.headers) == (second.errors, second.headers)


def test_unsaved_text_is_what_is_parsed(tmp_path: Path, toolchain: Toolchain) -> None:
    tree = write(tmp_path / "t", FILES)
    mended = FILES["forgets.cc"].replace("expr.h", "stmt_functor.h").encode()
    new = {"forgets.cc": b'#include "new.h"\n' + mended, "new.h": b"#pragma once\n"}
    (result,) = parse_units(Overlay(tree, new), [Unit("forgets.cc")], toolchain)
    assert result.passed
    assert result.headers == ("new.h",)


def test_columns_are_characters(tmp_path: Path, toolchain: Toolchain) -> None:
    tree = write(tmp_path / "t", {"x.cc": "/* é */ wrong x;\n"})
    (result,) = parse_units(Overlay(tree), [Unit("x.cc")], toolchain)
    (error,) = result.errors
    assert (error.column, error.offset) == (9, 9)


def test_stale_precompiled_headers_are_not_an_error(
    tmp_path: Path, toolchain: Toolchain, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = write(tmp_path / "t", FILES)
    units = [Unit("a.cc"), Unit("b.cc")]
    monkeypatch.setenv("CODEMODS_CACHE", str(tmp_path / "cache"))
    parse_units(Overlay(tree), units, toolchain)
    (kept,) = (tmp_path / "cache/precompiled").glob("*.pch")
    kept.write_bytes(kept.read_bytes()[:1000])
    shutil.rmtree(tmp_path / "cache/units")
    results = parse_units(Overlay(tree), units, toolchain, 1)
    assert all(result.passed and not result.cached for result in results)
    assert precompiled.files_of(kept).is_file()


def test_a_new_file_in_a_folder_that_is_not_there_yet_is_found(
    tmp_path: Path, toolchain: Toolchain
) -> None:
    tree = write(tmp_path / "t", {})
    (tree / "src/op").mkdir(parents=True)
    new = {
        "src/support/new.h": b"#pragma once\n#include <tvm/tir/expr.h>\nint New();\n",
        "src/op/a.cc": b'#include "../support/new.h"\nint x = New();\n',
        "src/b.cc": b'#include "support/new.h"\nint y = New(1);\n',
    }
    good, bad = parse_units(
        Overlay(tree, new), [Unit("src/op/a.cc"), Unit("src/b.cc")], toolchain, 1
    )
    assert good.passed, good.errors
    assert good.headers == ("src/support/new.h",)
    assert "no matching function" in bad.errors[0].message
    assert not (tree / "src/support").exists()
