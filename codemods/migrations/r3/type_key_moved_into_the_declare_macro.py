"""The type key moved from a member into the macro that declares the type.

`_type_key` and the declaration macro used to be two lines; the macro now takes the key as its first
argument and defines the member itself:

| before | after |
|---|---|
| `TVM_DECLARE_FINAL_OBJECT_INFO(N, P)` | `TVM_FFI_DECLARE_OBJECT_INFO_FINAL(key, N, P)` |
| `TVM_DECLARE_BASE_OBJECT_INFO(N, P)` | `TVM_FFI_DECLARE_OBJECT_INFO(key, N, P)` |
| the short-lived `TVM_FFI_DECLARE_FINAL_OBJECT_INFO`, `.._BASE_..` | the same |

The two lines need not be next to each other; the key may be any constant expression. A class whose
key is not found in its own body is left and reported: a guessed key would be a new type.

A final class may not have a child that declares a type. Where the tree has such a child, the parent
is declared without `_FINAL`. A child that declares nothing shares its parent's type, before as
after; that is reported, since `IsInstance` cannot tell the two apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

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
from cpp_rewriters.class_facts import CLASSES, ClassFacts
from cpp_rewriters.classes import Class, classes, members, simple
from cpp_rewriters.member_macros import ended
from cpp_rewriters.text import Call, calls, code, lines

FINAL = ("TVM_DECLARE_FINAL_OBJECT_INFO", "TVM_FFI_DECLARE_FINAL_OBJECT_INFO")
BASE = ("TVM_DECLARE_BASE_OBJECT_INFO", "TVM_FFI_DECLARE_BASE_OBJECT_INFO")

_KEY = re.compile(
    rb"(?:(?:static|constexpr|inline|const)\s+)+(?:char\s*(?:const\s*)?\*\s*(?:const\s+)?|auto\s+|char\s+)"
    rb"_type_key\s*(?:\[\s*\]\s*)?=\s*(?P<key>[^;()]+?)\s*;"
)


def _move_the_key(source: Source, facts: Facts) -> Iterator[Outcome]:
    text = code(source)
    known: Mapping[str, ClassFacts] = facts.get(CLASSES.name, {})
    for call in calls(source, FINAL + BASE):
        if len(call.arguments) != 2 or _in_directive(source, call):
            continue
        macro = text[slice(*call.name)].decode()
        node = text[slice(*call.arguments[0])].decode("utf-8", "replace")
        cls = _class_of(source, call)
        keys = [] if cls is None else list(_keys_of(source, cls))
        if len(keys) != 1:
            yield Remark(
                call.name[0],
                f"`{macro}` declares `{node}`, "
                + (
                    "which has a `_type_key` for each of several branches"
                    if keys
                    else "whose `_type_key` does not stand in the same class body"
                ),
                "give the key as the first argument of the new macro",
                Effort.MEDIUM,
            )
            continue
        (key_start, key_end), (line_start, line_end) = keys[0]
        new = "TVM_FFI_DECLARE_OBJECT_INFO"
        if macro in FINAL and not _declared_children(known, simple(node)):
            new += "_FINAL"
        for child in _undeclared_children(known, simple(node)) if macro in FINAL else ():
            yield Remark(
                call.name[0],
                f"`{child}` derives from `{node}` and declares no type of its own, "
                f"so at run time it cannot be told from `{node}`",
                f"declare `{child}` with a type key of its own if the two must differ",
            )
        yield Edit(*call.name, new.encode())
        first = call.arguments[0][0]
        yield Edit(first, first, source.data[key_start:key_end] + b", ")
        yield Edit(line_start, line_end, b"")
        yield from ended(source, call)


def _in_directive(source: Source, call: Call) -> bool:
    start, _ = lines(source).span(call.name[0])
    return source.data[start : call.name[0]].lstrip().startswith(b"#")


def _class_of(source: Source, call: Call) -> Class | None:
    around = [c for c in classes(source) if c.body[0] <= call.name[0] < c.body[1]]
    return min(around, key=lambda c: c.body[1] - c.body[0], default=None)


def _keys_of(source: Source, cls: Class) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Each key that is a member of `cls` itself, and not of a class in it, with its lines."""
    text = code(source)
    for start, end in members(text, *cls.body):
        match = _KEY.match(text, start, end)
        if match is not None:
            yield match.span("key"), lines(source).whole_with_gap(*match.span())


