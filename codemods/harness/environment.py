"""The Python that a tree's own code runs under: one that the user names, or one made for it.

Packages come through the user's own pip, so its configuration (indexes, `PIP_CONSTRAINT`) decides
which torch is installed.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import tomlkit

TOOLS = ("cython>=3.0", "pytest>=8.0", "setuptools", "packaging", "einops", "cuda-python>=12.8,<13")
"""What the harness itself starts in the environment, and what examples of every fork of TileLang
import without its being a dependency. The last cuda-python that has `cuda.cudart` is 12.9."""

CUDA_LIBRARIES = ("nvidia-cuda-runtime>=13,<14", "nvidia-cuda-nvrtc>=13,<14")
"""What the target's TVM library wants at load, on a machine without the CUDA toolkit."""

_LEFT_OUT = re.compile(r"^(nvidia-nvshmem|tilelang\b)", re.IGNORECASE)


class EnvironmentFailed(RuntimeError):
    """pip could not make the environment; the text holds its last words."""


def prepare_environment(folder: Path, tree: Path, ffi: str | None) -> Path:
    """Return the interpreter of an environment with what `tree` depends on, made once in `folder`.

    `ffi`: the exact version of `apache-tvm-ffi` that the target's TVM was built with. Raises
    `EnvironmentFailed`.
    """
    wanted = [*requirements(tree), *TOOLS, *CUDA_LIBRARIES]
    if ffi is not None:
        wanted = [name for name in wanted if not name.startswith("apache-tvm-ffi")]
        wanted.append(f"apache-tvm-ffi=={ffi}")
    digest = hashlib.sha256(json.dumps([sys.version, wanted]).encode()).hexdigest()[:12]
    environment = folder / f"python-{digest}"
    python = environment / "bin" / "python"
    finished = environment / "finished"
    if finished.is_file():
        return python
    _run([sys.executable, "-m", "venv", "--clear", str(environment)])
    _run([str(python), "-m", "pip", "install", "--quiet", *wanted])
    finished.write_text("\n".join(wanted) + "\n", encoding="utf-8")
    return python


def requirements(tree: Path) -> tuple[str, ...]:
    """Return what a tree says it depends on, without what is not in an index.

    Its `pyproject.toml` says so, else its `requirements.txt`, as a `setup.py` reads it.
    """
    return tuple(
        stated for stated in _stated(tree) if "@" not in stated and not _LEFT_OUT.match(stated)
    )


def _stated(tree: Path) -> list[str]:
    file = tree / "pyproject.toml"
    if file.is_file():
        project = tomlkit.parse(file.read_text(encoding="utf-8")).unwrap().get("project", {})
        if "dependencies" in project:
            return list(project["dependencies"])
    file = tree / "requirements.txt"
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    plain = (line.partition(" #")[0].strip() for line in lines)
    return [line for line in plain if line and not line.startswith(("#", "-"))]


def library_folders(python: Path) -> tuple[Path, ...]:
    """Return the folders of shared libraries that packages of `python` bring."""
    script = "import json, sysconfig; print(json.dumps(sysconfig.get_path('platlib')))"
    done = subprocess.run([str(python), "-c", script], capture_output=True, text=True, check=True)
    packages = Path(json.loads(done.stdout))
    return tuple(_library_folders(packages))


def _library_folders(packages: Path) -> Iterator[Path]:
    for pattern in ("nvidia/*/lib", "z3/lib", "tvm_ffi/lib", "torch/lib"):
        yield from sorted(folder for folder in packages.glob(pattern) if folder.is_dir())


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise EnvironmentFailed(f"`{' '.join(command)}`: {done.stdout.strip()[-1500:]}")
