"""What is remembered of facts, and what is not even gathered."""

from __future__ import annotations

from codemods import engine, registry
from codemods.model import Language, Source
from cpp_rewriters import text
from cpp_rewriters.derived import derived
from cpp_rewriters.operator_class import hierarchy


def test_other_facts_are_worked_out_anew_though_they_are_equal_in_size() -> None:
    names = derived(lambda known: sorted(known))
    one, other = {"a": 1}, {"b": 1}
    assert [names(one), names(other), names(one)] == [["a"], ["b"], ["a"]]


def test_the_heads_of_a_base_are_seen_however_they_are_written() -> None:
    seed = hierarchy("Operator", "TileOperatorNode", "InferLayout").seed
    assert seed is not None
    heads = (b"class Operator {", b"class API Operator final : public A {", b"struct Operator\n{")
    assert all(seed.search(head) for head in (*heads, b"class Operator /* (old) */ {"))
    others = (b"using Operator = X;", b"class TileOperator {", b"f<Operator>(a)", b"Operator *op")
    assert not any(seed.search(other) for other in others)
    assert seed.search(b"int A::InferLayout(const T &t,\n  Level level) {") is not None
    assert seed.search(b"int ANode::InferLayout(const T &t, Level level) const {") is None


def test_a_base_that_another_file_defines_makes_every_file_matter() -> None:
    base = b"class Operator {\npublic:\n  virtual Stmt Lower();\n  virtual int InferLayout();\n};\n"
    child = b"class Copy : public Operator {\npublic:\n  int n;\n};\n"
    migrations = [m for m in registry.load() if m.code == "TF201"]
    assert migrations
    alone = engine.port({"b.h": child}, migrations)
    both = engine.port({"a.h": base, "b.h": child}, migrations)
    assert "b.h" not in alone.changed
    assert "b.h" in both.changed


def test_literals_with_prefixes_are_blanked_with_them() -> None:
    data = b'a = L"x" + u8\'y\' + R"(")" + xL"z"; 1\'000; // it\'s\\\n so'
    blanked = text.code(Source("a.cc", data, Language.CPP))
    code, newline = b'a =  " " +   \' \' +  "   " + xL" "; 1\'000; ', b"\n"
    assert blanked == code + b" " * len(b"// it's\\") + newline + b"   "
    assert text.spans_of_literals(data)[0] == (4, 8)
