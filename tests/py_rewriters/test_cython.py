"""Names that moved, in Cython."""

from __future__ import annotations

from py_rewriters.cython import moved_in_cython
from tests.py_rewriters.applying import applied

VERB = moved_in_cython({"old.ffi": "new_ffi", "old.make": "old.create"})


def test_imports_and_dotted_names_move() -> None:
    before = "import old.ffi\ncdef object f = old.ffi.get('old.ffi')  # old.ffi\nold.make(1)\n"
    assert applied(VERB, before, "a.pyx") == (
        "import old\nimport new_ffi\n"
        "cdef object f = new_ffi.get('old.ffi')  # old.ffi\nold.create(1)\n"
    )


def test_an_imported_name_keeps_its_name() -> None:
    assert applied(VERB, "from old import make\nmake()\n", "a.pyx") == (
        "from old import create as make\nmake()\n"
    )


def test_a_longer_name_and_an_attribute_of_something_else_stay() -> None:
    text = "cimport numpy\nx.old.ffi.y\nold.ffi2.y\n"
    assert applied(VERB, text, "a.pyx") == text
