"""What runs in the subprocesses, as far as it needs no torch."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from codemods.harness.inside import (
    detected,
    first_configuration,
    stand_ins,
    without_asserts,
)
from codemods.harness.inside.inert import Inert


@pytest.fixture
def imports() -> Iterator[None]:
    """Puts the import machinery back as it was."""
    finders, modules, main = list(sys.meta_path), set(sys.modules), sys.modules["__main__"]
    yield
    sys.meta_path[:] = finders
    sys.modules["__main__"] = main
    for name in set(sys.modules) - modules:
        del sys.modules[name]
    stand_ins.used.clear()


def test_an_inert_value_unpacks_to_as_many_as_are_asked_for() -> None:
    one, two, three = Inert()
    assert all(isinstance(value, Inert) for value in (one, two, three))
    assert list(Inert()) == []


def test_a_function_with_an_inert_decorator_can_be_called_and_launched() -> None:
    def function() -> int:
        return 1

    assert Inert().jit(function)() == 1
    assert Inert().contiguous(Inert().jit(function))() == 1
    assert isinstance(Inert().jit(function)[1, 2](3), Inert)
    assert isinstance(Inert().jit(num_warps=4), Inert)


def test_a_class_may_derive_from_an_inert_one() -> None:
    class Model(Inert("Base")):  # type: ignore[misc]
        def forward(self) -> int:
            return 1

    assert Model(3).forward() == 1
    assert isinstance(Model.from_pretrained("x"), Inert)


def test_an_inert_number_is_zero_and_stays_inert_in_sums() -> None:
    assert Inert() == 0
    assert Inert("one") == Inert("other")
    assert not Inert() > 1
    assert not isinstance(1, Inert())  # type: ignore[arg-type]
    assert int(Inert()) == 0
    assert isinstance(1 + Inert() * 2, Inert)


def _program(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    return folder / name


def test_a_package_that_only_an_example_wants_is_stood_in_for(
    tmp_path: Path, imports: None
) -> None:
    sys.meta_path.append(stand_ins.MissingPackage([tmp_path], ["own"]))
    code = "import absent_library.nn as nn\nfrom absent_library import kernel\nvalue = kernel(1)\n"
    file = _program(tmp_path, "example.py", code)
    space: dict[str, object] = {}
    exec(compile(code, str(file), "exec"), space)
    assert isinstance(space["value"], Inert)
    assert stand_ins.used == {"absent_library", "absent_library.nn"}


@pytest.mark.skipif(find_spec("triton") is not None, reason="triton itself is here")
def test_sizes_that_an_absent_library_would_work_out_are_right(
    tmp_path: Path, imports: None
) -> None:
    sys.meta_path.append(stand_ins.MissingPackage([tmp_path], []))
    code = "import triton\nsizes = triton.cdiv(65, 32), triton.next_power_of_2(65)\n"
    file = _program(tmp_path, "example.py", code)
    space: dict[str, object] = {}
    exec(compile(code, str(file), "exec"), space)
    assert space["sizes"] == (3, 128)


def test_nothing_else_is_stood_in_for(tmp_path: Path, imports: None) -> None:
    sys.meta_path.append(stand_ins.MissingPackage([tmp_path], ["own"]))
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("absent_library")
    code = "import own.missing\n"
    with pytest.raises(ModuleNotFoundError):
        exec(compile(code, str(tmp_path / "example.py"), "exec"), {})


def test_a_compiled_extension_has_the_functions_that_it_binds_and_no_others(imports: None) -> None:
    sys.meta_path.append(stand_ins.CompiledExtension({"own_compiled": {"handle": 0}}))
    module = importlib.import_module("own_compiled")
    assert isinstance(module.handle(1), Inert)
    assert not hasattr(module, "other")


def test_a_program_and_its_neighbours_run_without_asserts(tmp_path: Path, imports: None) -> None:
    _program(tmp_path, "neighbour.py", "def check():\n    assert False, 'there are no results'\n")
    file = _program(
        tmp_path,
        "program.py",
        "import pathlib\nimport neighbour\n"
        "assert False\nneighbour.check()\n"
        "if __name__ == '__main__':\n    pathlib.Path(__file__).with_suffix('.done').touch()\n",
    )
    sys.meta_path.insert(0, without_asserts.WithoutAsserts(tmp_path))
    without_asserts.run(str(file))
    assert (tmp_path / "program.done").exists()


def test_a_part_of_an_absent_package_is_no_neighbour_of_its_name(
    tmp_path: Path, imports: None
) -> None:
    _program(tmp_path, "utils.py", "own = 1\n")
    file = _program(
        tmp_path, "program.py", "from absent_library.utils import reduced\nfrom utils import own\n"
    )
    sys.meta_path.append(stand_ins.MissingPackage([tmp_path], []))
    sys.meta_path.insert(0, without_asserts.WithoutAsserts(tmp_path))
    without_asserts.run(str(file))
    main = vars(sys.modules["__main__"])
    assert isinstance(main["reduced"], Inert) and main["own"] == 1


def test_other_modules_keep_their_asserts(tmp_path: Path, imports: None) -> None:
    _program(tmp_path / "elsewhere", "strict_module.py", "assert False, 'kept'\n")
    sys.meta_path.insert(0, without_asserts.WithoutAsserts(tmp_path / "here"))
    sys.path.insert(0, str(tmp_path / "elsewhere"))
    try:
        with pytest.raises(AssertionError, match="kept"):
            importlib.import_module("strict_module")
    finally:
        sys.path.remove(str(tmp_path / "elsewhere"))


def test_what_is_asserted_is_evaluated_and_may_fail(tmp_path: Path, imports: None) -> None:
    file = tmp_path / "program.py"
    file.write_text(
        "called = []\n"
        "def kernel(n):\n    called.append(n)\n    return n\n"
        "assert kernel(1) == 2, 'never'\n"
        "assert kernel(3).nowhere\n"
        "after = True\n"
    )
    without_asserts.run(str(file))
    main = vars(sys.modules["__main__"])
    assert (main["called"], main["after"]) == ([1, 3], True)


def test_a_missing_package_says_where_it_would_be(imports: None) -> None:
    sys.meta_path.append(stand_ins.MissingPackage([Path(__file__).parent], []))
    found = importlib.import_module("reference_kernels_of_nobody")
    assert "reference_kernels_of_nobody" in str(found.__file__)


def test_an_inert_number_has_powers() -> None:
    assert isinstance(Inert() ** 0.5, Inert) and isinstance(2 ** Inert(), Inert)


def test_an_inert_number_may_be_printed_as_a_number() -> None:
    assert f"{Inert('latency') / 1e3:.2f}" == "<stand-in for latency>"


class _Tensor:
    def __init__(self, shape: tuple[int, ...], dtype: str) -> None:
        self._shape, self._dtype = shape, dtype

    @property
    def shape(self) -> tuple[int, ...]:
        return self._shape

    @property
    def dtype(self) -> str:
        return self._dtype

    def tolist(self) -> list[int]:
        return list(self._shape)

    def doubled(self) -> tuple[int, ...]:
        return tuple(2 * n for n in self._shape)


def test_what_an_absent_library_makes_of_a_tensor_has_its_shape() -> None:
    normalised = Inert("norm")(_Tensor((2, 3), "float16"), 1e-5)[0].requires_grad_(True)
    assert (normalised.shape, normalised.dtype) == ((2, 3), "float16")
    first, second = Inert("norm")(other := _Tensor((4,), "float32"))
    assert first.shape == second.shape == other.shape
    assert Inert("norm")(1, x=first).shape == (4,)


def test_what_is_like_a_tensor_passes_for_one() -> None:
    result = Inert("norm")(tensor := _Tensor((2, 3), "float16"))
    assert not isinstance(result, _Tensor)  # torch would look for a tensor's memory in it
    assert result.doubled() == (4, 6)
    assert not isinstance(Inert("norm")(1), _Tensor)

    def cat(values: list[object], *, out: object) -> object:
        return (values, out)

    given = Inert.__torch_function__(cat, (), ([result, 1],), {"out": result})
    assert given == ([tensor, 1], tensor)


def test_what_is_like_a_tensor_has_not_its_contents() -> None:
    result = Inert("indices")(_Tensor((2,), "int32"))
    _, position = result.tolist()[0]
    assert isinstance(position, Inert)


def test_a_stand_in_among_sizes_is_the_number_0() -> None:
    def empty(sizes: object, *, dtype: object) -> object:
        return sizes, dtype

    count = Inert("wait_for_counter")(_Tensor((1,), "int32"))
    made = Inert.__torch_function__(empty, (), ((count, 7168),), {"dtype": "float16"})
    assert made == ((0, 7168), "float16")


def test_a_torch_function_of_a_stand_in_that_is_like_no_tensor_is_not_carried_out() -> None:
    def zeros_like(_value: object) -> object:
        raise AssertionError

    tensor = _Tensor((2, 3), "float16")
    assert isinstance(Inert.__torch_function__(zeros_like, (), (Inert("mask"),)), Inert)
    mixed = Inert.__torch_function__(zeros_like, (), (Inert("mask"), tensor))
    assert mixed.shape == (2, 3)


def test_what_it_makes_of_no_tensor_has_none() -> None:
    assert isinstance(Inert("norm")(1, (2, 3)).shape, Inert)
    assert isinstance(Inert("norm").shape, Inert)


class _Kernel:
    prim_func = None

    def __init__(self, failure: Exception | None = None) -> None:
        self.adapter = SimpleNamespace(failure=failure)

    def get_kernel_source(self) -> str:
        return "source"


@pytest.fixture
def tuner(imports: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    """TileLang's own tuner, as far as it is asked for anything."""
    module = ModuleType("tilelang.autotuner.tuner")
    module.AutoTuner = type("AutoTuner", (), {})  # type: ignore[attr-defined]
    module.AutotuneResult = SimpleNamespace  # type: ignore[attr-defined]
    package = ModuleType("tilelang.autotuner")
    package.tuner = module  # type: ignore[attr-defined]
    for name, value in (("tilelang", ModuleType("tilelang")), ("tilelang.autotuner", package)):
        monkeypatch.setitem(sys.modules, name, value)
    first_configuration.first_configuration_only()
    made = module.AutoTuner()
    vars(made).update(fn=lambda a, size: None, configs=[{"size": 1}, {"size": 2}])
    vars(made).update(jit_compile=lambda **config: _Kernel(), _kernel_parameters=((8,), ()))
    return made


