"""Trees and files that are half ported, in any mixture, end where a whole port ends."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping

import pytest

from codemods import engine, registry
from codemods.model import Rung

HEAD = """#pragma once
#include <tvm/tir/op.h>
#include <tvm/tir/stmt.h>
{include}namespace tvm {{
namespace tl {{
using namespace tir;
"""
TAIL = "}\n}\n"

BASE = (
    HEAD.format(include="")
    + """struct LowerArgs { Target target; };
struct LayoutInferArgs { Target target; };
enum class InferLevel { kFree, kStrict };
using LayoutMap = Map<Buffer, ObjectRef>;
using BufferMap = Map<Var, Buffer>;
using OpBuilderFunc = TypedPackedFunc<void *(Array<PrimExpr>, BufferMap)>;
#define REGISTER_TILE(Entry, OpName)                                           \\
  const Op &Entry::Get() {                                                     \\
    static const Op &op = Op::Get("tl." #OpName);                              \\
    return op;                                                                 \\
  }                                                                            \\
  TVM_REGISTER_OP("tl." #OpName)                                               \\
      .set_attr<OpBuilderFunc>("TLOpBuilder",                                  \\
                               [](Array<PrimExpr> a, BufferMap b) {            \\
                                 return (void *)(new Entry(a, b));             \\
                               })

class Operator {
public:
  virtual Stmt Lower(const LowerArgs &T, arith::Analyzer *analyzer) const;
  virtual LayoutMap InferLayout(const LayoutInferArgs &T, InferLevel level);
  virtual ~Operator() = default;
  virtual std::unique_ptr<Operator> Clone() const = 0;
};

std::unique_ptr<Operator> ParseOperator(Call call, BufferMap vmap);
"""
    + TAIL
)
PARSING = (
    """#include "op.h"
namespace tvm {
namespace tl {
std::unique_ptr<Operator> ParseOperator(Call call, BufferMap vmap) {
  auto op_map = Op::GetAttrMap<OpBuilderFunc>("TLOpBuilder");
  Op op = call->op.as<Op>().value();
  if (op_map.count(op)) {
    Operator *ptr = static_cast<Operator *>(op_map[op](call->args, vmap));
    ICHECK(ptr != nullptr);
    return std::unique_ptr<Operator>(ptr);
  }
  return nullptr;
}
Stmt Operator::Lower(const LowerArgs &T, arith::Analyzer *analyzer) const {
  ICHECK(0) << "Not Implemented Lower method.";
  return Evaluate(0);
}
LayoutMap Operator::InferLayout(const LayoutInferArgs &T, InferLevel level) { return {}; }
"""
    + TAIL
)
USE = (
    """#include "../op/op.h"
namespace tvm {
namespace tl {
Stmt Use(Call call, BufferMap vmap, arith::Analyzer *analyzer) {
  auto tile_op = ParseOperator(call, vmap);
  if (tile_op == nullptr) return Stmt();
  return tile_op->Lower(LowerArgs{}, analyzer);
}
std::vector<std::unique_ptr<Operator>> infer_list_;
"""
    + TAIL
)


def operator(name: str) -> dict[str, str]:
    header = (
        HEAD.format(include='#include "op.h"\n')
        + f"""class {name} : public Operator {{
public:
  {name}(Array<PrimExpr> args, BufferMap vmap);
  Stmt Lower(const LowerArgs &T, arith::Analyzer *analyzer) const final;
  LayoutMap InferLayout(const LayoutInferArgs &T, InferLevel level) final;
  static const Op &Get();
  std::unique_ptr<Operator> Clone() const final {{ return std::make_unique<{name}>(*this); }}

private:
  PrimExpr source, factor;
  bool completed_ = false;
}};
"""
        + TAIL
    )
    source = f"""#include "{name.lower()}.h"
#include <tvm/runtime/registry.h>
namespace tvm {{
namespace tl {{
{name}::{name}(Array<PrimExpr> args, BufferMap vmap) : source(args[0]) {{ factor = args[1]; }}
Stmt {name}::Lower(const LowerArgs &T, arith::Analyzer *analyzer) const {{
  return Evaluate(factor);
}}
LayoutMap {name}::InferLayout(const LayoutInferArgs &T, InferLevel level) {{
  completed_ = true;
  return {{}};
}}
REGISTER_TILE({name}, {name.lower()}).set_num_inputs(2);
"""
    return {
        f"src/op/{name.lower()}.h": header,
        f"src/op/{name.lower()}.cc": source + TAIL,
    }


TREE = {
    "src/op/op.h": BASE,
    "src/op/op.cc": PARSING,
    **operator("Scale"),
    **operator("Shift"),
    "src/transform/use.cc": USE,
}

INCLUDES = """#include <tvm/ir/expr.h>
#include <tvm/runtime/ndarray.h>
#include <tvm/runtime/registry.h>
"""
CHUNKS = (
    'TVM_REGISTER_GLOBAL("tl.Twice").set_body_typed([](PrimExpr x) { return x + x; });\n',
    "int Rank(runtime::NDArray data) { return data->ndim; }\n",
    """TVM_REGISTER_GLOBAL("tl.Size").set_body([](TVMArgs args, TVMRetValue *ret) {
  int n = args[0];
  *ret = n;
});
""",
    """class SpotNode : public Object {
public:
  int at;
  void VisitAttrs(AttrVisitor *v) { v->Visit("at", &at); }
  static constexpr const char *_type_key = "tl.Spot";
  TVM_DECLARE_FINAL_OBJECT_INFO(SpotNode, Object);
};
TVM_REGISTER_NODE_TYPE(SpotNode);
""",
    """void Call() {
  if (const PackedFunc *f = runtime::Registry::Get("tl.callback")) { (*f)(1); }
}
""",
)


def port(files: Mapping[str, bytes], release: str = "0.1.7.post2") -> dict[str, bytes]:
    chosen = [m for m in registry.load() if m.rung in (Rung.R1, Rung.R2, Rung.R3)]
    return dict(engine.port(dict(files), chosen, release).files)


def stages(files: Mapping[str, str]) -> list[dict[str, bytes]]:
    """The files as they came, at 0.1.6, and at the end."""
    old = {path: text.encode() for path, text in files.items()}
    between = port(old, "0.1.6")
    return [old, between, port(between)]


@pytest.fixture(scope="module")
def every() -> list[dict[str, bytes]]:
    return stages(TREE)


def test_a_tree_is_ported_in_one_go_or_in_two(every: list[dict[str, bytes]]) -> None:
    assert port(every[0]) == every[2]
    assert every[0] != every[1] != every[2]
    assert not any(b"public Operator" in text for text in every[1].values())


@pytest.mark.parametrize("others", range(3))
def test_a_tree_with_one_file_at_another_rung_ends_in_one_place(
    every: list[dict[str, bytes]], others: int
) -> None:
    for path, stage in itertools.product(TREE, {0, 1, 2} - {others}):
        mixed = {**every[others], path: every[stage][path]}
        assert port(mixed) == every[2], (path, stage)


def test_a_tree_of_files_at_any_rungs_ends_in_one_place(every: list[dict[str, bytes]]) -> None:
    chosen = random.Random(5)
    for _ in range(60):
        at = {path: chosen.randrange(3) for path in TREE}
        assert port({path: every[stage][path] for path, stage in at.items()}) == every[2], at


def test_an_old_base_goes_where_another_file_has_its_node(every: list[dict[str, bytes]]) -> None:
    new = every[1]["src/op/op.h"].decode()
    start = new.index("class TileOperatorNode")
    bases = new[start : new.index("TileOperator ParseOperator")]
    own = HEAD.format(include="") + "class TileOperator;\n" + bases + TAIL
    came = port({**every[0], "src/op/operator.h": own.encode()}, "0.1.6")
    header = came["src/op/op.h"].decode()
    assert "class Operator" not in header
    assert "class TileOperatorNode" not in header
    assert '#include "operator.h"\n' in header
    assert came["src/op/scale.h"] == every[1]["src/op/scale.h"]


@pytest.mark.parametrize("first", range(3))
def test_a_file_of_statements_at_different_rungs_ends_in_one_place(first: int) -> None:
    def whole(includes: str, chunks: tuple[str, ...]) -> dict[str, str]:
        return {"src/a.cc": includes + "namespace tvm {\nnamespace tl {\n" + "".join(chunks) + TAIL}

    def parts(text: bytes) -> tuple[set[str], str]:
        lines = text.decode().splitlines(keepends=True)
        told = {line for line in lines if line.startswith("#include")}
        return told, "".join(line for line in lines if line not in told)

    alone = [[parts(s["src/a.cc"]) for s in stages(whole(INCLUDES, (c,)))] for c in CHUNKS]
    opened, closed = "namespace tvm {\nnamespace tl {\n", TAIL
    bodies = [[b.removeprefix(opened).removesuffix(closed) for _, b in each] for each in alone]
    expected = parts(port_of(whole(INCLUDES, CHUNKS)))
    assert "".join(each[2] for each in bodies) in expected[1]
    for rest in itertools.product(range(3), repeat=len(CHUNKS) - 1):
        chosen = (first, *rest)
        includes = set().union(*(alone[i][stage][0] for i, stage in enumerate(chosen)))
        chunks = tuple(bodies[i][stage] for i, stage in enumerate(chosen))
        came = parts(port_of(whole("".join(sorted(includes)), chunks)))
        assert came == expected, chosen


def port_of(files: Mapping[str, str]) -> bytes:
    return port({path: text.encode() for path, text in files.items()})["src/a.cc"]


def test_a_tree_that_stops_where_tvm_builds_the_extension_is_told() -> None:
    lists = b"set(OWN\n  ${TVM_SOURCE_DIR}/include\n  ${TVM_SOURCE_DIR}/src\n)\n"
    chosen = [each for each in registry.load() if each.code == "TF160"]

    def told(release: str) -> list[str]:
        ported = engine.port({"CMakeLists.txt": lists}, chosen, release)
        return [each.code for each in ported.findings if "tvm_cython" in each.message]

    assert told("0.1.6") == ["TF160"]
    assert told("0.1.7.post2") == []
