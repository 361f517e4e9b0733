"""A pass option is read with the type that it is registered with.

`TVM_REGISTER_PASS_CONFIG_OPTION(key, Bool)` stores a boxed `Bool`. Reading it with
`GetConfig<bool>(key)` compiles, and fails at run time when somebody sets the option. Reads of options
that the tree registers are changed to the registered type; the default is boxed with them.

The read and the registration may name the option by different constants, or one by its string: the
values of the tree's constants are looked up. A read of an option that the tree does not register is left: its type is TVM's.
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
from cpp_rewriters.string_constants import CONSTANTS
from cpp_rewriters.text import Span, call_at, calls, code

REGISTER = "TVM_REGISTER_PASS_CONFIG_OPTION"
BOXED = {"Bool": ("bool",), "Integer": ("int", "int64_t", "int32_t", "uint32_t", "size_t")}
TVM_OPTIONS = {
    **dict.fromkeys(
        (
            "relax.backend.use_cuda_graph",
            "relax.transform.apply_legalize_ops",
            "testing.immutable_module",
            "tir.debug_keep_trivial_loop",
            "tir.detect_global_barrier",
            "tir.disable_assert",
            "tir.disable_cse_tir",
            "tir.disable_storage_rewrite",
            "tir.disable_vectorize",
            "tir.enable_buffer_level_predication",
            "tir.enable_debug",
            "tir.enable_equiv_terms_in_cse_tir",
            "tir.instr_siblings",
            "tir.instrument_bound_checkers",
            "tir.instrument_lwp",
            "tir.is_entry_func",
            "tir.lwp_disable_func_prof",
            "tir.merge_static_smem",
            "tir.noalias",
            "tir.ptx_ldg32",
            "tir.reset_start_id",
            "tir.use_async_copy",
        ),
        "Bool",
    ),
    **dict.fromkeys(
        (
            "relax.FuseOps.max_depth",
            "tir.lwp_max_depth",
            "tir.lwp_min_height",
            "tir.vtcm_capacity",
        ),
        "Integer",
    ),
}
"""Options that TVM itself registers with a boxed type (from the sources in the 0.1.7.post2 wheel)."""


def _key(source: Source, span: Span) -> str:
    return re.sub(r"^(?:\w+::)+", "", source.data[slice(*span)].decode("utf-8", "replace"))


def _gather(source: Source) -> dict[str, str] | None:
    text = code(source)
    found = {
        _key(source, call.arguments[0]): text[slice(*call.arguments[1])].decode("utf-8", "replace")
        for call in calls(source, (REGISTER,))
        if len(call.arguments) == 2
    }
    return found or None


def _digest(gathered: Mapping[str, dict[str, str]]) -> dict[str, str]:
    merged = {f'"{key}"': kind for key, kind in TVM_OPTIONS.items()}
    for path in sorted(gathered):
        merged.update(gathered[path])
    return merged


OPTIONS = Collector("pass options", Language.CPP, (REGISTER,), _gather, _digest)


def _match_types(source: Source, facts: Facts) -> Iterator[Outcome]:
    constants: Mapping[str, str] = facts.get(CONSTANTS.name, {})
    options: dict[str, str] = {}
    for name, kind in facts.get(OPTIONS.name, {}).items():
        options.update({name: kind, constants.get(name, name): kind})
    text = code(source)
    for call in calls(source, ("GetConfig",)):
        if call.template is None or not call.arguments:
            continue
        read = text[slice(*call.template)].strip().decode("utf-8", "replace")
        key = _key(source, call.arguments[0])
        registered = options.get(key) or options.get(constants.get(key, key), "")
        registered = registered.rsplit("::", 1)[-1]
        plain = read.rsplit("::", 1)[-1]
        if not registered or plain == registered:
            continue
        if plain not in BOXED.get(registered, ()):
            yield Remark(
                call.name[0],
                f"`{key}` is registered as `{registered}` and read as `{read}`, "
                "which fails at run time once the option is set",
                f"read it with `GetConfig<{registered}>`",
                Effort.MEDIUM,
            )
            continue
        yield Edit(*call.template, registered.encode())
        yield from _use_of_the_value(text, call.end, registered)
        if len(call.arguments) == 2:
            start, end = call.arguments[1]
            default = source.data[start:end]
            if not default.startswith(registered.encode() + b"("):
                yield Edit(start, end, registered.encode() + b"(" + default + b")")


def _use_of_the_value(text: bytes, end: int, registered: str) -> Iterator[Edit]:
    """What is read out of the optional is boxed: its default too, and a number is its `value`."""
    match = re.compile(rb"\s*\.\s*(?:value|value_or)\b").match(text, end)
    call = call_at(text, (match.end() - 1, match.end())) if match is not None else None
    if call is None:
        return
    for argument in call.arguments:
        if not text.startswith(f"{registered}(".encode(), argument[0]):
            yield Edit(argument[0], argument[0], f"{registered}(".encode())
            yield Edit(argument[1], argument[1], b")")
    if registered == "Integer":
        yield Edit(call.end, call.end, b"->value")


MIGRATION = Migration(
    code="TF308",
    title="a pass option is read with the type it is registered with",
    rung=Rung.R3,
    introduced="0.1.7",
    removed="0.1.7",
    upstream=("tile-ai/tilelang#1108",),
    effort=Effort.LOW,
    rewrites=(Rewrite(Language.CPP, ("GetConfig",), _match_types, needs=(OPTIONS, CONSTANTS)),),
    examples=(
        Example(
            title="a boxed option read as a plain value",
            prelude="#include <tvm/ir/transform.h>\n#include <tvm/tir/expr.h>\n"
            "namespace tvm {\nnamespace tl {\n"
            'constexpr const char *kFast = "tl.fast";\nconstexpr const char *kWidth = "tl.width";\n'
            "TVM_REGISTER_PASS_CONFIG_OPTION(kFast, Bool);\n"
            "TVM_REGISTER_PASS_CONFIG_OPTION(kWidth, Integer);\n"
            "bool Fast(tvm::transform::PassContext ctx) {\n",
            before="""  bool fast = ctx->GetConfig<bool>(kFast, false).value();
  return fast && ctx->GetConfig<Integer>(kWidth, Integer(32)).value()->value > 1;
