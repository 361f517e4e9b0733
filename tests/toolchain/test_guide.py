"""What no migration knew is mended by the compiler's word; what remains is told in its words."""

from pathlib import Path

import pytest

from codemods.toolchain.guide import Guided, guide
from codemods.toolchain.layout import Toolchain
from codemods.toolchain.units import Unit

pytestmark = pytest.mark.sdk

HEAD = """#include <tvm/ir/op.h>
#include <tvm/tir/function.h>
#include <tvm/tir/stmt_functor.h>
#include <tvm/script/ir_builder/tir/frame.h>
namespace tvm {
using namespace tir;
"""

CASES = {
    "renamed_member": (
        'bool f(PrimFunc p) { auto n = p->GetAttr<ffi::String>("n"); return n.defined(); }',
        'bool f(PrimFunc p) { auto n = p->GetAttr<ffi::String>("n"); return n.has_value(); }',
    ),
    "renamed_member_in_a_macro": (
        'void f(PrimFunc p) { ICHECK(p->GetAttr<ffi::String>("n").defined()) << "x"; }',
        'void f(PrimFunc p) { ICHECK(p->GetAttr<ffi::String>("n").has_value()) << "x"; }',
    ),
    "call_with_a_span": (
        "Call f(const CallNode *op) { return Call(op->dtype, op->op, op->args, op->span); }",
        "Call f(const CallNode *op) "
        "{ return Call(op->dtype, op->op, op->args, op->annotations, op->span); }",
    ),
    "new_call_with_a_span": (
        "Call f(Op o) { return Call(DataType::Int(32), o, {}, Span()); }",
        "Call f(Op o) { return Call(DataType::Int(32), o, {}, {}, Span()); }",
    ),
    "loop_with_a_span": (
        "For f(For l, Stmt b) { return For(l->loop_var, l->min, l->extent, l->kind, b,"
        " l->thread_binding, l->annotations, l->span); }",
        "For f(For l, Stmt b) { return For(l->loop_var, l->min, l->extent, l->kind, b,"
        " l->thread_binding, l->annotations, l->step, l->span); }",
    ),
    "callback": (
        "void f(script::ir_builder::tir::ForFrameNode *n) { n->f_make_for_loop ="
        " [](ffi::Array<Var> v, ffi::Array<Range> d, Stmt b) -> Stmt { return b; }; }",
        "void f(script::ir_builder::tir::ForFrameNode *n) { n->f_make_for_loop ="
        " [](ffi::Array<Var> v, ffi::Array<Range> d,"
        " const tvm::ffi::Array<tvm::ffi::Optional<tvm::PrimExpr>> &, Stmt b) -> Stmt"
        " { return b; }; }",
    ),
    "asked_for_its_type": (
        "bool f(const AttrStmtNode *op) { return op->node->IsInstance<VarNode>(); }",
        "bool f(const AttrStmtNode *op) { return op->node.as<VarNode>(); }",
    ),
    "local_of_any_type": (
        'void f(AttrStmt s) { ObjectRef a = s->node; ObjectRef b = ffi::String("x"); }',
        'void f(AttrStmt s) { ffi::Any a = s->node; ffi::Any b = ffi::String("x"); }',
    ),
    "unqualified_names": (
        "Array<String> f() { return {}; } auto g() { return make_object<ForNode>(); }",
        "tvm::ffi::Array<tvm::ffi::String> f() { return {}; }"
        " auto g() { return tvm::ffi::make_object<ForNode>(); }",
    ),
    "value_of_any_type": (
        "PrimExpr f(const AttrStmtNode *op) { PrimExpr e = op->node; return e; }",
        "PrimExpr f(const AttrStmtNode *op) { PrimExpr e = op->node.cast<PrimExpr>(); return e; }",
    ),
}


@pytest.fixture(scope="module")
def guided(tmp_path_factory: pytest.TempPathFactory, toolchain: Toolchain) -> Guided:
    """Guide all cases at once, so that their headers are parsed once."""
    root = tmp_path_factory.mktemp("tree")
    for name, (before, _) in CASES.items():
        (root / f"{name}.cc").write_text(HEAD + before + "\n}\n")
    (root / "lost.cc").write_text(HEAD + "void f() { no_such_thing(); }\n}\n")
    units = [Unit(path.name) for path in sorted(root.glob("*.cc"))]
    return guide(root, {}, units, toolchain)


def _text(guided: Guided, name: str) -> str:
    return guided.changed[f"{name}.cc"].decode().removeprefix(HEAD).removesuffix("\n}\n")


@pytest.mark.parametrize("name", CASES)
def test_mended(guided: Guided, name: str) -> None:
    assert _text(guided, name) == CASES[name][1]
    assert next(r for r in guided.results if r.path == f"{name}.cc").passed


def test_what_remains_is_told_in_the_compilers_words(guided: Guided) -> None:
    (finding,) = [finding for finding in guided.findings if finding.path == "lost.cc"]
    assert (finding.line, finding.column, finding.code) == (7, 12, "TF921")
    assert "use of undeclared identifier 'no_such_thing'" in finding.message
    assert "lost.cc" not in guided.changed


def test_value_that_a_callback_does_not_use_is_a_finding(guided: Guided) -> None:
    (finding,) = [finding for finding in guided.findings if finding.code == "TF920"]
    assert finding.path == "callback.cc"
    assert "does not use it" in finding.message


def test_changes_stand_where_the_text_was(guided: Guided) -> None:
    (change,) = [change for change in guided.changes if change.path == "renamed_member.cc"]
    assert (change.line, change.column) == (7, 70)
    assert (change.before, change.after) == (b"defined", b"has_value")


def test_edit_that_does_not_help_is_taken_back(tmp_path: Path, toolchain: Toolchain) -> None:
    text = HEAD + "struct Optional_ {}; struct X { struct Optional {}; };\n"
    text += "template <class T> struct Optional { int x; };\n"
    text += "bool f(Optional<int> o) { return o.defined(); }\n}\n"
    (tmp_path / "x.cc").write_text(text)
    done = guide(tmp_path, {}, [Unit("x.cc")], toolchain)
    assert not done.changed
    assert [finding.code for finding in done.findings] == ["TF921"]


def test_header_is_mended_once_for_all_its_units(tmp_path: Path, toolchain: Toolchain) -> None:
    header = "#pragma once\n#include <tvm/tir/function.h>\ninline bool f(tvm::tir::PrimFunc p) {\n"
    header += '  return p->GetAttr<tvm::ffi::String>("n").defined();\n}\n'
    (tmp_path / "own.h").write_text(header)
    for name in ("a.cc", "b.cc"):
        (tmp_path / name).write_text('#include "own.h"\n')
    done = guide(tmp_path, {}, [Unit("a.cc"), Unit("b.cc")], toolchain)
    assert len(done.changes) == 1
    assert done.changed == {"own.h": header.replace("defined", "has_value").encode()}
    assert all(result.passed for result in done.results)
