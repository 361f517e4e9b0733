"""Names that a merged Python file uses and nothing in it defines, and the imports that would."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator
from functools import lru_cache

from codemods.merge.hunks import split_lines

_ALWAYS = frozenset(dir(builtins)) | {"__file__", "__name__", "__doc__", "__path__", "__class__"}


@lru_cache(maxsize=512)
def undefined(text: bytes) -> frozenset[str] | None:
    """Names that are read and bound nowhere in the file; None where that cannot be told.

    Scopes are not told apart, so that a name bound anywhere counts as bound.
    """
    try:
        module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    read: set[str] = set()
    bound = set(_ALWAYS)
    for node in ast.walk(module):
        match node:
            case ast.Name(ctx=ast.Load()):
                read.add(node.id)
            case ast.Name():
                bound.add(node.id)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                bound.add(node.name)
            case ast.arg():
                bound.add(node.arg)
            case ast.Import() | ast.ImportFrom():
                for alias in node.names:
                    if alias.name == "*":
                        return None
                    bound.add(_bound(alias))
            case ast.ExceptHandler(name=str() as name):
                bound.add(name)
            case ast.MatchAs(name=str() as name) | ast.MatchStar(name=str() as name):
                bound.add(name)
            case ast.MatchMapping(rest=str() as name):
                bound.add(name)
    return frozenset(read - bound)


def drop_unused(merged: bytes, ours: bytes, theirs: bytes) -> tuple[bytes, list[str]]:
    """The merged text without the imports that only the fork has, that its code used, and that
    nothing uses where that code is gone; and their names."""
    mine = {alias for alias, node in _aliases(ours)} - {alias for alias, node in _aliases(theirs)}
    if not mine:
        return merged, []
    read, before = _read(merged), _read(ours)
    lines = split_lines(merged)
    gone: list[str] = []
    for alias, node in reversed(list(_aliases(merged))):
        end = node.end_lineno or node.lineno
        text = b"".join(lines[node.lineno - 1 : end])
        alone = len(node.names) == 1 and b"#" not in text and b";" not in text
        if alone and alias in mine and alias[-1] in before - read:
            del lines[node.lineno - 1 : end]
            gone.append(alias[-1])
    return b"".join(lines), gone


def _aliases(text: bytes) -> Iterator[tuple[tuple[str, ...], ast.Import | ast.ImportFrom]]:
    """What each import of a module binds: from where, which name, as what."""
    for node in _imports(text):
        origin = "import"
        if isinstance(node, ast.ImportFrom):
            origin = "." * node.level + (node.module or "")
        for alias in node.names:
            yield (origin, alias.name, _bound(alias)), node


@lru_cache(maxsize=512)
def _read(text: bytes) -> frozenset[str]:
    """Every name that a text reads, and every word of its strings: `__all__`, annotations."""
    try:
        nodes = list(ast.walk(ast.parse(text)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()
    names = frozenset(node.id for node in nodes if isinstance(node, ast.Name))
    strings = (n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str))
    return names.union(*(re.findall(r"\w+", value) for value in strings))


def twice_imported(text: bytes) -> set[str]:
    """Names that a module imports from two places, one behind the other: what stands between them
    means the first, what follows the second."""
    places: dict[str, set[str]] = {}
    for node in _imports(text):
        for alias in node.names:
            if isinstance(node, ast.ImportFrom):
                origin = f"{'.' * node.level}{node.module or ''}:{alias.name}"
            else:
                origin = alias.name if alias.asname else _bound(alias)
            places.setdefault(_bound(alias), set()).add(origin)
    return {name for name, origins in places.items() if len(origins) > 1} - {"*"}


def restore_imports(merged: bytes, *versions: bytes) -> tuple[bytes, list[str]]:
    """The merged text with the imports that one of the versions has, another took away, and the
    merged text needs; and the names that came back."""
    missing = undefined(merged)
    for version in versions:
        missing = None if missing is None else missing - (undefined(version) or frozenset())
    if not missing:
        return merged, []
    added: list[str] = []
    names: list[str] = []
    for version in versions:
        for node in _imports(version):
            aliases = [alias for alias in node.names if _bound(alias) in missing]
            if aliases:
                added.append(ast.unparse(_only(node, aliases)))
                names += map(_bound, aliases)
                missing -= {_bound(alias) for alias in aliases}
    if not added:
        return merged, []
    lines = split_lines(merged)
    at = max((node.end_lineno or 0 for node in _leading(merged)), default=0)
    end = b"\r\n" if lines and lines[0].endswith(b"\r\n") else b"\n"
    lines[at:at] = [line.encode() + end for line in added]
    return b"".join(lines), names


@lru_cache(maxsize=512)
def _imports(text: bytes) -> tuple[ast.Import | ast.ImportFrom, ...]:
    """The import statements of a module that are in no function, class or condition."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    return tuple(node for node in body if isinstance(node, ast.Import | ast.ImportFrom))


def _leading(text: bytes) -> Iterator[ast.stmt]:
    """What stands in front of a module's first definition: imports and the docstring."""
    for node in ast.parse(text).body:
        if not isinstance(node, ast.Import | ast.ImportFrom | ast.Expr):
            return
        yield node


def _only(node: ast.Import | ast.ImportFrom, aliases: list[ast.alias]) -> ast.stmt:
    if isinstance(node, ast.ImportFrom):
        return ast.ImportFrom(node.module, aliases, node.level)
    return ast.Import(aliases)


def _bound(alias: ast.alias) -> str:
    return alias.asname or alias.name.partition(".")[0]
