"""Stage nodes, on a small library of our own with one node of each kind of mistake."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from platformdirs import user_cache_path

from codemods import ladder
from codemods.harness.environment import prepare_environment
from codemods.harness.nodes import exercise_nodes
from codemods.harness.plan import Plan
from codemods.harness.results import Row, Status
from codemods.harness.sdk import find_sdk
from codemods.harness.stages import carry_out

pytestmark = pytest.mark.sdk

TREE = Path(__file__).parents[2] / "fixtures" / "minitilescale"

HEADER = """\
#pragma once
#include <tvm/ffi/reflection/registry.h>
#include <tvm/tir/buffer.h>
namespace tvm {
namespace tl {
class TileOperator;
class TileOperatorNode : public ffi::Object {
 public:
  virtual TileOperator Clone() const = 0;
  static constexpr TVMFFISEqHashKind _type_s_eq_hash_kind = kTVMFFISEqHashKindTreeNode;
  TVM_FFI_DECLARE_OBJECT_INFO("tl.TileOperator", TileOperatorNode, ffi::Object);
};
class TileOperator : public ffi::ObjectRef {
 public:
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NULLABLE(TileOperator, ffi::ObjectRef, TileOperatorNode);
};
}  // namespace tl
}  // namespace tvm
"""

NODE = """\
class {name}Node : public TileOperatorNode {{
 public:
  int width = 0;
  int depth = 0;
  tir::Buffer buffer;
  ffi::String label;
  static void RegisterReflection() {{
    namespace refl = tvm::ffi::reflection;
    refl::ObjectDef<{name}Node>()
        .def_ro("width", &{name}Node::width)
        .def_ro("depth", &{name}Node::depth)
        .def_ro("buffer", &{name}Node::buffer)
        .def_ro("label", &{name}Node::label, refl::AttachFieldFlag::SEqHashIgnore());{more}
  }}
  {body}
  TileOperator Clone() const override {{ {clone} }}
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tl.{name}", {name}Node, TileOperatorNode);
}};
static const bool {name}_registered = ({name}Node::RegisterReflection(), true);
"""

CLOSED = """\
class ClosedNode : public ffi::Object {
 public:
  int width;
  explicit ClosedNode(int width) : width(width) {}
  static void RegisterReflection() {
    tvm::ffi::reflection::ObjectDef<ClosedNode>().def_ro("width", &ClosedNode::width);
  }
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tl.Closed", ClosedNode, ffi::Object);
};
class Closed : public ffi::ObjectRef {
 public:
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NULLABLE(Closed, ffi::ObjectRef, ClosedNode);
};
static const bool Closed_registered = (ClosedNode::RegisterReflection(), true);
"""
COPY = "return TileOperator(ffi::make_object<{name}Node>(*this));"
FORGETFUL = (
    "auto node = ffi::make_object<{name}Node>(*this); node->width = 9; return TileOperator(node);"
)
ITSELF = "return ffi::GetRef<TileOperator>(this);"
EQUAL = """\
  using Compare = ffi::TypedFunction<bool(ffi::AnyView, ffi::AnyView, bool, ffi::AnyView)>;
  bool Equal(const {name}Node* other, Compare equal) const {{
    return equal(width, other->{other}, false, "width");
  }}
"""
HASH = """\
  int64_t Hash(int64_t start,
               ffi::TypedFunction<int64_t(ffi::AnyView, int64_t, bool)> hash) const {{
    return hash(depth, hash(width, start, false), false);
  }}
