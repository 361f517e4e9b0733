"""Names that moved: every way that Python has to name something, and what must stay."""

from __future__ import annotations

import pytest

from codemods.model import Edit
from py_rewriters.moves import moved
from tests.py_rewriters.applying import applied, outcomes, remarks

PACKAGE = moved({"old.ffi": "new_ffi"})
NAME = moved({"old.make": "old.create", "new_ffi.make": "new_ffi.create"})

CASES = {
    "a dotted use follows its import": (
        "import old.ffi\nold.ffi.make()\n",
        "import new_ffi\nnew_ffi.make()\n",
    ),
    "an import that also bound the package's root keeps it while it is used": (
        "import old.ffi\nold.ffi.make(old.thing)\n",
        "import old\nimport new_ffi\nnew_ffi.make(old.thing)\n",
    ),
    "a root that another import binds is not imported again": (
        "import old\nimport old.ffi\nold.ffi.make(old.thing)\n",
        "import old\nimport new_ffi\nnew_ffi.make(old.thing)\n",
    ),
    "an alias of the module keeps its name": (
        "import old.ffi as F\nF.make()\n",
        "import new_ffi as F\nF.make()\n",
    ),
    "a module imported by name takes its new name": (
        "from old import ffi\nffi.make()\n",
        "import new_ffi\nnew_ffi.make()\n",
    ),
    "a module imported by name keeps its name where the new one is taken": (
        "from old import ffi\nnew_ffi = 1\nffi.make()\n",
        "import new_ffi as ffi\nnew_ffi = 1\nffi.make()\n",
    ),
    "of several imported names only the moved one moves": (
        "from old import a, ffi, b\nffi.make(a, b)\n",
        "from old import a, b\nimport new_ffi\nnew_ffi.make(a, b)\n",
    ),
    "the last of several imported names goes with the comma before it": (
        "from old import a as x , ffi ; ffi.make(x)\n",
        "from old import a as x; import new_ffi ; new_ffi.make(x)\n",
    ),
    "comments inside an import stay with their names": (
        "from old.ffi import (\n    make,  # one\n    call,\n)\n",
        "from new_ffi import (\n    make,  # one\n    call,\n)\n",
    ),
    "a comment of a name that stays in a shortened import stays": (
        "from old import (\n    a,  # one\n    ffi,  # two\n)\nffi.make(a)\n",
        "from old import (\n    a,  # one\n)\nimport new_ffi\nnew_ffi.make(a)\n",
    ),
    "statements on one line stay on one line": (
        "import os, old.ffi; old.ffi.make(); old.thing()\n",
        "import os, old, new_ffi; new_ffi.make(); old.thing()\n",
    ),
    "a body on the line of its condition stays there": (
        "if 1: import old.ffi\nold.ffi.make(old)\n",
        "if 1: import old; import new_ffi\nnew_ffi.make(old)\n",
    ),
    "comments and line ends within a dotted name stay": (
        "import old\n(old # a\n .ffi # b\n .make())\n",
        "import new_ffi\n(new_ffi # a\n  # b\n .make())\n",
    ),
    "a continued line is followed": (
        "import old\nold\\\n  .ffi\\\n  .make()\n",
        "import new_ffi\nnew_ffi\\\n  .make()\n",
    ),
    "a nested occurrence changes in the same run": (
        "import old.ffi\nold.ffi.make(old.ffi.make(old.ffi.x))\n",
        "import new_ffi\nnew_ffi.make(new_ffi.make(new_ffi.x))\n",
    ),
    "an import inside a function stays inside it": (
        "def f():\n    import old.ffi\n    return old.ffi.make()\n",
        "def f():\n    import new_ffi\n    return new_ffi.make()\n",
    ),
    "a variable that stands for the module is followed": (
        "import old\nffi = old.ffi\nffi.make()\n",
        "import new_ffi\nffi = new_ffi\nffi.make()\n",
    ),
    "an import that is there already is not repeated": (
        "import new_ffi\nimport old.ffi\nold.ffi.make()\n",
        "import new_ffi\nnew_ffi.make()\n",
    ),
    "an optional import stays optional": (
        "try:\n    import old.ffi\nexcept ImportError:\n    old = None\nold.ffi.make()\n",
        "try:\n    import new_ffi\nexcept ImportError:\n    old = None\nnew_ffi.make()\n",
    ),
    "a star import of the module moves": ("from old.ffi import *\n", "from new_ffi import *\n"),
    "strings and comments stay": (
        '"""old.ffi"""\nimport old.ffi  # old.ffi\nx = "old.ffi", old.ffi.x\n',
        '"""old.ffi"""\nimport new_ffi  # old.ffi\nx = "old.ffi", new_ffi.x\n',
    ),
    "byte order mark, line endings and text before the place are kept": (
        "\ufeff# é\r\nimport old.ffi\r\nx = 'é'; old.ffi.make(old)\r\n",
        "\ufeff# é\r\nimport old\r\nimport new_ffi\r\nx = 'é'; new_ffi.make(old)\r\n",
    ),
    "a form feed does not shift places": (
        "import old.ffi\n\x0c\nold.ffi.make()",
        "import new_ffi\n\x0c\nnew_ffi.make()",
    ),
}


