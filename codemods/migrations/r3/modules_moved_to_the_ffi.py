"""`runtime::Module` moved to the FFI, and its methods were renamed.

`runtime::Module` is `ffi::Module`, from `<tvm/ffi/extra/module.h>`. A class that derives from
`runtime::ModuleNode` derives from `ffi::ModuleObj` and overrides other methods:

| before | after |
|---|---|
| `const char *type_key() const` | `const char *kind() const` |
| `GetFunction(name, sptr_to_self)` | `Optional<Function> GetFunction(name)` |
| `SaveToBinary(dmlc::Stream *stream)` | `Bytes SaveToBytes() const`, the stream made inside |
| `SaveToFile(file, format)` | `WriteToFile(file, format) const` |
| `GetSource(format)` | `InspectSource(format) const` |
| `runtime::ModulePropertyMask::k..` | `ffi::Module::k..` |

A body that uses `sptr_to_self` gets it as a local. A body of `SaveToBinary` writes to a stream over a
string, which is returned; one that returns early is reported, since what it returns is not known.

In Python, `get_source` became `inspect_source`, `imported_modules` `imports`, `type_key` `kind`, `save`
`write_to_file`; `is_runnable` and its like were properties and are methods. What class a receiver has is
told by annotations, by what made it, and by what people call it (`mod`, `rt_mod`, `codegen_mod`); a
place where that does not decide is reported, and so is that a caught exception would hide it.
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
from cpp_rewriters import includes
from cpp_rewriters.classes import Method, classes
from cpp_rewriters.syntax import declaration
from cpp_rewriters.text import call_at, code, indentation, newline, qualifier, split, words
from py_rewriters.members import Class, Member, renamed_members

NAMES = ("Module", "ModuleNode", "ModulePropertyMask")
_RUNTIME = (b"runtime::", b"tvm::runtime::", b"::tvm::runtime::")
_ALIAS = re.compile(
    rb"\bnamespace\s+(\w+)\s*=\s*(?:(?:::\s*)?tvm\s*::\s*)?runtime\s*;"  # of a file's own
)
_IS_MODULE = re.compile(r"(?<!\w)(?P<home>(?:runtime|ffi)::)?Module\s*(?:const)?\s*&?\s*$")
_PLAIN = re.compile(rb"\busing\s+(?:\w+::)*(?:runtime|ffi)::Module\s*;")
_ACCESS = re.compile(rb"(?<![\w.>])(\w+)\s*(->|\.)\s*\Z")
_CALLED = {  # what a module answers to now, with how many arguments
    "type_key": ("kind", 0),
    "GetSource": ("InspectSource", 1),
    "SaveToFile": ("WriteToFile", 2),
    "Import": ("ImportModule", 1),
}
_GONE = {
    "GetFunction": (
        "`GetFunction` of a module takes a name alone and answers an optional function",
        "write `m->GetFunction(name)`, and take its `.value()`",
    ),
    "IsDSOExportable": (
        "`IsDSOExportable` of a module is gone",
        "test `m->GetPropertyMask() & ffi::Module::kCompilationExportable`",
    ),
    "IsBinarySerializable": (
        "`IsBinarySerializable` of a module is gone",
        "test `m->GetPropertyMask() & ffi::Module::kBinarySerializable`",
    ),
    "SaveToBinary": (
        "`SaveToBinary` of a module is gone",
        "take `m->SaveToBytes()`",
    ),
}
_METHODS = {"type_key", "GetFunction", "SaveToBinary", "SaveToFile", "GetSource"}


def _move(source: Source, facts: Facts) -> Iterator[Outcome]:
    text = code(source)
    moved = False
    aliases = {m[1] + b"::" for m in _ALIAS.finditer(text)}
    for match in words(source, NAMES):
        begin, qualified = qualifier(text, match.start())
        written = qualified.replace(b" ", b"")
        if written not in _RUNTIME and written not in aliases:
            continue
        moved = True
        own = b"tvm::ffi::" if written in aliases else b""  # right wherever the alias is used
        prefix = own or written.removesuffix(b"runtime::") + b"ffi::"
        new = {b"Module": b"Module", b"ModuleNode": b"ModuleObj", b"ModulePropertyMask": b"Module"}
        yield Edit(begin, match.end(), prefix + new[match.group()])
    for cls in classes(source):
        if any(base.rsplit("::", 1)[-1] == "ModuleNode" for base in cls.bases):
            for method in cls.methods:
                if method.name in _METHODS:
                    yield from _override(source, method)
    if moved:
        yield from includes.add(source, "tvm/ffi/extra/module.h", system=True)
        yield from includes.drop(source, "tvm/runtime/module.h")


def _members(source: Source, facts: Facts) -> Iterator[Outcome]:
    """Members of a variable that is declared as a module."""
    text = code(source)
    for match in words(source, (*_CALLED, *_GONE)):
        access = _ACCESS.search(text, max(0, match.start() - 80), match.start())
        call = call_at(text, match.span())
        if access is None or call is None:
            continue
        declared = declaration(source, access[1].decode(), access.start(1))
        kind = _IS_MODULE.search(declared.type) if declared is not None else None
        if kind is None or (kind["home"] is None and not _PLAIN.search(text)):
            continue
        name = match.group().decode()
        if name in _GONE:
            if name == "GetFunction" and access[2] == b"->" and len(call.arguments) < 2:
                continue
            yield Remark(match.start(), *_GONE[name], Effort.LOW)
            continue
        new, arity = _CALLED[name]
        yield Edit(access.start(2), match.end(), f"->{new}".encode())
        if len(call.arguments) < arity:
            lead = b", " if call.arguments else b""
            yield Edit(call.close, call.close, lead + b'""')


def _override(source: Source, method: Method) -> Iterator[Outcome]:
    text = code(source)
    start, stop = method.span
    head_end = method.body[0] - 1 if method.body is not None else stop - 1
    open_at, close_at = method.parameters
    name_at = text.rindex(method.name.encode(), start, open_at)
    result = (start, name_at)
    tail = text[close_at + 1 : head_end]
    name = (name_at, name_at + len(method.name))
    if method.name == "type_key":
        yield Edit(*name, b"kind")
        return
    if method.name in ("GetSource", "SaveToFile"):
        yield Edit(*name, b"InspectSource" if method.name == "GetSource" else b"WriteToFile")
        yield from _make_const(close_at, tail)
        return
    if method.name == "GetFunction":
        yield from _get_function(source, method, result)
        return
    if method.body is None:
        yield Remark(
            start, "`SaveToBinary` is declared here and defined elsewhere", effort=Effort.MEDIUM
        )
        return
    yield from _save(source, method, result, name, tail)


def _make_const(close_at: int, tail: bytes) -> Iterator[Edit]:
    if not re.search(rb"\bconst\b", tail):
        yield Edit(close_at + 1, close_at + 1, b" const")


def _get_function(source: Source, method: Method, result: tuple[int, int]) -> Iterator[Edit]:
    text = code(source)
    parameters = split(text, *method.parameters)
    if len(parameters) != 2:
        return
    kept = re.match(rb"(?:virtual\s+|inline\s+)*", text[slice(*result)])
    offset = result[0] + (kept.end() if kept is not None else 0)
    written = text[offset : result[1]].rstrip()
    if not written.startswith((b"Optional", b"ffi::Optional")):
        yield Edit(offset, offset + len(written), b"ffi::Optional<ffi::Function>")
    yield Edit(parameters[0][1], method.parameters[1], b"")
    named = re.search(rb"(\w+)$", text[slice(*parameters[1])])
    if method.body is None or named is None:
        return
    if re.search(rb"\b" + named[1] + rb"\b", text[slice(*method.body)]):
        pad = newline(source) + indentation(source, method.span[0]) + b"  "
        local = b"ObjectPtr<Object> " + named[1] + b" = tvm::ffi::GetObjectPtr<Object>(this);"
        yield Edit(method.body[0], method.body[0], pad + local)


def _save(
    source: Source, method: Method, result: tuple[int, int], name: tuple[int, int], tail: bytes
) -> Iterator[Outcome]:
    text = code(source)
    assert method.body is not None
    stream = re.search(rb"(\w+)\s*$", text[slice(*method.parameters)])
    if stream is None or re.search(rb"\breturn\b", text[slice(*method.body)]):
        yield Remark(
            method.span[0],
            "`SaveToBinary` returns early, so what it should return as bytes is not known",
            "write `ffi::Bytes SaveToBytes() const`",
            Effort.MEDIUM,
        )
        return
    kept = re.match(rb"(?:virtual\s+)?", text[slice(*result)])
    offset = result[0] + (kept.end() if kept is not None else 0)
    yield Edit(offset, name[1], b"ffi::Bytes SaveToBytes")
    yield Edit(*method.parameters, b"")
    yield from _make_const(method.parameters[1], tail)
    pad = newline(source) + indentation(source, method.span[0]) + b"  "
    yield Edit(
        method.body[0],
        method.body[0],
        pad
        + b"std::string buffer;"
        + pad
        + b"dmlc::MemoryStringStream memory(&buffer);"
        + pad
        + b"dmlc::Stream *"
        + stream[1]
        + b" = &memory;",
    )
    end = method.body[1]
    while text[end - 1 : end].isspace():
        end -= 1
    yield Edit(end, end, pad + b"return ffi::Bytes(buffer);")
    yield from includes.add(source, "dmlc/memory_io.h", system=True)


_MODULE = Class(
    title="tvm.runtime.Module",
    names=frozenset(
        {"tvm.runtime.Module", "tvm.runtime.module.Module", "tvm.ffi.Module", "tvm_ffi.Module"}
    ),
    makers=frozenset(
        {
            "tvm.runtime.load_module",
            "tvm.runtime.system_lib",
            "tvm.runtime.load_static_library",
            "tvm.runtime.module.load_module",
            "tvm.build",
            "tvm.driver.build",
            "tvm_ffi.load_module",
            "tvm_ffi.system_lib",
        }
    ),
    getters=re.compile(r"target\.build\.|runtime\.ModuleLoadFrom"),
    hint=re.compile(r"(^|_)mod(ule)?$"),
    holders=frozenset({"imported_modules", "imports"}),
)

_MEMBERS = {
    "get_source": Member("inspect_source", "method", telling=True),
    "imported_modules": Member("imports", "property", telling=True),
    "type_key": Member("kind", "property", telling=True),
    "save": Member("write_to_file", "method"),
    "is_runnable": Member("is_runnable", "call"),
    "is_binary_serializable": Member("is_binary_serializable", "call"),
    "is_dso_exportable": Member("is_compilation_exportable", "call"),
    "is_device_module": Member(None, "property", advice="compare `.kind` with the device's name"),
    "format": Member(None, "property", advice="ask `.get_write_formats()`"),
    "entry_func": Member(None, "property", advice="take the function by name: `mod['main']`"),
}

MIGRATION = Migration(
    code="TF310",
    title="`runtime::Module` moved to the FFI, and its members were renamed",
    rung=Rung.R3,
    introduced="0.1.7",
    removed="0.1.7",
    upstream=("apache/tvm#18213", "apache/tvm#18214"),
    effort=Effort.LOW,
    rewrites=(
        Rewrite(Language.CPP, ("runtime::Module",), _move),
        Rewrite(Language.CPP, (*_CALLED, *_GONE), _members),
        renamed_members(_MODULE, _MEMBERS),
    ),
    old_names=("runtime::Module", "runtime::ModuleNode", "ModulePropertyMask", "imported_modules"),
    examples=(
        Example(
            title="a module class and a function that builds it",
            prelude="#include <tvm/ir/module.h>\n#include <dmlc/memory_io.h>\n#include <string>\n"
            "#include <tvm/ffi/extra/module.h>\n"
            "namespace tvm {\nusing ffi::String;\nusing ffi::ObjectPtr;\n",
            before="""class TextModuleNode final : public runtime::ModuleNode {
public:
  const char *type_key() const final { return "source"; }
  int GetPropertyMask() const final { return runtime::ModulePropertyMask::kBinarySerializable; }
  ffi::Function GetFunction(const String &name, const ObjectPtr<Object> &sptr_to_self) final {
    return ffi::Function(nullptr);
  }
  void SaveToBinary(dmlc::Stream *stream) final {
    stream->Write(text);
  }
  String GetSource(const String &format) final { return text; }
  std::string text;
};
runtime::Module Build() { return runtime::Module(ffi::make_object<TextModuleNode>()); }
""",
            after="""class TextModuleNode final : public ffi::ModuleObj {
public:
  const char *kind() const final { return "source"; }
  int GetPropertyMask() const final { return ffi::Module::kBinarySerializable; }
  ffi::Optional<ffi::Function> GetFunction(const String &name) final {
    return ffi::Function(nullptr);
  }
  ffi::Bytes SaveToBytes() const final {
    std::string buffer;
    dmlc::MemoryStringStream memory(&buffer);
    dmlc::Stream *stream = &memory;
    stream->Write(text);
    return ffi::Bytes(buffer);
  }
  String InspectSource(const String &format) const final { return text; }
  std::string text;
};
ffi::Module Build() { return ffi::Module(ffi::make_object<TextModuleNode>()); }
""",
            postlude="}\n",
        ),
        Example(
            title="what is asked of a module",
            prelude="#include <tvm/ffi/extra/module.h>\n#include <string>\n"
            "namespace tvm {\nusing ffi::Array;\n",
            before="""std::string Told(const runtime::Module &m, Array<runtime::Module> others) {
  std::string told = m->GetSource() + m->GetSource("cuda") + m->type_key();
  for (runtime::Module other : others) other->Import(m);
  others[0]->SaveToFile("x", "so");
  m->SaveToFile("y");
  return told;
}
""",
            after="""std::string Told(const ffi::Module &m, Array<ffi::Module> others) {
  std::string told = m->InspectSource("") + m->InspectSource("cuda") + m->kind();
  for (ffi::Module other : others) other->ImportModule(m);
  others[0]->SaveToFile("x", "so");
  m->WriteToFile("y", "");
  return told;
}
""",
            postlude="}\n",
            compiles=False,  # an element's class is not looked up
        ),
        Example(
            title="what is asked of a module and has no equal",
            prelude="#include <tvm/ffi/extra/module.h>\n",
            before="bool Ready(runtime::Module m) { return m->IsDSOExportable(); }\n",
            after="bool Ready(ffi::Module m) { return m->IsDSOExportable(); }\n",
            finding="`IsDSOExportable` of a module is gone",
            compiles=False,
        ),
        Example(
            title="through the imports of a module",
            language=Language.PYTHON,
            before=(
                "from contextlib import suppress\n\n\n"
                "def target_of(rt_mod) -> str:\n"
                '    target = "cuda"\n'
                "    with suppress(Exception):\n"
                "        target = rt_mod.imported_modules[0].type_key\n"
                "    return target\n"
            ),
            after=(
                "from contextlib import suppress\n\n\n"
                "def target_of(rt_mod) -> str:\n"
                '    target = "cuda"\n'
                "    with suppress(Exception):\n"
                "        target = rt_mod.imports[0].kind\n"
                "    return target\n"
            ),
        ),
        Example(
            title="what a global function of `target.build` returns is a module",
            language=Language.PYTHON,
            before=(
                "import tvm_ffi\n\n\n"
                "def source(device, target) -> str:\n"
                '    built = tvm_ffi.get_global_func("target.build.cuda")(device, target)\n'
                "    return built.get_source()\n"
            ),
            after=(
                "import tvm_ffi\n\n\n"
                "def source(device, target) -> str:\n"
                '    built = tvm_ffi.get_global_func("target.build.cuda")(device, target)\n'
                "    return built.inspect_source()\n"
            ),
        ),
        Example(
            title="a property that is a method now",
            language=Language.PYTHON,
            before=(
                "import tvm\n\n\n"
                "def usable(thing: tvm.runtime.Module) -> bool:\n"
                "    return thing.is_runnable\n"
            ),
            after=(
                "import tvm\n\n\n"
                "def usable(thing: tvm.runtime.Module) -> bool:\n"
                "    return thing.is_runnable()\n"
            ),
        ),
        Example(
            title="a receiver that says nothing, where failure would be silent",
            language=Language.PYTHON,
            before=(
                "import tvm\n\n\n"
                "def source(thing) -> str:\n"
                "    try:\n"
                "        return thing.get_source()\n"
                "    except Exception:\n"
                '        return ""\n'
            ),
            after=None,
            finding="fails without a word",
        ),
    ),
)
