"""Which files are run, and which kernels are counted, read from the syntax."""

from __future__ import annotations

from pathlib import Path

import pytest

from codemods.harness.kernel_sources import (
    Definition,
    Program,
    definitions,
    kernel_files,
    program,
)
from codemods.harness.lower import Kernel, definition_of, stated_programs

TEXT = b"""\
import tilelang.language as T

def copy(n):
    @T.prim_func
    def main(a: T.Tensor((n,), "float32")):
        pass
    return main

@prim_func(private=True)
def single():
    pass

class Holder:
    @staticmethod
    def build():
        @tilelang.language.prim_func
        def main():
            pass

@T.macro
def helper():
    pass
"""


def test_kernels_are_counted_at_any_depth_and_macros_are_not() -> None:
    found = [(d.name, d.line) for d in definitions("a.py", TEXT)]
    assert found == [("copy.main", 4), ("single", 9), ("Holder.build.main", 16)]


def test_a_file_that_does_not_parse_defines_nothing_and_is_not_run() -> None:
    assert definitions("a.py", b"def (") == ()
    assert program("a.py", b"def (") is None


@pytest.mark.parametrize(
    ("path", "text", "kind"),
    [
        ("examples/x/test_a.py", b"def test_a(): pass\n", "tests"),
        ("examples/x/a.py", b"if __name__ == '__main__':\n    main()\n", "program"),
        ("examples/x/a.py", b"main()\n", "program"),
        ("examples/x/a.py", b"for n in (1, 2):\n    @T.prim_func\n    def f(): ...\n", "program"),
        ("examples/x/a.py", b"def main(): pass\n", None),
    ],
)
def test_a_file_is_run_by_pytest_as_a_script_or_not_at_all(
    path: str, text: bytes, kind: str | None
) -> None:
    found = program(path, text)
    assert (found.kind if found else None) == kind


def test_a_choice_that_must_be_made_is_made() -> None:
    text = b"""\
parser.add_argument("--cfg", type=str, choices=["small", "large"], required=True)
parser.add_argument("--kind", choices=["a", "b"])
parser.add_argument("--path", required=True)
main()
"""
    assert program("a.py", text) == Program("a.py", "program", ("--cfg", "small"))
    assert [p.arguments for p in stated_programs({"a.py": text}, None)] == [("--cfg", "small")]


def test_files_are_found_by_their_folders(tmp_path: Path) -> None:
    wanted = [
        "examples/a/b.py",
        "pkg/distributed/testing/t.py",
        "testing/python/language/test_x.py",
    ]
    unwanted = ["pkg/language/x.py", "3rdparty/examples/x.py", "testing/python/ir/test_y.py"]
    for path in [*wanted, *unwanted]:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("")
    assert kernel_files(tmp_path) == tuple(wanted)
    assert kernel_files(tmp_path, ["*/distributed/*"]) == ("pkg/distributed/testing/t.py",)


DEFINED = (
    Definition("a.py", "f.main", 4, 9),
    Definition("a.py", "g.main", 12, 20),
    Definition("b.py", "only", 1, 5),
)


@pytest.mark.parametrize(
    ("file", "line", "function", "name"),
    [
        ("a.py", 13, "main", "g.main"),
        ("a.py", 30, "main", None),
        ("", 0, "only", "only"),
        ("", 0, "main", None),
        ("b.py", 0, "only", "only"),
        ("a.py", 0, "main", None),
    ],
)
def test_a_kernel_is_held_against_its_definition_only_where_that_is_certain(
    file: str, line: int, function: str, name: str | None
) -> None:
    kernel = Kernel("a.py", "sm_80", function, file, line)
    found = definition_of(kernel, DEFINED)
    assert (found.name if found else None) == name
