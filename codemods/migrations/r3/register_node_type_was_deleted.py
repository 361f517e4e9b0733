"""`TVM_REGISTER_NODE_TYPE` was deleted; a type is registered by its reflection.

Registering a node used to be a macro of its own. It now happens when `ObjectDef<Node>` runs. Deleting
the macro is only right where that happens, so the call of `RegisterReflection` takes the macro's place
when nothing else in the tree makes it. The same holds for a node that declares a type and a
`RegisterReflection` which nobody calls: before, its fields could not be seen from Python either, but
the type was known by its key.

A node without any reflection gets a `RegisterReflection` that registers the bare type. Registering a
type twice aborts the process, so a call that exists anywhere is never repeated.
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
from cpp_rewriters.classes import CLASSES, ClassFacts, out_of_line
from cpp_rewriters.text import calls, code, lines, newline, preceded_by, skip_space

MACROS = ("TVM_REGISTER_NODE_TYPE", "TVM_REGISTER_OBJECT_TYPE")
_CALL = "TVM_FFI_STATIC_INIT_BLOCK() {{ {node}::RegisterReflection(); }}"


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
        if _in_directive(source, call.name[0]) or preceded_by(text, call.name[0], b"(", b","):
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
    """Nodes whose `RegisterReflection` exists and is called nowhere: call it beside their code."""
    ends: dict[str, int] = {}
    for method in out_of_line(source):
        ends[method.owner] = max(ends.get(method.owner, 0), method.span[1])
    for name, at in sorted(ends.items(), key=lambda item: item[1]):
        cls = known.get(name)
        if (
            cls is None
            or not cls.declares_reflection
            or cls.reflection_called
            or not cls.declares
            or name in called
            or cls.registered_by_macro
            or cls.home != source.path
        ):
            continue
        block = newline(source) * 2 + _CALL.format(node=name).encode()
        yield Edit(at, at, block)
        yield from includes.add(source, "tvm/ffi/reflection/registry.h", system=True)


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
    rewrites=(Rewrite(Language.CPP, (*MACROS, "::"), _replace, needs=(CLASSES,)),),
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
    ),
)
