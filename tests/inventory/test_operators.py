"""Operator classes that became nodes and references are held against what they were."""

from __future__ import annotations

import pytest

from codemods.inventory import Verdict, compare, take_files
from codemods.inventory.renames import renames_of
from codemods.migrations.r2 import operators_are_reflected as reflected
from codemods.migrations.r2 import operators_became_nodes_and_references as converted

RENAMES = renames_of((converted.MIGRATION, reflected.MIGRATION))

BEFORE = """namespace tvm {
namespace tl {
class Operator {
public:
  virtual Stmt Lower(const LowerArgs &T, arith::Analyzer *analyzer) const;
};
class Shift : public Operator {
public:
  Shift(Array<PrimExpr> args, BufferMap vmap);
  Stmt Lower(const LowerArgs &T, arith::Analyzer *analyzer) const final;
private:
  Buffer from_, to_;
  std::unique_ptr<ParallelOp> par_op_;
  int by = 1;
};
class Conv2DIm2ColOp : public Operator {
  int stride;
};
}
}
"""

AFTER = """namespace tvm {
namespace tl {
class TileOperatorNode : public Object {
public:
  virtual Stmt Lower(const LowerArgs &T, arith::Analyzer *analyzer) const = 0;
  static constexpr const char *_type_key = "tl.TileOperator";
  TVM_DECLARE_BASE_OBJECT_INFO(TileOperatorNode, Object);
};
class TileOperator : public ObjectRef {};
class ShiftNode : public TileOperatorNode {
public:
  Buffer from_, to_;
  mutable ParallelOp par_op_;
  int by = 1;
  static constexpr const char *_type_key = "tl.Shift";
  TVM_DECLARE_FINAL_OBJECT_INFO(ShiftNode, TileOperatorNode);
  static void RegisterReflection() {
    refl::ObjectDef<ShiftNode>()
        .def_ro("from", &ShiftNode::from_)
        .def_ro("to", &ShiftNode::to_)
        .def_ro("by", &ShiftNode::by);
  }
  bool SEqualReduce(const ShiftNode *other, SEqualReducer equal) const {
    return equal(from_, other->from_) && equal(to_, other->to_) && equal(by, other->by);
  }
};
class Shift : public TileOperator {};
class Conv2DIm2ColOpNode : public TileOperatorNode {
public:
  int stride;
  static constexpr const char *_type_key = "tl.Conv2DIm2Col";
  TVM_DECLARE_FINAL_OBJECT_INFO(Conv2DIm2ColOpNode, TileOperatorNode);
};
}
}
TVM_FFI_STATIC_INIT_BLOCK({ ShiftNode::RegisterReflection(); });
"""


def held(before: str, after: str) -> Verdict:
    trees = (take_files({"src/op/shift.h": text.encode()}) for text in (before, after))
    return compare(*trees, RENAMES)


def told(verdict: Verdict) -> list[str]:
    return [f"{loss.gate.value} {loss.entry.kind} {loss.entry.name}" for loss in verdict.losses]


def test_a_faithful_conversion_loses_and_invents_nothing() -> None:
    assert told(held(BEFORE, AFTER)) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    (
        ("  int by = 1;\n", "", "lost operator_field tl.Shift.by"),
        ("int by = 1;", "int by = 1, extra;", "invented operator_field tl.Shift.extra"),
        ("class ShiftNode : public TileOperatorNode", "class ShiftNode", "lost operator tl.Shift"),
        ('"tl.Conv2DIm2Col"', '"tl.Conv"', "lost operator tl.Conv2DIm2ColOp"),
        ('.def_ro("by"', '.def_ro("factor"', "invented reflected_field tl.Shift.factor"),
        ("equal(by, other->by)", "equal(n, other->n)", "invented compared_field tl.Shift.n"),
        (
            "class Shift : public TileOperator {};",
            'class Stray : public Object { static constexpr const char *_type_key = "tl.Stray"; };',
            "invented object_type tl.Stray",
        ),
    ),
)  # fmt: skip
def test_a_conversion_that_changes_something_is_found(old: str, new: str, expected: str) -> None:
    assert old in AFTER
    assert expected in told(held(BEFORE, AFTER.replace(old, new)))


def test_what_compared_or_told_something_before_gains_no_field_unseen() -> None:
    some = AFTER.replace('\n        .def_ro("by", &ShiftNode::by)', "")
    some = some.replace(" && equal(by, other->by)", "")
    assert told(held(some, AFTER)) == [
        "invented compared_field tl.Shift.by",
        "invented reflected_field tl.Shift.by",
    ]
