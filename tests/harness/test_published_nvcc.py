"""nvcc from the published packages: put together from parts, and the real one on a kernel."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from codemods.harness import published_nvcc
from codemods.harness.plan import DEFAULT_ARCHES
from codemods.toolchain.fetch import Package


def test_parts_make_one_folder_whose_programs_can_be_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {
        "nvidia-cuda-nvcc": "bin/nvcc",
        "nvidia-nvvm": "nvvm/bin/cicc",
        "nvidia-cuda-runtime": "include/cuda_runtime.h",
    }

    def obtain(package: Package) -> Path:
        folder = tmp_path / "packages" / package.name
        if package.name in files:
            file = folder / "nvidia/cu13" / files[package.name]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(package.name)
        return folder

    monkeypatch.setenv("CODEMODS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(published_nvcc, "obtain", obtain)
    nvcc = published_nvcc.published_nvcc()
    root = nvcc.parent.parent
    assert {name: (root / path).read_text() for name, path in files.items()} == {
        n: n for n in files
    }
    assert os.access(nvcc, os.X_OK) and os.access(root / "nvvm/bin/cicc", os.X_OK)
    assert not nvcc.is_symlink()


@pytest.mark.sdk
@pytest.mark.parametrize("arch", DEFAULT_ARCHES)
def test_the_published_compiler_compiles_for_each_architecture(arch: str, tmp_path: Path) -> None:
    nvcc = published_nvcc.published_nvcc()
    source = tmp_path / "kernel.cu"
    source.write_text(
        "#include <cuda_fp16.h>\n#include <cuda/std/cstdint>\n"
        'extern "C" __global__ void twice(half* x) { x[threadIdx.x] += x[threadIdx.x]; }\n'
    )
    output = tmp_path / "kernel.cubin"
    command = [str(nvcc), "-cubin", "-std=c++17", f"-arch={arch}", str(source), "-o", str(output)]
    environment = {name: value for name, value in os.environ.items() if "CUDA" not in name}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert output.read_bytes()[:4] == b"\x7fELF"
