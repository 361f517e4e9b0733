"""What an inventory finds, and what it must not."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from codemods.inventory import Entry, Inventory, take, take_files
from tests.inventory.small_tree import FILES, tree


@pytest.fixture(scope="module")
def inventory() -> Inventory:
    return take_files(tree())


def names(inventory: Inventory, kind: str) -> list[str]:
    return [entry.name for entry in inventory if entry.kind == kind]


def signatures(inventory: Inventory, kind: str) -> dict[str, tuple[str, ...]]:
    return {entry.name: entry.signature for entry in inventory if entry.kind == kind}


def test_ops_registered_through_macros_of_the_tree_are_found(inventory: Inventory) -> None:
    assert signatures(inventory, "op") == {
        "demo.wait_all": ("effect kOpaque", "inputs 1"),
        "demo.rank_of": ("effect kPure", "inputs 0"),
    }
    assert signatures(inventory, "tile_op") == {"demo.push": ("inputs 3",)}


def test_a_line_number_is_the_line_of_the_file(inventory: Inventory) -> None:
    lines = FILES["src/op/ops.cc"].split("\n")
    found = {entry.key: entry.line for entry in inventory}
    assert "REGISTER_TILE(PushOp" in lines[found["tile_op", "demo.push"] - 1]
    assert "demo.Print" in lines[found["ffi_function", "demo.Print"] - 1]


def test_an_op_of_another_project_counts_by_its_attributes_only(inventory: Inventory) -> None:
    assert "tir.exp cuda.FLowerIntrinsic" in names(inventory, "op_attribute")
    assert "tir.exp" not in names(inventory, "op")


def test_global_functions_have_their_arity(inventory: Inventory) -> None:
    assert signatures(inventory, "ffi_function") == {
        "demo.Print": ("packed",),
        "demo.RankOf": ("arity 2",),
        "demo.Scale": ("arity 2",),
    }


def test_a_key_that_is_a_constant_is_looked_up() -> None:
    files = {
        "src/keys.h": b'constexpr const char *kName =\n    "__demo_name";\n',
        "src/a.cc": b"TVM_FFI_STATIC_INIT_BLOCK() {\n"
        b"  refl::GlobalDef().def_packed(demo::kName, [](PackedArgs a, Any *r) {});\n"
        b"  refl::GlobalDef().def_packed(unknown_key, [](PackedArgs a, Any *r) {});\n}\n",
    }
    assert names(take_files(files), "ffi_function") == ["__demo_name", "{unknown_key}"]


def test_registrations_before_the_ffi_are_the_same_entries() -> None:
    old = b'TVM_REGISTER_GLOBAL("demo.F").set_body_typed([](int a, Map<String, Any> b) {});\n'
    new = (
        b"TVM_FFI_STATIC_INIT_BLOCK() {\n"
        b'  refl::GlobalDef().def("demo.F", [](int a, Map<String, Any> b) {});\n}\n'
    )
    old_entries = take_files({"src/a.cc": old}).entries
    new_entries = take_files({"src/a.cc": new}).entries
    assert old_entries
    assert [(e.kind, e.name, e.signature) for e in old_entries] == [
        (e.kind, e.name, e.signature) for e in new_entries
    ]


def test_written_comparisons_name_the_members_that_they_look_at(inventory: Inventory) -> None:
    assert signatures(inventory, "compared_field") == {
        "demo.PushOp.source": ("equal", "hash"),
        "demo.PushOp.target": ("equal", "hash"),
        "demo.PushOp.shape_": ("equal",),
        "demo.PushOp.Extent()": ("equal", "from source", "from target"),
    }


def test_declared_comparisons_name_the_reflected_members() -> None:
    header = b"""
class ANode : public Object {
public:
  int a;
  int b;
  static void RegisterReflection() {
    refl::ObjectDef<ANode>()
        .def_ro("a", &ANode::a)
        .def_ro("b", &ANode::b, refl::AttachFieldFlag::SEqHashIgnore());
  }
  static constexpr TVMFFISEqHashKind _type_s_eq_hash_kind = kTVMFFISEqHashKindTreeNode;
  TVM_FFI_DECLARE_OBJECT_INFO("demo.A", ANode, Object);
};
class BNode : public ANode {
  int c;
  static void RegisterReflection() { refl::ObjectDef<BNode>().def_ro("c", &BNode::c); }
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("demo.B", BNode, ANode);
};
"""
    assert names(take_files({"src/a.h": header}), "compared_field") == [
        "demo.A.a",
        "demo.B.a",
        "demo.B.c",
    ]


def test_hooks_replace_the_declared_comparison() -> None:
    header = b"""
