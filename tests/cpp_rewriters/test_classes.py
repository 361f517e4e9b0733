"""What a tree's classes are, as its text says."""

from __future__ import annotations

from codemods.model import Language, Source
from cpp_rewriters.class_facts import CLASSES, ClassFacts
from cpp_rewriters.classes import classes, out_of_line


def facts(**files: str) -> dict[str, ClassFacts]:
    gathered = {}
    for name, text in files.items():
        found = CLASSES.gather(Source(f"{name}.h", text.encode(), Language.CPP))
        if found is not None:
            gathered[name] = found
    digested: dict[str, ClassFacts] = CLASSES.digest(gathered)
    return digested


def test_a_macro_in_a_class_head_hides_neither_name_nor_bases() -> None:
    (cls,) = classes(
        Source(
            "a.h", b"class TVM_DLL API(1) X final : public tl::A<B, C>, D { int x; };", Language.CPP
        )
    )
    assert (cls.name, cls.bases) == ("X", ("tl::A<B,C>", "D"))


def test_fields_are_told_from_methods_and_declarations() -> None:
    known = facts(
        a="""struct X {
  static constexpr int kOne = 1;
  using T = int;
  int a, *b = nullptr, c[4];
  mutable Map<Var, Array<PrimExpr>> map{};
  std::function<int(int, int)> f;
  MACRO(X, Y);
  X() : a(1) {}
  explicit X(int v) : a{v}, c{1, 2} { b = nullptr; }
  virtual int Get() const { return a; };
  Array<int> Later(Map<int, int> m = {}) const;
#if 1
  bool last;
#endif
};"""
    )
    assert known["X"].fields == (
        ("a", "int"),
        ("b", "int *"),
        ("c", "int"),
        ("map", "Map<Var, Array<PrimExpr>>"),
        ("f", "std::function<int(int, int)>"),
        ("last", "bool"),
    )
    assert known["X"].accessors == (("Get", "a"),)


def test_an_enum_is_no_class() -> None:
    known = facts(a="enum class Kind : uint8_t { kA };")
    assert known["Kind"].is_enum
    assert not known["Kind"].path


def test_a_class_is_known_across_its_files() -> None:
    known = facts(
        a="class N : public Object { int x; static void RegisterReflection(); "
        "bool SEqualReduce(const N *other, SEqualReducer eq) const; };",
        b='void N::RegisterReflection() { refl::ObjectDef<N>().def_ro("x", &N::x, F()); }\n'
        "bool N::SEqualReduce(const N *o, SEqualReducer eq) const { return eq(x, o->x); }\n"
        "TVM_FFI_STATIC_INIT_BLOCK({ N::RegisterReflection(); });",
    )
    assert known["N"].reflected == (("x", "x", "F()"),)
    assert known["N"].reflection_called
    assert known["N"].equal_names == ("o", "eq")
    assert known["N"].home == "b.h"


def test_two_classes_of_one_name_are_ambiguous() -> None:
    known = facts(a="class N { int x; };", b="class N { int y; };")
    assert known["N"].ambiguous


def test_a_call_is_not_a_definition() -> None:
    code = b"void A::f() { B::g(); if (C::h()) { return; } }\nint A::k(int x) const { return x; }"
    methods = out_of_line(Source("a.cc", code, Language.CPP))
    assert [(m.owner, m.name) for m in methods] == [("A", "f"), ("A", "k")]


def test_what_a_class_inside_declares_is_not_the_outer_ones() -> None:
    known = facts(
        a="""struct Outer {
  class InnerNode : public Object {
    static constexpr TVMFFISEqHashKind _type_s_eq_hash_kind = kTVMFFISEqHashKindTreeNode;
    TVM_FFI_DECLARE_OBJECT_INFO_FINAL("a.Inner", InnerNode, Object);
  };
};"""
    )
    assert known["InnerNode"].declares and known["InnerNode"].eq_kind
    assert not known["Outer"].declares and not known["Outer"].eq_kind
