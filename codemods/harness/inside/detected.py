"""What TVM would detect of the GPU at hand: a CUDA target that names no architecture has the GPU's.

TVM asks the driver, in C++; without one it takes an architecture of ten years ago, for which the
tree's own code chooses other kernels.
"""

from __future__ import annotations

from typing import Any


def target_detects(arch: str) -> None:
    """Let every target be of `arch` that a program makes of `cuda` without an architecture."""
    from tvm.target import Target

    real = Target.__init__

    def init(self: Any, target: Any, *arguments: Any, **options: Any) -> None:
        real(self, _with_arch(target, arch), *arguments, **options)

    Target.__init__ = init


def _with_arch(target: Any, arch: str) -> Any:
    if isinstance(target, dict) and target.get("kind") == "cuda":
        return {"arch": arch, **target}
    if isinstance(target, str) and target.split()[:1] == ["cuda"] and "-arch" not in target:
        return f"{target} -arch={arch}"
    return target
