"""A small tree of our own writing that has one of everything an inventory counts."""

from __future__ import annotations

FILES: dict[str, str] = {
    "src/op/registry.h": """
#define REGISTER_INTRINSIC(Name)                                   \\
  const Op &Name() {                                               \\
    static const Op &op = Op::Get("demo." #Name);                  \\
    return op;                                                     \\
  }                                                                \\
  TVM_REGISTER_OP("demo." #Name).set_attr<TScriptPrinterName>("TScriptPrinterName", #Name)

#define REGISTER_TILE(Entry, Name) TVM_REGISTER_OP("demo." #Name)  \\
      .set_attr<OpBuilderFunc>("TLOpBuilder", [](Array<PrimExpr> args) { return Entry(args); })

#define REGISTER_PURE(Name) REGISTER_INTRINSIC(Name).set_attr<TCallEffectKind>( \\
    "TCallEffectKind", Integer(CallEffectKind::kPure))

static constexpr const char *kQuiet = "demo.quiet";
""",
    "src/op/ops.cc": """
// REGISTER_INTRINSIC(only_in_a_comment).set_num_inputs(1);
REGISTER_INTRINSIC(wait_all)
    .set_num_inputs(1)
    .set_attr<TCallEffectKind>("TCallEffectKind",
                               Integer(CallEffectKind::kOpaque));
REGISTER_PURE(rank_of).set_num_inputs(0);
REGISTER_TILE(PushOp, push).set_num_inputs(3);
#if 0
REGISTER_TILE(OldOp, old).set_num_inputs(3);
#endif
TVM_REGISTER_OP("tir.exp").set_attr<FLowerIntrinsic>("cuda.FLowerIntrinsic", LowerExp);
TVM_REGISTER_PASS_CONFIG_OPTION(kQuiet, Bool);

PrimExpr RankOf(int a, Map<String, Any> b) { return a; }

TVM_FFI_STATIC_INIT_BLOCK({
  namespace refl = tvm::ffi::reflection;
  refl::GlobalDef()
      .def("demo.RankOf", RankOf)
      .def("demo.Scale", [](PrimExpr x, int by) { return x * by; })
      .def_packed("demo.Print", [](PackedArgs args, Any *rv) {});
  PushOpNode::RegisterReflection();
});
""",
    "src/op/push.h": """
class BaseOpNode : public Object {
public:
  Array<PrimExpr> Shape() const { return shape_; }
  static constexpr const char *_type_key = "demo.BaseOp";
  TVM_DECLARE_BASE_OBJECT_INFO(BaseOpNode, Object);
protected:
  Array<PrimExpr> shape_;
};

class PushOpNode : public BaseOpNode {
public:
  PrimExpr source;
  PrimExpr target;
  PrimExpr Extent() const { return source + target; }
  static constexpr const char *_type_key = "demo.PushOp";
  TVM_DECLARE_FINAL_OBJECT_INFO(PushOpNode, BaseOpNode);
  static void RegisterReflection() {
    namespace refl = tvm::ffi::reflection;
    refl::ObjectDef<PushOpNode>().def_ro("source", &PushOpNode::source);
  }
  bool SEqualReduce(const PushOpNode *other, SEqualReducer equal) const {
    return equal(source, other->source) && equal(target, other->target) &&
           equal(Shape(), other->Shape()) && equal(Extent(), other->Extent());
  }
  void SHashReduce(SHashReducer hash_reduce) const {
    hash_reduce(source);
    hash_reduce(this->target);
  }
};
""",
    "src/op/pull.h": """
namespace demo {
class Operator {
public:
  virtual Stmt Lower(const LowerArgs &args) const;
};
class Pull : public Operator {
public:
  Stmt Lower(const LowerArgs &args) const final;
private:
  Buffer from_;
};
}
""",
    "src/transform/lower_push.cc": """
tvm::transform::Pass LowerPush() {
  if (std::getenv("DEMO_VERBOSE")) {}
  if (call->op.same_as(demo::rank_of())) {}
  return CreatePrimFuncPass(pass_func, 0, "demo.LowerPush", {});
}
""",
    "src/target/codegen_demo.cc": """
void CodeGen::VisitExpr_(const CallNode *op) {
  if (op->op.same_as(demo::wait_all())) {
  } else if (op->op.same_as(PushOp::Get())) {
    // } else if (op->op.same_as(demo::retired())) {
  }
}
""",
    "src/tl_templates/cuda/push.h": """
#define DEMO_DEVICE __forceinline__ __device__
namespace tl {
template <typename T, int N = 4> struct Vec {
  DEMO_DEVICE T sum(int from, int to = N) { return T(); }
};
template <typename T> DEMO_DEVICE void push(T *from, T *to) {}
}
""",
    "demo/__init__.py": """
import os
from .language import *
from .language import push as send
from .env import DEMO_CACHE
""",
    "demo/language.py": """
__all__ = ["push", "Frame"]

def push(source, target, *, unroll=4):
    return source

class Frame:
    def enter(self, name): ...

def _private(): ...
""",
    "demo/env.py": """
import os
from enum import Enum

class Switch:
    def __init__(self, name, default=None):
        self.value = os.environ.get(name, default)

DEMO_CACHE = Switch("DEMO_CACHE", "0")
HOME = os.environ.get("DEMO_HOME")

class Options(str, Enum):
    QUIET = "demo.quiet"
""",
    "demo/registered.py": """
import tvm_ffi

@tvm_ffi.register_global_func("demo.callback")
def callback(code): ...

@tvm_ffi.register_object("demo.PushOp")
class PushOp: ...

@tvm.tir.transform.prim_func_pass(opt_level=0, name="demo.Clean")
def clean(f, mod, ctx): ...
""",
    "tests/test_push.py": """
def test_push_arrives(): ...

class TestFrames:
    def test_enter(self): ...
""",
}


def tree(*edits: tuple[str, str, str]) -> dict[str, bytes]:
    """The tree's files after replacing, in each `(path, old, new)`, the text `old` once."""
    files = dict(FILES)
    for path, old, new in edits:
        assert files.get(path, "").count(old) == 1, (path, old)
        files[path] = files[path].replace(old, new)
    return {path: text.encode() for path, text in files.items()}
