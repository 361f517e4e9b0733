"""A dynamic value is converted to the type that its context needs, or the place is reported."""

from __future__ import annotations

import pytest

from codemods import engine, ladder, registry

MIGRATIONS = [m for m in registry.load() if m.code in ("TF102", "TF103", "TF104")]


def port(body: str, before: str = "") -> tuple[str, list[str]]:
    head = f"namespace tvm {{\n{before}"
    text = f"{head}void F(TVMArgs args, TVMRetValue *rv) {{ {body} }}\n}}\n"
    ported = engine.port({"a.cc": text.encode()}, MIGRATIONS, ladder.DEFAULT_TARGET)
    after = ported.files["a.cc"].decode()
    inside = after[after.index("*rv) { ") + 7 : after.rindex(" }\n}")]
    return inside, [finding.message for finding in ported.findings]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("int x = args[0];", "int x = args[0].cast<int>();"),
        ("const String &s = args[0];", "const String &s = args[0].cast<String>();"),
        ("DLTensor *t = args[0];", "DLTensor *t = args[0].cast<DLTensor*>();"),
        ("auto x = args[0];", "auto x = args[0];"),
        ("*rv = args[0];", "*rv = args[0];"),
        ("if (args[0]) { }", "if (args[0].cast<bool>()) { }"),
        ("int x = c ? args[0] : 1;", "int x = c ? args[0].cast<int>() : 1;"),
        ("std::vector<int> v; v[0] = args[1];", "std::vector<int> v; v[0] = args[1].cast<int>();"),
        ("x = (int)args[0];", "x = args[0].cast<int>();"),
        ("T t(args[0]);", "T t(args[0].cast<T>());"),
        ("LOG(INFO) << args[0];", "LOG(INFO) << args[0];"),
        ("bool b = args[0] == nullptr;", "bool b = args[0] == nullptr;"),
        ("int n = args.num_args;", "int n = args.size();"),
        ("bool b = args[0].IsObjectRef<X>();", "bool b = args[0].as<X>().has_value();"),
    ],
)
def test_the_context_says_the_type(body: str, expected: str) -> None:
    assert port(body) == (expected, [])


def test_another_function_s_args_are_another_variable() -> None:
    before = "int G(Array<int> args) { int x = args[0]; return x; }\n"
    after, findings = port("int y = args[0];", before)
    assert after == "int y = args[0].cast<int>();"
    assert not findings


def test_overloads_of_one_arity_with_different_types_are_reported() -> None:
    before = "void G(int x); void G(String x);\n"
    after, findings = port("G(args[0]);", before)
    assert after == "G(args[0]);"
    assert any("a type that this tree does not tell" in message for message in findings)


def test_a_packed_function_takes_dynamic_values_as_they_are() -> None:
    after, findings = port('const auto *f = Registry::Get("k"); int x = (*f)(args[0]);')
    assert after == (
        'const auto f = ffi::Function::GetGlobal("k"); int x = (*f)(args[0]).cast<int>();'
    )
    assert not findings


def test_comments_and_strings_keep_the_old_names() -> None:
    after, _ = port('Log("TVMArgs args[0]"); /* TVMRetValue */')
    assert after == 'Log("TVMArgs args[0]"); /* TVMRetValue */'
