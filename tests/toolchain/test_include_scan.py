"""Only headers that a unit includes before any code of the tree may be precompiled for it."""

from pathlib import Path

import pytest

from codemods.toolchain.include_scan import IncludeScanner
from codemods.toolchain.overlay import Overlay

TARGET = {
    "tvm/a.h": "#ifndef A\n#define A\n#include <tvm/b.h>\n#include <vector>\n#endif\n",
    "tvm/b.h": '#pragma once\n#include "c.h"\n#if X\n#include <tvm/maybe.h>\n#endif\n',
    "tvm/c.h": "int c;\n",
    "tvm/maybe.h": "",
}


def scanner(root: Path, **files: str) -> IncludeScanner:
    """Write the target's headers and a tree of `files`."""
    for name, text in TARGET.items():
        (root / "target" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "target" / name).write_text(text)
    changed = {name: text.encode() for name, text in files.items()}
    (root / "tree").mkdir(exist_ok=True)
    return IncludeScanner(Overlay(root / "tree", changed), [str(root / "target")])


@pytest.mark.parametrize(
    ("unit", "spelled"),
    [
        ("// c\n#include <tvm/a.h>\n#include <tvm/c.h>\nint x;", ("<tvm/a.h>", "<tvm/c.h>")),
        ("#include <tvm/a.h>\nint x;\n#include <tvm/c.h>", ("<tvm/a.h>",)),
        ("#define X 1\n#include <tvm/a.h>", ()),
        ("#ifdef X\n#include <tvm/a.h>\n#endif", ()),
        ('#include "own.h"\n#include <tvm/c.h>\n', ("<tvm/a.h>",)),
        ('#include "list.h"\n#include <tvm/c.h>\n', ("<tvm/a.h>", "<string>", "<tvm/c.h>")),
        ("/* a\n */ #include <tvm/a.h>\nusing X = int;", ("<tvm/a.h>",)),
        ("#pragma GCC poison x\n#include <tvm/a.h>", ()),
    ],
)
def test_leading_headers(tmp_path: Path, unit: str, spelled: tuple[str, ...]) -> None:
    own = "#ifndef O\n#define O\n#include <tvm/a.h>\nnamespace x { }\n#endif"
    only_includes = "#ifndef L\n#define L\n#include <tvm/a.h>\n#include <string>\n#endif  // L\n"
    scan = scanner(tmp_path, **{"u.cc": unit, "own.h": own, "list.h": only_includes})
    assert scan.leading("u.cc").spelled == spelled


def test_closure_leaves_out_what_may_not_be_included(tmp_path: Path) -> None:
    scan = scanner(tmp_path)
    target = tmp_path / "target/tvm"
    assert scan.closure("<tvm/a.h>") == {
        str(target / "a.h"),
        str(target / "b.h"),
        str(target / "c.h"),
        "<vector>",
    }


def test_header_of_the_tree_in_the_units_own_folder_is_followed(tmp_path: Path) -> None:
    scan = scanner(tmp_path, **{"u.cc": '#include "x.h"', "inc/x.h": "#include <tvm/c.h>\n"})
    assert scan.leading("u.cc").spelled == ('"x.h"',)
    assert scan.leading("u.cc", ["inc"]).spelled == ("<tvm/c.h>",)


def test_headers_that_include_each_other_end(tmp_path: Path) -> None:
    scan = scanner(tmp_path, **{"u.cc": '#include "x.h"\nint a;', "x.h": '#include "u.cc"\n'})
    assert scan.leading("u.cc").spelled == ()
