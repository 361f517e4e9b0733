"""What is asked for by name is registered by the tree or the target."""

from pathlib import Path

import pytest

from codemods.inventory import take_files
from codemods.verification.registered_names import (
    FUNCTION,
    OBJECT,
    OPERATOR,
    OPTION,
    Asked,
    TargetNames,
    asked,
    missing,
    registered,
)

TREE = {
    "src/a.cc": b"""
TVM_FFI_STATIC_INIT_BLOCK() { refl::GlobalDef().def("own.made", F); }
void f() {
  auto a = Function::GetGlobal("own.made");
  auto b = Function::GetGlobal("own.lost");
  // Function::GetGlobal("own.comment")
  auto c = Op::Get("own.op_lost");
  auto d = ctx->GetConfig<Bool>("own.option_lost", Bool(false));
  auto e = Function::GetGlobal("target.made");
}
""",
    "own/_ffi_api.py": b"import tvm_ffi\ntvm_ffi.init_ffi_api('tvm.own', __name__)\n",
    "own/__init__.py": b"from . import _ffi_api\n_ffi_api.made()\n_ffi_api.gone()\n",
    "own/use.py": b"""
import tvm_ffi
from tvm import tir
@tvm_ffi.register_object("own.Node")
class Node: ...
tvm_ffi.get_global_func("own.away")
tvm_ffi.get_global_func("own.perhaps", allow_missing=True)
tir.op.Op.get("own.op_away")
{}.get("no operator")
class PassConfigKey:
    DISABLE = "own.option_away"
""",
}


@pytest.fixture
def target(tmp_path: Path) -> TargetNames:
    """A target whose source and library register one name each."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src/x.cc").write_text('refl::GlobalDef().def_packed("target.made", F);')
    (tmp_path / "libtvm.so").write_bytes(b"\0own.op_away\0own.Nod\0")
    return TargetNames([tmp_path / "src"], [tmp_path])


def test_every_way_of_asking_is_seen() -> None:
    found = {(place.kind, place.name) for place in asked(TREE)}
    assert found == {
        (FUNCTION, "own.made"),
        (FUNCTION, "own.lost"),
        (FUNCTION, "target.made"),
        (FUNCTION, "own.gone"),
        (FUNCTION, "own.away"),
        (OPERATOR, "own.op_lost"),
        (OPERATOR, "own.op_away"),
        (OPTION, "own.option_lost"),
        (OPTION, "own.option_away"),
        (OBJECT, "own.Node"),
    }


def test_only_what_nothing_registers_is_missing(target: TargetNames) -> None:
    found = missing(asked(TREE), registered(take_files(TREE), TREE), target)
    assert {place.name for place in found} == {
        "own.lost",
        "own.gone",
        "own.away",
        "own.op_lost",
        "own.option_lost",
        "own.option_away",
        "own.Node",
    }


def test_function_registered_under_an_alias_counts() -> None:
    text = b"from tvm import register_func as _r\n@_r('own.x', override=True)\ndef f(): ...\n"
    assert "own.x" in registered(take_files({}), {"a.py": text})[FUNCTION]


def test_place_is_the_uses() -> None:
    place = next(place for place in asked(TREE) if place.name == "own.lost")
    assert place == Asked("src/a.cc", 5, 22, FUNCTION, "own.lost", optional=True)


def test_a_name_that_is_a_constant_is_its_value() -> None:
    files = {
        "src/a.h": b'static constexpr const char *kQuiet = "own.quiet";\n',
        "src/a.cc": b"""
void f(String name) {
  ctx->GetConfig<Bool>(tl::kQuiet, Bool(false));
  Function::GetGlobal(kElsewhere);
  Function::GetGlobal(name);
}
""",
    }
    assert [(place.kind, place.name) for place in asked(files)] == [(OPTION, "own.quiet")]
