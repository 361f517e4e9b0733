"""Headers come from what is named, else from the tree when it is at the target, else from pip."""

from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from codemods.toolchain import layout
from codemods.toolchain.fetch import Package, Unavailable
from codemods.toolchain.layout import find_toolchain
from codemods.toolchain.releases import RELEASES, UnknownRelease, is_at, release
from codemods.tvm_ffi_ranges import ranges, tried

AT_TARGET = {
    "include/tvm/tir/stmt.h": "class ForNode { ffi::Optional<PrimExpr> step; };",
    "include/tvm/tir/expr.h": "ffi::Map<ffi::String, ObjectRef> annotations;",
    "3rdparty/dmlc-core/include/dmlc/io.h": "",
    "3rdparty/picojson/picojson.h": "",
    "3rdparty/tvm-ffi/include/tvm/ffi/any.h": "",
    "python/tvm/__init__.py": "",
}


def checkout(root: Path, **changed: str) -> Path:
    """Write a TVM checkout in the shape of the default release's."""
    for name, text in (AT_TARGET | changed).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.fixture(autouse=True)
def no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note what would be fetched, and give empty packages."""
    fetched: list[str] = []

    def obtain(package: Package, offline: bool = False) -> Path:
        fetched.append(package.requirement)
        folder = tmp_path / "fetched" / package.requirement
        for part in ("tilelang/3rdparty/tvm/include/tvm", "tvm_ffi/include/tvm/ffi"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        return folder

    monkeypatch.setattr(layout, "obtain", obtain)
    monkeypatch.setattr(layout, "_cuda", lambda offline: ([], 13))
    return fetched


def test_named_checkout_needs_nothing_fetched(tmp_path: Path, no_network: list[str]) -> None:
    tvm = checkout(tmp_path / "tvm")
    found = find_toolchain(release(), tvm=tvm)
    assert (found.tvm, found.ffi) == (tvm, tvm / "3rdparty/tvm-ffi")
    assert found.includes[0] == tvm / "include"
    assert tvm / "python" in found.python
    assert not no_network


def test_submodule_at_the_target_is_used(tmp_path: Path, no_network: list[str]) -> None:
    tvm = checkout(tmp_path / "tree/3rdparty/tvm")
    found = find_toolchain(release(), tree=tmp_path / "tree")
    assert found.tvm == tvm
    assert "3rdparty/tvm" in found.origin
    assert not no_network


@pytest.mark.parametrize("missing", ["include/tvm/tir/stmt.h", "include/tvm/tir/expr.h"])
def test_submodule_short_of_the_target_is_not_used(
    tmp_path: Path, no_network: list[str], missing: str
) -> None:
    checkout(tmp_path / "tree/3rdparty/tvm", **{missing: "class ForNode {};"})
    found = find_toolchain(release(), tree=tmp_path / "tree")
    assert found.tvm.is_relative_to(tmp_path / "fetched")
    assert "tilelang==0.1.7.post2" in no_network


def test_tvm_ffi_of_the_release_goes_with_the_wheel(no_network: list[str]) -> None:
    find_toolchain(release("0.1.7"))
    assert no_network[:2] == ["tilelang==0.1.7.post2", "apache-tvm-ffi==0.1.6"]


def test_named_ffi_package_is_found_by_its_headers(tmp_path: Path) -> None:
    (tmp_path / "site/tvm_ffi/include/tvm/ffi").mkdir(parents=True)
    found = find_toolchain(release(), ffi=tmp_path / "site")
    assert found.ffi == tmp_path / "site/tvm_ffi"
    assert tmp_path / "site" in found.python


def test_named_folder_without_headers_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="include/tvm"):
        find_toolchain(release(), tvm=tmp_path)
    with pytest.raises(FileNotFoundError, match="include/tvm/ffi"):
        find_toolchain(release(), ffi=tmp_path)


def test_release_without_published_headers_asks_for_a_checkout() -> None:
    with pytest.raises(Unavailable, match="--tvm"):
        find_toolchain(release("0.1.6"))


def test_unknown_release_lists_the_known() -> None:
    with pytest.raises(UnknownRelease, match=r"0\.9.*known are .*`0\.1\.7\.post2`"):
        release("0.9")


def test_bare_series_means_its_default() -> None:
    assert release("0.1.7") == release("v0.1.7.post2") == release()


def test_release_without_marks_is_never_recognised(tmp_path: Path) -> None:
    checkout(tmp_path)
    assert [known.name for known in RELEASES if is_at(tmp_path, known)] == [
        "0.1.7.post1",
        "0.1.7.post2",
        "0.1.7.post3",
    ]


def test_the_tvm_ffi_that_was_tried_is_in_the_range_that_is_written() -> None:
    for each in RELEASES:
        if each.ffi is not None:
            assert Version(each.ffi) in SpecifierSet(ranges()[each.name]), each.name
    assert set(tried()) <= {each.name for each in RELEASES}
