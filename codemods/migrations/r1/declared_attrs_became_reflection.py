"""`AttrsNode` with `TVM_DECLARE_ATTRS` became `AttrsNodeReflAdapter` with registered fields.

| before | after |
|---|---|
| `AttrsNode<N>` as a base | `AttrsNodeReflAdapter<N>` |
| `TVM_DECLARE_ATTRS(N, key) {` | `static void RegisterReflection() {` with an `ObjectDef<N>` |
| `TVM_ATTR_FIELD(f).describe(d).set_default(v);` | `.def_ro("f", &N::f, d, DefaultValue(v))` |

The macro declared the type too, so `_type_key` and the declaration are written out after it. The
call of the new method is added where the node's type is registered: pass options are created from
the registered defaults, so it has to run before. Bounds (`set_lower_bound`, `set_upper_bound`) have
no equal: they go, and that is reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

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
from cpp_rewriters import reflection_calls
from cpp_rewriters.reflection_calls import CALL_PLACES
from cpp_rewriters.text import (
    Call,
    call_at,
    calls,
    closing,
    code,
    indentation,
    newline,
    skip_space,
)

DECLARE = "TVM_DECLARE_ATTRS"
FIELD = "TVM_ATTR_FIELD"
_EMPTY_LINES = re.compile(rb"\n((?:[ \t]*\r?\n)+)\Z")
_LINK = re.compile(rb"\s*\.\s*(\w+)")
_BOUNDS = (b"set_lower_bound", b"set_upper_bound")


def _declared(source: Source) -> Iterator[tuple[str, Call, int]]:
    """The class, the macro and the opening brace of each declaration."""
    text = code(source)
    for call in calls(source, (DECLARE,)):
        brace = skip_space(text, call.end)
        if len(call.arguments) == 2 and text[brace : brace + 1] == b"{":
            yield text[slice(*call.arguments[0])].decode("utf-8", "replace"), call, brace


def _gather(source: Source) -> tuple[str, ...] | None:
    text = code(source)
    return (
        tuple(
            name
            for name, _, brace in _declared(source)
            if _only_fields(source, brace, closing(text, brace))
        )
        or None
    )


def _digest(gathered: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    return frozenset(name for names in gathered.values() for name in names)


_DECLARED = Collector("declared_attrs", Language.CPP, (DECLARE,), _gather, _digest)


def _reflect(source: Source, facts: Facts) -> Iterator[Outcome]:
    text = code(source)
    for name, macro, brace in _declared(source):
        end = closing(text, brace)
        if end < 0:
            continue
        if not _only_fields(source, brace, end):
            yield Remark(
                macro.name[0],
                f"the attributes of `{name}` are declared with statements in between",
                "write a static `RegisterReflection` with one `ObjectDef`, the statements before it",
                Effort.MEDIUM,
            )
            continue
        yield from _base(source, name, macro.name[0])
        yield from _body(source, name, macro, brace, end)
        yield from reflection_calls.uncalled(facts, name, macro.name[0])
    yield from reflection_calls.add_calls(source, facts, set(facts.get(_DECLARED.name, ())))


def _only_fields(source: Source, brace: int, end: int) -> bool:
    """Whether the braces hold nothing but `TVM_ATTR_FIELD(..)..;`."""
    text = code(source)
    position = skip_space(text, brace + 1)
    for macro in calls(source, (FIELD,)):
        if not brace < macro.name[0] < end:
            continue
        if macro.name[0] != position:
            return False
        position = macro.end
        while (link := _LINK.match(text, position)) is not None:
            call = call_at(text, link.span(1))
            if call is None:
                return False
            position = call.end
        position = skip_space(text, position)
        if text[position : position + 1] == b";":
            position = skip_space(text, position + 1)
    return position == end


def _base(source: Source, name: str, before: int) -> Iterator[Edit]:
    """The base class in the head that stands nearest before the declaration."""
    pattern = re.compile(rb"\bAttrsNode\s*<\s*(?:\w+\s*::\s*)*" + name.encode() + rb"\s*>")
    starts = [match.start() for match in pattern.finditer(code(source), 0, before)]
    if starts:
        yield Edit(starts[-1], starts[-1] + len(b"AttrsNode"), b"AttrsNodeReflAdapter")


def _body(source: Source, name: str, macro: Call, brace: int, end: int) -> Iterator[Outcome]:
    text, line = code(source), newline(source)
    margin = indentation(source, macro.name[0])
    fields = [
        c
        for c in calls(source, (FIELD,))
        if brace < c.name[0] < end
        and text.count(b"(", brace, c.name[0]) == text.count(b")", brace, c.name[0])
    ]
    yield Edit(
        macro.name[0],
        brace + 1,
        b"static void RegisterReflection() {"
        + line
        + margin
        + b"  namespace refl = tvm::ffi::reflection;"
        + line
        + margin
        + f"  refl::ObjectDef<{name}>()".encode()
        + (b"" if fields else b";"),
    )
    for field in fields:
        yield from _field(source, name, field, field is fields[-1])
        gap = _EMPTY_LINES.search(source.data, 0, len(source.data[: field.name[0]].rstrip(b" \t")))
        if gap is not None and field is not fields[0]:
            yield Edit(*gap.span(1), b"")
    key = source.data[slice(*macro.arguments[1])]
    tail = b"static constexpr const char *_type_key = " + key + b";"
    declare = f"TVM_FFI_DECLARE_FINAL_OBJECT_INFO({name}, BaseAttrsNode);".encode()
    stop = end + 1
    if text[stop : stop + 1] == b";":
        stop += 1
    yield Edit(end + 1, stop, line + line + margin + tail + line + margin + declare)


def _field(source: Source, name: str, macro: Call, last: bool) -> Iterator[Outcome]:
    text, data = code(source), source.data
    if len(macro.arguments) != 1:
        return
    member = text[slice(*macro.arguments[0])].decode("utf-8", "replace")
    given: dict[bytes, bytes] = {}
    position = macro.end
    while (link := _LINK.match(text, position)) is not None:
        call = call_at(text, link.span(1))
        if call is None:
            break
        given[link[1]] = data[call.open + 1 : call.close].strip()
        if link[1] in _BOUNDS:
            yield Remark(
                link.start(1),
                f"`{link[1].decode()}` of `{member}` has no equal among registered fields",
                "check the bound where the attribute is used",
                Effort.MEDIUM,
            )
        position = call.end
    semicolon = skip_space(text, position)
    if text[semicolon : semicolon + 1] == b";":
        position = semicolon + 1
    new = f'    .def_ro("{member}", &{name}::{member}'.encode()
    if b"describe" in given:
        new += b", " + given[b"describe"]
    if b"set_default" in given:
        new += b", refl::DefaultValue(" + given[b"set_default"] + b")"
    yield Edit(macro.name[0], position, new + b")" + (b";" if last else b""))


_PRELUDE = """#include <tvm/ffi/reflection/registry.h>
#include <tvm/ir/attrs.h>
#include <tvm/ir/transform.h>
namespace tvm {
namespace tl {
"""

MIGRATION = Migration(
    code="TF108",
    title="declared attributes became registered fields",
    rung=Rung.R1,
    introduced="0.1.6",
    removed="0.1.6",
    upstream=("apache/tvm#18095", "apache/tvm#18106"),
    effort=Effort.MEDIUM,
    rewrites=(
        Rewrite(
            Language.CPP,
            (DECLARE, "TVM_REGISTER_NODE_TYPE", "make_object"),
            _reflect,
            needs=(CALL_PLACES, _DECLARED),
        ),
    ),
    old_names=("AttrsNode", DECLARE, FIELD),
    examples=(
        Example(
            title="the options of a pass",
            prelude=_PRELUDE,
            before="""struct FoldConfigNode : public tvm::AttrsNode<FoldConfigNode> {
  bool deep;
  int limit;

  TVM_DECLARE_ATTRS(FoldConfigNode, "tl.transform.FoldConfig") {
    TVM_ATTR_FIELD(deep).describe("Fold (all) levels; "
                                  "slow").set_default(false);
    TVM_ATTR_FIELD(limit).set_default(8);
  }
};

class FoldConfig : public Attrs {
public:
  TVM_DEFINE_NOTNULLABLE_OBJECT_REF_METHODS(FoldConfig, Attrs, FoldConfigNode);
};

TVM_REGISTER_NODE_TYPE(FoldConfigNode);
TVM_REGISTER_PASS_CONFIG_OPTION("tl.Fold", FoldConfig);
""",
            after="""struct FoldConfigNode : public tvm::AttrsNodeReflAdapter<FoldConfigNode> {
  bool deep;
  int limit;

  static void RegisterReflection() {
    namespace refl = tvm::ffi::reflection;
    refl::ObjectDef<FoldConfigNode>()
        .def_ro("deep", &FoldConfigNode::deep, "Fold (all) levels; "
                                  "slow", refl::DefaultValue(false))
        .def_ro("limit", &FoldConfigNode::limit, refl::DefaultValue(8));
  }

  static constexpr const char *_type_key = "tl.transform.FoldConfig";
  TVM_FFI_DECLARE_FINAL_OBJECT_INFO(FoldConfigNode, BaseAttrsNode);
};

class FoldConfig : public Attrs {
public:
  TVM_DEFINE_NOTNULLABLE_OBJECT_REF_METHODS(FoldConfig, Attrs, FoldConfigNode);
};

TVM_REGISTER_NODE_TYPE(FoldConfigNode);
TVM_FFI_STATIC_INIT_BLOCK({ FoldConfigNode::RegisterReflection(); });
TVM_REGISTER_PASS_CONFIG_OPTION("tl.Fold", FoldConfig);
""",
            postlude="}\n}\n",
        ),
        Example(
            title="statements between the fields",
            before="""struct N : public AttrsNode<N> {
  int a, b;
  TVM_DECLARE_ATTRS(N, "tl.N") {
    TVM_ATTR_FIELD(a);
    std::string told = "more";
    TVM_ATTR_FIELD(b).describe(told);
  }
};
""",
            after=None,
            finding="declared with statements in between",
        ),
    ),
)
