"""Positions that became keywords, and global functions that got another name."""

from __future__ import annotations

from py_rewriters.calls import Grown, keyword_for_position, member_kept
from py_rewriters.global_names import renamed_global_function
from tests.py_rewriters.applying import applied, remarks

VERB = keyword_for_position(Grown(("tvm.tir.Call",), 3, "span", "annotations"))
KEPT = member_kept(("tvm.tir.Call",), ((0, "dtype"), (1, "op")), 2, 3, "notes")
NAME = renamed_global_function("a.old", "a.new")


def test_the_last_argument_in_the_old_position_is_named() -> None:
    assert applied(
        VERB, "from tvm import tir\ntir.Call(a, b, [tir.Call(a, b, c, d.span)], span)\n"
    ) == ("from tvm import tir\ntir.Call(a, b, [tir.Call(a, b, c, span=d.span)], span=span)\n")


def test_keywords_and_shorter_calls_stay() -> None:
    text = (
        "from tvm import tir\ntir.Call(a, b, c, span=d)\ntir.Call(a, b, c)\nx.Call(1, 2, 3, span)\n"
    )
    assert applied(VERB, text) == text
    assert remarks(VERB, text) == []


def test_an_argument_that_may_be_the_new_one_is_remarked() -> None:
    for text in ("tir.Call(a, b, c, {})", "tir.Call(*a, b, c, span)", "tir.Call(a, b, c, span, s)"):
        assert len(remarks(VERB, f"from tvm import tir\n{text}\n")) == 1


def test_a_string_that_is_the_name_is_changed_and_no_other() -> None:
    text = 'f("a.old", \'a.old\', "a.old.x", f"a.old{x}")\n"""a.old in a text"""\n'
    assert applied(NAME, text) == text.replace('"a.old",', '"a.new",').replace("'a.old'", "'a.new'")


def test_a_name_that_the_tree_registers_stays() -> None:
    others = {"src/a.cc": 'TVM_REGISTER_GLOBAL("a.old");\n'}
    assert applied(NAME, 'f("a.old")\n', "b.py", others) == 'f("a.old")\n'


def test_a_rebuilt_node_keeps_its_member() -> None:
    text = (
        "from tvm import tir\ntir.Call(a.b.dtype, a.b.op, [tir.Call(x.dtype, x.op, y, span=s)],)\n"
    )
    assert applied(KEPT, text) == (
        "from tvm import tir\ntir.Call(a.b.dtype, a.b.op, "
        "[tir.Call(x.dtype, x.op, y, span=s, notes=x.notes)], notes=a.b.notes,)\n"
    )


def test_a_new_node_gets_no_member() -> None:
    text = (
        "from tvm import tir\n"
        "tir.Call(x.dtype, y.op, z)\ntir.Call('int32', x.op, z)\ntir.Call(x.dtype, x.op, *z)\n"
        "tir.Call(x.dtype, x.op, z, notes=None)\ntir.Call(x.dtype, x.op, z, n)\n"
        "other.Call(x.dtype, x.op, z)\n"
    )
    assert applied(KEPT, text) == text