def _children(known: Mapping[str, ClassFacts], name: str) -> Iterator[ClassFacts]:
    return (facts for facts in known.values() if name in facts.bases)


def _declared_children(known: Mapping[str, ClassFacts], name: str) -> list[str]:
    return sorted(c.name for c in _children(known, name) if c.declares)


def _undeclared_children(known: Mapping[str, ClassFacts], name: str) -> list[str]:
    return sorted(c.name for c in _children(known, name) if not c.declares)


_PRELUDE = """#include <tvm/ir/expr.h>
namespace tvm {
"""

MIGRATION = Migration(
    code="TF302",
    title="the type key moved into the macro that declares the type",
    rung=Rung.R3,
    introduced="0.1.7",
    removed="0.1.7",
    upstream=("apache/tvm#18289",),
    effort=Effort.LOW,
    rewrites=(Rewrite(Language.CPP, FINAL + BASE, _move_the_key, needs=(CLASSES,)),),
    old_names=(*FINAL, *BASE),
    examples=(
        Example(
            title="a final node",
            prelude=_PRELUDE,
            before="""class PutOpNode : public Object {
public:
  PrimExpr src;

  static constexpr const char *_type_key = "tl.PutOp";

  TVM_DECLARE_FINAL_OBJECT_INFO(PutOpNode, Object);
};
""",
            after="""class PutOpNode : public Object {
public:
  PrimExpr src;

  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tl.PutOp", PutOpNode, Object);
};
""",
            postlude="}\n",
        ),
        Example(
            title="a base, its key lines away, and a child that makes a final class open",
            prelude=_PRELUDE,
            before="""struct ShapeNode : Object {
  static constexpr const char *_type_key = "tl.Shape";
  // what it is
  int sides;
  TVM_DECLARE_FINAL_OBJECT_INFO(ShapeNode, Object);
};
struct SquareNode : ShapeNode {
  static constexpr const char* _type_key = "tl.Square";
  TVM_DECLARE_FINAL_OBJECT_INFO(SquareNode, ShapeNode);
};
""",
            after="""struct ShapeNode : Object {
  // what it is
  int sides;
  TVM_FFI_DECLARE_OBJECT_INFO("tl.Shape", ShapeNode, Object);
};
struct SquareNode : ShapeNode {
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tl.Square", SquareNode, ShapeNode);
};
""",
            postlude="}\n",
        ),
        Example(
            title="a key that is an array",
            prelude=_PRELUDE,
            before="""struct TokenNode : Object {
  static constexpr const char _type_key[] = "tl.Token";
  TVM_DECLARE_FINAL_OBJECT_INFO(TokenNode, Object);
};
""",
            after="""struct TokenNode : Object {
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tl.Token", TokenNode, Object);
};
""",
            postlude="}\n",
        ),
        Example(
            title="a macro without a semicolon",
            prelude=_PRELUDE,
            before="""class PutOpNode : public Object {
public:
  static constexpr const char *_type_key = "tl.PutOp";
  TVM_DECLARE_FINAL_OBJECT_INFO(PutOpNode, Object)
};
""",
            after="""class PutOpNode : public Object {
public:
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tl.PutOp", PutOpNode, Object);
};
""",
            postlude="}\n",
        ),
        Example(
            title="a key that is not there",
            before="struct N : Object { TVM_DECLARE_BASE_OBJECT_INFO(N, Object); };\n",
            after=None,
            finding="does not stand in the same class body",
        ),
    ),
)
