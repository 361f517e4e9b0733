"""The tables of names against the published packages of both sides of their rung."""

from __future__ import annotations

from pathlib import Path

import pytest

from codemods.migrations.r1 import (
    intrinsics_of_an_earlier_tvm_are_gone,
    te_schedules_were_removed,
    underscore_ffi_became_ffi,
)
from codemods.migrations.r3 import (
    modules_moved_to_the_ffi,
    ndarray_became_tensor,
    register_func_became_register_global_func,
    tvm_ffi_became_a_package,
)
from codemods.toolchain.fetch import Package, obtain
from tests.py_rewriters.published import Packages, members

pytestmark = pytest.mark.sdk

# Never were there, and are in the tables because hasty renamings wrote them or half-ported
# trees have them.
NEVER = {
    "tvm.NDArray",
    "tvm.ffi.base",
    "tvm.ffi.runtime_ctypes",
    "tvm_ffi._init_api",
    "tvm_ffi.register_func",
    "tvm_ffi.registry._init_api",
    "tvm_ffi.registry.register_func",
}
TABLES = {
    "package": tvm_ffi_became_a_package._TABLE,
    "functions": register_func_became_register_global_func._TABLE,
    "tensors": ndarray_became_tensor._TABLE,
}
ROWS = [(table, old, new) for table, rows in TABLES.items() for old, new in rows.items()]


def tvm_of(release: str) -> Path:
    return obtain(Package("tilelang", release)) / "tilelang/3rdparty/tvm/python/tvm"


@pytest.fixture(scope="module")
def before() -> Packages:
    return Packages({"tvm": tvm_of("0.1.6.post2")})


@pytest.fixture(scope="module")
def after() -> Packages:
    ffi = obtain(Package("apache-tvm-ffi", "0.1.6")) / "tvm_ffi"
    return Packages({"tvm": tvm_of("0.1.7.post2"), "tvm_ffi": ffi})


@pytest.mark.parametrize(("table", "old", "new"), ROWS)
def test_a_moved_name_was_there_and_is_there(
    before: Packages, after: Packages, table: str, old: str, new: str
) -> None:
    assert before.has(old) != (old in NEVER), old
    assert after.has(new), new
    assert not after.has(old) or old.startswith("tvm.ffi"), old  # the shim repeats some


def test_the_members_of_a_module_were_there_and_are_there() -> None:
    then = members(tvm_of("0.1.6.post2") / "runtime/module.py", "Module")
    ffi = obtain(Package("apache-tvm-ffi", "0.1.6")) / "tvm_ffi"
    now = members(ffi / "module.py", "Module")
    for old, member in modules_moved_to_the_ffi._MEMBERS.items():
        assert old in then, old
        assert member.new is None or member.new in now, member.new
        assert old not in now or member.shape == "call", old


@pytest.fixture(scope="module")
def legacy() -> Packages:
    return Packages({"tvm": tvm_of("0.1.5")})


@pytest.mark.parametrize(("old", "new"), underscore_ffi_became_ffi._TABLE.items())
def test_a_name_of_the_first_package_was_there_and_is_there(
    legacy: Packages, before: Packages, old: str, new: str
) -> None:
    assert legacy.has(old) != (old == "tvm._ffi.ndarray"), old
    assert before.has(new), new
    assert not before.has(old), old


@pytest.mark.parametrize(
    "name", [*te_schedules_were_removed.NAMES, *intrinsics_of_an_earlier_tvm_are_gone.NAMES]
)
def test_a_name_that_is_gone_was_there_and_is_gone(
    legacy: Packages, before: Packages, after: Packages, name: str
) -> None:
    assert legacy.has(name)
    assert not before.has(name)
    assert not after.has(name)
