"""The gates find every seeded loss, invention and change, one for each kind, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from codemods import registry
from codemods.inventory import (
    Gate,
    Inventory,
    Kind,
    Verdict,
    Waiver,
    compare,
    compare_merge,
    read_waivers,
    renames_of,
    take_files,
)
from codemods.model import Rename
from tests.inventory.small_tree import tree

Replacement = tuple[str, str, str]
OPS = "src/op/ops.cc"
HEADER = "src/op/push.h"
PULL = "src/op/pull.h"
LOWER = "src/transform/lower_push.cc"
CODEGEN = "src/target/codegen_demo.cc"
DEVICE = "src/tl_templates/cuda/push.h"
PACKAGE = "demo/__init__.py"
LANGUAGE = "demo/language.py"
ENVIRONMENT = "demo/env.py"
REGISTERED = "demo/registered.py"
TESTS = "tests/test_push.py"


@dataclass(frozen=True)
class Seed:
    """Three edits of the small tree and the entry that each one concerns."""

    kind: Kind
    deletion: tuple[Replacement, str]
    invention: tuple[Replacement, str]
    change: tuple[Replacement, str] | None


SEEDS = (
    Seed(
        Kind.OP,
        ((OPS, "REGISTER_PURE(rank_of).set_num_inputs(0);", ""), "demo.rank_of"),
        ((OPS, "#if 0", "REGISTER_PURE(size_of).set_num_inputs(0);\n#if 0"), "demo.size_of"),
        ((OPS, "    .set_num_inputs(1)", "    .set_num_inputs(2)"), "demo.wait_all"),
    ),
    Seed(
        Kind.TILE_OP,
        ((OPS, "REGISTER_TILE(PushOp, push).set_num_inputs(3);", ""), "demo.push"),
        ((OPS, "#if 0", "REGISTER_TILE(PullOp, pull).set_num_inputs(3);\n#if 0"), "demo.pull"),
        ((OPS, "push).set_num_inputs(3)", "push).set_num_inputs(4)"), "demo.push"),
    ),
    Seed(
        Kind.OP_ATTRIBUTE,
        ((OPS, 'TVM_REGISTER_OP("tir.exp")', "// "), "tir.exp cuda.FLowerIntrinsic"),
        (
            (OPS, '("cuda.FLowerIntrinsic", LowerExp)', '("cuda.FLowerIntrinsic", LowerExp)'
             '.set_attr<FLowerIntrinsic>("hip.FLowerIntrinsic", LowerExp)'),
            "tir.exp hip.FLowerIntrinsic",
        ),
        None,
    ),
    Seed(
        Kind.FFI_FUNCTION,
        ((OPS, '      .def("demo.RankOf", RankOf)\n', ""), "demo.RankOf"),
        (
            (OPS, '      .def("demo.RankOf", RankOf)\n',
             '      .def("demo.RankOf", RankOf)\n      .def("demo.Extra", RankOf)\n'),
            "demo.Extra",
        ),
        ((OPS, "[](PrimExpr x, int by)", "[](PrimExpr x)"), "demo.Scale"),
    ),
    Seed(
        Kind.OBJECT_TYPE,
        ((HEADER, 'static constexpr const char *_type_key = "demo.BaseOp";', ""), "demo.BaseOp"),
        (
            (HEADER, "class BaseOpNode : public Object {",
             'class XNode { static constexpr const char *_type_key = "demo.X"; };\n'
             "class BaseOpNode : public Object {"),
            "demo.X",
        ),
        ((OPS, "  PushOpNode::RegisterReflection();\n", ""), "demo.PushOp"),
    ),
    Seed(
        Kind.REFLECTED_FIELD,
        ((HEADER, '.def_ro("source", &PushOpNode::source)', ""), "demo.PushOp.source"),
        (
            (HEADER, '.def_ro("source", &PushOpNode::source)',
             '.def_ro("source", &PushOpNode::source).def_ro("note", &PushOpNode::note)'),
            "demo.PushOp.note",
        ),
        None,
    ),
    Seed(
        Kind.COMPARED_FIELD,
        ((HEADER, "equal(Shape(), other->Shape()) && ", ""), "demo.PushOp.shape_"),
        (
            (HEADER, "equal(Shape(), other->Shape())",
             "equal(Shape(), other->Shape()) && equal(note, other->note)"),
            "demo.PushOp.note",
        ),
        ((HEADER, "    hash_reduce(source);\n", ""), "demo.PushOp.source"),
    ),
    Seed(
        Kind.OPERATOR,
        ((PULL, "class Pull : public Operator", "class Pull"), "demo.Pull"),
        (
            (PULL, "class Pull :", "class Other : public Pull {};\nclass Pull :"),
            "demo.Other",
        ),
        None,
    ),
    Seed(
        Kind.OPERATOR_FIELD,
        ((PULL, "  Buffer from_;\n", ""), "demo.Pull.from_"),
        ((PULL, "  Buffer from_;", "  Buffer from_, to_;"), "demo.Pull.to_"),
        None,
    ),
    Seed(
        Kind.PASS,
        ((LOWER, '"demo.LowerPush"', "name"), "demo.LowerPush"),
        (
            (LOWER, "  return", '  CreateModulePass(f, 0, "demo.More", {});\n  return'),
            "demo.More",
        ),
        ((LOWER, "(pass_func, 0,", "(pass_func, 2,"), "demo.LowerPush"),
    ),
    Seed(
        Kind.PASS_CONFIG,
        ((OPS, "TVM_REGISTER_PASS_CONFIG_OPTION(kQuiet, Bool);", ""), "demo.quiet"),
        (
            (OPS, "#if 0", 'TVM_REGISTER_PASS_CONFIG_OPTION("demo.loud", Bool);\n#if 0'),
            "demo.loud",
        ),
        ((OPS, "(kQuiet, Bool)", "(kQuiet, Integer)"), "demo.quiet"),
    ),
    Seed(
        Kind.PASS_CONFIG_KEY,
        ((ENVIRONMENT, '    QUIET = "demo.quiet"', "    pass"), "Options.QUIET"),
        (
            (ENVIRONMENT, '    QUIET = "demo.quiet"',
             '    QUIET = "demo.quiet"\n    LOUD = "demo.loud"'),
            "Options.LOUD",
        ),
        None,
    ),
    Seed(
        Kind.ENVIRONMENT_SWITCH,
        ((LOWER, 'if (std::getenv("DEMO_VERBOSE")) {}', ""), "DEMO_VERBOSE"),
        ((ENVIRONMENT, "HOME =", 'MORE = Switch("DEMO_MORE")\nHOME ='), "DEMO_MORE"),
        ((ENVIRONMENT, 'Switch("DEMO_CACHE", "0")', 'Switch("DEMO_CACHE", "1")'), "DEMO_CACHE"),
    ),
    Seed(
        Kind.DEVICE_FUNCTION,
        (
            (DEVICE, "template <typename T> DEMO_DEVICE void push(T *from, T *to) {}", ""),
            "tl::push",
        ),
        (
            (DEVICE, "template <typename T> DEMO",
             "DEMO_DEVICE void pull() {}\ntemplate <typename T> DEMO"),
            "tl::pull",
        ),
        ((DEVICE, "push(T *from, T *to)", "push(T *from)"), "tl::push"),
    ),
    Seed(
        Kind.DEVICE_TEMPLATE,
        ((DEVICE, "template <typename T, int N = 4> struct Vec {", "namespace Vec {"), "tl::Vec"),
        ((DEVICE, "namespace tl {", "struct Other {};\nnamespace tl {"), "Other"),
        ((DEVICE, "<typename T, int N = 4>", "<typename T>"), "tl::Vec"),
    ),
    Seed(
        Kind.CODEGEN_BRANCH,
        ((CODEGEN, "demo::wait_all()", "op"), "codegen_demo.cc wait_all"),
        (
            (CODEGEN, "    // } else if", "  } else if (op.same_as(demo::rank_of())) {\n    //"),
            "codegen_demo.cc rank_of",
        ),
        None,
    ),
    Seed(
        Kind.OP_BRANCH,
        ((LOWER, "demo::rank_of()", "op"), "lower_push.cc rank_of"),
        ((LOWER, "demo::rank_of())) {}", "demo::rank_of()) || op.same_as(demo::wait_all())) {}"),
         "lower_push.cc wait_all"),
        None,
    ),
    Seed(
        Kind.PYTHON_NAME,
        ((LANGUAGE, "def _private(): ...", ""), "demo.language._private"),
        ((LANGUAGE, "def _private", "def pull(): ...\ndef _private"), "demo.language.pull"),
        ((LANGUAGE, "(source, target, *,", "(source, target,"), "demo.language.push"),
    ),
    Seed(
        Kind.PYTHON_EXPORT,
        ((PACKAGE, "from .language import push as send\n", ""), "demo.send"),
        (
            (PACKAGE, "from .env", "from .topology import node_of\nfrom .env"),
            "demo.node_of",
        ),
        ((LANGUAGE, "unroll=4", "unroll"), "demo.send"),
    ),
    Seed(
        Kind.PYTHON_FFI_FUNCTION,
        ((REGISTERED, '@tvm_ffi.register_global_func("demo.callback")\n', ""), "demo.callback"),
        (
            (REGISTERED, "import tvm_ffi", "import tvm_ffi\ntvm_ffi.register_global_func('x', f)"),
            "x",
        ),
        None,
    ),
    Seed(
        Kind.PYTHON_OBJECT_TYPE,
        ((REGISTERED, '@tvm_ffi.register_object("demo.PushOp")\n', ""), "demo.PushOp"),
        (
            (REGISTERED, "import tvm_ffi", "import tvm_ffi\ntvm_ffi.register_object('demo.Y')(Y)"),
            "demo.Y",
        ),
        None,
    ),
    Seed(
        Kind.TEST,
        ((TESTS, "def test_push_arrives(): ...", ""), "tests/test_push.py::test_push_arrives"),
        (
            (TESTS, "    def test_enter(self): ...",
             "    def test_enter(self): ...\n    def test_exit(self): ..."),
            "tests/test_push.py::TestFrames::test_exit",
        ),
        None,
    ),
)  # fmt: skip


def seeded(*edits: Replacement) -> Inventory:
    return take_files(tree(*edits))


def told(verdict: Verdict, kind: Kind) -> list[tuple[Gate, str, bool]]:
    return [
        (loss.gate, loss.entry.name, bool(loss.detail))
        for loss in verdict.losses
        if loss.entry.kind == kind.value
    ]


by_kind = pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.kind.value)


@by_kind
def test_a_seeded_deletion_is_lost(seed: Seed) -> None:
    edit, name = seed.deletion
    assert told(compare(seeded(), seeded(edit)), seed.kind) == [(Gate.LOST, name, False)]


@by_kind
def test_a_seeded_invention_is_invented(seed: Seed) -> None:
    edit, name = seed.invention
    assert told(compare(seeded(), seeded(edit)), seed.kind) == [(Gate.INVENTED, name, False)]


@pytest.mark.parametrize(
    "seed", [s for s in SEEDS if s.change is not None], ids=lambda seed: seed.kind.value
)
def test_a_seeded_change_of_signature_is_lost(seed: Seed) -> None:
    assert seed.change is not None
    edit, name = seed.change
    assert (Gate.LOST, name, True) in told(compare(seeded(), seeded(edit)), seed.kind)


def test_every_kind_is_seeded() -> None:
    files_are_whole = {Kind.DEVICE_FILE}
    assert {seed.kind for seed in SEEDS} | files_are_whole == set(Kind)


def test_a_device_file_that_is_gone_is_lost() -> None:
    files = tree()
    del files[DEVICE]
    verdict = compare(seeded(), take_files(files))
    assert told(verdict, Kind.DEVICE_FILE) == [(Gate.LOST, DEVICE, False)]


def test_a_tree_compared_with_itself_has_no_losses() -> None:
    assert compare(seeded(), seeded()) == Verdict(())


def test_parameters_in_another_order_are_a_change() -> None:
    swapped = seeded((LANGUAGE, "(source, target,", "(target, source,"))
    assert (Gate.LOST, "demo.language.push", True) in told(
        compare(seeded(), swapped), Kind.PYTHON_NAME
    )


def test_members_of_a_lost_class_are_counted_inside_it() -> None:
    gone = seeded((LANGUAGE, "class Frame:\n    def enter(self, name): ...", ""))
    losses = [e for e in compare(seeded(), gone).losses if e.entry.kind == "python_name"]
    assert [(loss.entry.name, loss.inside) for loss in losses] == [("demo.language.Frame", 1)]


PORTED = (
    (
        HEADER,
        'def_ro("source", &PushOpNode::source)',
        'def_ro("source", &PushOpNode::source)\n.def_ro("target", &PushOpNode::target)'
        '.def_ro("shape", &PushOpNode::shape_)',
    ),
    (
        HEADER,
        "  bool SEqualReduce(const PushOpNode *other, SEqualReducer equal) const {\n"
        "    return equal(source, other->source) && equal(target, other->target) &&\n"
        "           equal(Shape(), other->Shape()) && equal(Extent(), other->Extent());\n"
        "  }\n"
        "  void SHashReduce(SHashReducer hash_reduce) const {\n"
        "    hash_reduce(source);\n"
        "    hash_reduce(this->target);\n"
        "  }\n",
        "  static constexpr TVMFFISEqHashKind _type_s_eq_hash_kind = kTVMFFISEqHashKindTreeNode;\n",
    ),
)


def test_a_faithful_port_of_equality_loses_and_invents_nothing() -> None:
    assert compare(seeded(), seeded(*PORTED)).losses == ()


def test_a_port_that_forgets_a_compared_field_loses_it_and_what_depends_on_it() -> None:
    dropped = (*PORTED[0][:2], PORTED[0][2].replace('.def_ro("target", &PushOpNode::target)', ""))
    assert dropped != PORTED[0]
    assert told(compare(seeded(), seeded(dropped, PORTED[1])), Kind.COMPARED_FIELD) == [
        (Gate.LOST, "demo.PushOp.Extent()", False),
        (Gate.LOST, "demo.PushOp.target", False),
    ]


def test_a_port_that_drops_equality_loses_every_compared_field() -> None:
    silent = (*PORTED[1][:2], "")
    lost = told(compare(seeded(), seeded(silent)), Kind.COMPARED_FIELD)
    assert [name for _, name, _ in lost] == [
        f"demo.PushOp.{m}" for m in ("Extent()", "shape_", "source", "target")
    ]


def test_a_field_that_was_hashed_and_not_compared_need_not_be_hashed() -> None:
    hashed = seeded((HEADER, "equal(target, other->target) &&", ""))
    neither = seeded(
        (HEADER, "equal(target, other->target) &&", ""),
        (HEADER, "    hash_reduce(this->target);\n", ""),
    )
    assert told(compare(seeded(), hashed), Kind.COMPARED_FIELD) != []
    assert compare(hashed, neither).losses == ()


def test_a_rename_that_a_migration_declares_is_no_loss() -> None:
    old = 'REGISTER_TILE(Entry, Name) TVM_REGISTER_OP("demo."'
    after = seeded(("src/op/registry.h", old, old.replace("demo.", "demo.tile.")))
    renames = (Rename("tile_op", "demo.*", "demo.tile.*"),)
    assert len(compare(seeded(), after).losses) == 4
    assert compare(seeded(), after, renames).losses == ()


def test_a_rename_may_keep_several_parts_of_a_name() -> None:
    before = take_files({"p/__init__.py": b"e4m3_float8x4 = 1\nkept = 2\n"})
    after = take_files({"p/__init__.py": b"float8_e4m3x4 = 1\nkept = 2\n"})
    renames = tuple(
        Rename(kind, "*e4m3_float8*", "*float8_e4m3*") for kind in ("python_name", "python_export")
    )
    assert len(compare(before, after).losses) == 4
    assert compare(before, after, renames).losses == ()


def test_a_rename_of_a_migration_that_did_not_run_changes_nothing() -> None:
    renames = (Rename("tile_op", "demo.*", "demo.tile.*"),)
    assert compare(seeded(), seeded(), renames).losses == ()
    edit, name = next(seed.deletion for seed in SEEDS if seed.kind is Kind.TILE_OP)
    verdict = compare(seeded(), seeded(edit), renames)
    assert told(verdict, Kind.TILE_OP) == [(Gate.LOST, name, False)]


def test_what_a_migration_brings_in_is_not_invented() -> None:
    edit = (OPS, "#if 0", 'TVM_REGISTER_PASS_CONFIG_OPTION("demo.loud", Bool);\n#if 0')
    renames = (Rename("pass_config", "", "demo.loud"),)
    assert compare(seeded(), seeded(edit), renames).losses == ()


def test_a_pattern_of_new_names_cannot_switch_a_gate_off() -> None:
    edit = (OPS, "#if 0", 'TVM_REGISTER_PASS_CONFIG_OPTION("demo.loud", Bool);\n#if 0')
    blind = Rename("pass_config", "", "demo.*")
    assert told(compare(seeded(), seeded(edit), (blind,)), Kind.PASS_CONFIG) == [
        (Gate.INVENTED, "demo.loud", False)
    ]
    known = registry.load()
    assert renames_of(known)
    with pytest.raises(ValueError, match="a pattern of names"):
        renames_of([replace(known[0], renames=(blind,))])


def test_waived_losses_are_counted_apart_and_unused_waivers_told() -> None:
    used = Waiver("lost", "test", "tests/test_push.py::*", "the harness tests it")
    unused = Waiver("lost", "op", "demo.none", "never was")
    edit, _ = next(seed.deletion for seed in SEEDS if seed.kind is Kind.TEST)
    verdict = compare(seeded(), seeded(edit), waivers=(used, unused))
    assert verdict.losses == ()
    assert [waiver for _, waiver in verdict.waived] == [used]
    assert verdict.unused == (unused,)


def test_a_waiver_without_a_reason_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "waivers.toml"
    good = '[[waiver]]\ngate = "lost"\nkind = "op"\nname = "a"\n'
    file.write_text(good + 'reason = "converged upstream"\n')
    assert read_waivers(file) == (Waiver("lost", "op", "a", "converged upstream"),)
    for wrong, words in (
        (good, "missing reason"),
        (good.replace("lost", "gone") + 'reason = "x"\n', "unknown gate `gone`"),
        (good.replace('"op"', '"opp"') + 'reason = "x"\n', "unknown kind `opp`"),
    ):
        file.write_text(wrong)
        with pytest.raises(ValueError, match=words):
            read_waivers(file)


def python(*definitions: str) -> Inventory:
    body = "\n".join(f"def {definition}: ..." for definition in definitions)
    return take_files({"p/__init__.py": b"", "p/m.py": body.encode()})


def merged(base: Inventory, fork: Inventory, upstream: Inventory, result: Inventory) -> list[str]:
    verdict = compare_merge(base, fork, upstream, result)
    return [f"{loss.gate.value} {loss.entry.name.removeprefix('p.m.')}" for loss in verdict.losses]


def test_the_four_gates_of_a_merge() -> None:
    base = python("kept()", "gone()", "dropped()")
    fork = python("kept()", "gone()", "of_fork()")
    upstream = python("kept()", "dropped()", "of_upstream()")
    good = python("kept()", "of_fork()", "of_upstream()")
    assert merged(base, fork, upstream, good) == []
    bad = python("kept()", "gone()", "dropped()", "nobody()")
    assert merged(base, fork, upstream, bad) == [
        "resurrected dropped",
        "resurrected gone",
        "invented nobody",
        "lost of_fork",
        "upstream-lost of_upstream",
    ]


def test_a_merge_keeps_the_parameters_of_both_sides() -> None:
    base, fork, upstream = python("f(a)"), python("f(a, x=1)"), python("f(a, y=1)")
    assert merged(base, fork, upstream, python("f(a, x=1, y=1)")) == []
    assert merged(base, fork, upstream, python("f(a, y=1)")) == ["lost f"]
    assert merged(base, fork, upstream, python("f(a, x=1)")) == ["upstream-lost f"]
    assert merged(base, fork, upstream, python("f(a, x=1, y=1, z=1)")) == ["invented f"]


def test_a_parameter_that_upstream_removed_may_not_come_back() -> None:
    assert merged(python("f(a, b)"), python("f(a, b)"), python("f(a)"), python("f(a, b)")) == [
        "resurrected f"
    ]


def test_a_loss_says_where_and_what() -> None:
    changed = seeded((LANGUAGE, "unroll=4", "unroll"))
    loss = next(e for e in compare(seeded(), changed).losses if e.entry.kind == "python_name")
    assert str(loss) == (
        "demo/language.py:4: lost: python_name `demo.language.push`: `unroll=`: "
        "`(source, target, *, unroll=)` became `(source, target, *, unroll)`"
    )


def test_members_of_a_class_that_is_there_again_are_counted_inside_it() -> None:
    text = b"class Adapter:\n    def run(self): ...\n"
    old = take_files({"p/__init__.py": b"", "p/m.py": text})
    new = take_files({"p/__init__.py": b""})
    verdict = compare_merge(old, old, new, old)
    assert [str(loss) for loss in verdict.losses] == [
        "p/m.py:1: resurrected: python_name `p.m.Adapter`, with 1 inside: upstream had removed it"
    ]
