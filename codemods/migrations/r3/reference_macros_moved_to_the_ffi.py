"""The macro that gives a reference class its methods moved to the FFI package.

`TVM_DEFINE_OBJECT_REF_METHODS` and its kin are now `TVM_FFI_DEFINE_OBJECT_REF_METHODS_NULLABLE` and
`.._NOTNULLABLE`; the short-lived names of the FFI inside TVM are mapped too.

The new macros end with a `;` of the place where they stand. Two of them are more than a rename:

* The non-nullable macro no longer makes the constructor from an `ObjectPtr`. Where the tree builds
  the reference from a node, that constructor is added, as the old macro had it.
* Whether `operator->` gives a mutable node is now said by the node: `_type_mutable`. A class that used
  a `MUTABLE` macro gets that member in its node, unless the node's base already has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from codemods.model import (
    Collector,
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
from cpp_rewriters.classes import classes, simple
from cpp_rewriters.functions import inside_a_function
from cpp_rewriters.member_macros import ended
from cpp_rewriters.text import (
    Call,
    calls,
    code,
    indentation,
    lines,
    newline,
    words,
)

NULLABLE = "TVM_FFI_DEFINE_OBJECT_REF_METHODS_NULLABLE"
NOTNULLABLE = "TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE"
RENAMED = {
    "TVM_DEFINE_OBJECT_REF_METHODS": NULLABLE,
    "TVM_DEFINE_MUTABLE_OBJECT_REF_METHODS": NULLABLE,
    "TVM_DEFINE_NOTNULLABLE_OBJECT_REF_METHODS": NOTNULLABLE,
    "TVM_DEFINE_MUTABLE_NOTNULLABLE_OBJECT_REF_METHODS": NOTNULLABLE,
    "TVM_FFI_DEFINE_OBJECT_REF_METHODS": NULLABLE,
    "TVM_FFI_DEFINE_MUTABLE_OBJECT_REF_METHODS": NULLABLE,
    "TVM_FFI_DEFINE_NOTNULLABLE_OBJECT_REF_METHODS": NOTNULLABLE,
    "TVM_FFI_DEFINE_MUTABLE_NOTNULLABLE_OBJECT_REF_METHODS": NOTNULLABLE,
}
WITHOUT_DEFAULT = (
    "TVM_DEFINE_OBJECT_REF_METHODS_WITHOUT_DEFAULT_CONSTRUCTOR",
    "TVM_FFI_DEFINE_OBJECT_REF_METHODS_WITHOUT_DEFAULT_CONSTRUCTOR",
)
# frames of the IR builder are mutable already, and so is what derives from them
_MUTABLE_BASE = re.compile(r"Frame(Node)?$")

_BUILT = re.compile(
    rb"([A-Z](?<![\w.>~][A-Z])\w*)(?:\s*>\s*|\s+\w+\s*|\s*)[({]\s*(?:std::move\s*\(\s*)?"
    rb"(?:\w+\s*[)}]|(?:\w*::)*make_object\s*<)"
)
_TYPE = re.compile(r"(?:::)?\w+(?:::\w+)*(?:\s*<.*>)?", re.DOTALL)


def _gather_mutable(source: Source) -> list[str] | None:
    text = code(source)
    mutable = [name for name in RENAMED if "MUTABLE" in name]
    nodes = [
        simple(text[slice(*call.arguments[2])].decode("utf-8", "replace"))
        for call in calls(source, mutable)
        if len(call.arguments) == 3
    ]
    return nodes or None


MUTABLE_NODES = Collector(
    name="nodes of mutable references",
    language=Language.CPP,
    tokens=("_MUTABLE_",),
    gather=_gather_mutable,
    digest=lambda gathered: frozenset(name for names in gathered.values() for name in names),
)


def _built(source: Source) -> list[str] | None:
    """Names of classes that the file builds from one value that may be a pointer to a node.

    `X(n)`, `X{n}`, `X x(n)`, `X(make_object<XNode>())`: the old macro had the constructor always, so
    one too many changes nothing.
    """
    found = _BUILT.findall(code(source))
    return sorted({name.decode() for name in found}) or None


BUILT = Collector(
    name="classes built from one variable",
    language=Language.CPP,
    tokens=("make_object", "ObjectPtr"),
    gather=_built,
    digest=lambda gathered: frozenset(name for names in gathered.values() for name in names),
)


def _rename(source: Source, facts: Facts) -> Iterator[Outcome]:
    text = code(source)
    for match in words(source, WITHOUT_DEFAULT):
        yield Remark(
            match.start(),
            f"`{match.group().decode()}` is gone and has no equal",
            f"use `{NULLABLE}` if a null reference may exist, else `{NOTNULLABLE}`",
            Effort.MEDIUM,
        )
    for call in calls(source, RENAMED):
        old = text[slice(*call.name)].decode()
        new = RENAMED[old]
        yield Edit(*call.name, new.encode())
        yield from ended(source, call)
        if new == NOTNULLABLE and len(call.arguments) == 3:
            yield from _constructor(source, facts, call)
    yield from _mark_mutable(source, facts)


def _constructor(source: Source, facts: Facts, call: Call) -> Iterator[Edit]:
    """The constructor from a node that the old macro made, where the tree uses it."""
    text = code(source)
    name, parent, node = (text[slice(*a)].decode("utf-8", "replace") for a in call.arguments)
    if simple(name) not in facts.get(BUILT.name, frozenset()):
        return
    if not all(_TYPE.fullmatch(argument) for argument in (name, parent, node)):
        return  # no types, so no constructor can be written
    cls = next((c for c in classes(source) if c.body[0] <= call.name[0] < c.body[1]), None)
    if cls is None and inside_a_function(source, call.name[0]):
        return
    if cls is not None and any(
        m.name == cls.name and b"ObjectPtr<" in text[slice(*m.parameters)] for m in cls.methods
    ):
        return
    pad = indentation(source, call.name[0])
    end = newline(source)
    body = (
        f"explicit {name}(::tvm::ffi::ObjectPtr<{node}> n)",
        f"    : {parent}(::tvm::ffi::UnsafeInit{{}}) {{",
        "  TVM_FFI_ICHECK(n != nullptr);",
        "  data_ = std::move(n);",
        "}",
    )
    start = lines(source).span(call.name[0])[0]
    yield Edit(start, start, b"".join(pad + line.encode() + end for line in body))


def _mark_mutable(source: Source, facts: Facts) -> Iterator[Edit]:
    mutable = facts.get(MUTABLE_NODES.name, frozenset())
    text = code(source)
    for cls in classes(source):
        if cls.name not in mutable or b"_type_mutable" in text[slice(*cls.body)]:
            continue
        if any(_MUTABLE_BASE.search(simple(base)) for base in cls.bases):
            continue
        end = newline(source)
        at = cls.body[0]
        spans = [f.span for f in cls.fields] + [m.span for m in cls.methods]
        pad = indentation(source, spans[0][0]) if spans else b"  "
        label = b"" if text[cls.span[0] :].startswith(b"struct") else end + b"public:"
        yield Edit(at, at, label + end + pad + b"static constexpr bool _type_mutable = true;")


_PRELUDE = """#include <tvm/ir/expr.h>
#include <tvm/script/ir_builder/tir/frame.h>
namespace tvm {
using ffi::ObjectPtr;
"""

MIGRATION = Migration(
    code="TF303",
    title="the macros of reference classes moved to the FFI package",
    rung=Rung.R3,
    introduced="0.1.7",
    removed="0.1.7",
    upstream=("apache/tvm#18284", "apache/tvm#18289"),
    effort=Effort.LOW,
    rewrites=(
        Rewrite(
            Language.CPP,
            (*RENAMED, *WITHOUT_DEFAULT, "class", "struct"),
            _rename,
            needs=(MUTABLE_NODES, BUILT),
        ),
    ),
    old_names=(*RENAMED, *WITHOUT_DEFAULT),
    examples=(
        Example(
            title="a nullable reference",
            prelude=_PRELUDE
            + 'class PutOpNode : public Object {\npublic:\n  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tl.PutOp", '
            "PutOpNode, Object);\n};\n",
            before="""class PutOp : public ObjectRef {
public:
  TVM_DEFINE_OBJECT_REF_METHODS(PutOp, ObjectRef, PutOpNode);
};
""",
            after="""class PutOp : public ObjectRef {
public:
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NULLABLE(PutOp, ObjectRef, PutOpNode);
};
""",
            postlude="}\n",
        ),
        Example(
            title="a macro without a semicolon",
            prelude=_PRELUDE
            + 'class PutOpNode : public Object {\npublic:\n  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tl.PutOp", '
            "PutOpNode, Object);\n};\n",
            before="""class PutOp : public ObjectRef {
public:
  TVM_DEFINE_OBJECT_REF_METHODS(PutOp, ObjectRef, PutOpNode)  // no more to say
};
""",
            after="""class PutOp : public ObjectRef {
public:
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NULLABLE(PutOp, ObjectRef, PutOpNode);  // no more to say
};
""",
            postlude="}\n",
        ),
        Example(
            title="a reference that is never null and is built from its node",
            prelude=_PRELUDE
            + "using script::ir_builder::tir::TIRFrame;\nusing script::ir_builder::tir::TIRFrameNode;\n"
            "class LaunchFrameNode : public TIRFrameNode {\npublic:\n  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("
            '"tl.LaunchFrame", LaunchFrameNode, TIRFrameNode);\n};\n',
            before="""class LaunchFrame : public TIRFrame {
public:
  TVM_DEFINE_MUTABLE_NOTNULLABLE_OBJECT_REF_METHODS(LaunchFrame, TIRFrame, LaunchFrameNode);
};
""",
            after="""class LaunchFrame : public TIRFrame {
public:
  explicit LaunchFrame(::tvm::ffi::ObjectPtr<LaunchFrameNode> n)
      : TIRFrame(::tvm::ffi::UnsafeInit{}) {
    TVM_FFI_ICHECK(n != nullptr);
    data_ = std::move(n);
  }
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(LaunchFrame, TIRFrame, LaunchFrameNode);
};
""",
            postlude="""LaunchFrame Launch() {
  ObjectPtr<LaunchFrameNode> n = ffi::make_object<LaunchFrameNode>();
  n->stmts = {};
  return LaunchFrame(n);
}
}
""",
        ),
        Example(
            title="built at once from a node that is made",
            prelude=_PRELUDE
            + 'class TokenNode : public Object {\npublic:\n  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tl.Token", '
            "TokenNode, Object);\n};\n",
            before="""class Token : public ObjectRef {
public:
  TVM_DEFINE_NOTNULLABLE_OBJECT_REF_METHODS(Token, ObjectRef, TokenNode);
};
""",
            after="""class Token : public ObjectRef {
public:
  explicit Token(::tvm::ffi::ObjectPtr<TokenNode> n)
      : ObjectRef(::tvm::ffi::UnsafeInit{}) {
    TVM_FFI_ICHECK(n != nullptr);
    data_ = std::move(n);
  }
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(Token, ObjectRef, TokenNode);
};
""",
            postlude="Token Make() { return Token(ffi::make_object<TokenNode>()); }\n}\n",
        ),
        Example(
            title="a mutable reference",
            prelude=_PRELUDE,
            before="""class CounterNode : public Object {
public:
  int count = 0;
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tl.Counter", CounterNode, Object);
};
class Counter : public ObjectRef {
public:
  TVM_DEFINE_MUTABLE_OBJECT_REF_METHODS(Counter, ObjectRef, CounterNode);
};
""",
            after="""class CounterNode : public Object {
public:
  static constexpr bool _type_mutable = true;
public:
  int count = 0;
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tl.Counter", CounterNode, Object);
};
class Counter : public ObjectRef {
public:
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NULLABLE(Counter, ObjectRef, CounterNode);
};
""",
            postlude="inline void Count(Counter c) { c->count++; }\n}\n",
        ),
    ),
)
