"""The verb that gives a dynamically typed value the type that its context needs.

Values of the legacy FFI converted themselves to whatever they were assigned to; those of the new
one are asked, `value.cast<T>()`. The type is read from where the value goes: a cast, a declaration,
an assignment, a parameter, a return. Where the tree does not say, the place is reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from codemods.model import Edit, Facts, Outcome, Remark, Source
from cpp_rewriters.class_facts import CLASSES, ClassFacts, lineage
from cpp_rewriters.classes import simple
from cpp_rewriters.signatures import SIGNATURES, Signatures, parameter_type, value_type
from cpp_rewriters.syntax import Node, ancestors, declaration, text

NEEDS = (CLASSES, SIGNATURES)

_DYNAMIC = re.compile(
    r"(?:\w+::)*(?:auto|Any|AnyView|TVMArgValue|TVMRetValue|TVMPODValue_|TVMMovableArgValue_)"
)
_OPERATOR = re.compile(rb"\s*\.\s*operator\s+([\w:<>, ]+?(?:\s*\*)?)\s*\(\s*\)")
_BOXED = re.compile(rb"\s*\.\s*(?P<name>IsObjectRef|AsObjectRef)\s*<(?P<type>[^();]*)>\s*\(\s*\)")
_PLAIN = re.compile(
    rb"\s*(?:\.\s*(?:as|cast|try_cast|type_index|GetTypeKey)\b|->|==|!=|<<|\.\s*type_code\b)"
)
_UNKNOWN = "is converted to a type that this tree does not tell"
_ADVICE = "write `.cast<T>()` with the type that is meant"

# What a context says of the value in it: a type, "" for none needed, None for not known.
Needed = str | None


def convert(source: Source, facts: Facts, value: Node) -> Iterator[Outcome]:
    """Give `value`, an expression of a dynamic type, an explicit conversion where one is needed."""
    data, start, end = source.data, value.start_byte, value.end_byte
    operator = _OPERATOR.match(data, end)
    if operator is not None:
        target = operator[1].decode("utf-8", "replace").strip()
        yield Edit(end, operator.end(), f".cast<{target}>()".encode())
        return
    boxed = _BOXED.match(data, end)
    if boxed is not None:
        target = boxed["type"].decode("utf-8", "replace").strip()
        new = f".cast<{target}>()"
        if boxed["name"] == b"IsObjectRef":
            new = f".as<{target}>().has_value()"
        yield Edit(end, boxed.end(), new.encode())
        return
    if _PLAIN.match(data, end) is not None or data[:start].rstrip().endswith(b"<<"):
        return
    cast = _cast_around(value, facts)
    if cast is not None:
        around, target = cast
        yield Edit(around.start_byte, start, b"")
        yield Edit(end, around.end_byte, f".cast<{target}>()".encode())
        return
    needed = needed_type(source, facts, value)
    if needed is None:
        shown = re.sub(r"\s+", " ", text(value))[:60]
        yield Remark(start, f"`{shown}` {_UNKNOWN}", _ADVICE)
    elif needed:
        yield Edit(end, end, f".cast<{needed}>()".encode())


def _cast_around(value: Node, facts: Facts) -> tuple[Node, str] | None:
    """The `static_cast<T>(value)`, `T(value)` or `(T)value` around a value, and its T."""
    parent = value.parent
    if parent is not None and parent.type == "cast_expression":
        target = parent.child_by_field_name("type")
        return (parent, value_type(text(target))) if target is not None else None
    if parent is None or parent.type != "argument_list" or parent.named_child_count != 1:
        return None
    call = parent.parent
    callee = call.child_by_field_name("function") if call is not None else None
    if call is None or callee is None or call.type != "call_expression":
        return None
    name = text(callee)
    if name.startswith("static_cast<"):
        return call, value_type(name[name.index("<") + 1 : name.rindex(">")])
    if callee.type == "primitive_type":
        return call, name
    if _names_a_type(callee, facts):
        return call, name
    return None


_TYPES = frozenset(
    (
        *("int8_t", "int16_t", "int32_t", "int64_t"),
        *("uint8_t", "uint16_t", "uint32_t", "uint64_t"),
        *("size_t", "string", "String"),
    )
)


def _names_a_type(callee: Node, facts: Facts) -> bool:
    known: Signatures = facts.get(SIGNATURES.name, {})
    classes: Mapping[str, ClassFacts] = facts.get(CLASSES.name, {})
    name = simple(text(callee))
    if name in classes or name in _TYPES:
        return True
    if callee.type not in ("identifier", "qualified_identifier", "template_function"):
        return False
    return name not in known and name[:1].isupper() and name.upper() != name


def needed_type(source: Source, facts: Facts, value: Node) -> Needed:
    """The type that the context of `value` converts it to."""
    child = value
    for parent in ancestors(value):
        if parent.type in ("parenthesized_expression", "initializer_list") and (
            parent.named_child_count == 1
        ):
            child = parent
            continue
        if parent.type == "conditional_expression":
            if child == parent.child_by_field_name("condition"):
                return "bool"
            child = parent
            continue
        return _need(source, facts, parent, child, value.start_byte)
    return None


def _need(source: Source, facts: Facts, parent: Node, child: Node, offset: int) -> Needed:
    kind = parent.type
    if kind == "init_declarator":
        return _declared(parent.parent, parent)
    if kind == "declaration":
        return _declared(parent, parent)
    if kind == "condition_clause":
        return "bool"
    if kind == "assignment_expression":
        left = parent.child_by_field_name("left")
        return _type_of(source, facts, left, offset) if left is not None and left != child else ""
    if kind == "argument_list":
        return _argument(source, facts, parent, child, offset)
    if kind == "return_statement":
        return _returned(parent)
    if kind == "unary_expression" and text(parent).startswith("!"):
        return "bool"
    if kind == "binary_expression" and any(c.type in ("&&", "||") for c in parent.children):
        return "bool"
    if kind in ("expression_statement", "comma_expression", "lambda_capture_specifier"):
        return ""
    return None


def _declared(node: Node | None, declarator: Node) -> Needed:
    kind = node.child_by_field_name("type") if node is not None else None
    if kind is None:
        return None
    name = value_type(text(kind))
    if _DYNAMIC.fullmatch(name):
        return ""
    inner = declarator.child_by_field_name("declarator")
    if inner is not None and inner.type == "pointer_declarator":
        name += "*"
    return name


def _type_of(source: Source, facts: Facts, left: Node, offset: int) -> Needed:
    """The declared type of what is assigned to."""
    if left.type in ("pointer_expression",):
        inner = left.child_by_field_name("argument")
        of = _type_of(source, facts, inner, offset) if inner is not None else None
        if of is None:
            return None
        return "" if of == "" or _DYNAMIC.fullmatch(of.rstrip("* ")) else of.rstrip("* ")
    if left.type == "subscript_expression":
        inner = left.child_by_field_name("argument")
        of = _type_of(source, facts, inner, offset) if inner is not None else None
        return _element(of) if of else of
    if left.type == "field_expression":
        return _field_type(source, facts, left, offset)
    if left.type != "identifier":
        return None
    declared = declaration(source, text(left), offset)
    if declared is not None:
        name = value_type(declared.type)
        return "" if _DYNAMIC.fullmatch(name.rstrip("* ")) else name
    owner = _owner(left)
    return _member(facts, owner, text(left)) if owner else None


def _element(container: str) -> Needed:
    match = re.fullmatch(
        r"(?:\w+::)*(?:vector|array|Array|deque)\s*<\s*(.+?)\s*(?:,.*)?>", container
    )
    if match is not None:
        return match[1]
    return container.rstrip("* ") if "<" not in container else None


def _field_type(source: Source, facts: Facts, left: Node, offset: int) -> Needed:
    holder, field = left.child_by_field_name("argument"), left.child_by_field_name("field")
    if holder is None or field is None:
        return None
    if text(holder) == "this":
        owner = _owner(left)
    else:
        of = _type_of(source, facts, holder, offset)
        owner = simple(of.rstrip("* ")) if of else ""
    return _member(facts, owner, text(field)) if owner else None


def _member(facts: Facts, owner: str, field: str) -> Needed:
    known: Mapping[str, ClassFacts] = facts.get(CLASSES.name, {})
    for name in (owner, f"{owner}Node"):
        for cls in lineage(known, name):
            for member, kind in cls.fields:
                if member == field:
                    plain = value_type(kind)
                    return "" if _DYNAMIC.fullmatch(plain) else plain
    return None


def _owner(node: Node) -> str:
    """The class whose method holds the node."""
    for ancestor in ancestors(node):
        if ancestor.type in ("class_specifier", "struct_specifier"):
            name = ancestor.child_by_field_name("name")
            return text(name) if name is not None else ""
        if ancestor.type == "function_definition":
            declarator = ancestor.child_by_field_name("declarator")
            head = text(declarator).split("(")[0] if declarator is not None else ""
            if "::" in head:
                return head.rsplit("::", 2)[-2].strip("&* ")
    return ""


def _argument(source: Source, facts: Facts, arguments: Node, child: Node, offset: int) -> Needed:
    call = arguments.parent
    if call is None:
        return None
    given = [c for c in arguments.named_children if c.type != "comment"]
    index = given.index(child)
    if call.type == "init_declarator":  # `T x(value)`
        if len(given) == 1:
            return _declared(call.parent, call)
        kind = call.parent.child_by_field_name("type") if call.parent is not None else None
        name = simple(text(kind)) if kind is not None else ""
    else:
        callee = call.child_by_field_name("function") or call.child_by_field_name("type")
        if callee is None:
            return None
        if callee.type == "parenthesized_expression" or _is_packed(source, callee, offset):
            return ""
        name = simple(re.split(r"\.|->", text(callee))[-1])
        if name.endswith("cast") or name in ("move", "forward", "push_back", "emplace_back"):
            return None
    known: Signatures = facts.get(SIGNATURES.name, {})
    return parameter_type(known, name, index, len(given))


def _is_packed(source: Source, callee: Node, offset: int) -> bool:
    """Whether a call goes to a packed function, which takes dynamic values as they are."""
    if callee.type != "identifier":
        return False
    declared = declaration(source, text(callee), offset)
    if declared is None:
        return False
    name = simple(value_type(declared.type).rstrip("* "))
    return name in ("PackedFunc", "Function") or "GetGlobal" in declared.initialiser


def _returned(statement: Node) -> Needed:
    for ancestor in ancestors(statement):
        if ancestor.type == "lambda_expression":
            declarator = ancestor.child_by_field_name("declarator")
            trailing = None
            if declarator is not None:
                trailing = next(
                    (c for c in declarator.children if c.type == "trailing_return_type"), None
                )
            if trailing is None:
                return None
            name = value_type(text(trailing).removeprefix("->"))
            return "" if _DYNAMIC.fullmatch(name) else name
        if ancestor.type == "function_definition":
            kind = ancestor.child_by_field_name("type")
            if kind is None:
                return None
            name = value_type(text(kind))
            return "" if _DYNAMIC.fullmatch(name) else name
    return None
