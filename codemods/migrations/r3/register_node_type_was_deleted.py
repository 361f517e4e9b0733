"""`TVM_REGISTER_NODE_TYPE` was deleted; a type is registered by its reflection.

Registering a node used to be a macro of its own. It now happens when `ObjectDef<Node>` runs. Deleting
the macro is only right where that happens, so the call of `RegisterReflection` takes the macro's place
when nothing else in the tree makes it; for a node without reflection the bare type is registered.

The old declaration macro also made each type known by its key when the library was loaded, whether
or not anything registered it. The new one does so at the first use, which is too late for Python's
`register_object(key)`: importing the package would fail. So a node that declares a type which
nothing registers gets the call of its `RegisterReflection`, or, where it has none,
`_GetOrAllocRuntimeTypeIndex()`, which does what the old macro did and no more.

Registering a type twice aborts the process, so a call that exists anywhere is never repeated.
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
from cpp_rewriters import includes
from cpp_rewriters.class_facts import CLASSES, ClassFacts
from cpp_rewriters.classes import classes, out_of_line
from cpp_rewriters.derived import derived
from cpp_rewriters.syntax import enclosing, node_at
from cpp_rewriters.text import calls, code, lines, newline, preceded_by, skip_space

MACROS = ("TVM_REGISTER_NODE_TYPE", "TVM_REGISTER_OBJECT_TYPE")
_CALL = "TVM_FFI_STATIC_INIT_BLOCK() {{ {node}::RegisterReflection(); }}"
_KNOW = "TVM_FFI_STATIC_INIT_BLOCK() {{ {node}::_GetOrAllocRuntimeTypeIndex(); }}"
_NEW_MACROS = ("TVM_FFI_DECLARE_OBJECT_INFO", "TVM_FFI_DECLARE_OBJECT_INFO_FINAL")
_SOURCES = (".cc", ".cpp", ".cxx", ".cu", ".mm")


def _replace(source: Source, facts: Facts) -> Iterator[Outcome]:
    known: Mapping[str, ClassFacts] = facts.get(CLASSES.name, {})
    text = code(source)
    end = newline(source)
    called: set[str] = set()
    removed: list[tuple[int, int]] = []
    for call in calls(source, MACROS):
        node = text[slice(*(call.arguments[0] if call.arguments else (0, 0)))].decode(
            "utf-8", "replace"
        )
        inside = preceded_by(text, call.name[0], b"(", b",", b"[")  # of an expression
        if inside or _in_directive(source, call.name[0]):
            continue
        if not node:
            continue
        stop = skip_space(text, call.end)
        stop = stop + 1 if text[stop : stop + 1] == b";" else call.end
        after = skip_space(text, stop)
        if text[after : after + 1] == b".":
            yield Remark(
                call.name[0],
                f"`{node}` is registered with a creator or a way to print it, which reflection "
                "has other places for",
                "register the type attributes `__data_to_json__` and `__data_from_json__`",
                Effort.MEDIUM,
            )
            continue
        cls = known.get(node.rsplit("::", 1)[-1])
        if cls is None:
            yield Remark(
                call.name[0],
                f"`{node}` is not defined in this tree, so nothing tells whether it is registered",
                f"make sure that `ObjectDef<{node}>` runs once, then delete the macro",
                Effort.MEDIUM,
            )
            continue
        if cls.reflection_called or cls.name in called or _defined_in_a_block(cls):
            if _ends_a_class(source, call.name[0]):
                stop = call.end
            removed.append(lines(source).whole(call.name[0], stop))
            continue
        if not cls.declares_reflection:
            block = (
                "TVM_FFI_STATIC_INIT_BLOCK() {"
                + end.decode()
                + f"  tvm::ffi::reflection::ObjectDef<{node}>();"
                + end.decode()
                + "}"
            )
        else:
            block = _CALL.format(node=node)
        called.add(cls.name)
        yield Edit(call.name[0], stop, block.encode())
        yield from includes.add(source, "tvm/ffi/reflection/registry.h", system=True)
    for start, stop in _joined(removed):
        yield Edit(start, _and_one_blank_line(source, start, stop), b"")
    yield from _call_the_uncalled(source, known, called)


def _ends_a_class(source: Source, start: int) -> bool:
    """Whether the semicolon of what is at `start` is also that of a class right before it."""
    around = enclosing(node_at(source, start), "declaration")
    kind = around.child_by_field_name("type") if around is not None else None
    return kind is not None and kind.end_byte <= start and kind.type.endswith("_specifier")


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Neighbouring spans as one."""
    joined: list[tuple[int, int]] = []
    for start, stop in sorted(spans):
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], stop)
        else:
            joined.append((start, stop))
    return joined


