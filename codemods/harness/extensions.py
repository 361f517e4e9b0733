"""Python extensions that a tree builds besides its main libraries: read from its own build files.

A torch extension is read from the `setup()` call of a `setup.py` (never executed); a Cython module
is any `.pyx` file of the tree. Both are compiled and linked for the interpreter of the plan.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_EXTENSION_CLASSES = frozenset({"CUDAExtension", "CppExtension", "Extension"})
_BINDING = re.compile(r"\bm\.def\(\s*\"(\w+)\"")
_BINDING_END = re.compile(r"\bm\.def\(|^}", re.MULTILINE)
_DECLARATION = re.compile(r"^([\w:][\w:<>,&* ]*?[\s>&*])(\w+)\s*\(", re.MULTILINE)
_WORD = re.compile(r"\w+")
_SKIPPED = frozenset({"3rdparty", "third_party", "build", "dist", ".git"})


@dataclass(frozen=True)
class TorchExtension:
    """A torch extension: `name` is the module that it becomes (`package._C`).

    `packages`: folders of Python that the same `setup()` installs, by package name.
    `functions`: what it binds, each with the number of tensors that its C++ function returns.
    """

    name: str
    sources: tuple[Path, ...]
    packages: Mapping[str, Path] = field(default_factory=dict)
    functions: Mapping[str, int] = field(default_factory=dict)


def torch_extensions(tree: Path) -> tuple[TorchExtension, ...]:
    """Return the torch extensions that `setup.py` files of `tree` declare by constant values."""
    found: list[TorchExtension] = []
    for script in sorted(tree.rglob("setup.py")):
        if not _SKIPPED.intersection(script.relative_to(tree).parts):
            found.extend(_declared_in(script))
    return tuple(found)


def cython_modules(tree: Path) -> tuple[Path, ...]:
    """Return the `.pyx` files of `tree`."""
    return tuple(
        path
        for path in sorted(tree.rglob("*.pyx"))
        if not _SKIPPED.intersection(path.relative_to(tree).parts)
    )


def _declared_in(script: Path) -> Iterator[TorchExtension]:
    try:
        module = ast.parse(script.read_bytes())
    except SyntaxError:
        return
    for call in (node for node in ast.walk(module) if _calls(node, {"setup"})):
        assert isinstance(call, ast.Call)
        folders = _constant(call, "package_dir") or {}
        names = _constant(call, "packages") or []
        packages = {n: script.parent / folders[n] for n in names if n in folders}
        for node in ast.walk(call):
            if not _calls(node, _EXTENSION_CLASSES):
                continue
            assert isinstance(node, ast.Call)
            name, sources = _constant(node, "name", 0), _constant(node, "sources", 1)
            if isinstance(name, str) and isinstance(sources, list):
                files = tuple(script.parent / source for source in sources)
                yield TorchExtension(name, files, packages, bound_functions(files))


def bound_functions(sources: tuple[Path, ...]) -> dict[str, int]:
    """Return the functions that pybind11 sources bind, with how many tensors each returns.

    A binding's C++ function is the one that it names or, in a lambda, calls.
    """
    text = "\n".join(
        path.read_text(encoding="utf-8", errors="replace") for path in sources if path.is_file()
    )
    returned = {name: kind.count("Tensor") for kind, name in _DECLARATION.findall(text)}
    found = {}
    for match in _BINDING.finditer(text):
        # a binding ends where the next begins, or where the module's body does
        ends = _BINDING_END.search(text, match.end())
        named = _WORD.findall(text[match.end() : ends.start() if ends else len(text)])
        found[match[1]] = max((returned.get(name, 0) for name in named), default=0)
    return found


@dataclass(frozen=True)
class TorchFlags:
    """What a compiler and a linker are told of a torch, for an extension of it."""

    compile: tuple[str, ...]
    link: tuple[str, ...]


TORCH_LIBRARIES = ("c10", "c10_cuda", "torch", "torch_cpu", "torch_cuda", "torch_python")
"""What torch's own builder links to a CUDA extension, but for CUDA's runtime, which torch brings
into the process itself."""


def torch_flags(python: Path) -> TorchFlags:
    """Return the flags for a torch extension of `python`'s torch.

    Raises RuntimeError with the interpreter's own words where it has no torch with CUDA.
    """
    script = (
        "import json, sysconfig, torch\n"
        "from torch.utils.cpp_extension import include_paths, library_paths\n"
        "print(json.dumps([include_paths(), sysconfig.get_path('include'),"
        " int(torch._C._GLIBCXX_USE_CXX11_ABI), torch.version.cuda, library_paths()]))"
    )
    done = subprocess.run([str(python), "-c", script], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    includes, headers, abi, cuda, libraries = json.loads(done.stdout.strip().splitlines()[-1])
    if cuda is None:
        raise RuntimeError("its torch is built without CUDA")
    includes = [f"-isystem{path}" for path in [*includes, headers]]
    places = [flag for path in libraries for flag in (f"-L{path}", f"-Wl,-rpath,{path}")]
    return TorchFlags(
        (*includes, f"-D_GLIBCXX_USE_CXX11_ABI={abi}"),
        (*places, *(f"-l{name}" for name in TORCH_LIBRARIES)),
    )


def _calls(node: ast.AST, names: frozenset[str] | set[str]) -> bool:
    if not isinstance(node, ast.Call):
        return False
    called = node.func
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return name in names


def _constant(call: ast.Call, keyword: str, position: int | None = None) -> Any:
    """The constant value of an argument given by `keyword`, or at `position`."""
    given = [argument.value for argument in call.keywords if argument.arg == keyword]
    if position is not None:
        given += call.args[position : position + 1]
    try:
        return ast.literal_eval(given[0]) if given else None
    except ValueError:
        return None