def test_a_tuner_compiles_its_first_configuration_also_one_that_knows_no_names(tuner: Any) -> None:
    assert tuner.run().config == {"size": 1}
    tuner._function_parameters = {"a": None, "size": None}
    assert tuner.run().config == {"size": 1}


def test_a_tuner_goes_on_to_the_next_configuration_where_one_fails(tuner: Any) -> None:
    tuner.jit_compile = lambda size: _Kernel(ValueError() if size == 1 else None)
    assert tuner.run().config == {"size": 2}
    tuner.jit_compile = lambda size: _Kernel(ValueError())
    assert tuner.run().config == {"size": 2}


def test_what_the_program_itself_fixed_is_not_tuned(tuner: Any) -> None:
    tuner._function_parameters = {"a": None, "size": None}
    tuner._kernel_parameters = ((8, 4), ())
    assert tuner.run().config == {}


@pytest.mark.parametrize(
    ("asked", "made"),
    [
        ("cuda", "cuda -arch=sm_90"),
        ("cuda -keys=gpu", "cuda -keys=gpu -arch=sm_90"),
        ("cuda -arch=sm_80", "cuda -arch=sm_80"),
        ("c", "c"),
        ({"kind": "cuda"}, {"arch": "sm_90", "kind": "cuda"}),
        ({"kind": "cuda", "arch": "sm_80"}, {"kind": "cuda", "arch": "sm_80"}),
        ({"kind": "llvm"}, {"kind": "llvm"}),
    ],
)
def test_a_cuda_target_without_an_architecture_is_of_the_gpu_at_hand(
    imports: None, monkeypatch: pytest.MonkeyPatch, asked: Any, made: Any
) -> None:
    class Target:
        def __init__(self, target: Any, host: Any = None) -> None:
            self.made = target, host

    module = ModuleType("tvm.target")
    module.Target = Target  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tvm", ModuleType("tvm"))
    monkeypatch.setitem(sys.modules, "tvm.target", module)
    detected.target_detects("sm_90")
    assert Target(asked, host="c").made == (made, "c")  # type: ignore[comparison-overlap]
