"""Both sides changed Python imports: each name that either side added is imported, once.

A name that both import is taken the way upstream imports it. One whose module is gone from
upstream, and that nothing else brings, is left to a person.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from codemods.merge.hunks import Hunk, split_lines
from codemods.merge.resolvers.place import Place
from codemods.model import Language

_WIDTH = 100


@dataclass(frozen=True)
class Import:
    """One imported name: `from module import name as bound`, or `import name` (module None)."""

    module: str | None
    name: str
    bound: str


@dataclass(frozen=True)
class Statement:
    """An import statement with the comments in front of it, and what it imports."""

    text: str
    imports: tuple[Import, ...]


def resolve(hunk: Hunk, place: Place) -> bytes | None:
    """Merge three runs of import statements."""
    if place.language is not Language.PYTHON:
        return None
    sides = [_statements(side) for side in (hunk.base, hunk.ours, hunk.theirs)]
    if any(side is None for side in sides):
        return None
    base, ours, theirs = ([*side] if side else [] for side in sides)
    old, mine, new = ({i for s in side for i in s.imports} for side in (base, ours, theirs))
    taken_away = {i for i in new & old if i not in mine}
    if taken_away & {i for s in theirs for i in s.imports if s not in base}:
        return None
    bound = {i.bound for i in new} - {"*"}
    out = [s for s in theirs if not set(s.imports) <= taken_away or not s.imports]
    if any(set(s.imports) & taken_away for s in out):
        return None
    for statement in ours:
        added = [i for i in statement.imports if i not in old and i.bound not in bound]
        if not added:
            continue
        if any(_stale(i, place) for i in added):
            return None
        out = _add(out, statement, added)
        bound |= {i.bound for i in added}
    out.sort(key=lambda s: all(i.module != "__future__" for i in s.imports))  # those come first
    return "".join(s.text for s in out).encode()


def stale_imports(text: bytes, place: Place) -> list[str]:
    """The modules that a file imports although upstream has removed them."""
    return sorted({i.module or i.name for i in _all(text) if _stale(i, place)})


def unknown_imports(text: bytes, place: Place) -> set[str]:
    """The modules of the trees' own packages that a file imports and none of the trees has."""
    named = {i.module if i.module is not None else i.name for i in _all(text)}
    return {module for module in named if not _exists(module, place)}


@lru_cache(maxsize=512)
def _all(text: bytes) -> tuple[Import, ...]:
    """Every import of a module, wherever it stands."""
    try:
        module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    nodes = (n for n in ast.walk(module) if isinstance(n, ast.Import | ast.ImportFrom))
    return tuple(i for n in nodes for i in _imports(n))


def _statements(text: bytes) -> list[Statement] | None:
    """The import statements of a text that holds nothing else, or None."""
    try:
        source = text.decode()
        dedented = textwrap.dedent(source)
        body = ast.parse(dedented).body
    except (SyntaxError, UnicodeDecodeError, ValueError):
        return None
    if dedented != source or not all(isinstance(n, ast.Import | ast.ImportFrom) for n in body):
        return None
    lines = [line.decode() for line in split_lines(text)]
    found, at = [], 0
    for node in body:
        end = node.end_lineno or node.lineno
        if end <= at:
            return None  # two on one line
        found.append(Statement("".join(lines[at:end]), tuple(_imports(node))))
        at = end
    if at < len(lines):
        found.append(Statement("".join(lines[at:]), ()))
    return found


def _imports(node: ast.stmt) -> Iterator[Import]:
    if isinstance(node, ast.ImportFrom):
        module = "." * node.level + (node.module or "")
        for alias in node.names:
            bound = alias.asname or (alias.name if alias.name != "*" else f"* of {module}")
            yield Import(module, alias.name, bound)
    elif isinstance(node, ast.Import):
        for alias in node.names:
            yield Import(None, alias.name, alias.asname or alias.name)


def _stale(wanted: Import, place: Place) -> bool:
    """Whether the module is one that upstream had and has no more, and the fork does not own."""
    files = _module_files(wanted.module if wanted.module is not None else wanted.name, place.path)
    was = any(file in place.base for file in files)
    return was and not any(file in place.theirs for file in files)


