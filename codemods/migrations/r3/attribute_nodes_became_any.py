"""The node of an `AttrStmt` is an `ffi::Any`, no longer an object reference.

A string is a value now and no object, and `AttrStmt` may carry one. `Downcast<T>(op->node)` and
`op->node.as<T>()` keep working. What used the pointer does not:

* `op->node->IsInstance<T>()` becomes `op->node.as<T>()`;
* `static_cast<const T *>(op->node.get())` becomes `op->node.as<T>()`;
* a local `ObjectRef` that takes the node, or takes a string for a new `AttrStmt`, becomes an `ffi::Any`;
* so does a field of a class of the same file that a new `AttrStmt` is made from.

`Downcast<ObjectRef>(op->node)` compiles and fails at run time where the node is a string: reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from codemods.model import (
    Edit,
    Effort,
    Example,
    Facts,
    Language,
    Migration,
    Outcome,
    Remark,
    Rewrite,
    Rung,
    Source,
)
from cpp_rewriters.classes import classes
from cpp_rewriters.construct import constructions
from cpp_rewriters.syntax import declaration
from cpp_rewriters.text import closing_angle, code, qualifier, words

_INSTANCE = re.compile(rb"->\s*IsInstance\s*(?=<)")
_NODE = re.compile(rb"(?<![\w>.])(\w+)\s*->\s*node\s*\Z")
_LONGEST = 200  # bytes in which a receiver is looked for
_POINTER = re.compile(
    rb"static_cast\s*<\s*(?:const\s+)?(?P<type>[\w:]+)\s*(?:const\s*)?\*\s*>\s*"
    rb"\(\s*(?P<node>(?P<name>\w+)\s*->\s*node)\s*\.\s*get\s*\(\s*\)\s*\)"
)
_LOCAL = re.compile(
    rb"((?:(?:tvm::)?(?:runtime::|ffi::)?)ObjectRef)(\s*&?\s*)(\w+)\s*(?:=|\()\s*"
    rb"(?:(\w+)\s*->\s*node\s*\)?|(?:ffi::|runtime::|tvm::)*String\s*\([^()]*\)\s*\)?)\s*;"
)
_MEMBER = re.compile(r"(?:->|\.)(\w+)$")
_ATTR = re.compile(r"\bAttrStmt(?:Node)?\b")

_AS_REFERENCE = re.compile(
    rb"\bDowncast\s*<\s*(?:\w+::)*ObjectRef\s*>\s*\(\s*(?P<cast>\w+)\s*->\s*node\s*\)"
    rb"|\b(?P<asked>\w+)\s*->\s*node\s*\.\s*as\s*<\s*(?:\w+::)*ObjectRef\s*>"
)


def _use_any(source: Source, facts: Facts) -> Iterator[Outcome]:
    text = code(source)
    for match in _INSTANCE.finditer(text) if b"IsInstance" in text else ():
        node = _NODE.search(text, max(0, match.start() - _LONGEST), match.start())
        if node is None or not _is_attr(source, node[1].decode(), node.start(1)):
            continue
        end = closing_angle(text, match.end())
        if end > 0:
            yield Edit(*match.span(), b".as")
    for match in _POINTER.finditer(text) if b"static_cast" in text else ():
        if _is_attr(source, match["name"].decode(), match.start("name")):
            yield Edit(*match.span(), match["node"] + b".as<" + match["type"] + b">()")
    for word in words(source, ("ObjectRef",)):
        local = _LOCAL.match(text, qualifier(text, word.start())[0])
        if local is None:
            continue
        origin = local[4]
        if origin is None or _is_attr(source, origin.decode(), local.start(4)):
            yield Edit(*local.span(1), b"ffi::Any")

    yield from _widen_fields(source)
    for match in _AS_REFERENCE.finditer(text):
        name, at = match.lastgroup or "", match.start(match.lastgroup or 0)
        if _is_attr(source, match[name].decode(), at):
            yield Remark(
                match.start(),
                "the node of an `AttrStmt` may be a string, which is no object reference any more: "
                "this fails, or finds nothing, at run time",
                "keep it as an `ffi::Any`, or ask for the class that is meant",
                Effort.MEDIUM,
            )


def _widen_fields(source: Source) -> Iterator[Edit]:
    """Fields that a new `AttrStmt` takes its node from, `AttrStmt(it->node, ..)`."""
    names = {
        match[1]
        for built in constructions(source, "AttrStmt")
        if (match := _MEMBER.search(built.texts[0])) is not None
    }
    text = code(source)
    for cls in classes(source) if names else ():
        for field in cls.fields:
            if field.name in names and field.type.rsplit("::", 1)[-1] == "ObjectRef":
                at = text.index(b"ObjectRef", field.span[0])
                yield Edit(qualifier(text, at)[0], at + len(b"ObjectRef"), b"ffi::Any")


def _is_attr(source: Source, name: str, offset: int) -> bool:
    declared = declaration(source, name, offset)
    if declared is None:
        return False
    return _ATTR.search(declared.type) is not None or (
        "auto" in declared.type
        and re.search(r"\bas<\s*(?:\w+::)*AttrStmt", declared.initialiser) is not None
    )


MIGRATION = Migration(
    code="TF311",
    title="the node of an `AttrStmt` became an `Any`",
    rung=Rung.R3,
    introduced="0.1.7",
    removed="0.1.7",
    upstream=("apache/tvm#18183",),
    effort=Effort.LOW,
    rewrites=(Rewrite(Language.CPP, ("node", "ObjectRef"), _use_any),),
    examples=(
        Example(
            title="asked for its type, kept in a local, made from a string",
            prelude="#include <tvm/tir/stmt.h>\n#include <tvm/tir/var.h>\nnamespace tvm {\nusing namespace tir;\nusing ffi::String;\n",
            before="""Stmt Move(const AttrStmtNode *op, Stmt stmt) {
  if (op->node->IsInstance<VarNode>()) {
    const VarNode *var = static_cast<const VarNode *>(op->node.get());
    return var->name_hint == "x" ? stmt : op->body;
  }
  if (const auto *attr = stmt.as<AttrStmtNode>()) {
    ObjectRef node = attr->node;
    return AttrStmt(node, op->attr_key, op->value, op->body);
  }
  ObjectRef node = String("default");
  return AttrStmt(node, op->attr_key, op->value, op->body);
}
""",
            after="""Stmt Move(const AttrStmtNode *op, Stmt stmt) {
  if (op->node.as<VarNode>()) {
    const VarNode *var = op->node.as<VarNode>();
    return var->name_hint == "x" ? stmt : op->body;
  }
  if (const auto *attr = stmt.as<AttrStmtNode>()) {
    ffi::Any node = attr->node;
    return AttrStmt(node, op->attr_key, op->value, op->body);
  }
  ffi::Any node = String("default");
  return AttrStmt(node, op->attr_key, op->value, op->body);
}
""",
            postlude="}\n",
        ),
        Example(
            title="taken for an object reference",
            prelude="#include <tvm/tir/stmt.h>\nnamespace tvm {\nusing namespace tir;\n",
            before="ObjectRef NodeOf(const AttrStmtNode *op) { return Downcast<ObjectRef>(op->node); }\n",
            after=None,
            finding="may be a string",
            postlude="}\n",
        ),
        Example(
            title="kept in a field",
            prelude="#include <tvm/tir/stmt.h>\n#include <vector>\nnamespace tvm {\nusing namespace tir;\n",
            before="""struct Hoisted {
  ObjectRef node;
  PrimExpr value;
};
Stmt Wrap(const std::vector<Hoisted> &hoisted, Stmt body) {
  for (const auto &it : hoisted) body = AttrStmt(it.node, "key", it.value, body);
  return body;
}
""",
            after="""struct Hoisted {
  ffi::Any node;
  PrimExpr value;
};
Stmt Wrap(const std::vector<Hoisted> &hoisted, Stmt body) {
  for (const auto &it : hoisted) body = AttrStmt(it.node, "key", it.value, body);
  return body;
}
""",
            postlude="}\n",
        ),
    ),
)
