"""Lay a tree's Python packages out as an installed wheel would, without touching the tree.

Which folder becomes which package is read from the tree's own `pyproject.toml`
(`tool.scikit-build.wheel.packages`); before TileLang had that, its `setup.py` copied the device
templates into the package. What a wheel vendors under `3rdparty` comes from the target's TVM, so
that its Python and its libraries are of one build.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

import tomlkit

from codemods.harness.extension_build import extension_file
from codemods.harness.extensions import torch_extensions
from codemods.harness.plan import Plan

PACKAGE = "tilelang"
"""The package that every fork of TileLang keeps, and that holds `lib` and `3rdparty`."""
_TEMPLATES = "src/tl_templates"
"""Headers of generated kernels, in the tree and in the package alike."""


def lay_out(plan: Plan) -> Path:
    """Make `plan.site` anew and return it."""
    site = plan.site
    if site.exists():
        shutil.rmtree(site)
    site.mkdir(parents=True)
    for package, source in sorted(wheel_packages(plan.tree).items()):
        if "3rdparty" in PurePosixPath(package).parts or not source.is_dir():
            continue
        shutil.copytree(source, site / package, dirs_exist_ok=True, ignore=_ignored)
    for extension in torch_extensions(plan.tree):
        for package, source in extension.packages.items():
            if not (site / package).exists():
                shutil.copytree(source, site / package, ignore=_ignored)
        built = extension_file(plan, extension.name)
        if built.is_file():
            module = site / (extension.name.replace(".", "/") + ".so")
            module.parent.mkdir(parents=True, exist_ok=True)
            module.symlink_to(built)
    for file in ("VERSION", "version_provider.py"):
        if (plan.tree / file).is_file():
            shutil.copy2(plan.tree / file, site / file)
    third_party = site / PACKAGE / "3rdparty"
    shutil.rmtree(third_party, ignore_errors=True)
    third_party.mkdir(parents=True)
    for name, folder in plan.sdk.third_party.items():
        (third_party / name).symlink_to(folder)
    libraries = site / PACKAGE / "lib"
    libraries.mkdir(exist_ok=True)
    for library in _libraries(plan):
        target = libraries / library.name
        target.unlink(missing_ok=True)
        target.symlink_to(library)
    return site


def wheel_packages(tree: Path) -> Mapping[str, Path]:
    """Return the folder of each package of the tree's wheel; all top-level packages, and the device
    templates in TileLang's own, where its `pyproject.toml` does not say."""
    file = tree / "pyproject.toml"
    declared: object = None
    if file.is_file():
        project = tomlkit.parse(file.read_text(encoding="utf-8")).unwrap()
        declared = project.get("tool", {}).get("scikit-build", {}).get("wheel", {}).get("packages")
    if isinstance(declared, dict):
        return {package: tree / source for package, source in declared.items()}
    if isinstance(declared, list):
        return {PurePosixPath(source).name: tree / source for source in declared}
    found = {path.parent.name: path.parent for path in sorted(tree.glob("*/__init__.py"))}
    if PACKAGE in found and (tree / _TEMPLATES).is_dir():
        found[f"{PACKAGE}/{_TEMPLATES}"] = tree / _TEMPLATES
    return found


def _libraries(plan: Plan) -> Iterator[Path]:
    linked = sorted(plan.libraries.glob("*.so"))
    names = {library.name for library in linked}
    for folder in plan.sdk.library_dirs:
        yield from (path for path in sorted(folder.glob("lib*.so")) if path.name not in names)
    yield from linked


def _ignored(_folder: str, names: list[str]) -> list[str]:
    return [name for name in names if name == "__pycache__" or name.endswith(".pyc")]