def _exists(module: str, place: Place) -> bool:
    """Whether a module may be there: a tree has it, or its package is none of the trees' own."""
    trees = (place.theirs, place.ours)
    top = module.partition(".")[0]
    if top and not any(f"{top}/__init__.py" in tree for tree in trees):
        return True
    files = _module_files(module, place.path)
    stem = files[0].removesuffix(".py")
    if any(file in tree for tree in trees for file in (*files, f"{stem}.pyx")):
        return True
    return any(path.startswith(f"{stem}/") for tree in trees for path in tree)


def _module_files(module: str, path: str) -> list[str]:
    if module.startswith("."):
        folder = path.split("/")[:-1]
        level = len(module) - len(module.lstrip("."))
        parts = folder[: len(folder) - level + 1] + [p for p in module[level:].split(".") if p]
    else:
        parts = module.split(".")
    stem = "/".join(parts)
    return [f"{stem}.py", f"{stem}/__init__.py"]


def _add(out: list[Statement], source: Statement, added: list[Import]) -> list[Statement]:
    """Put the names into upstream's statement for their module, or a statement of their own
    behind the last one."""
    module = added[0].module
    if module is not None and "*" not in {i.name for i in added}:
        for at, statement in enumerate(out):
            if statement.imports and all(i.module == module for i in statement.imports):
                longer = _extended(statement, added)
                if longer is not None:
                    return [*out[:at], longer, *out[at + 1 :]]
    whole = len(added) == len(source.imports)
    text = source.text.lstrip("\n") if whole else _spelled(module, added, _comment(source.text))
    last = max((n for n, s in enumerate(out) if s.imports), default=len(out) - 1)
    return [*out[: last + 1], Statement(text, tuple(added)), *out[last + 1 :]]


def _extended(statement: Statement, added: list[Import]) -> Statement | None:
    imports = (*statement.imports, *added)
    if any(i.name == "*" for i in imports):
        return None
    names = [_alias(i) for i in added]
    text = statement.text
    if text.rstrip().endswith(")"):
        head, _, tail = text.rpartition(")")
        last = head.rstrip()
        if "\n" not in head[len(last) :]:
            comma = "" if last.endswith((",", "(")) else ","
            return Statement(f"{last}{comma} {', '.join(names)}){tail}", imports)
        final = last.rpartition("\n")[2]
        indent = re.match(r"\s*", final)
        if "#" in final and not final.partition("#")[0].rstrip().endswith((",", "(")):
            return None
        comma = "" if last.endswith((",", "(")) or "#" in final else ","
        lines = "".join(f"\n{indent[0] if indent else ''}{name}," for name in names)
        return Statement(f"{last}{comma}{lines}\n){tail}", imports)
    line, hash_, comment = text.rstrip("\n").rpartition("\n")[2].partition("#")
    longer = line.rstrip() + "".join(f", {name}" for name in names)
    if len(longer) > _WIDTH or line.rstrip().endswith("\\"):
        return None
    longer += f"  {hash_}{comment}" if hash_ else ""
    before = "".join(text.rstrip("\n").rpartition("\n")[:2])
    return Statement(f"{before}{longer}\n", imports)


def _comment(text: str) -> str:
    """The comment behind a statement of one line, with two spaces in front."""
    line = text.strip("\n").rpartition("\n")[2]
    return f"  #{line.partition('#')[2]}" if "#" in line and "(" not in line else ""


def _spelled(module: str | None, added: list[Import], comment: str) -> str:
    names = [_alias(i) for i in added]
    if module is None:
        return "".join(f"import {name}{comment}\n" for name in names)
    line = f"from {module} import {', '.join(names)}{comment}\n"
    if len(line) <= _WIDTH:
        return line
    return f"from {module} import (\n" + "".join(f"    {name},\n" for name in names) + ")\n"


def _alias(wanted: Import) -> str:
    return wanted.name if wanted.bound == wanted.name else f"{wanted.name} as {wanted.bound}"
