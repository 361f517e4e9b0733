"""A tvm-ffi that does not go with a TVM is told."""

import shutil
import subprocess
from pathlib import Path

import pytest

from codemods.verification.ffi_pair import mismatch, undefined_symbols


@pytest.mark.parametrize(
    ("tilelang", "ffi", "fits"),
    [
        ("0.1.7.post2", "0.1.6", True),
        ("0.1.7.post2+cu128", "0.1.6", True),
        ("0.1.7.post2", "0.1.1", False),
        ("0.1.7", "0.1.2", False),
        ("0.1.10", "0.1.12", False),
        ("9.9", "0.1.0", True),  # unknown: nothing is known to be wrong
    ],
)
def test_pair_by_the_table(tilelang: str, ffi: str, fits: bool) -> None:
    assert (mismatch(tilelang, ffi) == "") is fits


def library(folder: Path, name: str, source: str) -> None:
    """Build a shared library that may lack symbols."""
    (folder / "x.c").write_text(source)
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-o", str(folder / name), str(folder / "x.c")], check=True
    )


@pytest.mark.skipif(
    not (shutil.which("cc") and shutil.which("nm")), reason="needs a C compiler and nm"
)
def test_pair_by_the_symbols(tmp_path: Path) -> None:
    library(tmp_path, "libtvm_ffi.so", "int TVMFFIHere(void) { return 1; }")
    library(
        tmp_path,
        "libtvm.so",
        "int TVMFFIHere(void); int TVMFFIGone(void); int other(void);"
        "int f(void) { return TVMFFIHere() + TVMFFIGone() + other(); }",
    )
    assert undefined_symbols([tmp_path]) == ["TVMFFIGone"]


def test_nothing_to_compare_is_no_mismatch(tmp_path: Path) -> None:
    assert undefined_symbols([tmp_path]) == []