""",
            after="""  bool fast = ctx->GetConfig<Bool>(kFast, Bool(false)).value();
  return fast && ctx->GetConfig<Integer>(kWidth, Integer(32)).value()->value > 1;
""",
            postlude="}\n}\n}\n",
        ),
        Example(
            title="a number; the option is registered by its string, and read by a constant",
            prelude="#include <tvm/ir/transform.h>\n#include <tvm/tir/expr.h>\n"
            "namespace tvm {\nnamespace tl {\n"
            'constexpr const char *kDepth = "tl.depth";\n'
            'TVM_REGISTER_PASS_CONFIG_OPTION("tl.depth", Integer);\n'
            "int Depth(tvm::transform::PassContext ctx) {\n",
            before="""  int depth = ctx->GetConfig<int>(kDepth, 3).value();
  return depth + ctx->GetConfig<int64_t>(kDepth).value_or(1);
""",
            after="""  int depth = ctx->GetConfig<Integer>(kDepth, Integer(3)).value()->value;
  return depth + ctx->GetConfig<Integer>(kDepth).value_or(Integer(1))->value;
""",
            postlude="}\n}\n}\n",
        ),
        Example(
            title="two types that cannot be each other",
            before='TVM_REGISTER_PASS_CONFIG_OPTION("tl.a", Bool);\nauto a = ctx->GetConfig<String>("tl.a");\n',
            after=None,
            finding="is registered as `Bool` and read as `String`",
        ),
    ),
)
