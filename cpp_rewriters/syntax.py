"""C++ as a syntax tree (tree-sitter): which function, class and namespace a place is in, and the
type that a name was declared with, as far as one file says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import tree_sitter
import tree_sitter_cpp

from codemods.model import Source

Node = tree_sitter.Node


@lru_cache(maxsize=1)
def _parser() -> tree_sitter.Parser:
    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_cpp.language()))


def tree(source: Source) -> tree_sitter.Tree:
    """The file's syntax tree, parsed once."""
    return source.once(_parse)


def _parse(source: Source) -> tree_sitter.Tree:
    return _parser().parse(source.data)


def node_at(source: Source, start: int, end: int | None = None) -> Node:
    """The smallest node that spans `start:end`."""
    found = tree(source).root_node.descendant_for_byte_range(start, start if end is None else end)
    assert found is not None  # the root spans everything
    return found


def ancestors(node: Node) -> Iterator[Node]:
    """The node's parents, innermost first."""
    current = node.parent
    while current is not None:
        yield current
        current = current.parent


def enclosing(node: Node, *kinds: str) -> Node | None:
    """The innermost ancestor of one of the given grammar kinds."""
    return next((a for a in ancestors(node) if a.type in kinds), None)


def text(node: Node) -> str:
    """The node's source text; undecodable bytes are replaced."""
    return (node.text or b"").decode("utf-8", "replace")


def namespace_of(source: Source, offset: int) -> tuple[str, ...]:
    """The names of the namespaces around `offset`, outermost first."""
    names: list[str] = []
    for ancestor in ancestors(node_at(source, offset)):
        if ancestor.type == "namespace_definition":
            name = ancestor.child_by_field_name("name")
            names[:0] = text(name).split("::") if name is not None else [""]
    return tuple(names)


def is_broken(source: Source, start: int, end: int) -> bool:
    """Whether the grammar cannot read the declarations, of whatever scope, that are at that place.

    Judged are those directly in the innermost namespace, or the file, around it.
    """
    scope = node_at(source, start, end)
    while scope.parent is not None and scope.type not in ("translation_unit", "declaration_list"):
        scope = scope.parent
    if scope.is_error or any(ancestor.is_error for ancestor in ancestors(scope)):
        return True
    return any(
        child.has_error or child.is_missing
        for child in scope.children
        if child.start_byte <= end and child.end_byte >= start
    )


_TYPE_KEY = re.compile(rb'(\bTVM_(?:FFI_)?DECLARE_OBJECT_INFO\w*\(\s*)"[^"\n]*"')


def count_errors(data: bytes) -> int:
    """How many places the grammar could not make sense of; compared before and after a rewrite.

    The grammar reads a macro in a class body as a declaration, in which a string cannot stand; the
    type keys of the FFI's declaration macros are read as names, so that the API's own form is none.
    """
    data = _TYPE_KEY.sub(lambda match: match[1] + b"_" * (len(match[0]) - len(match[1])), data)
    root = _parser().parse(data).root_node
    if not root.has_error:
        return 0
    errors = 0
    stack = [root]
    while stack:
        node = stack.pop()
        if node.is_error or node.is_missing:
            errors += 1
        elif node.has_error:
            stack.extend(node.children)
    return errors


_BLOCKS = ("compound_statement", "declaration_list", "translation_unit", "case_statement")
_DECLARATIONS = (
    "declaration",
    "parameter_declaration",
    "optional_parameter_declaration",
    "for_range_loop",
    "condition_clause",
    "field_declaration",
    "init_statement",
)


class Declared:
    """The type text that a name was declared with, and its initialiser's text ("" for none)."""

    __slots__ = ("initialiser", "type")

    def __init__(self, type_text: str, initialiser: str) -> None:
        self.type = re.sub(r"\s+", " ", type_text).strip()
        self.initialiser = initialiser

    def __repr__(self) -> str:
        return f"Declared({self.type!r}, {self.initialiser!r})"


