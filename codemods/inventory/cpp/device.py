"""Functions and templates of device headers: what generated kernels call by name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import tree_sitter
import tree_sitter_cpp

from codemods.inventory.cpp.prepare import CppTree
from codemods.inventory.model import Entry, Kind
from codemods.model import Language, Source
from cpp_rewriters import syntax
from cpp_rewriters.text import blank

_TEMPLATE_FOLDER = "tl_templates"
"""Where TileLang and every fork of it keep the headers that generated code includes."""

_QUALIFIERS = ("__device__", "__global__")
_NOISE = (
    "__device__", "__global__", "__host__", "__forceinline__", "__noinline__", "__inline__",
    "__attribute__((always_inline))",
)  # fmt: skip
_DEFINITIONS = """
(function_definition) @function
(class_specifier name: (_) body: (_)) @class
(struct_specifier name: (_) body: (_)) @class
"""


def device_code(tree: CppTree) -> Iterator[Entry]:
    """Function and class definitions of files that hold device code or lie among the templates.

    A name is qualified by its namespaces and classes. The signature has a part for each template
    parameter, and the number of parameters with the number of defaults.
    """
    qualifiers, noise = _macros(tree)
    words = re.compile(rf"\b(?:{'|'.join(sorted(qualifiers))})\b".encode())
    for path, source in tree.sources.items():
        among = _TEMPLATE_FOLDER in path.split("/")[:-1]
        if among:
            yield Entry(Kind.DEVICE_FILE.value, path, (), path, 1)
        if among or words.search(blank(source.data)):
            yield from _definitions(_plain(source, noise))


def _macros(tree: CppTree) -> tuple[frozenset[str], frozenset[str]]:
    """The words that make a function a device function, and those to blank before parsing."""
    qualifiers = set(_QUALIFIERS)
    noise = set(_NOISE)
    for name, macros in tree.macros.items():
        for macro in macros:
            if macro.parameters is not None:
                continue
            words = set(re.findall(r"\w+", macro.body.decode("utf-8", "replace")))
            if words & set(_QUALIFIERS) and words <= {n.split("(")[0] for n in _NOISE} | {
                "static", "inline", "attribute", "always_inline", "__attribute__",
            }:  # fmt: skip
                qualifiers.add(name)
                noise.add(name)
    return frozenset(qualifiers), frozenset(noise)


def _plain(source: Source, noise: frozenset[str]) -> Source:
    """The source with qualifiers blanked, which a C++ grammar does not know."""
    names = "|".join(sorted(map(re.escape, noise), key=len, reverse=True))
    pattern = rf"(?<!\w)(?:{names}|__launch_bounds__\s*\([^)\n]*\)|__align__\s*\([^)\n]*\))(?!\w)"
    data = re.sub(pattern.encode(), lambda m: b" " * len(m[0]), source.data)
    return Source(source.path, data, Language.CPP)


@lru_cache(maxsize=1)
def _query() -> tree_sitter.Query:
    language = tree_sitter.Language(tree_sitter_cpp.language())
    query: tree_sitter.Query = tree_sitter.Query(language, _DEFINITIONS)
    return query


def _definitions(source: Source) -> Iterator[Entry]:
    captures = tree_sitter.QueryCursor(_query()).captures(syntax.tree(source).root_node)
    for node in captures.get("class", ()):
        name = node.child_by_field_name("name")
        if name is not None:
            yield _entry(source, node, Kind.DEVICE_TEMPLATE, _squeezed(name), ())
    for node in captures.get("function", ()):
        declarator = _function_declarator(node)
        name = declarator.child_by_field_name("declarator") if declarator is not None else None
        if declarator is not None and name is not None:
            yield _entry(source, node, Kind.DEVICE_FUNCTION, _squeezed(name), _arity(declarator))


def _entry(
    source: Source, node: tree_sitter.Node, kind: Kind, name: str, arity: tuple[str, ...]
) -> Entry:
    qualified = "::".join([*_scopes(node), name])
    signature = (*_template_parameters(node), *arity)
    return Entry(kind.value, qualified, signature, source.path, node.start_point[0] + 1)


def _scopes(node: tree_sitter.Node) -> list[str]:
    names: list[str] = []
    for ancestor in syntax.ancestors(node):
        if ancestor.type in ("namespace_definition", "class_specifier", "struct_specifier"):
            name = ancestor.child_by_field_name("name")
            if name is not None:
                names.insert(0, _squeezed(name))
    return names


def _template_parameters(node: tree_sitter.Node) -> tuple[str, ...]:
    parent = node.parent
    if parent is None or parent.type != "template_declaration":
        return ()
    parameters = parent.child_by_field_name("parameters")
    if parameters is None:
        return ()
    return tuple(f"<{_squeezed(child)}>" for child in parameters.named_children)


def _function_declarator(node: tree_sitter.Node) -> tree_sitter.Node | None:
    current = node.child_by_field_name("declarator")
    while current is not None and current.type != "function_declarator":
        inner = current.child_by_field_name("declarator")
        if inner is None:
            inner = next((c for c in current.named_children if "declarator" in c.type), None)
        current = inner
    return current


def _arity(declarator: tree_sitter.Node) -> tuple[str, ...]:
    parameters = declarator.child_by_field_name("parameters")
    children = parameters.named_children if parameters is not None else []
    counted = [c for c in children if c.type.endswith("parameter_declaration")]
    if len(counted) == 1 and syntax.text(counted[0]) == "void":
        counted = []
    defaults = sum(c.type == "optional_parameter_declaration" for c in counted)
    return (f"arity {len(counted)}", *((f"defaults {defaults}",) if defaults else ()))


def _squeezed(node: tree_sitter.Node) -> str:
    return re.sub(r"\s+", " ", syntax.text(node)).replace(" ,", ",").strip()
