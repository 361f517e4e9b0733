"""What is read of a tree's own build files."""

from __future__ import annotations

from pathlib import Path

import pytest

from codemods.harness.device_compile import usage
from codemods.harness.environment import requirements
from codemods.harness.extensions import torch_extensions
from codemods.harness.installed_layout import wheel_packages
from codemods.harness.results import Status
from codemods.harness.suites import test_rows as junit_rows


def test_a_torch_extension_is_read_from_setup_without_running_it(tmp_path: Path) -> None:
    folder = tmp_path / "pkg/ext"
    folder.mkdir(parents=True)
    (folder / "setup.py").write_text(
        "from torch.utils.cpp_extension import CUDAExtension\n"
        "raise SystemExit('never run')\n"
        "setup(packages=['own_ext'], package_dir={'own_ext': '.'}, ext_modules=[\n"
        "    CUDAExtension(name='own_ext._C', sources=['bind.cpp', 'make.cpp'])])\n"
    )
    (folder / "bind.cpp").write_text(
        "PYBIND11_MODULE(TORCH_EXTENSION_NAME, m) {\n"
        '  m.def("view", &view_of);\n'
        '  m.def("pair", [](int n) { return make_pair_of(n); }, py::arg("n"));\n'
        '  m.def("handle", &handle_of);\n'
        "}\n"
    )
    (folder / "make.cpp").write_text(
        "torch::Tensor view_of(int n) { return {}; }\n"
        "std::tuple<at::Tensor, at::Tensor> make_pair_of(int n) { return {}; }\n"
        "py::bytes handle_of(int n) { return {}; }\n"
    )
    (found,) = torch_extensions(tmp_path)
    assert found.name == "own_ext._C"
    assert [source.name for source in found.sources] == ["bind.cpp", "make.cpp"]
    assert found.packages == {"own_ext": folder}
    assert found.functions == {"view": 1, "pair": 2, "handle": 0}


def test_an_extension_may_be_named_without_keywords(tmp_path: Path) -> None:
    (tmp_path / "setup.py").write_text(
        "setup(ext_modules=[CppExtension('own_ext', ['bind.cpp'], include_dirs=['x'])])\n"
    )
    (tmp_path / "bind.cpp").write_text("")
    (found,) = torch_extensions(tmp_path)
    assert (found.name, found.sources) == ("own_ext", (tmp_path / "bind.cpp",))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '[tool.scikit-build.wheel.packages]\n"a/src" = "src"\na = "python/a"\n',
            {"a/src": "src", "a": "python/a"},
        ),
        ('[tool.scikit-build]\nwheel.packages = ["python/a"]\n', {"a": "python/a"}),
        ("[project]\nname = 'a'\n", {"b": "b"}),
    ],
)
def test_packages_come_from_pyproject_else_from_the_folders(
    tmp_path: Path, text: str, expected: dict[str, str]
) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b/__init__.py").write_text("")
    (tmp_path / "pyproject.toml").write_text(text)
    assert wheel_packages(tmp_path) == {name: tmp_path / path for name, path in expected.items()}


def test_a_tree_packaged_by_its_setup_has_the_device_templates_in_its_package(
    tmp_path: Path,
) -> None:
    (tmp_path / "tilelang").mkdir()
    (tmp_path / "tilelang/__init__.py").write_text("")
    (tmp_path / "src/tl_templates/cuda").mkdir(parents=True)
    (tmp_path / "src/op").mkdir()
    assert wheel_packages(tmp_path) == {
        "tilelang": tmp_path / "tilelang",
        "tilelang/src/tl_templates": tmp_path / "src/tl_templates",
    }


def test_dependencies_that_no_index_has_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        "[project]\ndependencies = ['numpy>=1', 'own @ file:./own', 'nvidia-nvshmem-cu12']\n"
    )
    assert requirements(tmp_path) == ("numpy>=1",)


def test_what_a_tree_packaged_by_its_setup_depends_on(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[build-system]\nrequires = ['setuptools']\n")
    (tmp_path / "requirements.txt").write_text(
        "# at run time\nnumpy>=1\n-r more.txt\n\ntorch # any\nown @ file:./own\n"
    )
    assert requirements(tmp_path) == ("numpy>=1", "torch")


def test_registers_and_spills_are_read_from_the_assembler() -> None:
    said = (
        "ptxas info    : Compiling entry function 'a' for 'sm_80'\n"
        "    16 bytes stack frame, 8 bytes spill stores, 12 bytes spill loads\n"
        "ptxas info    : Used 40 registers, used 1 barriers, 1024 bytes smem\n"
        "    0 bytes stack frame, 0 bytes spill stores, 4 bytes spill loads\n"
        "ptxas info    : Used 255 registers\n"
    )
    assert usage(said) == {
        "registers": 255,
        "spill_stores": 8,
        "spill_loads": 16,
        "static_shared": 1024,
    }


def test_a_skipped_test_is_a_row_that_was_not_run(tmp_path: Path) -> None:
    report = tmp_path / "r.xml"
    report.write_text(
        "<testsuites><testsuite>"
        "<testcase name='a' time='1'/>"
        "<testcase name='b' time='2'><failure message='assert 1 == 2&#10;more'/></testcase>"
        "<testcase name='c' time='0'><skipped message='needs 9.0'/></testcase>"
        "</testsuite></testsuites>"
    )
    rows = list(junit_rows("t.py", report, tmp_path / "log"))
    assert [(r.name, r.status, r.reason) for r in rows] == [
        ("t.py::a", Status.PASSED, ""),
        ("t.py::b", Status.FAILED, "assert 1 == 2"),
        ("t.py::c", Status.NOT_RUN, "needs 9.0"),
    ]


def test_the_reason_of_a_file_that_could_not_be_collected_is_its_error(tmp_path: Path) -> None:
    report = tmp_path / "r.xml"
    text = "test_a.py:1: in f\n    import absent\nE   ModuleNotFoundError: No module absent"
    report.write_text(
        "<testsuites><testsuite><testcase name='a' time='0'>"
        f"<error message='collection failure'>{text}</error></testcase></testsuite></testsuites>"
    )
    (row,) = junit_rows("t.py", report, tmp_path / "log")
    assert row.reason == "ModuleNotFoundError: No module absent"


def test_a_report_without_tests_is_a_row_that_was_not_run(tmp_path: Path) -> None:
    report = tmp_path / "r.xml"
    report.write_text("<testsuites><testsuite/></testsuites>")
    (row,) = junit_rows("t.py", report, tmp_path / "log")
    assert row.status is Status.NOT_RUN