class ANode : public Object {
public:
  int a;
  Pattern pattern_;
  bool Equal(const ANode *other, ffi::TypedFunction<bool(AnyView, AnyView, bool)> eq) const {
    return eq(a, other->a, false) && pattern_ == other->pattern_;
  }
  int64_t Hash(int64_t seed, ffi::TypedFunction<int64_t(AnyView, int64_t, bool)> hash) const {
    return hash(a, seed, false);
  }
  static void RegisterReflection() {
    refl::ObjectDef<ANode>().def_ro("a", &ANode::a);
    refl::TypeAttrDef<ANode>()
        .def("__s_equal__", &ANode::Equal)
        .def("__s_hash__", &ANode::Hash);
  }
  static constexpr TVMFFISEqHashKind _type_s_eq_hash_kind = kTVMFFISEqHashKindTreeNode;
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("demo.A", ANode, Object);
};
"""
    assert signatures(take_files({"src/a.h": header}), "compared_field") == {
        "demo.A.a": ("equal", "hash"),
        "demo.A.pattern_": ("equal",),
    }


def test_device_code_is_qualified_and_has_template_parameters(inventory: Inventory) -> None:
    assert signatures(inventory, "device_function") == {
        "tl::Vec::sum": ("arity 2", "defaults 1"),
        "tl::push": ("<typename T>", "arity 2"),
    }
    assert signatures(inventory, "device_template") == {
        "tl::Vec": ("<typename T>", "<int N = 4>"),
    }


def test_branches_in_comments_do_not_count(inventory: Inventory) -> None:
    assert names(inventory, "codegen_branch") == [
        "codegen_demo.cc PushOp::Get",
        "codegen_demo.cc wait_all",
    ]


def test_star_imports_and_renames_are_exports_with_signatures(inventory: Inventory) -> None:
    assert signatures(inventory, "python_export") == {
        "demo.DEMO_CACHE": (),
        "demo.Frame": (),
        "demo.push": ("source", "target", "*", "unroll="),
        "demo.send": ("source", "target", "*", "unroll="),
    }


def test_modules_that_import_each_other_are_read() -> None:
    files = {
        "p/__init__.py": b"from .a import *\nfrom .b import *\n",
        "p/a.py": b"from .b import *\nfrom . import b\ndef f(x): ...\n",
        "p/b.py": b"from .a import *\nfrom .a import f as g\n",
    }
    found = signatures(take_files(files), "python_export")
    assert found["p.f"] == ("x",)
    assert found["p.g"] == ("x",)


def test_environment_switches_are_found_behind_a_class(inventory: Inventory) -> None:
    assert signatures(inventory, "environment_switch") == {
        "DEMO_CACHE": ("default '0'",),
        "DEMO_HOME": (),
        "DEMO_VERBOSE": (),
    }


def test_a_file_that_does_not_parse_is_said_to_be_unreadable() -> None:
    inventory = take_files({"p/__init__.py": b"", "p/a.py": b"def f(:\n"})
    assert inventory.unreadable == ("p/a.py",)


def test_json_gives_the_same_inventory_back(inventory: Inventory) -> None:
    assert Inventory.from_json(inventory.to_json()) == inventory
    with pytest.raises(ValueError, match="version"):
        Inventory.from_json('{"version": 9, "unreadable": [], "entries": []}')


def written(folder: Path) -> Path:
    for path, data in tree().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


def test_a_folder_and_a_commit_of_it_have_the_same_inventory(tmp_path: Path) -> None:
    identity = ["-c", "user.name=n", "-c", "user.email=e@example.invalid"]
    written(tmp_path)
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "all"]):
        subprocess.run(["git", "-C", str(tmp_path), *identity, *command], check=True)
    assert take(tmp_path) == take(tmp_path, "HEAD") == take_files(tree())
    with pytest.raises(ValueError, match="nowhere"):
        take(tmp_path, "nowhere")


def test_users_are_the_other_files_that_mention_the_name(tmp_path: Path) -> None:
    found = {e.key: e for e in take(written(tmp_path), find_users=True)}
    assert found["op", "demo.wait_all"].users == ("src/target/codegen_demo.cc",)


def test_the_same_entry_at_two_places_counts_once() -> None:
    entry = Entry("op", "demo.a", (), "a.cc", 1)
    again = Entry("op", "demo.a", (), "b.cc", 2)
    assert Inventory.of([again, entry]).entries == (entry,)


def test_what_is_registered_under_an_imported_name_is_found() -> None:
    text = b"""from tvm.ffi import register_func as _function
from tvm.ffi import register_object as _object

@_object("demo.Frame")
class Frame: ...

_function("demo.enter", print)
"""
    found = take_files({"demo/__init__.py": text})
    assert names(found, "python_object_type") == ["demo.Frame"]
    assert names(found, "python_ffi_function") == ["demo.enter"]


def test_a_folder_below_a_package_needs_no_init_to_be_importable() -> None:
    kept = b"def kept(): ...\n"
    found = take_files(
        {
            "demo/__init__.py": b"",
            "demo/adapter/old.py": kept,
            "demo/adapter/deep/__init__.py": b"from demo.adapter.old import kept\n",
            "demo/bindings/setup.py": b"",
            "demo/bindings/python/bound/__init__.py": kept,
            "demo/testing/data/script.py": kept,
            "demo/3rdparty/theirs.py": kept,
            "scripts/loose.py": kept,
        }
    )
    assert names(found, "python_name") == ["bound.kept", "demo.adapter.old.kept"]
    assert names(found, "python_export") == ["bound.kept", "demo.adapter.deep.kept"]
