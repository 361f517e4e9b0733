"""Stages units, link and load, on small sources of our own with the machine's compiler."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from codemods.harness import driver_stand_in
from codemods.harness.extension_build import build_extensions
from codemods.harness.extensions import TorchFlags
from codemods.harness.installed_layout import lay_out
from codemods.harness.link import link_libraries, undefined_symbols
from codemods.harness.load import load_libraries
from codemods.harness.objects import compile_units
from codemods.harness.plan import Plan
from codemods.harness.results import Status
from codemods.harness.sdk import Sdk
from codemods.toolchain.units import Unit

pytestmark = pytest.mark.skipif(shutil.which("c++") is None, reason="needs a C++ compiler")


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """A tree of two units that includes one header, and empty libraries in TVM's place."""
    tree = tmp_path / "a tree"
    (tree / "src").mkdir(parents=True)
    (tree / "src/shape.h").write_text("int area(int);\n")
    (tree / "src/shape.cc").write_text('#include "shape.h"\nint area(int a) { return a * a; }\n')
    (tree / "src/use.cc").write_text(
        '#include "shape.h"\nint twice(int a) { return 2 * area(a); }\n'
    )
    libraries = tmp_path / "tvm"
    libraries.mkdir()
    for name in ("tvm", "tvm_runtime", "tvm_ffi"):
        output = libraries / f"lib{name}.so"
        command = ["c++", "-shared", "-x", "c++", "/dev/null", "-o", str(output)]
        subprocess.run([*command, f"-Wl,-soname,{output.name}"], check=True)
    sdk = Sdk("0", (tree / "src",), (libraries,), {})
    return Plan(tree, tmp_path / "build", sdk, optimize="-O0", jobs=2)


def answer(library: Path, function: str) -> str:
    """Call a function in a process of its own: once loaded here, the stand-in would look like a
    driver of this machine to every later test."""
    script = (
        "import ctypes, sys; library = ctypes.CDLL(sys.argv[1]); "
        "print(getattr(library, sys.argv[2])() if hasattr(library, sys.argv[2]) else 'absent')"
    )
    command = [sys.executable, "-c", script, str(library), function]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


UNITS = [Unit("src/shape.cc"), Unit("src/use.cc")]
PATHS = [unit.path for unit in UNITS]


def test_units_of_a_folder_with_a_space_compile_link_and_load(plan: Plan) -> None:
    assert [row.status for row in compile_units(plan, UNITS)] == [Status.PASSED] * 2
    assert {row.status for row in link_libraries(plan, PATHS)} == {Status.PASSED}
    rows = load_libraries(plan)
    assert [row.status for row in rows] == [Status.PASSED] * 2, rows


def test_a_unit_that_fails_quotes_the_compiler_and_spares_the_others(plan: Plan) -> None:
    (plan.tree / "src/use.cc").write_text("int twice(int a) { return 2 * aera(a); }\n")
    good, bad = compile_units(plan, UNITS)
    assert good.status is Status.PASSED
    assert bad.status is Status.FAILED
    assert "aera" in bad.reason
    assert link_libraries(plan, PATHS)[0].status is Status.NOT_RUN


def test_a_checked_unit_that_follows_an_empty_optional_says_so_when_it_runs(plan: Plan) -> None:
    (plan.tree / "src/use.cc").write_text(
        "#include <optional>\nstruct S { int i; };\nstd::optional<S> none;\n"
        'extern "C" int follow() { return none->i; }\n'
    )
    plan = replace(plan, checked=True)
    compile_units(plan, UNITS)
    link_libraries(plan, PATHS)
    library = next((plan.build / "lib").glob("*.so"))
    with pytest.raises(subprocess.CalledProcessError) as ended:
        answer(library, "follow")
    assert ended.value.returncode == -signal.SIGABRT
    assert "Assertion" in ended.value.stderr


def test_a_unit_that_fails_leaves_no_object_of_its_earlier_text_to_link(plan: Plan) -> None:
    compile_units(plan, UNITS)
    (plan.tree / "src/use.cc").write_text("not C++\n")
    compile_units(plan, UNITS)
    assert link_libraries(plan, PATHS)[0].status is Status.NOT_RUN


def test_only_what_includes_a_changed_header_is_compiled_again(plan: Plan) -> None:
    (plan.tree / "src/alone.cc").write_text("int alone() { return 1; }\n")
    units = [*UNITS, Unit("src/alone.cc")]
    compile_units(plan, units)
    objects = {u.path: plan.build / f"units/{u.path}.o" for u in units}
    before = {path: file.stat().st_mtime_ns for path, file in objects.items()}
    (plan.tree / "src/shape.h").write_text("int area(int);\nint more();\n")
    compile_units(plan, units)
    after = {path: file.stat().st_mtime_ns for path, file in objects.items()}
    assert {path for path in before if before[path] != after[path]} == set(PATHS)


