"""One side changed some lines, the other put comments or whole definitions right next to them."""

from __future__ import annotations

import ast
import textwrap

from codemods.merge.hunks import Hunk, split_lines
from codemods.merge.resolvers.place import Place
from codemods.merge.tokens import HAVE_TOKENS, code_and_words, same_code
from codemods.model import Language


def resolve(hunk: Hunk, place: Place) -> bytes | None:
    """Put the addition next to the changed lines, on the side where it was."""
    language = place.language
    if language not in HAVE_TOKENS or not hunk.base.strip():
        return None
    for adding, changing in ((hunk.ours, hunk.theirs), (hunk.theirs, hunk.ours)):
        lines = split_lines(adding)
        count = len(split_lines(hunk.base))
        if len(lines) <= count:
            continue
        before, after = b"".join(lines[:-count]), b"".join(lines[count:])
        if same_code(b"".join(lines[-count:]), hunk.base, language) and _stands(before, language):
            return before + changing
        if same_code(b"".join(lines[:count]), hunk.base, language) and _stands(after, language):
            return changing + after
    return None


def _stands(text: bytes, language: Language | None) -> bool:
    """Whether lines are comments only, or in Python whole definitions and imports."""
    if language is None or not code_and_words(text, language)[0]:
        return language is not None
    if language not in (Language.PYTHON, Language.CYTHON):
        return False
    try:
        body = ast.parse(textwrap.dedent(text.decode())).body
    except (SyntaxError, ValueError):
        return False
    return all(map(_is_definition, body))


def _is_definition(node: ast.stmt) -> bool:
    if isinstance(node, ast.If):  # imports that depend on something
        return all(map(_is_definition, (*node.body, *node.orelse)))
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom
    return isinstance(node, kinds)
