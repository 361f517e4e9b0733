"""Python as a sequence of definitions and statements."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from codemods.merge.hunks import split_lines
from codemods.merge.tokens import canonical, code_and_words
from codemods.merge.units import Key, Unit
from codemods.model import Language


@lru_cache(maxsize=128)
def split(text: bytes) -> list[Unit] | None:
    """The module's units; None where it does not parse or has two statements on one line."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    lines = split_lines(text)
    found = _units(body, lines, 0)
    if found is None:
        return None
    units, end = found
    if end < len(lines):
        units.append(Unit(("end",), b"".join(lines[end:])))
    return units


def parsed(text: bytes) -> list[ast.stmt] | None:
    """The statements of a text; None where it does not parse."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError):
        return None


def key_of(node: ast.stmt) -> Key:
    """What names a statement that is not the first one."""
    return _key(node, 1)


def _units(
    body: Sequence[ast.stmt], lines: Sequence[bytes], at: int
) -> tuple[list[Unit], int] | None:
    """The units of some statements that begin behind line `at`, and the line where they end."""
    units: list[Unit] = []
    for number, node in enumerate(body):
        start, end = _first_line(node), node.end_lineno or node.lineno
        if start <= at:
            return None
        following = _first_line(body[number + 1]) - 1 if number + 1 < len(body) else end
        if node.col_offset:  # at the top of a module such a comment may head what follows
            end += _comments_below(lines[end:following], node.col_offset)
        text = b"".join(lines[at:end])
        key = _key(node, number)
        signature = _signature(node)
        unit = Unit(key, text, signature)
        if isinstance(node, ast.ClassDef):
            inside = _class_body(node, lines)
            if inside is None:
                return None
            unit = Unit(key, text, signature, b"".join(lines[at : inside[0]]), inside[1])
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _is_documented(node):
            first, last = node.body[0].lineno - 1, node.body[0].end_lineno or at
            members = (
                Unit(("docstring",), b"".join(lines[first:last])),
                Unit(("body",), b"".join(lines[last:end])),
            )
            unit = Unit(key, text, signature, b"".join(lines[at:first]), members)
        units.append(replace(unit, undecorated=_undecorated(node, lines)))
        at = end
    return units, at


def _undecorated(node: ast.stmt, lines: Sequence[bytes]) -> tuple[bytes, ...]:
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return ()
    text = b"".join(lines[node.lineno - 1 : node.end_lineno])
    return code_and_words(text, Language.PYTHON)[0]


def _class_body(node: ast.ClassDef, lines: Sequence[bytes]) -> tuple[int, tuple[Unit, ...]] | None:
    """The line where a class's members begin, and they; None where one shares a line."""
    first = _first_line(node.body[0]) - 1
    if first < node.lineno:
        return None
    while first > node.lineno and _is_lead(lines[first - 1]):
        first -= 1
    inner = _units(node.body, lines, first)
    return None if inner is None else (first, tuple(inner[0]))


def _comments_below(lines: Sequence[bytes], column: int) -> int:
    """How many of the lines behind a statement are comments that belong to it: directly below it,
    as far in as it is, and set off from what follows by a blank line."""
    count = 0
    for line in lines:
        if not line.lstrip().startswith(b"#") or len(line) - len(line.lstrip()) != column:
            break
        count += 1
    return count if count < len(lines) and not lines[count].strip() else 0


def _is_documented(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a function has a docstring on lines of its own, and a body behind it."""
    if len(node.body) < 2 or ast.get_docstring(node, clean=False) is None:
        return False
    doc, second = node.body[0], node.body[1]
    before = max((arg.lineno for arg in ast.walk(node.args) if isinstance(arg, ast.arg)), default=0)
    return doc.lineno > max(node.lineno, before) and _first_line(second) > (doc.end_lineno or 0)


def _is_lead(line: bytes) -> bool:
    return not line.strip() or line.lstrip().startswith(b"#")


def _first_line(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(d.lineno for d in decorators)])


def _key(node: ast.stmt, number: int) -> Key:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return ("def", node.name)
        case ast.ClassDef():
            return ("class", node.name)
        case ast.Import():
            return ("import", ", ".join(alias.name for alias in node.names))
        case ast.ImportFrom():
            return ("from", "." * node.level + (node.module or ""))
        case ast.Assign() if all(isinstance(t, ast.Name) for t in node.targets):
            return ("name", ", ".join(ast.unparse(t) for t in node.targets))
        case ast.AnnAssign():
            return ("name", ast.unparse(node.target))
        case ast.Expr() if number == 0 and isinstance(node.value, ast.Constant):
            return ("docstring",)
        case ast.If():
            return ("if", ast.unparse(node.test))
        case ast.Expr(value=ast.Call() as call):
            return ("text", ast.unparse(call.func), ast.unparse(call))
    return ("text", type(node).__name__, ast.unparse(node))


def _signature(node: ast.stmt) -> tuple[bytes, ...]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        names = [a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
        stars = [a.arg for a in (node.args.vararg, node.args.kwarg) if a is not None]
        defaults = len(node.args.defaults)
        return tuple(name.encode() for name in (*names, *stars, str(defaults)))
    if isinstance(node, ast.ClassDef):
        return tuple(ast.unparse(base).encode() for base in node.bases)
    if isinstance(node, ast.Assign | ast.AnnAssign):
        return canonical(ast.unparse(node).encode(), Language.PYTHON)
    return ()