"""
CRASH = "std::abort();"


def node(name: str, clone: str = COPY, more: str = "", body: str = "") -> str:
    parts = {"clone": clone.format(name=name), "more": more.format(name=name), "body": body}
    return NODE.format(name=name, **parts)


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Row]:
    """The rows of the library, by the type's name."""
    folder = tmp_path_factory.mktemp("nodes")
    source = folder / "tree" / "src" / "nodes.cc"
    source.parent.mkdir(parents=True)
    (source.parent / "operator.h").write_text(HEADER)
    hooks = (
        '\nrefl::TypeAttrDef<{name}Node>().def("__s_equal__", &{name}Node::Equal)'
        '.def("__s_hash__", &{name}Node::Hash);'
    )
    swapped = EQUAL.format(name="Swapped", other="depth") + HASH.format()
    uneven = EQUAL.format(name="Uneven", other="width") + HASH.format()
    nodes = [
        node("Good"),
        CLOSED,
        node("Holder", body="Closed part;").replace(
            '.def_ro("depth"', '.def_ro("part", &HolderNode::part).def_ro("depth"'
        ),
        node("Forgetful", FORGETFUL),
        node("Itself", ITSELF),
        node("Crash", CRASH),
        node("Swapped", more=hooks, body=swapped),
        node("Uneven", more=hooks, body=uneven),
    ]
    text = '#include "operator.h"\n#include <cstdlib>\nnamespace tvm {\nnamespace tl {\n'
    source.write_text(text + "\n".join(nodes) + "}\n}\n")
    (folder / "tree" / "CMakeLists.txt").write_text(
        "project(own)\nfile(GLOB TILE_LANG_SRCS src/*.cc)\n"
        "add_library(tilelang_objs OBJECT ${TILE_LANG_SRCS})\n"
    )
    sdk = find_sdk(ladder.DEFAULT_TARGET, folder / "tree")
    cache = user_cache_path("tvm-ffi-codemods") / "build"
    cache.mkdir(parents=True, exist_ok=True)
    python = prepare_environment(cache, TREE, sdk.ffi_version)
    plan = Plan(folder / "tree", folder / "build", sdk, python, optimize="-O0")
    for stage in ("units", "link"):
        bad = [row for row in carry_out(plan, stage) if row.status is not Status.PASSED]
        assert not bad, bad
    return {row.name: row for row in exercise_nodes(plan)}


def test_a_sound_node_passes_and_its_row_says_what_is_compared(rows: Mapping[str, Row]) -> None:
    good = rows["tl.Good"]
    assert good.status is Status.PASSED, good
    assert good.details == {
        "compared": "width depth buffer",
        "ignored": "label",
        "clone": "called",
    }


def test_a_field_of_a_type_that_cannot_be_made_is_null_and_its_row_says_so(
    rows: Mapping[str, Row],
) -> None:
    assert rows["tl.Closed"].status is Status.NOT_RUN
    holder = rows["tl.Holder"]
    assert holder.status is Status.PASSED, holder
    assert holder.details["compared"] == "width depth buffer"
    assert holder.details["untried"] == "part"


def test_a_clone_that_differs_or_is_the_object_itself_fails(rows: Mapping[str, Row]) -> None:
    assert rows["tl.Forgetful"].reason == "its clone is not equal to it"
    assert rows["tl.Itself"].reason == "its clone is the object itself"
    assert rows["tl.Itself"].status is Status.FAILED


def test_a_node_that_crashes_has_its_row_like_the_others(rows: Mapping[str, Row]) -> None:
    assert rows["tl.Crash"].status is Status.FAILED
    assert rows["tl.Crash"].reason == "the process ended with -6"


def test_equality_that_holds_one_way_round_only_fails(rows: Mapping[str, Row]) -> None:
    assert "`depth` are equal one way round only" in rows["tl.Swapped"].reason


def test_equal_objects_that_hash_differently_fail(rows: Mapping[str, Row]) -> None:
    assert "`depth` are equal and hash differently" in rows["tl.Uneven"].reason


def test_a_type_that_reflection_cannot_make_is_not_run(rows: Mapping[str, Row]) -> None:
    abstract = rows["tl.TileOperator"]
    assert abstract.status is Status.NOT_RUN
    assert "no object can be made of it" in abstract.reason
