"""Operator classes become nodes and references: what is a field, what is not, and who follows."""

from __future__ import annotations

from codemods import engine, ladder, registry

MIGRATIONS = [m for m in registry.load() if m.code in ("TF201", "TF202", "TF203")]
BASE = """namespace tvm { namespace tl {
class Operator {
public:
  virtual Stmt Lower(const LowerArgs &T, arith::Analyzer *analyzer) const;
  virtual LayoutMap InferLayout(const LayoutInferArgs &T, InferLevel level);
  virtual std::unique_ptr<Operator> Clone() const = 0;
};
"""
END = "} }\n"


def port(**files: str) -> dict[str, str]:
    tree = {f"src/{name.replace('_', '.')}": text.encode() for name, text in files.items()}
    ported = engine.port(tree, MIGRATIONS, ladder.DEFAULT_TARGET)
    assert not ported.complaints
    again = engine.port(ported.files, MIGRATIONS, ladder.DEFAULT_TARGET)
    assert not again.changed
    return {path.removeprefix("src/"): data.decode() for path, data in ported.files.items()}


def operator(members: str, base: str = "Operator", name: str = "Scale") -> str:
    return (
        f"class {name} : public {base} {{\npublic:\n  {name}(Array<PrimExpr> args);\n"
        f"  static const Op &Get();\nprivate:\n{members}\n}};\n"
    )


def test_a_local_a_parameter_and_another_objects_member_are_no_fields() -> None:
    header = BASE + operator("  int size, rank; PrimExpr value;") + END
    source = """#include "op.h"
namespace tvm { namespace tl {
Scale::Scale(Array<PrimExpr> args) {
  int size = args.size();
  other.rank = size;
  rank = other->size + tl::rank;
  auto f = [](PrimExpr value) { return value; };
  value = f(args[0]);
}
} }
"""
    after = port(op_h=header, scale_cc=source)["scale.cc"]
    assert "int size = args.size();" in after
    assert "  other.rank = size;" in after
    assert "node->rank = other->size + tl::rank;" in after
    assert "[](PrimExpr value) { return value; }" in after
    assert "node->value = f(args[0]);" in after


def test_a_return_of_a_lambda_is_not_the_constructors() -> None:
    header = BASE + operator("  int rank;") + END
    source = """namespace tvm { namespace tl {
Scale::Scale(Array<PrimExpr> args) {
  auto f = [&]() { if (args.empty()) return; rank = 1; };
  if (args.empty()) return;
  f();
}
} }
"""
    after = port(op_h=header, scale_cc=source)["scale.cc"]
    assert "if (args.empty()) return; node->rank = 1; };" in after
    assert "if (args.empty()) { data_ = std::move(node); return; }" in after


def test_a_class_that_hands_out_this_keeps_its_constructor_in_the_node() -> None:
    header = (
        BASE
        + "class Nest;\nstruct Visitor { Visitor(Nest *p) : p(p) {} Nest *p; };\n"
        + operator("  PrimExpr root_;\n  Visitor V;\n  arith::Analyzer analyzer_;", name="Nest")
        + END
    )
    source = """namespace tvm { namespace tl {
Nest::Nest(Array<PrimExpr> args) : root_(args), V(this) {}
} }
"""
    after = port(op_h=header, nest_cc=source)
    assert "class NestNode;\nclass Nest;" in after["op.h"]
    assert "struct Visitor { Visitor(NestNode *p) : p(p) {} NestNode *p; };" in after["op.h"]
    assert "NestNode::NestNode(Array<PrimExpr> args) : root_(args), V(this) {}" in after["nest.cc"]
    assert "data_ = make_object<NestNode>(args);" in after["nest.cc"]
    assert "NestNode(const NestNode &other) : NestNode(other.root_) {" in after["op.h"]
    assert "analyzer_ = other" not in after["op.h"]


def test_a_class_that_is_derived_from_is_not_final_and_its_child_follows() -> None:
    header = BASE + operator("  int a;") + operator("  int b;", "Scale", "Twice") + END
    source = """namespace tvm { namespace tl {
Scale::Scale(Array<PrimExpr> args) { a = 1; }
Twice::Twice(Array<PrimExpr> args) : Scale(args) { b = 2; }
} }
"""
    after = port(op_h=header, scale_cc=source)
    assert "class TwiceNode : public ScaleNode {" in after["op.h"]
    assert "class Twice : public Scale {" in after["op.h"]
    assert "TVM_DECLARE_BASE_OBJECT_INFO(ScaleNode, TileOperatorNode);" in after["op.h"]
    assert "TVM_DECLARE_FINAL_OBJECT_INFO(TwiceNode, ScaleNode);" in after["op.h"]
    assert "TwiceNode::TwiceNode(Array<PrimExpr> args) : ScaleNode(args)" in after["scale.cc"]
    assert "ScaleNode::ScaleNode(Array<PrimExpr> args)" in after["scale.cc"]


def test_what_the_old_base_did_is_done_where_nothing_else_is_said() -> None:
    header = BASE + operator("  int a;") + END
    source = """namespace tvm { namespace tl {
Scale::Scale(Array<PrimExpr> args) { a = 1; }
Stmt Operator::Lower(const LowerArgs &T, arith::Analyzer *analyzer) const {
  ICHECK(0) << "none";
  return Evaluate(0);
}
LayoutMap Operator::InferLayout(const LayoutInferArgs &T, InferLevel level) { return {}; }
} }
"""
    after = port(op_h=header, scale_cc=source)
    assert (
        "Stmt ScaleNode::Lower(const LowerArgs &T, arith::Analyzer *analyzer) const {\n"
        in (after["scale.cc"])
    )
    assert 'ICHECK(0) << "none";' in after["scale.cc"]
    assert "Operator::Lower" not in after["scale.cc"].replace("TileOperator", "")


def test_an_operator_that_is_owned_is_cloned_with_its_owner() -> None:
    header = (
        BASE
        + operator("  int a;", name="Inner")
        + operator("  std::unique_ptr<Inner> inner_;", name="Outer")
        + END
    )
    source = """namespace tvm { namespace tl {
Inner::Inner(Array<PrimExpr> args) { a = 1; }
Outer::Outer(Array<PrimExpr> args) {}
LayoutMap Outer::InferLayout(const LayoutInferArgs &T, InferLevel level) {
  if (inner_ == nullptr) inner_ = std::make_unique<Inner>(args);
  return inner_->InferLayout(T, level);
}
} }
"""
    header = header.replace(
        "private:\n  std::unique_ptr",
        "  LayoutMap InferLayout(const LayoutInferArgs &T, InferLevel level) final;\n"
        "private:\n  std::unique_ptr",
    )
    after = port(op_h=header, op_cc=source)
    assert "mutable Inner inner_;" in after["op.h"]
    assert "if (!inner_.defined()) inner_ = Inner(args);" in after["op.cc"]
    assert "node->inner_ = Downcast<Inner>(inner_->Clone());" in after["op.cc"]


def test_another_class_called_operator_is_left() -> None:
    text = "class Operator { int x; };\nclass Plus : public Operator { int y; };\n"
    assert port(math_h=text)["math.h"] == text


def test_an_operator_in_the_index_of_another_name_is_a_reference_too() -> None:
    header = BASE + operator("  int rank;") + END
    source = """namespace tvm { namespace tl {
int Use(Scale own, std::vector<int> sizes) {
  return sizes[own.Rank()] + sizes[own.Rank()];
}
} }
"""
    after = port(op_h=header, use_cc=source)["use.cc"]
    assert "sizes[own->Rank()] + sizes[own->Rank()];" in after