@pytest.mark.parametrize("title", CASES)
def test_a_module_that_moved(title: str) -> None:
    before, after = CASES[title]
    others = {"own/__init__.py": ""}
    assert applied(PACKAGE, before, "own/a.py", others) == after
    assert applied(PACKAGE, after, "own/a.py", others) == after


NAMES = {
    "the last part of a dotted name": ("import old\nold.make()\n", "import old\nold.create()\n"),
    "a name that an import binds": (
        "from old import make\nmake(make)\n",
        "from old import create\ncreate(create)\n",
    ),
    "a parameter of the same name is something else": (
        "from old import make\ndef f(make):\n    return make()\n",
        "from old import create\ndef f(make):\n    return make()\n",
    ),
    "a local variable of the same name is something else": (
        "from old import make\ndef f():\n    make = 1\n    return make\nmake()\n",
        "from old import create\ndef f():\n    make = 1\n    return make\ncreate()\n",
    ),
    "a comprehension's variable is something else": (
        "from old import make\nx = [make for make in y]\n",
        "from old import create\nx = [make for make in y]\n",
    ),
    "an alias is kept": (
        "from old import make as m\nm()\n",
        "from old import create as m\nm()\n",
    ),
    "a new name that is taken leads to an alias": (
        "from old import make\ncreate = 1\nmake()\n",
        "from old import create as make\ncreate = 1\nmake()\n",
    ),
    "a class attribute keeps its name": (
        "class C:\n    from old import make\nC.make()\n",
        "class C:\n    from old import create as make\nC.make()\n",
    ),
    "an attribute of something else stays": ("import old\nx.make(old)\n",) * 2,
}


@pytest.mark.parametrize("title", NAMES)
def test_a_name_that_moved(title: str) -> None:
    before, after = NAMES[title]
    assert applied(NAME, before) == after
    assert applied(NAME, after) == after


def test_a_re_export_in_the_tree_is_followed() -> None:
    others = {"own/__init__.py": "import tvm\n"}
    verb = moved({"tvm.make": "tvm.create"})
    assert applied(verb, "from own import tvm\ntvm.make()\n", "x.py", others).endswith(
        "tvm.create()\n"
    )


def test_a_star_import_brings_names_that_the_module_exports() -> None:
    others = {"own/common.py": "import tvm\nimport tvm as _hidden\n"}
    verb = moved({"tvm.make": "tvm.create"})
    text = "from .common import *\ntvm.make()\n_hidden.make()\n"
    changed = "from .common import *\ntvm.create()\n_hidden.make()\n"
    assert applied(verb, text, "own/x.py", others) == changed


def test_a_name_that_other_modules_import_is_kept_for_them() -> None:
    others = {"own/user.py": "from .compat import register_func\n"}
    text = "from tvm import register_func\nregister_func()\n"
    verb = moved({"tvm.register_func": "tvm.create"})
    assert applied(verb, text, "own/compat.py", others) == (
        "from tvm import create as register_func\nregister_func()\n"
    )
    user = others["own/user.py"]
    assert applied(verb, user, "own/user.py", {"own/compat.py": text}) == user


def test_the_names_of_a_package_file_are_kept() -> None:
    verb = moved({"tvm.make": "tvm.create"})
    assert applied(verb, "from tvm import make\n", "own/__init__.py") == (
        "from tvm import create as make\n"
    )


@pytest.mark.parametrize(
    "text",
    ["import old\nold = f()\nold.ffi.make()\n", "import old\nnew_ffi = 1\nold.ffi.make()\n"],
)
def test_a_name_with_two_meanings_is_left_and_remarked(text: str) -> None:
    assert applied(PACKAGE, text) == text
    (remark,) = remarks(PACKAGE, text)
    assert "another meaning" in remark.message
    assert text[remark.offset :].startswith("old.ffi.make")


