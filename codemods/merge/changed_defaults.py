"""Defaults that upstream changed and the fork's own calls rely on.

A backend that was chosen when none is named, a memory order: the merge brings upstream's default,
nothing conflicts, and the files that only the fork has mean something else from then on.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import PurePosixPath

from codemods.merge.vanished import Trees
from codemods.model import Effort, Finding

CODE = "TF932"
_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Defaults = dict[str, tuple[int, str]]  # of each parameter: its place (-1: by keyword only), text


def scan(trees: Trees) -> list[Finding]:
    """The first call of each file that only the fork has, for each function whose changed
    defaults it relies on."""
    changed = _changed(trees)
    found = []
    for path, text in trees.merged.items():
        if not path.endswith(".py") or path in trees.upstream:
            continue
        relied: dict[str, list[ast.expr]] = defaultdict(list)
        words: dict[str, dict[str, None]] = defaultdict(dict)
        for called, call in _calls(text):
            for name, package, parameter, place, change in changed:
                if _means(called, package, name) and not _is_given(call, parameter, place):
                    relied[name].append(call)
                    words[name][f"`{parameter}` from {change}"] = None
        for name, calls in relied.items():
            count = len({id(call) for call in calls})
            message = (
                f"`{name}` relies here on defaults that upstream changed, "
                f"{', '.join(words[name])} (calls in this file: {count})"
            )
            at = min(calls, key=lambda call: (call.lineno, call.col_offset))
            where = (at.lineno, at.col_offset + 1)
            found.append(Finding(path, *where, CODE, message, _ADVICE, Effort.MEDIUM))
    return sorted(found)


_ADVICE = "state the values that the calls are meant to have"


def _changed(trees: Trees) -> list[tuple[str, str, str, int, str]]:
    """Of each default that upstream changed and the fork had left: the function's name, its
    package, the parameter, the parameter's place, and the change in words."""
    found = []
    for path, merged in trees.merged.items():
        old, fork, new = (side.get(path) for side in (trees.base, trees.fork, trees.upstream))
        if not path.endswith(".py") or old is None or fork is None or new is None or old == new:
            continue
        before, mine, theirs, now = (_functions(text) for text in (old, fork, new, merged))
        for name in before.keys() & mine.keys() & theirs.keys() & now.keys():
            for parameter, (place, default) in now[name].items():
                was = before[name].get(parameter, (0, ""))[1]
                same = mine[name].get(parameter, (0, ""))[1] == was
                brought = theirs[name].get(parameter, (0, ""))[1] == default
                if was and same and brought and was != default:
                    words = f"`{was}` to `{default}`"
                    package = PurePosixPath(path).parts[0]
                    found.append((name, package, parameter, place, words))
    return sorted(found)


@lru_cache(maxsize=4096)
def _functions(text: bytes) -> Mapping[str, _Defaults]:
    """The defaults of a module's functions, and of its classes' constructors, by public name.

    A function that is declared several times (`overload`) counts as its last declaration.
    """
    module = _parsed(text)
    found: dict[str, _Defaults] = {}
    for node in [] if module is None else module.body:
        if isinstance(node, _Function):
            found[node.name] = _defaults(node, 0)
        elif isinstance(node, ast.ClassDef):
            made = [n for n in node.body if isinstance(n, _Function) and n.name == "__init__"]
            if made:
                found[node.name] = _defaults(made[-1], 1)
    return {name: defaults for name, defaults in found.items() if not name.startswith("_")}


def _defaults(function: _Function, bound: int) -> _Defaults:
    arguments = function.args
    places = [*arguments.posonlyargs, *arguments.args]
    first = len(places) - len(arguments.defaults)
    found = {
        argument.arg: (first + n - bound, ast.unparse(default))
        for n, (argument, default) in enumerate(
            zip(places[first:], arguments.defaults, strict=True)
        )
    }
    for argument, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if value is not None:
            found[argument.arg] = (-1, ast.unparse(value))
    return found


def _calls(text: bytes) -> Iterator[tuple[str, ast.expr]]:
    """What a module calls by a name that an import binds, decorators without a call too: the
    dotted name in full, and the call."""
    module = _parsed(text)
    if module is None:
        return
    names: dict[str, str] = {}
    nodes = list(ast.walk(module))
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                names[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    for node in nodes:
        if isinstance(node, ast.Call) and (called := _dotted(node.func, names)):
            yield called, node
        elif isinstance(node, _Function):
            for decorator in node.decorator_list:
                if called := _dotted(decorator, names):
                    yield called, decorator


def _dotted(node: ast.expr, names: Mapping[str, str]) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in names:
        return ""
    return ".".join([names[node.id], *reversed(parts)])


def _means(called: str, package: str, name: str) -> bool:
    top, _, rest = called.partition(".")
    return top == package and rest.rpartition(".")[2] == name


def _is_given(call: ast.expr, parameter: str, place: int) -> bool:
    """Say whether a call states the parameter, or may by `*` or `**`."""
    if not isinstance(call, ast.Call):
        return False
    if any(keyword.arg in (None, parameter) for keyword in call.keywords):
        return True
    return any(isinstance(each, ast.Starred) for each in call.args) or 0 <= place < len(call.args)


@lru_cache(maxsize=4096)
def _parsed(text: bytes) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
