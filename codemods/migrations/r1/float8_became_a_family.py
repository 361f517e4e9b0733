"""Eight-bit floats became a family, named as PyTorch names them.

There was one `e4m3`, tested with `is_e4m3_float8()`; there are `e4m3`, `e4m3fn`, `e4m3fnuz` and more.
The old code covers what Python now calls `float8_e4m3` and what PyTorch calls `float8_e4m3fn`, so a
test of it becomes a test of either. `e5m2` has one meaning.

| before | after |
|---|---|
| `t.is_e4m3_float8()` | `(t.is_float8_e4m3() \\|\\| t.is_float8_e4m3fn())` |
| `t.is_e5m2_float8()` | `t.is_float8_e5m2()` |
| `t == DataType::NVFloat8E4M3()` | the same tests; vectors pass them too |
| `t.code() == DataType::kFloat8_e4m3fn` | or `kFloat8_e4m3`, where a file knows only the former |
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
from cpp_rewriters.text import code, words

_TESTS = {
    b"is_e4m3_float8": (b"is_float8_e4m3", b"is_float8_e4m3fn"),
    b"is_e5m2_float8": (b"is_float8_e5m2",),
}
_MADE = {
    b"NVFloat8E4M3": (b"is_float8_e4m3", b"is_float8_e4m3fn"),
    b"NVFloat8E5M2": (b"is_float8_e5m2",),
}
_CONSTRUCTED = {b"NVFloat8E4M3": b"Float8E4M3", b"NVFloat8E5M2": b"Float8E5M2"}
_RECEIVER = rb"(?P<receiver>(?:\w+(?:\[[^\[\]]*\]|\(\))?\s*(?:\.|->)\s*)*\w+(?:\[[^\[\]]*\]|\(\))?)"
_TESTED = re.compile(
    _RECEIVER + rb"\s*(?P<access>\.|->)\s*(?P<test>is_e[45]m[23]_float8)\s*\(\s*\)"
)
_COMPARED = re.compile(
    _RECEIVER + rb"\s*(?P<sign>==|!=)\s*(?:\w+::)*DataType::(?P<made>NVFloat8E\dM\d)\s*\(\s*\)"
)
_CODE = re.compile(
    _RECEIVER + rb"\s*\.\s*code\s*\(\s*\)\s*==\s*(?P<of>(?:\w+::)*)kFloat8_e4m3fn\b(?!\w)"
)
_KNOWS_BOTH = re.compile(rb"\bkFloat8_e4m3\b|\bis_float8_e4m3\b")


def _ask_the_family(source: Source, facts: Facts) -> Iterator[Outcome]:
    text = code(source)
    done: set[int] = set()
    for match in _TESTED.finditer(text) if b"_float8" in text else ():
        done.add(match.start("test"))
        tests = _TESTS.get(match["test"])
        if tests is not None:
            yield Edit(*match.span(), _either(match["receiver"], match["access"], tests))
    for match in _COMPARED.finditer(text) if b"NVFloat8E" in text else ():
        done.add(match.start("made"))
        new = _either(match["receiver"], b".", _MADE[match["made"]])
        yield Edit(*match.span(), (b"!" if match["sign"] == b"!=" else b"") + new)
    for word in words(source, ("NVFloat8E4M3", "NVFloat8E5M2")):
        if word.start() not in done:
            yield Edit(*word.span(), _CONSTRUCTED[word.group()])
    for word in words(source, ("is_e4m3_float8", "is_e5m2_float8")):
        if word.start() not in done:
            yield Remark(
                word.start(),
                f"`{word.group().decode()}` is asked of an expression that was not understood",
                "ask `is_float8_e4m3()` and `is_float8_e4m3fn()`, or `is_float8_e5m2()`",
            )
    if _KNOWS_BOTH.search(text) is None and not done:
        for match in _CODE.finditer(text):
            also = match["receiver"] + b".code() == " + match["of"] + b"kFloat8_e4m3"
            yield Edit(match.end(), match.end(), b" || " + also)


def _either(receiver: bytes, access: bytes, tests: tuple[bytes, ...]) -> bytes:
    asked = b" || ".join(receiver + access + test + b"()" for test in tests)
    return b"(" + asked + b")" if len(tests) > 1 else asked


MIGRATION = Migration(
    code="TF112",
    title="eight-bit floats became a family",
    rung=Rung.R1,
    introduced="0.1.6",
    removed="0.1.6",
    upstream=("apache/tvm#18027", "tile-ai/tilelang#595"),
    effort=Effort.LOW,
    rewrites=(
        Rewrite(
            Language.CPP,
            ("is_e4m3_float8", "is_e5m2_float8", "NVFloat8E", "kFloat8_e4m3fn"),
            _ask_the_family,
        ),
    ),
    old_names=("is_e4m3_float8", "is_e5m2_float8", "NVFloat8E4M3", "NVFloat8E5M2"),
    examples=(
        Example(
            title="predicates and comparisons",
            prelude="#include <tvm/tir/buffer.h>\nnamespace tvm {\n",
            before="""bool Supported(const DataType &t, const tir::Buffer &b) {
  if (t.is_e4m3_float8() or t.is_e5m2_float8())
    return true;
  return b->dtype == DataType::NVFloat8E4M3() && t != DataType::NVFloat8E5M2();
}
""",
            after="""bool Supported(const DataType &t, const tir::Buffer &b) {
  if ((t.is_float8_e4m3() || t.is_float8_e4m3fn()) or t.is_float8_e5m2())
    return true;
  return (b->dtype.is_float8_e4m3() || b->dtype.is_float8_e4m3fn()) && !t.is_float8_e5m2();
}
""",
            postlude="}\n",
        ),
        Example(
            title="a code generator that knows one code",
            prelude="#include <tvm/runtime/data_type.h>\nnamespace tvm {\n",
            before="""const char *Name(runtime::DataType type) {
  if (type.code() == runtime::DataType::kFloat8_e4m3fn) {
    return "fp8_e4";
  }
  return "";
}
""",
            after="""const char *Name(runtime::DataType type) {
  if (type.code() == runtime::DataType::kFloat8_e4m3fn || \
type.code() == runtime::DataType::kFloat8_e4m3) {
    return "fp8_e4";
  }
  return "";
}
""",
            postlude="}\n",
        ),
    ),
)