def test_a_file_in_another_encoding_is_edited_at_the_right_bytes() -> None:
    raw = "# coding: latin-1\nimport old.ffi\nx = 'éé'; old.ffi.make()\n".encode("latin-1")
    edits = [each for each in outcomes(PACKAGE, raw) if isinstance(each, Edit)]
    assert raw[edits[-2].start : edits[-2].end] == b"old"


def test_a_file_that_cannot_be_parsed_is_left() -> None:
    assert outcomes(PACKAGE, "import old.ffi\ndef (:\n") == []


def test_an_optional_package_may_be_tried_under_both_names() -> None:
    text = (
        "try:\n    from old import make\nexcept ImportError:\n    from older import make\nmake()\n"
    )
    assert applied(NAME, text).splitlines()[1].strip() == "from old import create as make"
    assert applied(NAME, text).splitlines()[-1] == "make()"


def test_a_submodule_is_not_taken_for_what_a_star_import_brings() -> None:
    others = {
        "own/__init__.py": "from .a import *\n",
        "own/a.py": "from tvm import tir\n",
        "own/tir/__init__.py": "",
        "own/tir/op.py": "def make(): ...\n",
    }
    verb = moved({"tvm.tir.op.make": "tvm.tir.op.create"})
    text = "import own.tir.op as op\nop.make()\n"
    assert applied(verb, text, "x.py", others) == text


def test_names_that_a_hasty_renaming_wrote_are_mended() -> None:
    from codemods.migrations.r3.tvm_ffi_became_a_package import MIGRATION

    text = "from tvm.ffi.runtime_ctypes import DataType\nfrom tvm.ffi.base import py_str\n"
    assert applied(MIGRATION.rewrites[0], text) == (
        "from tvm.runtime import DataType\nfrom tvm.base import py_str\n"
    )


IDLE = {
    "an import that nothing uses any more makes room": (
        "import tvm\ntvm.ffi.get()\n",
        "import tvm_ffi\ntvm_ffi.get()\n",
    ),
    "one that something uses stays": (
        "import tvm\ntvm.ffi.get(tvm.x)\n",
        "import tvm\nimport tvm_ffi\ntvm_ffi.get(tvm.x)\n",
    ),
    "one that is meant to be idle stays": (
        "import tvm  # noqa: F401\ntvm.ffi.get()\n",
        "import tvm  # noqa: F401\nimport tvm_ffi\ntvm_ffi.get()\n",
    ),
    "one of several names stays": (
        "import os, tvm\ntvm.ffi.get()\n",
        "import os, tvm\nimport tvm_ffi\ntvm_ffi.get()\n",
    ),
}


@pytest.mark.parametrize("title", IDLE)
def test_in_a_package_that_loads_it(title: str) -> None:
    before, after = IDLE[title]
    verb = moved({"tvm.ffi": "tvm_ffi"})
    assert applied(verb, before, "own/a.py", {"own/__init__.py": "import tvm\n"}) == after


def test_a_script_that_alone_loads_the_library_goes_on_loading_it() -> None:
    verb = moved({"tvm.ffi": "tvm_ffi"})
    assert applied(verb, "import tvm\ntvm.ffi.get()\n", "a.py") == (
        "import tvm\nimport tvm_ffi\ntvm_ffi.get()\n"
    )


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("import tvm.ffi\nf()\n", "import tvm  # noqa: F401\nimport tvm_ffi\nf()\n"),
        ("import tvm.ffi, os\n", "import tvm, tvm_ffi, os\n"),
        ("import tvm.ffi\nfrom tvm import x\n", "import tvm_ffi\nfrom tvm import x\n"),
        ("import tvm.ffi\nimport own.a\n", "import tvm_ffi\nimport own.a\n"),
        ("def f():\n    import tvm.ffi\n", "def f():\n    import tvm_ffi\n"),
    ],
)
def test_a_script_keeps_the_import_that_alone_loads_the_library(text: str, changed: str) -> None:
    verb = moved({"tvm.ffi": "tvm_ffi"})
    others = {"own/__init__.py": "import tvm\n", "own/a.py": ""}
    assert applied(verb, text, "run.py", others) == changed
    assert applied(verb, changed, "run.py", others) == changed
