"""Names that are gone, words and strings that are spelt anew, slices: what is told or changed."""

from __future__ import annotations

import pytest

from codemods.migrations.r1.data_types_keep_their_text import MIGRATION as TEXT
from codemods.migrations.r1.numbers_come_unboxed import MIGRATION as NUMBERS
from codemods.migrations.r1.slices_are_buffer_loads import MIGRATION as SLICES
from codemods.migrations.r1.stackvm_was_removed import MIGRATION as STACKVM
from codemods.migrations.r1.tvm_error_is_exception import MIGRATION as ERROR
from codemods.model import Migration
from py_rewriters.gone import Gone, gone_names
from py_rewriters.strings import argument_respelt
from py_rewriters.words import respelt
from tests.py_rewriters.applying import applied, remarks

GONE = gone_names({"tvm.old": Gone("why", "advice")}, but=("tvm.old.kept",))
WORDS, _ = respelt(("_old",), r"(a|b)_old(x\d+)?", r"new_\1\2")
KEYS = argument_respelt(("tvm.make",), {"Old": "ns.Old"})


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("import tvm\ntvm.old()\n", 1),
        ("import tvm\ntvm.old.more.parts\n", 1),
        ("from tvm import old\nold()\n", 1),
        ("import tvm.old\n", 1),
        ("from tvm.old import a, b\n", 2),
        ("from tvm.old import *\n", 1),
        ("from tvm.old import kept\n", 0),
        ("import tvm\ntvm.old.kept\n", 0),
        ("import tvm\ndef f(tvm):\n    tvm.old()\n", 0),
        ("from other import old\nold()\n", 0),
        ("x = 'tvm.old'\n", 0),
    ],
)
def test_a_name_that_is_gone_is_told_where_it_stands(text: str, count: int) -> None:
    assert len(remarks(GONE, text)) == count
    assert applied(GONE, text) == text


def test_a_module_of_the_tree_that_imports_the_name_is_told_and_not_its_users() -> None:
    others = {"own/compat.py": "from tvm import old\n"}
    assert remarks(GONE, "from .compat import old\nold()\n", "own/user.py", others) == []


def test_whole_words_are_spelt_anew_wherever_they_stand() -> None:
    text = 'x = "a_old", T.b_oldx4  # a_old\nka_old = a_older = "x-a_old" + _a_old\n'
    assert applied(WORDS, text) == (
        'x = "new_a", T.new_bx4  # new_a\nka_old = a_older = "x-a_old" + _a_old\n'
    )


def test_the_first_argument_of_a_known_function_is_spelt_anew() -> None:
    text = 'import tvm\ntvm.make("Old", x="Old")\nother.make("Old")\ntvm.make(\'Older\')\n'
    assert applied(KEYS, text) == text.replace('tvm.make("Old"', 'tvm.make("ns.Old"')


@pytest.mark.parametrize(
    "text",
    [
        'target_host = "stackvm"\n',
        'build(mod, target="stackvm")\n',
        'if target.kind.name == "x" or target_host != "stackvm": pass\n',
        'tvm.target.Target("stackvm")\n',
        'def f(a, target="stackvm"): pass\n',
        'def f(*, host_target="stackvm"): pass\n',
    ],
)
def test_the_name_of_a_target_is_changed_and_told(text: str) -> None:
    (rewrite,) = STACKVM.rewrites
    assert applied(rewrite, text) == text.replace("stackvm", "c")
    assert len(remarks(rewrite, text)) == 1


def test_the_same_word_for_something_else_stays() -> None:
    (rewrite,) = STACKVM.rewrites
    text = 'print("stackvm")\nname = "stackvm"\n'
    assert applied(rewrite, text) == text
    assert remarks(rewrite, text) == []


FINDINGS = [
    (NUMBERS, 'func.attrs["a"].value\n', 1),
    (NUMBERS, 'func.attrs.get("a").value\n', 1),
    (NUMBERS, 'n = loop.annotations["a"]\nn.value\n', 1),
    (NUMBERS, 'n = loop.annotations["a"]\nn = int(n)\nn.value\n', 0),
    (NUMBERS, "loop.attrs[0].value\n", 0),
    (NUMBERS, "attrs = 1\nbuffer.shape[0].value\n", 0),
    (ERROR, "import tvm\ntry: f()\nexcept (ValueError, tvm.TVMError): pass\n", 1),
    (ERROR, "from tvm import TVMError as E\nwith suppress(E): f()\n", 1),
    (ERROR, "import tvm\nraise tvm.TVMError('x')\n", 0),
    (ERROR, "from other import TVMError\ntry: f()\nexcept TVMError: pass\n", 0),
    (TEXT, 'import tvm\nd = tvm.DataType(x)\nif str(d) == "float32": pass\n', 1),
    (TEXT, 'import tvm\nstr(tvm.DataType(x)) in ("float32", "int8")\n', 1),
    (TEXT, 'import tvm\nbuffer.dtype == "float32"\nx == "float32"\n', 0),
    (TEXT, 'import tvm\nstr(tvm.DataType(x)) == "handle64"\n', 1),
    (
        SLICES,
        "from tvm import tir\ndef f(x):\n    if isinstance(x, tir.BufferRegion): pass\n",
        1,
    ),
    (
        SLICES,
        "from tvm import tir\ndef f(x):\n    if isinstance(x, tir.BufferLoad): pass\n"
        "    if isinstance(x, tir.BufferRegion): pass\n",
        0,
    ),
    (SLICES, "from tvm import tir\nT.address_of(tir.BufferRegion(b, r))\n", 1),
    (SLICES, "from tvm import tir\nT.address_of(tir.BufferLoad(b, r))\n", 0),
]


@pytest.mark.parametrize(("migration", "text", "count"), FINDINGS)
def test_code_that_depends_on_what_changed_is_told(
    migration: Migration, text: str, count: int
) -> None:
    found = [each for rewrite in migration.rewrites for each in remarks(rewrite, text)]
    assert len(found) == count
    assert all(applied(rewrite, text) == text for rewrite in migration.rewrites)


def test_an_element_of_an_attribute_that_is_an_array_is_no_box_either() -> None:
    assert remarks(*NUMBERS.rewrites, 'x = func.attrs["sizes"][0].value\n')
    assert not remarks(*NUMBERS.rewrites, "x = func.sizes[0].value\n")