def _defined_in_a_block(cls: ClassFacts) -> bool:
    """`ObjectDef<X>` stands outside `RegisterReflection`, so it runs by itself."""
    return bool(cls.reflection_path) and not cls.declares_reflection


def _call_the_uncalled(
    source: Source, known: Mapping[str, ClassFacts], called: set[str]
) -> Iterator[Outcome]:
    """Nodes that declare a type which nothing registers: register it beside their code."""
    ends: dict[int, list[str]] = {}
    for name in _unregistered_by_file(known).get(source.path, ()):
        at = None if name in called else _end_of_its_code(source, known, known[name])
        if at is not None:
            ends.setdefault(at, []).append(name)
    for at, names in sorted(ends.items()):
        for name in names:
            call = _CALL if known[name].declares_reflection else _KNOW
            yield Edit(at, at, newline(source) * 2 + call.format(node=name).encode())
        if any(known[name].declares_reflection for name in names):
            yield from includes.add(source, "tvm/ffi/reflection/registry.h", system=True)


@derived
def _unregistered(known: Mapping[str, ClassFacts]) -> tuple[str, ...]:
    """The nodes that declare a type, can be named, and are registered nowhere."""
    parents = {base for cls in known.values() if cls.declares for base in cls.bases}
    names: list[str] = []
    for name, cls in sorted(known.items()):
        registered = cls.reflection_called or cls.registered_by_macro or _defined_in_a_block(cls)
        # a child's registration makes its parents known
        if not cls.declares or registered or name in parents or cls.ambiguous or cls.unnamable:
            continue
        if not cls.declares_reflection and cls.declares in _NEW_MACROS:
            continue  # never was known before its first use
        names.append(name)
    return tuple(names)


@derived
def _unregistered_by_file(known: Mapping[str, ClassFacts]) -> Mapping[str, list[str]]:
    """The same by the path of the file that their code is in."""
    homes = _homes_of_headers(known)
    found: dict[str, list[str]] = {}
    for name in _unregistered(known):
        cls = known[name]
        path = cls.home or (cls.path if cls.path.endswith(_SOURCES) else homes.get(cls.path, ""))
        found.setdefault(path, []).append(name)
    return found


@derived
def _homes_of_headers(known: Mapping[str, ClassFacts]) -> Mapping[str, str]:
    """The first file with code of a header's classes, by the header's path."""
    homes: dict[str, str] = {}
    for cls in known.values():
        if cls.home:
            homes[cls.path] = min(homes.get(cls.path, cls.home), cls.home)
    return homes


def _end_of_its_code(
    source: Source, known: Mapping[str, ClassFacts], cls: ClassFacts
) -> int | None:
    """Where code of `cls` ends in `source`, if that is the file that the class's code is in."""
    if cls.home:
        owners = {cls.name} if cls.home == source.path else set()
    elif cls.path.endswith(_SOURCES):
        here = cls.path == source.path
        spans = [c.span for c in classes(source) if c.name == cls.name and here]
        if not spans:
            return None
        semicolon = skip_space(code(source), spans[0][1])
        return semicolon + 1 if code(source).startswith(b";", semicolon) else None
    else:  # all of it stands in the header: beside the code of the header's other classes
        if _homes_of_headers(known).get(cls.path) != source.path:
            return None
        owners = {other.name for other in known.values() if other.path == cls.path}
    return max((m.span[1] for m in out_of_line(source) if m.owner in owners), default=None)


