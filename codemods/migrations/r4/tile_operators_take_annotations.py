"""A tile operator is built from its arguments and the call's annotations, not from a buffer map.

Regions carry their buffer now, so the map from data variables to buffers is gone from the
constructors; in its place comes what the call was annotated with (coalesced width, TMA and eviction
hints). The declaration, the definition and the registering macro change together.

A constructor that looks a buffer up in the map is not changed, and neither is its declaration: it must
take the buffer from the argument (`NormalizeToBufferRegion(args[i])->buffer`), and the Python that
emits the call must pass a region instead of an access pointer.
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
from cpp_rewriters.text import closing, code

_PARAMETERS = re.compile(
    rb"(?P<head>(?P<class>\w+)\s*\(\s*(?:const\s+)?(?P<space>(?:\w+::)*)Array<(?:\w+::)*PrimExpr>"
    rb"(?:\s+const)?\s*&?\s*\w*\s*,\s*)(?P<map>(?:const\s+)?(?:\w+::)*BufferMap\b\s*&?\s*(?P<name>\w*))"
    rb"\s*\)"
)
_UNUSED = r"[ \t]*\(void\)\s*{name}\s*;[ \t]*(?:\r?\n)?"


def _gather(source: Source) -> tuple[str, ...] | None:
    """The classes whose constructor needs the map."""
    text = code(source)
    needing = [
        match["class"].decode()
        for match in _PARAMETERS.finditer(text)
        if (body := _body(text, match)) is not None and _uses(text, body, match["name"])
    ]
    return tuple(needing) or None


def _digest(gathered: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    return frozenset(name for names in gathered.values() for name in names)


NEEDING = Collector(
    "tile operators that look buffers up", Language.CPP, ("BufferMap",), _gather, _digest
)


def _body(text: bytes, match: re.Match[bytes]) -> tuple[int, int] | None:
    """What follows a definition's parameters (the initialisers and the body), or None."""
    brace = re.compile(rb"\s*(?::[^;{]*)?\{").match(text, match.end())
    if brace is None:
        return None
    end = closing(text, brace.end() - 1)
    return (match.end(), end) if end >= 0 else None


def _uses(text: bytes, body: tuple[int, int], name: bytes) -> bool:
    if not name:
        return False
    inside = re.sub(_UNUSED.format(name=name.decode()).encode(), b"", text[slice(*body)])
    return re.search(rb"\b" + name + rb"\b", inside) is not None


def _take_annotations(source: Source, facts: Facts) -> Iterator[Outcome]:
    text = code(source)
    needing: frozenset[str] = facts[NEEDING.name]
    for match in _PARAMETERS.finditer(text):
        body = _body(text, match)
        if match["class"].decode() in needing:
            if body is not None:
                yield Remark(
                    match.start("map"),
                    f"the constructor of `{match['class'].decode()}` looks a buffer up in the buffer "
                    "map, which it no longer gets",
                    "take it from the argument: `NormalizeToBufferRegion(args[i])->buffer`, and pass "
                    "a region from Python",
                    Effort.MEDIUM,
                )
            continue
        space = match["space"].decode()
        name = " annotations" if match["name"] else ""
        yield Edit(*match.span("map"), f"{space}Map<{space}String, ObjectRef>{name}".encode())
        if body is not None and match["name"]:
            unused = _UNUSED.format(name=match["name"].decode()).encode()
            for line in re.compile(unused).finditer(text, *body):
                yield Edit(*line.span(), b"")


MIGRATION = Migration(
    code="TF402",
    title="tile operators take annotations instead of a buffer map",
    rung=Rung.R4,
    introduced="0.1.7.post2",
    removed="0.1.7.post2",
    upstream=("tile-ai/tilelang#1334", "tile-ai/tilelang#1539"),
    effort=Effort.LOW,
    old_names=("BufferMap",),
    rewrites=(Rewrite(Language.CPP, ("BufferMap",), _take_annotations, needs=(NEEDING,)),),
    examples=(
        Example(
            title="an operator that does not look at the map",
            before="""class SendOp : public TileOperator {
public:
  TVM_DLL SendOp(Array<PrimExpr> args, BufferMap vmap);
};

SendOp::SendOp(Array<PrimExpr> args, BufferMap vmap) {
  auto node = tvm::ffi::make_object<SendOpNode>();
  node->peer = args[0];
  (void)vmap;
  data_ = std::move(node);
}
""",
            after="""class SendOp : public TileOperator {
public:
  TVM_DLL SendOp(Array<PrimExpr> args, Map<String, ObjectRef> annotations);
};

SendOp::SendOp(Array<PrimExpr> args, Map<String, ObjectRef> annotations) {
  auto node = tvm::ffi::make_object<SendOpNode>();
  node->peer = args[0];
  data_ = std::move(node);
}
""",
            compiles=False,
        ),
        Example(
            title="containers named with their namespace",
            before="SendOp(ffi::Array<PrimExpr> args, BufferMap);\n",
            after="SendOp(ffi::Array<PrimExpr> args, ffi::Map<ffi::String, ObjectRef>);\n",
            compiles=False,
        ),
        Example(
            title="an operator that looks a buffer up",
            before="""class ScanOp : public TileOperator {
  ScanOp(Array<PrimExpr> args, BufferMap vmap);
};
ScanOp::ScanOp(Array<PrimExpr> args, BufferMap vmap) {
  node->src = vmap[GetVarFromAccessPtr(args[0])];
}
""",
            after=None,
            finding="looks a buffer up in the buffer map",
        ),
    ),
)