def declaration(source: Source, name: str, offset: int) -> Declared | None:
    """How `name`, as used at `offset`, was declared in this file: the innermost declaration before.

    Looks through blocks, conditions, loops, lambdas' and functions' parameters outwards, then at
    the fields of the enclosing class. None when this file does not tell.
    """
    node = node_at(source, offset)
    child = node
    for ancestor in ancestors(node):
        found = _declared_among(ancestor, child, name, offset)
        if found is not None:
            return found
        child = ancestor
    return None


def local_declaration(source: Source, name: str, offset: int) -> Declared | None:
    """`declaration`, but only of parameters and local variables; no fields, nothing global."""
    node = node_at(source, offset)
    child = node
    for ancestor in ancestors(node):
        if ancestor.type in ("field_declaration_list", "declaration_list", "translation_unit"):
            return None
        found = _declared_among(ancestor, child, name, offset)
        if found is not None:
            return found
        child = ancestor
    return None


def _declared_among(scope: Node, child: Node, name: str, offset: int) -> Declared | None:
    """The last declaration of `name` directly inside `scope` that is visible at `offset`."""
    candidates: list[Node] = []
    if scope.type in (
        "compound_statement",
        "declaration_list",
        "translation_unit",
        "case_statement",
    ):
        candidates = [c for c in scope.children if c.start_byte < offset]
    elif scope.type == "field_declaration_list":
        candidates = list(scope.children)
    elif scope.type in ("function_definition", "lambda_expression"):
        declarator = scope.child_by_field_name("declarator")
        candidates = _parameters(declarator) if declarator is not None else []
    elif scope.type in ("for_statement", "for_range_loop", "if_statement", "while_statement"):
        candidates = [
            inner
            for part in [scope, *(c for c in scope.children if c.type == "condition_clause")]
            for inner in part.children
            if inner.type in _DECLARATIONS or inner is part
        ]
        if scope.type == "for_range_loop":
            candidates.append(scope)
    for candidate in reversed(candidates):
        found = _declares(candidate, name, offset)
        if found is not None:
            return found
    return None


def _parameters(declarator: Node) -> list[Node]:
    stack = [declarator]
    while stack:
        node = stack.pop()
        if node.type == "parameter_list":
            return node.children
        stack.extend(
            c
            for c in reversed(node.children)
            if "declarator" in c.type or c.type == "parameter_list"
        )
    return []


def _declares(node: Node, name: str, offset: int) -> Declared | None:
    if node.type == "init_statement":
        return next((d for c in node.children if (d := _declares(c, name, offset))), None)
    if node.type == "condition_clause":
        return next((d for c in node.children if (d := _declares(c, name, offset))), None)
    if node.type not in _DECLARATIONS:
        return None
    type_node = node.child_by_field_name("type")
    if type_node is None:
        return None
    for declarator in node.children_by_field_name("declarator"):
        found = _declarator_name(declarator)
        if found is None or text(found) != name:
            continue
        value = None
        if declarator.type == "init_declarator":
            value = declarator.child_by_field_name("value")
        if value is None:
            value = node.child_by_field_name("value") or node.child_by_field_name("right")
        if value is not None and value.start_byte <= offset < value.end_byte:
            continue  # `auto x = x.foo()`: the inner x is another one
        decoration = "*" if _is_pointer(declarator) else ""
        return Declared(text(type_node) + decoration, text(value) if value is not None else "")
    return None


def _declarator_name(declarator: Node) -> Node | None:
    stack = [declarator]
    while stack:
        node = stack.pop(0)
        if node.type in ("identifier", "field_identifier"):
            return node
        if node.type in ("parameter_list", "argument_list", "initializer_list"):
            continue
        inner = node.child_by_field_name("declarator")
        if inner is not None:
            stack.insert(0, inner)
        else:
            stack.extend(c for c in node.children if c.type.endswith(("declarator", "identifier")))
    return None


def _is_pointer(declarator: Node) -> bool:
    node: Node | None = declarator
    while node is not None:
        if node.type == "pointer_declarator":
            return True
        node = node.child_by_field_name("declarator")
    return False