def _in_directive(source: Source, offset: int) -> bool:
    start, _ = lines(source).span(offset)
    return source.data[start:offset].lstrip().startswith(b"#")


def _and_one_blank_line(source: Source, start: int, stop: int) -> int:
    """Where two blank lines would meet, one of them goes too."""
    before = source.data[:start]
    blank = re.compile(rb"[ \t]*\r?\n").match(source.data, stop)
    if blank is not None and (not before or before.endswith((b"\n\n", b"\n\r\n"))):
        return blank.end()
    return stop


_PRELUDE = """#include <tvm/ir/expr.h>
#include <tvm/ffi/reflection/registry.h>
namespace tvm {
class LayoutNode : public Object {
public:
  static void RegisterReflection() { ffi::reflection::ObjectDef<LayoutNode>(); }
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tl.Layout", LayoutNode, Object);
};
"""

MIGRATION = Migration(
    code="TF305",
    title="`TVM_REGISTER_NODE_TYPE` was deleted: reflection registers a type",
    rung=Rung.R3,
    introduced="0.1.7",
    removed="0.1.7",
    upstream=("apache/tvm#18188",),
    effort=Effort.LOW,
    rewrites=(Rewrite(Language.CPP, (*MACROS, "::", "_OBJECT_INFO"), _replace, needs=(CLASSES,)),),
    old_names=("TVM_REGISTER_NODE_TYPE",),
    examples=(
        Example(
            title="nothing else registers it: the macro becomes the call",
            prelude=_PRELUDE,
            before="TVM_REGISTER_NODE_TYPE(LayoutNode);\n",
            after="TVM_FFI_STATIC_INIT_BLOCK() { LayoutNode::RegisterReflection(); }\n",
            postlude="}\n",
        ),
        Example(
            title="the call exists: the macro goes",
            prelude=_PRELUDE,
            before="""TVM_FFI_STATIC_INIT_BLOCK() { LayoutNode::RegisterReflection(); }
TVM_REGISTER_NODE_TYPE(LayoutNode);
""",
            after="""TVM_FFI_STATIC_INIT_BLOCK() { LayoutNode::RegisterReflection(); }
""",
            postlude="}\n",
        ),
        Example(
            title="a creator goes with it: left and reported",
            prelude=_PRELUDE,
            before="TVM_REGISTER_NODE_TYPE(LayoutNode)\n    .set_creator(CreateLayout);\n",
            after=None,
            finding="is registered with a creator",
            postlude="}\n",
            compiles=False,
        ),
        Example(
            title="nothing registers a type that was known when the library was loaded",
            prelude='#include "ops.h"\n#include <tvm/ffi/reflection/registry.h>\nnamespace tvm {\n',
            before="""ScanOp::ScanOp(int axis) { data_ = ffi::make_object<ScanOpNode>(); }
""",
            after="""ScanOp::ScanOp(int axis) { data_ = ffi::make_object<ScanOpNode>(); }

TVM_FFI_STATIC_INIT_BLOCK() { ScanKindNode::RegisterReflection(); }

TVM_FFI_STATIC_INIT_BLOCK() { ScanOpNode::_GetOrAllocRuntimeTypeIndex(); }
""",
            postlude="}\n",
            path="src/ops.cc",
            others={
                "src/ops.h": """#pragma once
#include <tvm/ffi/reflection/registry.h>
#include <tvm/ir/expr.h>
namespace tvm {
class ScanKindNode : public Object {
public:
  int kind;
  static void RegisterReflection() {
    ffi::reflection::ObjectDef<ScanKindNode>().def_ro("kind", &ScanKindNode::kind);
  }
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("demo.ScanKind", ScanKindNode, Object);
};
class ScanOpNode : public Object {
public:
  static constexpr const char *_type_key = "demo.ScanOp";
  TVM_DECLARE_FINAL_OBJECT_INFO(ScanOpNode, Object);
};
class ScanOp : public ObjectRef {
public:
  explicit ScanOp(int axis);
};
}
"""
            },
        ),
    ),
)
