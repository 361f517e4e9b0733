"""Import and run a program's own files without minding their `assert` statements.

Kernels are not run here, so what a program asserts of results does not hold; after a failed assert
the kernels behind it would never be reached. What is asserted is still evaluated, since it may call
a kernel itself. Only the program's folder is concerned: the asserts of the tree's packages are part
of what is tried.
"""

from __future__ import annotations

import ast
import importlib.abc
import importlib.machinery
import sys
import types
from collections.abc import Sequence
from pathlib import Path


class _Loader(importlib.machinery.SourceFileLoader):
    def get_code(self, fullname: str) -> types.CodeType:
        """Return the module's code, never from a cache that was made with asserts."""
        return _compiled(self.get_filename(fullname))


def _compiled(path: str) -> types.CodeType:
    tree = _Unminded().visit(ast.parse(Path(path).read_bytes(), path))
    return compile(ast.fix_missing_locations(tree), path, "exec", dont_inherit=True)


class _Unminded(ast.NodeTransformer):
    """Puts `try: condition` with a handler that does nothing in the place of each `assert`."""

    def visit_Assert(self, node: ast.Assert) -> ast.stmt:
        handler = ast.ExceptHandler(ast.Name("Exception", ast.Load()), None, [ast.Pass()])
        tried = ast.Try([ast.Expr(node.test)], [handler], [], [])
        return ast.copy_location(tried, node)


class WithoutAsserts(importlib.abc.MetaPathFinder):
    """Finds modules that lie in `folder` itself."""

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return a spec for a source file or a package of the folder."""
        looked = [self._folder] if path is None else path  # a stand-in's path is empty
        inner = [entry for entry in looked if entry.startswith(self._folder)]
        spec = importlib.machinery.PathFinder.find_spec(name, inner) if inner else None
        if spec is None or not isinstance(spec.loader, importlib.machinery.SourceFileLoader):
            return None
        spec.loader = _Loader(spec.name, spec.loader.path)
        return spec


def run(file: str) -> None:
    """Execute `file` as the main program."""
    module = types.ModuleType("__main__")
    module.__file__ = file
    sys.modules["__main__"] = module
    exec(_compiled(file), module.__dict__)
