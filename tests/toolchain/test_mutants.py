"""libclang and g++ agree on units from which one include or one name was removed."""

import random
import re
from pathlib import Path

import pytest

from codemods.model import Language, Source
from codemods.toolchain.compilers import check_units
from codemods.toolchain.layout import Toolchain
from codemods.toolchain.overlay import Overlay
from codemods.toolchain.parse import parse_units
from codemods.toolchain.units import Unit
from cpp_rewriters.text import code

pytestmark = pytest.mark.sdk

SOURCE = """#include <tvm/arith/analyzer.h>
#include <tvm/ffi/reflection/registry.h>
#include <tvm/tir/builtin.h>
#include <tvm/tir/stmt_functor.h>
#include <tvm/tir/transform.h>
#include <unordered_map>

namespace tvm {
namespace tl {
using namespace tir;
using ffi::Array;

class Widener : public StmtExprMutator {
public:
  Stmt VisitStmt_(const ForNode *op) final {
    if (analyzer_.CanProve(op->extent == 1)) seen_[op->loop_var.get()] = op->kind;
    return StmtExprMutator::VisitStmt_(op);
  }
  PrimExpr VisitExpr_(const CallNode *op) final {
    if (op->op.same_as(builtin::call_extern())) return op->args[0];
    return StmtExprMutator::VisitExpr_(op);
  }

private:
  arith::Analyzer analyzer_;
  std::unordered_map<const VarNode *, ForKind> seen_;
};

tvm::transform::Pass Widen() {
  auto run = [](PrimFunc f, const IRModule &m, const tvm::transform::PassContext &ctx) {
    f.CopyOnWrite()->body = Widener()(f->body);
    return f;
  };
  return tir::transform::CreatePrimFuncPass(run, 0, "tl.Widen", {});
}

TVM_FFI_STATIC_INIT_BLOCK() {
  namespace refl = tvm::ffi::reflection;
  refl::GlobalDef().def("tl.transform.Widen", Widen);
}
} // namespace tl
} // namespace tvm
"""


def mutants() -> dict[str, str]:
    """Return the source without each include, and without each of six names drawn by seed."""
    made = {"whole.cc": SOURCE}
    for number, match in enumerate(re.finditer(r"#include.*\n", SOURCE)):
        made[f"include{number}.cc"] = SOURCE[: match.start()] + SOURCE[match.end() :]
    blanked = code(Source("x.cc", SOURCE.encode(), Language.CPP)).decode()
    body = blanked.index("namespace tvm")
    names = [match for match in re.finditer(r"[A-Za-z_]\w+", blanked) if match.start() > body]
    for number, match in enumerate(random.Random(3).sample(names, 6)):
        made[f"name{number}.cc"] = SOURCE[: match.start()] + SOURCE[match.end() :]
    return made


def test_both_say_the_same_of_each_mutant(tmp_path: Path, toolchain: Toolchain) -> None:
    for name, text in mutants().items():
        (tmp_path / name).write_text(text)
    units = [Unit(name) for name in mutants()]
    ours = {r.path: r.passed for r in parse_units(Overlay(tmp_path), units, toolchain)}
    theirs = {r.path: r.passed for r in check_units(tmp_path, units, toolchain, "g++", 2)}
    assert ours == theirs
    assert ours["whole.cc"]
    assert set(ours.values()) == {True, False}
