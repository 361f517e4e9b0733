"""What the fuzzers found, cut down: each of these broke a property before it was mended."""

from __future__ import annotations

import pytest

from codemods import registry
from codemods.model import Language
from tests.fuzz.properties import TARGET, violations

FOUND = {
    "an include went before the byte order mark": (
        b"\xef\xbb\xbfnamespace tvm {\nArray<int> a;\n}\n"
    ),
    "a field's type that is no UTF-8": (
        b"namespace tvm {\nclass ANode : public Object {\n  PrimExp\xbe a;\n"
        b'  static constexpr const char *_type_key = "tl.A";\n'
        b"  TVM_DECLARE_FINAL_OBJECT_INFO(ANode, Object);\n};\n}\n"
    ),
    "a registering macro within another's arguments": (
        b"namespace tvm {\nclass BNode : public Object {\n  int b;\n};\n"
        b"class ANode : public Object {\n  int a;\n"
        b'  static constexpr const char *_type_key = "tl.A";\n'
        b"  TVM_DECLARE_FINAL_OBJECT_INFO(ANode,TVM_REGISTER_NODE_TYPE(BNode)  Object);\n};\n}\n"
    ),
    "a type key whose statement has no end": (
        b"struct S{const char*_type_key=TVM_DECLARE_FINAL_OBJECT_INFO(,);}\n"
    ),
    "a pass option's type that is no UTF-8": (
        b'TVM_REGISTER_PASS_CONFIG_OPTION("tl.x", B\xf0);\nauto v = GetConfig<bool>("tl.x");\n'
    ),
    "a name that is the last thing of its file": b"int x; make_object",
    "a constant whose string does not end": b'const char*w="def',
    "an include guard in a comment": b"/*\n#define I_H\n*/\nnamespace tvm {\nArray<int> a;\n}\n",
    "an include inside a method that goes": (
        b"class PutOpNode {\n  static void RegisterReflection() { ObjectDef<PutOpNode>(); }\n"
        b"  bool SEqualReduce(const PutOpNode *other, SEqualReducer equal) const {\n"
        b"#include <s>\n  return true; }\n};\n"
    ),
    "a node registered inside a method that goes": (
        b"bool SwizzledLayoutNode::SEqualReduce(const SwizzledLayoutNode *o, SEqualReducer l) const"
        b" {\nTVM_REGISTER_NODE_TYPE(SwizzledLayoutNode)\n}\n"
    ),
    "a declared node's name that is no UTF-8": b"TVM_DECLARE_FINAL_OBJECT_INFO(\x96,)\n",
    "a reference's node whose name is no UTF-8": (
        b"TVM_DEFINE_NOTNULLABLE_OBJECT_REF_METHODS(A, B, No\xb1e)\n"
    ),
    "a reference's parent that is no type": (
        b"namespace tvm {\nclass F : public G {\npublic:\n"
        b"  TVM_DEFINE_MUTABLE_NOTNULLABLE_OBJECT_REF_METHODS(F, G e, FNode);\n};\n"
        b"F Make() {\n  ObjectPtr<FNode> n;\n  return F(n);\n}\n}\n"
    ),
    "a registration after an unfinished statement": (
        b'namespace tvm {f(g(s)),\nTVM_REGISTER_GLOBAL("tl.x").set_body_typed(X);\n}\n'
    ),
    "a method of the base that is no UTF-8": b"class Operator{e()\xff;}",
    "a comment that ends before the brace that ends a class": (
        b"class e:publicTileOperatorNode{TVM_DECLARE_INFO()/*\n*/}"
    ),
    "a reference's macro in a function": (
        b"e m{{P(){c\nTVM_DEFINE_MUTABLE_NOTNULLABLE_OBJECT_REF_METHODS(KernelLaunchFrame,e,e);}"
        b"h(p<::A>){ObjectPtr<>();KernelLaunchFrame(n);}({});}//\n}//"
    ),
    "a node registered within an expression": (
        b'e m{{T(){::G("",[]{(w[TVM_REGISTER_NODE_TYPE(e)]+1);});}}}//'
    ),
    "a comparison of another class in a class": (
        b"struct W{SwizzledLayoutNode::SEqualReduce()const{}}"
        b"TVM_REGISTER_NODE_TYPE(SwizzledLayoutNode)"
    ),
    "a class whose name is a keyword": (
        b"e m{e l{{}class int:publicTileOperatorNode{Buffer e;TVM_DECLARE_INFO()};}}"
    ),
    "a registration behind something in brackets": (
        b'(d)TVM_REGISTER_GLOBAL("").set_body_typed(T);'
    ),
    "a directive of nothing that gets behind a byte order mark": (
        b"\xef\xbb\xbf#include<tvm/relay/>\n#"
    ),
    "an operator built in brackets that do not close": (
        b"using u=i::TypedFunction<void*(void*)(new E(class Operator{Lower();InferLayout();}"
    ),
    "a comment to the end of the line before a block": (
        b"TVM_FFI_STATIC_INIT_BLOCK(  // note\n{\n  F();\n} // end\n); int x;\n"
    ),
    "a class inside a method that goes": (
        b"class StOpNode {\n  static void RegisterReflection() { ObjectDef<StOpNode>(); }\n"
        b"  bool SEqualReduce(const StOpNode *other, SEqualReducer equal) const {\n"
        b"    class P {\n static constexpr bool _type_has_method_shash_reduce = true;\n};\n"
        b"    return true;\n  }\n};\n"
    ),
    "a comment that goes on after an include": (
        b"#include <a.h> /* goes\non */\nnamespace tvm {\nArray<int> a;\n}\n"
    ),
    "an include's comment that ends before code": (
        b"#include <a.h> /*\n*/ namespace tvm {\nArray<int> a;\n}\n"
    ),
    "a method's type that is no UTF-8": (
        b"class A : public Operator {\n  A(Array<PrimExp\x9c> args, B\xff b);\n"
        b"  void f() const\xff {}\n};\n"
    ),
    "a function defined in another": (
        b"class Operator {\n  virtual Stmt Lower();\n  virtual Layouts InferLayout();\n};\n"
        b"class Scale : public Operator {\n  Stmt Lower() final;\n};\n"
        b"Stmt Operator::Lower() const {\n  Layouts Scale::InferLayout() {\n  }\n}\n"
    ),
    "a function defined in a class under its full name": (
        b"class Operator {\n  Stmt Lower();\n  Layouts Operator::InferLayout() {\n  }\n};\n"
    ),
    "a declared attribute inside another": (
        b'TVM_DECLARE_ATTRS(A, "tl.A") {\n  TVM_ATTR_FIELD(d).e((TVM_ATTR_FIELD(d)));\n}\n'
    ),
    "an include that goes on over a line": (
        b"#include <v> \\\nnamespace tvm {\nvoid f(Array<String> a) {}\n}\n"
    ),
    "an empty branch that is kept": b"void f() {\n  if (!IsFromLegacyTESchedule(f)) {\n  }\n}\n",
    "a node registered inside an attribute": (
        b'struct FNode : public AttrsNode<FNode> {\n  TVM_DECLARE_ATTRS(FNode, "tl.F") {\n'
        b"    TVM_ATTR_FIELD(p).describe(TVM_REGISTER_NODE_TYPE(FNode)\n);\n  }\n};\n"
    ),
    "an assignment under an if that declares": (
        b"void f(Node *n, Type t) {\n  if (auto x = g(); x.defined()) n->checked_type_ = t;\n}\n"
    ),
    "a legacy schedule asked about another": (
        b"bool f() { return IsFromLegacyTESchedule(IsFromLegacyTESchedule(g)); }\n"
    ),
    "an option's type that is no UTF-8": b'auto a = GetConfig<Strin\x8f>("tl.x");\n',
    "a legacy schedule within another": (
        b"void f() {\n  if (IsFromLegacyTESchedule(f)) { IsFromLegacyTESchedule(f); }\n}\n"
    ),
    "a registration without a function": (
        b'TVM_REGISTER_GLOBAL("tl.x").set_body_typed();\nint x;\n'
    ),
    "a registration in a directive that is no define": (
        b"#ffi R(Name) \\\n  TVM_REGISTER_GLOBAL(#Name).set_body_typed(Name)\nint x;\n"
    ),
    "a class inside an unfinished declaration": (
        b"class Operator{Lower();InferLayout()class e:publicOperator{()()}}"
    ),
    "a derived class after one that does not end": (
        b"r/m{class TileOperator:ObjectRef{}class e:publicTileOperatorNode{TVM_DECLARE_INFO()}\n"
        b"class ScaleOp:publicTileOperator{};ScaleOp other()()other.t\n"
    ),
    "a block that a line continuation stands before": b"TVM_FFI_STATIC_INIT_BLOCK(\\\n{})\n",
    "a header's own macro after an include that goes on over a line": (
        b"#include<h>\\\n#ifndef kTVMGridConstant\n#define kTVMGridConstant 1\n#endif\n"
        b"kTVMGridConstant\n"
    ),
    "a node registered inside a string that does not end": (
        b"struct FoldConfigNode{TVM_DECLARE_ATTRS(FoldConfigNode,){TVM_ATTR_FIELD(p).e("
        b'"TVM_REGISTER_NODE_TYPE(FoldConfigNode)\n)}}'
    ),
    "an assignment behind a block that is a macro's argument": (
        b"TVM_FFI_STATIC_INIT_BLOCK({({})});.checked_type_=;"
    ),
    "a node registered right after a class without a semicolon": (
        b"namespace n{class{m m{K(){ANode::RegisterReflection();}}}"
        b"TVM_REGISTER_NODE_TYPE(ANode);}\n"
        b"class ANode:public Object{static void RegisterReflection(){ObjectDef<ANode>();}};\n"
    ),
    "a registered function whose parameters do not end": (
        b"l or r.\n#include<r.h>\n"
        b"namespace tvm{Threads(Array<>block{block.defined(GlobalDef.def(,Threads)}\n"
    ),
    "a loop rebuilt from one that a comment stands within": (
        b"void f() { For(loops[0 // the outer one\n]->loop_var, 0, n, kind, body); }\n"
    ),
}


PYTHON = {
    "an import that goes, in a file with two kinds of line breaks": (
        b"import tvm\r\nimport tvm._ffi.e\nfrom v import a\n"
    ),
    "an import that goes, at the end of a file without a line break": (
        b"import tvm_ffi\nimport tvm.ffi"
    ),
}


@pytest.mark.parametrize("name", FOUND)
def test_what_was_found_stays_mended(name: str) -> None:
    migrations = registry.select(registry.load(), target=TARGET)
    data = FOUND[name]
    assert not list(violations("src/case.cc", data, {}, Language.CPP, migrations, unsafe=False))


@pytest.mark.parametrize("name", PYTHON)
def test_what_was_found_in_python_stays_mended(name: str) -> None:
    migrations = registry.select(registry.load(), target=TARGET)
    data = PYTHON[name]
    assert not list(violations("p/case.py", data, {}, Language.PYTHON, migrations, unsafe=False))
