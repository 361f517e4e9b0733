"""Asks the ported and linked minitilescale what it means; prints the answers as JSON.

Runs under the target's TVM, with the path of the linked library as its argument. Equality is asked
for pairs that differ in one thing each: `[equal, same hash]`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any

os.environ["MINITILESCALE_LIBRARY"] = sys.argv[1]

import tilelang
import tvm_ffi
from tilelang import tvm
from tvm import tir

ANSWERS: dict[str, Any] = {}
call = tvm_ffi.get_global_func
SRC = tir.decl_buffer((128,), "float16", name="src")
DST = tir.decl_buffer((128,), "float16", name="dst")
M, N = tir.Var("i", "int32"), tir.Var("j", "int32")


def at(buffer: Any, index: Any) -> Any:
    return tir.address_of(buffer[index])


def op(name: str, *arguments: Any) -> Any:
    return tilelang.ir.parse_operator(tir.call_intrin("handle", tir.op.Op.get(name), *arguments))


def copy(name: str, index: int = 0, scope: str = "block", aggressive: int = 1) -> Any:
    return op(name, at(SRC, index), at(DST, 0), 16, 1, 4, scope, aggressive)


def gemm(offset: int = 0, kind: int = 0, transposed: int = 0) -> Any:
    return op("tl.gemm_py", 64, 64, transposed, offset, kind)


def same(name: str, one: Any, other: Any) -> None:
    equal = tvm.ir.structural_equal(one, other)
    ANSWERS[name] = [
        bool(equal),
        tvm.ir.structural_hash(one) == tvm.ir.structural_hash(other),
    ]


def ask(name: str, question: Callable[[], Any]) -> None:
    try:
        ANSWERS[name] = question()
    except Exception as error:  # an answer as well: some questions must fail
        ANSWERS[name] = f"{type(error).__name__}: {error}"[:200]


def ask_operators() -> None:
    put = copy("tl.put")
    same("a clone", put, call("tl.clone_operator")(put))
    same("two puts", put, copy("tl.put"))
    same("puts: scope", put, copy("tl.put", scope="warp"))
    same("puts: index", put, copy("tl.put", index=1))
    same("puts: aggressive", put, copy("tl.put", aggressive=0))
    two, none = tir.IntImm("int32", 2), tir.IntImm("int32", 0)
    moved = call("tl.put_with_offsets")
    same("puts: src_offset", moved(put, none, none), moved(put, two, none))
    same("puts: dst_offset", moved(put, none, none), moved(put, none, two))
    same("gets: index", copy("tl.get"), copy("tl.get", index=1))
    same("gets: aggressive", copy("tl.get"), copy("tl.get", aggressive=0))
    same(
        "stores: sem",
        op("tl.st", at(DST, 0), 1, 1, 0, 0, 0),
        op("tl.st", at(DST, 0), 1, 1, 0, 1, 0),
    )
    same(
        "loads: nc",
        op("tl.ld", at(DST, 0), 1, 1, 0, 0, 0, 0),
        op("tl.ld", at(DST, 0), 1, 1, 0, 0, 0, 1),
    )
    same(
        "waits: relation", op("tl.wait", 0, at(DST, 0), 1, -1), op("tl.wait", 2, at(DST, 0), 1, -1)
    )
    barrier = op("tl.barrier_blocks", at(SRC, 0), 1)
    same("barriers: need_fence", barrier, op("tl.barrier_blocks", at(SRC, 0), 0))
    same("barriers: index", barrier, op("tl.barrier_blocks", at(SRC, 1), 1))
    same("gemms: offset_A", gemm(), gemm(offset=1))
    same("gemms: kind", gemm(), gemm(kind=1))
    same("gemms: trans_A", gemm(), gemm(transposed=1))
    sums = [op("tl.cumsum", at(SRC, 0), at(DST, 0), dim, 0) for dim in (0, 0, 1)]
    ask("cumsums", lambda: bool(tvm.ir.structural_equal(sums[0], sums[1])))
    ask("cumsums: dim", lambda: bool(tvm.ir.structural_equal(sums[0], sums[2])))
    ask(
        "a put lowers",
        lambda: str(call("tl.lower_operator")(put, tvm.target.Target("c"))).splitlines()[-1],
    )


def ask_objects() -> None:
    policy, reduction = call("tl.GemmWarpPolicy"), call("tl.AxisReduction")
    same("policies", policy(0), policy(0))
    same("policies: type", policy(0), policy(1))
    same("reductions: axis and line", reduction(M, M + 1, 0, 1), reduction(N, N + 1, 0, 2))
    same("reductions: value", reduction(M, M + 1, 0, 1), reduction(N, N + 2, 0, 1))
    same("reductions: type", reduction(M, M + 1, 0, 1), reduction(M, M + 1, 1, 1))
    swizzled = call("tl.SwizzledLayout")
    same("swizzles", swizzled([8], [M], 2, 1, 3), swizzled([8], [M], 2, 1, 3))
    for name, other in (("bits", (1, 1, 3)), ("base", (2, 2, 3)), ("shift", (2, 1, 4))):
        same(f"swizzles: {name}", swizzled([8], [M], 2, 1, 3), swizzled([8], [M], *other))
    same("swizzles: index", swizzled([8], [M], 2, 1, 3), swizzled([8], [M + 1], 2, 1, 3))
    fragment = call("tl.Fragment")
    same("fragments: thread", fragment([8], [M], M, 1), fragment([8], [M], M * 2, 1))
    bound = call("tl.Fragment_bind")(fragment([8], [M], M, 1), tvm.ir.Range(0, 4))
    same("fragments: thread range", fragment([8], [M], M, 1), bound)
    keys = (
        "tl.CumSumOp",
        "tl.ReducerInfo",
        "tl.PassCounter",
        "tl.KernelLaunchFrame",
        "tl.TileOperator",
    )
    ask("known by key", lambda: [key for key in keys if _is_known(key)])


def _is_known(key: str) -> bool:
    tvm_ffi.register_object(key)(type("Face", (tvm_ffi.Object,), {}))
    return True


def ask_passes() -> None:
    number = tir.IntImm("int32", 3)
    op_get = tvm.ir.Op.get
    extern = tir.Call(
        "int32", op_get("tir.call_extern"), [tir.StringImm("f"), M], annotations={"k": number}
    )
    address = tir.Call("handle", op_get("tir.address_of"), [SRC[M]], annotations={"k": number})
    body = tir.SeqStmt([tir.Evaluate(extern), tir.Evaluate(address)])
    mod = tvm.IRModule({"main": tir.PrimFunc([M, N], body)})
    rebuilt = tilelang.transform.RebuildCalls(M, N)(mod)["main"].body
    ANSWERS["rebuilt calls"] = [sorted(each.value.annotations) for each in rebuilt]
    new = call("tl.as_extern")(extern, "g")
    ANSWERS["a new call"] = sorted(new.annotations)
    loop = tir.For(
        N, 0, M, tir.ForKind.SERIAL, tir.Evaluate(N), None, {"a": 1}, tir.IntImm("int32", 2)
    )
    for keep_span in (True, False):
        mod = tvm.IRModule({"main": tir.PrimFunc([M], loop)})
        made = tilelang.transform.RebuildLoops(keep_span)(mod)["main"].body
        ANSWERS[f"a rebuilt loop, span {keep_span}"] = [int(made.step), dict(made.annotations)]
    read = call("tl.read_options")
    ANSWERS["default options"] = {key: int(value) for key, value in read().items()}
    chosen = {
        "tl.disable_rdc": True,
        "tl.trace_passes": True,
        "tl.unroll_depth": 7,
        "tl.printed_name": "k",
    }
    with tvm.transform.PassContext(config=chosen):
        ANSWERS["chosen options"] = {key: int(value) for key, value in read().items()}
        ANSWERS["printed name"] = str(call("tl.printed_name")())
    inner = tir.AttrStmt("default", "pragma", 1, tir.Evaluate(0))
    marked = tir.AttrStmt(M, "k", 1, inner)
    ANSWERS["attributes of a variable"] = [str(each) for each in call("tl.attr_variables")(marked)]
    ANSWERS["attributes of nothing"] = int(call("tl.attr_anonymous")(marked))
    ANSWERS["a marked statement"] = str(call("tl.mark_default")(tir.Evaluate(0)).node)
    ANSWERS["simplify defaults"] = bool(call("tl.simplify_defaults")().convert_booleans)


def ask_functions() -> None:
    ANSWERS["tiled"] = str(call("__tvm_tensormap_create_tiled")(None, 2, 3, 4))
    ANSWERS["im2col"] = int(call("__tvm_tensormap_create_im2col")(None, 1, 3))
    ANSWERS["copy engine"] = [int(call("__tl_cpengine_copy")(5, flag)) for flag in (True, False)]
    ANSWERS["engine of"] = call("tl.engine_of")(M, False) is None
    ANSWERS["described"] = str(call("tl.describe")("x"))
    ANSWERS["not renamed"] = [
        name
        for name in ("kCopyEngine", "tvm_tensormap_create_tiled")
        if tvm_ffi.get_global_func(name, allow_missing=True) is not None
    ]
    linear = call("tl.make_linear_layout")
    ANSWERS["layout text"] = str(call("tl.Layout_describe")(linear(4, 8)))
    func = tir.PrimFunc([M], tir.Evaluate(0)).with_attr("global_symbol", "main")
    mod = tvm.IRModule({"main": func})
    host = call("target.build.tilelang_cpp")(mod, tvm.target.Target("c"))
    ANSWERS["context"] = host.inspect_source().splitlines()[0]
    shaders = call("target.build.tilelang_webgpu")(mod, tvm.target.Target("c"))
    ANSWERS["shaders"] = [
        shaders.kind,
        shaders["get_shader_count"](),
        shaders.inspect_source() != "",
    ]
    kernel = tilelang.Kernel(func)
    ANSWERS["kernel source"] = "main" in kernel.get_kernel_source()


ask_operators()
ask_objects()
ask_passes()
ask_functions()
print(json.dumps(ANSWERS))