def test_every_undefined_symbol_is_named(plan: Plan) -> None:
    (plan.tree / "src/use.cc").write_text(
        "int lost(int);\nint other();\nint twice() { return lost(other()); }\n"
    )
    compile_units(plan, UNITS)
    for row in link_libraries(plan, PATHS):
        assert row.status is Status.FAILED
        assert row.reason == "2 undefined symbols: lost(int); other()"


def test_functions_of_the_driver_may_stay_undefined_and_are_there_at_load(plan: Plan) -> None:
    (plan.tree / "src/use.cc").write_text(
        'extern "C" int cuInit(unsigned);\nint twice() { return cuInit(0); }\n'
    )
    compile_units(plan, UNITS)
    assert {row.status for row in link_libraries(plan, PATHS)} == {Status.PASSED}
    driver = plan.build / "driver"
    driver_stand_in.build_driver_stand_in(driver, [plan.libraries / "libtilelang.so"])
    assert answer(driver / driver_stand_in.NAME, "cuInit") == "100"


def test_an_initialiser_that_throws_fails_the_load(plan: Plan) -> None:
    (plan.tree / "src/use.cc").write_text(
        "#include <stdexcept>\n"
        'static int once = [] { throw std::runtime_error("registered twice"); return 0; }();\n'
    )
    compile_units(plan, UNITS)
    link_libraries(plan, PATHS)
    rows = load_libraries(plan)
    assert {row.status for row in rows} == {Status.FAILED}
    assert "registered twice" in rows[0].reason


def test_a_library_that_fails_as_the_published_one_does_was_not_run(plan: Plan) -> None:
    published = plan.sdk.library_dirs[0] / "libtilelang.so"
    source = 'static int once = (throw "twice", 0);\n'
    command = ["c++", "-shared", "-fPIC", "-x", "c++", "-", "-o", str(published)]
    subprocess.run(command, input=source, text=True, check=True)
    (plan.tree / "src/use.cc").write_text(source)
    compile_units(plan, UNITS)
    link_libraries(plan, PATHS)
    assert [row.status for row in load_libraries(plan)] == [Status.NOT_RUN, Status.FAILED]


@pytest.mark.skipif(driver_stand_in.driver_present(), reason="this machine has a driver")
def test_the_stand_in_answers_for_the_published_libraries_too(plan: Plan) -> None:
    published = plan.sdk.library_dirs[0] / "libtilelang.so"
    source = 'extern "C" int cuOnlyHere(); int use() { return cuOnlyHere(); }\n'
    command = ["c++", "-shared", "-fPIC", "-x", "c++", "-", "-o", str(published)]
    subprocess.run(command, input=source, text=True, check=True)
    compile_units(plan, UNITS)
    link_libraries(plan, PATHS)
    load_libraries(plan)
    assert answer(plan.build / "driver" / driver_stand_in.NAME, "cuOnlyHere") == "100"


def test_undefined_symbols_are_read_from_both_spellings_of_the_linker() -> None:
    said = (
        "a.o: in function `f': undefined reference to `g(int)'\n"
        "ld: warning: undefined reference to 'h'\n"
    )
    assert undefined_symbols(said) == ("g(int)", "h")


def test_the_stand_in_defines_what_a_library_asks_the_driver_for(tmp_path: Path) -> None:
    asking = tmp_path / "libasking.so"
    source = (
        "int cuDeviceGetCount(int*); int curious(void);\n"
        "int f(void) { return cuDeviceGetCount(0) + curious(); }\n"
    )
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", str(asking)],
        input=source,
        text=True,
        check=True,
    )
    library = driver_stand_in.build_driver_stand_in(tmp_path / "driver", [asking])
    assert answer(library, "cuDeviceGetCount") == "100"
    assert answer(library, "curious") == "absent"


def test_a_torch_extension_is_linked_to_torch_and_laid_out_in_its_package(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = plan.tree / "ext"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "ext.cpp").write_text("int tvm();\nint ext() { return tvm(); }\n")
    (folder / "setup.py").write_text(
        "from setuptools import setup\n"
        "setup(packages=['a_ext'], package_dir={'a_ext': '.'},\n"
        "      ext_modules=[CUDAExtension(name='a_ext._C', sources=['ext.cpp'])])\n"
    )
    (libraries,) = plan.sdk.library_dirs
    flags = TorchFlags((), (f"-L{libraries}", "-Wl,--no-as-needed", "-ltvm_ffi"))
    monkeypatch.setattr("codemods.harness.extension_build.torch_flags", lambda _: flags)
    plan = replace(plan, python=Path(sys.executable))
    (row,) = build_extensions(plan)
    assert (row.name, row.status, row.reason) == ("a_ext._C", Status.PASSED, "")
    laid_out = lay_out(plan) / "a_ext/_C.so"
    needed = subprocess.run(["readelf", "-d", laid_out], capture_output=True, text=True, check=True)
    assert "libtvm_ffi.so" in needed.stdout
