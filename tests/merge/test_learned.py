"""Following what upstream renamed, and finding what one side left and the other still uses."""

from __future__ import annotations

from codemods.merge import learned, vanished, vanished_modules
from codemods.model import Language

BASE = b"""class Pass : public old::VisitorBase {
  void A(Node *op) { return VisitorBase::Visit(op); }
  void B(Node *op) { return VisitorBase::Visit(op); }
  int i = 1;
};
"""
THEIRS = BASE.replace(b"VisitorBase", b"MutatorBase").replace(b"int i", b"int j")


def test_a_name_that_upstream_replaced_throughout_is_followed() -> None:
    renames = learned.learn(BASE, THEIRS, Language.CPP)
    assert renames == {b"VisitorBase": b"MutatorBase"}
    own = b'void C() { VisitorBase::Visit("VisitorBase"); }  // VisitorBase\n'
    assert learned.follow(own, renames, Language.CPP) == (
        b'void C() { MutatorBase::Visit("VisitorBase"); }  // VisitorBase\n'
    )


def test_a_name_that_became_two_things_is_not_followed() -> None:
    theirs = THEIRS.replace(b"MutatorBase::Visit(op); }\n  int", b"OtherBase::Visit(op); }\n  int")
    assert learned.learn(BASE, theirs, Language.CPP) == {}


def test_a_name_that_upstream_still_uses_is_not_followed() -> None:
    assert learned.learn(BASE, THEIRS + b"VisitorBase kept;\n", Language.CPP) == {}


def test_a_name_seen_once_is_not_followed() -> None:
    base, theirs = b"a = compute(old_name)\n", b"a = compute(new_name)\n"
    assert learned.learn(base, theirs, Language.PYTHON) == {}


def test_a_line_where_another_name_changed_too_shows_no_rename() -> None:
    base = b"x = tvm.register(1)\ny = tvm.register(2)\nz = tvm.kept\n"
    theirs = b"x = ffi.register_global(1)\ny = ffi.register_global(2)\nz = tvm.kept\n"
    assert learned.learn(base, theirs, Language.PYTHON) == {}


def found(
    base: dict[str, str], fork: dict[str, str], upstream: dict[str, str], merged: dict[str, str]
) -> list[str]:
    trees = [{p: t.encode() for p, t in tree.items()} for tree in (base, fork, upstream, merged)]
    findings = vanished.scan(vanished.Trees(trees[0], trees[1], trees[2], trees[3]))
    return [f"{f.path}:{f.line}:{f.column} {f.message}" for f in findings]


def test_a_name_that_upstream_left_in_one_file_is_found_there() -> None:
    base = {
        "a.cc": "int f() { return helper_one(); }\n",
        "b.cc": "int g() { return helper_one(); }\n",
    }
    upstream = {**base, "a.cc": "int f() { return helper_two(); }\n"}
    own = "int own() { return helper_one(); }\n"
    fork = {**base, "a.cc": base["a.cc"] + own}
    merged = {**upstream, "a.cc": upstream["a.cc"] + own}
    assert found(base, fork, upstream, merged) == [
        "a.cc:2:20 `helper_one` is in a line of the fork's, but upstream left it in this file"
    ]


def test_upstreams_new_use_of_what_the_fork_took_out_is_found() -> None:
    base = {"op.cc": "REGISTER(barrier);\nREGISTER(other);\n"}
    fork = {"op.cc": "REGISTER(barrier_all);\nREGISTER(other);\n"}
    upstream = {**base, "gen.cc": "bool f(Op o) { return o == barrier(); }\n"}
    merged = {**fork, "gen.cc": upstream["gen.cc"]}
    assert found(base, fork, upstream, merged) == [
        "gen.cc:1:28 upstream's line uses `barrier`, which the fork took out of `op.cc`"
    ]


def test_comments_strings_own_variables_and_the_standard_library_say_nothing() -> None:
    base = {"a.py": "gone_name = 1\nprint(gone_name)\nimport ctypes\nctypes.c_size_t\n"}
    own = '# gone_name\n"""gone_name"""\nx = "gone_name"\nimport ctypes\nctypes.c_size_t(1)\n'
    own += "def f(v):\n    gone_name = v\n    return gone_name\n"
    tree = {"a.py": "print(2)\n"}
    assert found(base, {**base, "own.py": own}, tree, {**tree, "own.py": own}) == []


def modules(base: str, own: str, upstream: str) -> list[tuple[str, int, str]]:
    old, new = {"pkg/a.py": base.encode()}, {"pkg/a.py": upstream.encode()}
    return list(vanished_modules.scan(old, new, {**new, "own.py": own.encode()}))


def test_a_module_that_upstream_imports_nowhere_any_more_is_found_in_the_forks_lines() -> None:
    base = "from tvm import ir, tir\nfrom tvm.tir import Var\nimport tvm.relay as r\n"
    upstream = "from tvm import ir, tirx\nfrom tvm.tirx import Var\n"
    own = "from tvm import ir\nfrom tvm import tir  # x\nfrom tvm.tir import C\nimport tvm.relay\n"
    assert modules(base, own, upstream) == [
        ("own.py", 2, "tvm.tir"),
        ("own.py", 3, "tvm.tir"),
        ("own.py", 4, "tvm.relay"),
    ]


def test_a_module_that_a_sync_meets_so_is_a_finding() -> None:
    base = {"a.py": "from tvm.tir import Var\n"}
    upstream = {"a.py": "from tvm.tirx import Var\n"}
    own = {"own.py": "from tvm.tir import Var\n"}
    assert found(base, {**base, **own}, upstream, {**upstream, **own}) == [
        "own.py:1:1 a line of the fork's imports `tvm.tir`, but upstream does so nowhere any more"
    ]


def test_a_module_of_a_package_that_upstream_left_or_has_itself_is_no_such_module() -> None:
    base = (
        "import triton.language\nfrom pkg.old import f\nfrom typing.io import IO\nimport tvm.ir\n"
    )
    assert modules(base, base, "import typing\nfrom pkg import new\nfrom tvm import ir\n") == []


def test_a_rename_does_not_reach_a_module_that_keeps_its_name() -> None:
    renames = {b"tir": b"tirx"}
    text = b"from tvm.tir import Var\nfrom pkg.language.tir.ir import Spec  # tir\nx = tir.Var\n"
    files = {"pkg/language/tir/ir.py", "pkg/x.py"}

    def is_module(name: str) -> bool:
        return f"{name.replace('.', '/')}.py" in files

    assert learned.follow(text, renames, Language.PYTHON, is_module) == (
        b"from tvm.tirx import Var\nfrom pkg.language.tir.ir import Spec  # tir\nx = tirx.Var\n"
    )
