"""What old equality compared, the new form compares: no more and no less."""

from __future__ import annotations

from codemods.model import Language, Source
from cpp_rewriters import equality
from cpp_rewriters.class_facts import CLASSES, ClassFacts
from cpp_rewriters.classes import classes

FIELDS = "PrimExpr a; PrimExpr b; int n; Pattern p; Kind k; PrimExpr A() const { return a; }"


def tree(
    equal: str, hashed: str = "", reflected: str = "a", more: str = ""
) -> dict[str, ClassFacts]:
    chain = "".join(f'.def_ro("{name}", &N::{name})' for name in reflected.split())
    code = (
        f"enum class Kind {{ kA }}; class N : public M {{ {FIELDS}"
        f"static void RegisterReflection() {{ refl::ObjectDef<N>(){chain}; }}"
        f"bool SEqualReduce(const N *other, SEqualReducer equal) const {{ {equal} }}"
        + (f"void SHashReduce(SHashReducer h) const {{ {hashed} }}" if hashed else "")
        + "};"
        + more
    )
    digested: dict[str, ClassFacts] = CLASSES.digest(
        {"a": CLASSES.gather(Source("a.h", code.encode(), Language.CPP))}
    )
    return digested


def plan(equal: str, **kwargs: str) -> equality.Plan:
    made = equality.plan(tree(equal, **kwargs), "N")
    assert made is not None
    return made


def test_what_was_compared_and_not_reflected_is_registered() -> None:
    made = plan("return equal(a, other->a) && equal(other->b, this->b) && n == other->n;")
    assert made.added == (("b", ""), ("n", ""))
    assert made.ignored == frozenset()
    assert not made.hooks


def test_what_was_reflected_and_not_compared_is_ignored() -> None:
    assert plan("return equal(a, other->a);", reflected="a b").ignored == {"b"}


def test_a_definition_stays_a_definition() -> None:
    made = plan("return equal.DefEqual(a, other->a) && equal->DefEqual(b, other->b);")
    assert made.defined == {"a"}
    assert made.added == (("b", "SEqHashDef"),)


def test_a_method_that_only_returns_a_field_is_that_field() -> None:
    assert not plan("return equal(this->A(), other->A());").hooks


def test_an_enum_compared_with_equals_is_a_field() -> None:
    assert plan("return k == other->k && equal(a, other->a);").added == (("k", ""),)


def test_what_has_no_field_becomes_a_hook() -> None:
    for body in (
        "return equal(a, other->a) && p == other->p;",
        "return equal(a, other->a) && equal(Extent(), other->Extent());",
        "if (n != other->n) return false; return equal(a, other->a);",
        "return equal(a, other->a) || equal(b, other->b);",
    ):
        assert plan(body).hooks == ("SEqualReduce",), body


def test_a_hash_follows_its_equality_into_hooks() -> None:
    assert plan("return p == other->p;", hashed="h(a);").hooks == equality.METHODS


def test_different_fields_compared_are_kept_and_told() -> None:
    made = plan("return equal(a, other->b) && equal(b, other->b);")
    assert made.hooks
    assert made.crossed == ("equal(a, other->b)",)


def test_a_parents_reflected_field_that_was_not_compared_needs_a_hook() -> None:
    parent = (
        "class M : public Object { public: int z; static void RegisterReflection() "
        '{ refl::ObjectDef<M>().def_ro("z", &M::z); } };'
    )
    assert plan("return equal(a, other->a);", more=parent).hooks
    assert not plan("return equal(a, other->a) && equal(z, other->z);", more=parent).hooks


def test_a_graph_node_and_a_free_variable_keep_their_kinds() -> None:
    assert plan("equal->MarkGraphNode(); return equal(a, other->a);").kind.endswith("DAGNode")
    assert plan("return equal.FreeVarEqualImpl(this, other);").kind.endswith("FreeVar")


def test_what_hooks_do_not_have_is_not_guessed() -> None:
    assert "IsPathTracingEnabled" in plan("return equal.IsPathTracingEnabled();").reason
    assert "passes `equal` on" in plan("return Helper(a, equal);").reason


def test_what_was_hashed_and_not_compared_is_named() -> None:
    made = plan("return equal(a, other->a);", hashed="h(a); h(this->b);", reflected="a b")
    assert made.ignored == {"b"}
    assert made.only_hashed == ("b",)
    assert plan("return equal(a, other->a);", hashed="h(a);").only_hashed == ()


def test_a_definition_is_visited_before_its_uses_or_a_hook_says_so() -> None:
    defines = "return equal.DefEqual(a, other->a) && equal(b, other->b);"
    assert not plan(defines, reflected="a b").hooks
    assert plan(defines, reflected="b a").hooks
    assert plan(defines, reflected="b").hooks  # `a` would be registered after it
    assert not plan(
        "return equal(b, other->b) && equal.DefEqual(a, other->a);", reflected="b a"
    ).hooks


def test_a_variable_is_compared_by_its_kind() -> None:
    made = plan(
        "return equal(a, other->a) && equal.FreeVarEqualImpl(this, other);",
        hashed="h(a); h.FreeVarHashImpl(this);",
        reflected="a b",
    )
    assert made.kind == "kTVMFFISEqHashKindFreeVar"
    assert made.ignored == {"b"}
    assert not made.hooks
    assert plan("return equal->FreeVarEqualImpl(this, other);").ignored == {"a"}


def test_a_variable_that_is_compared_otherwise_is_left() -> None:
    for equal in (
        "return equal(a, other->a) || equal.FreeVarEqualImpl(this, other);",
        "return equal.FreeVarEqualImpl(a.get(), other->a.get());",
        "if (!equal(a, other->a)) return false; return equal.FreeVarEqualImpl(this, other);",
    ):
        assert plan(equal).reason, equal


def test_marking_a_node_of_a_graph_is_no_part_of_a_hook() -> None:
    text = (
        "class N : public M { Array<PrimExpr> a; bool SEqualReduce(const N *other, "
        "SEqualReducer equal) const { equal->MarkGraphNode(); return equal(a[0], other->a[0]); } };"
    )
    source = Source("a.h", text.encode(), Language.CPP)
    method = classes(source)[0].methods[0]
    assert b"MarkGraphNode" not in equality.hook(source, method, "N", qualified=False)


def test_a_class_that_inherits_a_comparison_ignores_its_own_fields() -> None:
    child = (
        "class C : public N {{ int own; TVM_DECLARE_FINAL_OBJECT_INFO(C, N); "
        'static void RegisterReflection() {{ refl::ObjectDef<C>().def_ro("own", &C::own{}); }} }};'
    )
    plain = "return equal(a, other->a);"
    made = equality.plan(tree(plain, more=child.format("")), "C")
    assert made is not None and made.ignored == {"own"} and not made.hook_of
    marked = child.format(", refl::AttachFieldFlag::SEqHashIgnore()")
    assert equality.plan(tree(plain, more=marked), "C") is None
    hooked = equality.plan(tree("return p == other->p;", more=child.format("")), "C")
    assert hooked is not None and hooked.hook_of == "N"


def test_a_field_of_a_foreign_parent_is_no_slip() -> None:
    assert plan("return equal(dtype, other->dtype) && equal(a, other->a);").crossed == ()
    assert plan("return equal(a, other->b);").crossed == ("equal(a, other->b)",)
