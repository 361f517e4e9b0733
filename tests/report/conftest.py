"""One small port with everything that a report can hold, hostile names and contents among it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from codemods import options, porting, tree
from codemods.model import Finding
from codemods.porting import Port
from codemods.report.document import Document, document
from codemods.result import Result

HOSTILE = "</script><script>alert(1)</script>"
HOSTILE_PATH = "a\"><img src=x onerror='alert(1)'>.cc"
FILES = {
    "block.cc": "void F();\n\n\nTVM_FFI_STATIC_INIT_BLOCK({ F(); });\n",
    HOSTILE_PATH: f"// {HOSTILE} \u202e\nvoid F();\nTVM_FFI_STATIC_INIT_BLOCK({{ F(); }});\n",
    "macro.cc": "#define GLOBAL TVM_REGISTER_GLOBAL\n",
    "same.h": "int untouched;\n",
    "notes.md": f"Use TVM_REGISTER_GLOBAL. {HOSTILE}\n",
    "win.cc": "void F();\r\nTVM_FFI_STATIC_INIT_BLOCK({ F(); });\r\n",
}


@dataclass(frozen=True)
class Ported:
    """A port of `FILES`, and the report of it."""

    before: Mapping[str, bytes]
    port: Port
    result: Result
    document: Document


@pytest.fixture(scope="session")
def ported(tmp_path_factory: pytest.TempPathFactory) -> Ported:
    root = tmp_path_factory.mktemp("tree")
    for path, text in FILES.items():
        (root / path).write_bytes(text.encode())
    found = tree.read(tree.find(root))
    chosen = options.migrations("0.1.7.post2", (), ())
    done = porting.port("run", found, porting.Wish(migrations=chosen))
    extra = Finding("block.cc", 4, 1, "TF901", f"bad `{HOSTILE}`", f"=cmd {HOSTILE}")
    result = replace(done.result, findings=(*done.result.findings, extra), written=True)
    made = document(result, found.data, done.files, options.known(), "0123abc")
    return Ported(found.data, done, result, made)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "report"
