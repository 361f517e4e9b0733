"""What `check` remembers changes its speed and never what it says."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from codemods import check, engine, memory, registry, tree
from codemods.applying import Rewritten
from codemods.ladder import DEFAULT_TARGET
from codemods.model import Effort, Facts, Migration, Outcome, Rewrite, Source
from codemods.start import start

ROOT = Path(__file__).parents[1]
FIXTURE = ROOT / "fixtures" / "minitilescale"
HEADER = """\
class FooNode : public Object {
 public:
  static void RegisterReflection() { refl::ObjectDef<FooNode>(); }
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("demo.Foo", FooNode, Object);
};
"""
USER = "TVM_REGISTER_NODE_TYPE(FooNode);\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CODEMODS_CACHE", str(tmp_path / "cache"))
    target = tmp_path / "tree"
    target.mkdir()
    (target / "pyproject.toml").write_text("", encoding="utf-8")
    (target / "foo.h").write_text(HEADER, encoding="utf-8")
    (target / "foo.cc").write_text(USER, encoding="utf-8")
    monkeypatch.chdir(target)
    return target


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    start(check.main, ["--output-format", "json", "--quiet", *arguments])
    return capsys.readouterr().out


def kept(here: Path) -> list[Path]:
    return sorted((here.parent / "cache" / "checks").glob("*.json"))


def settle(here: Path) -> None:
    """Let the files be as old as most files are, so that they are known without being read."""
    for path in here.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))


def test_an_edited_header_changes_what_is_said_of_another_file(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = said(capsys, "foo.cc")
    assert said(capsys, "foo.cc") == before
    (here / "foo.h").write_text(HEADER.replace("Foo", "Bar"), encoding="utf-8")
    after = said(capsys, "foo.cc")
    assert after == said(capsys, "--no-cache", "foo.cc") != before


def test_a_module_whose_imports_move_into_a_function_changes_what_is_said_of_its_users(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    module = "if True:\n    import tvm\n"
    user = "from package.a import tvm\n\n\n@tvm.register_func('x')\ndef f():\n    pass\n"
    package = here / "package"
    package.mkdir()
    (package / "__init__.py").write_text("", encoding="utf-8")
    (package / "a.py").write_text(module, encoding="utf-8")
    (package / "b.py").write_text(user, encoding="utf-8")
    before = said(capsys, ".")
    (package / "a.py").write_text(module.replace("if True", "def g()"), encoding="utf-8")
    after = said(capsys, ".")
    assert after == said(capsys, "--no-cache", ".") != before
    assert "b.py" in before
    assert "b.py" not in after


def test_a_check_after_edits_says_what_one_without_memory_does(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(FIXTURE, here, dirs_exist_ok=True)
    cold = said(capsys, "--no-cache", ".")
    assert said(capsys, ".") == cold
    assert said(capsys, ".") == cold
    edits = {
        "src/op/operator.h": "struct Added { int field; };\n",
        "tilelang/__init__.py": "import tvm.ffi\n",
        "src/new.cc": "void F();\nTVM_FFI_STATIC_INIT_BLOCK({ F(); });\n",
    }
    for path, text in edits.items():
        with (here / path).open("a", encoding="utf-8") as stream:
            stream.write(text)
        assert said(capsys, ".") == said(capsys, "--no-cache", ".")
    (here / "src" / "new.cc").unlink()
    assert said(capsys, ".") == said(capsys, "--no-cache", ".")
    for option in ("--unsafe-fixes", "--select=TF3", "--ignore=TF301", "--to=0.1.6"):
        assert said(capsys, option, ".") == said(capsys, "--no-cache", option, ".")


def test_what_the_engine_worked_out_is_not_worked_out_again(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(FIXTURE, here, dirs_exist_ok=True)
    found = tree.read(tree.find(here))
    migrations = registry.select(registry.load(), target=DEFAULT_TARGET)
    first = memory.Memory("answers", here, ())
    cold = engine.port(found.data, migrations, memory=first)
    first.save()

    def refuse(*_: object) -> None:
        raise AssertionError("a worker was asked")

    monkeypatch.setattr("codemods.staff.Staff._hire", refuse)
    warm = engine.port(found.data, migrations, memory=memory.Memory("answers", here, ()))
    assert warm == cold
    with pytest.raises(AssertionError, match="a worker was asked"):
        engine.port(found.data, migrations)


@pytest.mark.parametrize("name", ["foo.cc", "alone.py", "foo.h", "."])
def test_what_was_said_is_said_again_without_loading_a_migration(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (here / "alone.py").write_text("import tvm\n\ntvm.register_func('x')\n", encoding="utf-8")
    expected = said(capsys, name)
    monkeypatch.setattr("codemods.options.migrations", None)
    assert said(capsys, name) == expected


def test_another_version_of_the_tool_asks_anew(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = memory.Memory("answers", here, ())
    first.put("question", "answer")
    first.save()
    assert memory.Memory("answers", here, ()).get("question") == "answer"
    assert memory.Memory("answers", here, "another option").get("question") is None
    module = here.parent / "codemods"
    module.mkdir()
    (module / "engine.py").write_text("", encoding="utf-8")
    own = memory._tool()
    monkeypatch.setattr(memory, "_OURS", ("codemods",))
    monkeypatch.setattr("codemods.__file__", str(module / "__init__.py"))
    other = memory._tool()
    (module / "engine.py").write_text("# changed", encoding="utf-8")
    assert len({own, other, memory._tool()}) == 3
    assert memory.Memory("answers", here, ()).get("question") is None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: b"",
        lambda data: b"\x00\xff",
        lambda data: data[: len(data) // 2],
        lambda data: data.replace(b"TF3", b"TF8"),
        lambda data: data.partition(b"\n")[2],
        lambda data: b"[" * 100_000,
    ],
)
def test_a_spoilt_memory_is_none(
    here: Path, capsys: pytest.CaptureFixture[str], spoil: Callable[[bytes], bytes]
) -> None:
    expected = said(capsys, ".")
    assert kept(here)
    for path in kept(here):
        path.write_bytes(spoil(path.read_bytes()))
    assert said(capsys, ".") == expected
    assert said(capsys, ".") == expected


@pytest.mark.parametrize(
    "name", ["os:system", "subprocess:Popen", "codemods.memory:json.loads", "codemods.check:main"]
)
def test_a_kept_answer_names_nothing_but_our_own_data(name: str) -> None:
    with pytest.raises(ValueError, match="not a class of answers"):
        memory._unpacked({"data": [name, "x"]}, b"")


def test_answers_of_every_shape_come_back_equal() -> None:
    text = b"\x00\xff text"
    answer = (
        {"a": [1, None, True], b"\xff": text},
        frozenset({("x", 2), ("y", 1)}),
        {3, 1},
        Effort.HIGH,
        Rewritten("p", None, (), (), frozenset({1}), ()),
    )
    packed = json.loads(json.dumps(memory._packed(answer, text)))
    assert memory._unpacked(packed, text) == answer
    assert text.decode("latin-1") not in json.dumps(packed)
    with pytest.raises(TypeError, match="cannot be kept"):
        memory._packed(object(), b"")


def test_checks_at_once_do_not_disturb_each_other(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(FIXTURE, here, dirs_exist_ok=True)
    expected = json.loads(said(capsys, "--no-cache", "."))
    command = [sys.executable, "-m", "codemods.check", "--output-format", "json", "--quiet", "."]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for _ in range(2):
        running = [
            subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) for _ in range(3)
        ]
        for one in running:
            answer, _ = one.communicate()
            assert json.loads(answer) == expected
    assert json.loads(said(capsys, ".")) == expected
    assert not list((here.parent / "cache" / "checks").glob("*.json.*"))


def test_nothing_is_kept_in_the_tree_or_without_leave(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(here.rglob("*"))
    said(capsys, "--no-cache", ".")
    assert not kept(here)
    said(capsys, ".")
    assert kept(here)
    assert sorted(here.rglob("*")) == before


def test_a_cache_that_cannot_be_written_is_none(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = said(capsys, "--no-cache", ".")
    monkeypatch.setenv("CODEMODS_CACHE", str(here / "foo.h"))  # no folder
    assert said(capsys, ".") == expected


def test_a_file_known_by_its_times_is_not_read_and_one_of_other_times_is(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "_SETTLED", -(10**18))
    known = memory.Memory("results", here, ())
    first = known.text("foo.h")
    known.save()
    again = memory.Memory("results", here, ())
    monkeypatch.setattr("builtins.open", None)
    assert again.text("foo.h") == first
    monkeypatch.undo()
    (here / "foo.h").write_text(HEADER.replace("Foo", "Bar"), encoding="utf-8")  # of the same size
    settle(here)
    assert again.text("foo.h") != first


def test_a_file_written_just_now_is_read_again(here: Path) -> None:
    known = memory.Memory("results", here, ())
    first = known.text("foo.h")
    status = (here / "foo.h").stat()
    (here / "foo.h").write_text(HEADER.replace("Foo", "Bar"), encoding="utf-8")
    os.utime(here / "foo.h", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert known.text("foo.h") != first


def test_a_rewrite_asks_for_no_fact_that_it_does_not_declare() -> None:
    """What is remembered of a file depends on the declared facts only."""

    class Declared(dict[str, object]):
        def __init__(self, facts: Facts, rewrite: Rewrite) -> None:
            super().__init__(facts)
            self._names = {"target", *(collector.name for collector in rewrite.needs)}

        def __getitem__(self, name: str) -> object:
            assert name in self._names, name
            return super().__getitem__(name)

        def get(self, name: str, default: object = None) -> object:  # type: ignore[override]
            assert name in self._names, name
            return super().get(name, default)

    def strict(rewrite: Rewrite) -> Rewrite:
        def apply(source: Source, facts: Facts) -> list[Outcome]:
            return list(rewrite.apply(source, Declared(facts, rewrite)))

        return Rewrite(rewrite.language, rewrite.tokens, apply, rewrite.needs)

    migrations: list[Migration] = [
        replace(migration, rewrites=tuple(map(strict, migration.rewrites)))
        for migration in registry.load()
    ]
    found = tree.read(tree.find(FIXTURE))
    ported = engine.port(found.data, migrations)
    assert not [finding for finding in ported.complaints if finding.code == "TF911"]
    assert ported.changed
