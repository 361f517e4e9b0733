"""Names that C++ and Python agree on by string: who registers them, and who asks for them.

Functions, object types, operators and pass options are registered under a name in one language and
asked for in another; a name that nothing registers fails only when the code runs (an object type:
when it is imported). What the target itself registers is read from its sources and, since many
names are put together by macros, from the strings in its built libraries.
"""

from __future__ import annotations

import ast
import mmap
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

from codemods.inventory import Inventory, Kind
from codemods.model import Language, Source
from codemods.verification.modules import Packages, absolute
from cpp_rewriters.string_constants import CONSTANTS
from cpp_rewriters.text import without_comments

FUNCTION, OBJECT, OPERATOR, OPTION = "function", "object type", "operator", "pass option"

_KINDS = {
    Kind.FFI_FUNCTION.value: FUNCTION,
    Kind.PYTHON_FFI_FUNCTION.value: FUNCTION,
    Kind.OBJECT_TYPE.value: OBJECT,
    Kind.OP.value: OPERATOR,
    Kind.TILE_OP.value: OPERATOR,
    Kind.PASS_CONFIG.value: OPTION,
}


@dataclass(frozen=True, order=True)
class Asked:
    """A place that asks for a registered name; 1-based. `optional`: it can do without."""

    path: str
    line: int
    column: int
    kind: str
    name: str
    optional: bool = False

    @property
    def key(self) -> tuple[str, str, str]:
        """What is the same on two sides."""
        return self.path, self.kind, self.name


def registered(inventory: Inventory, files: Mapping[str, bytes]) -> dict[str, set[str]]:
    """Return the names that a tree registers, by kind; in Python also under an alias."""
    names: dict[str, set[str]] = {FUNCTION: set()}
    for entry in inventory:
        if entry.kind in _KINDS:
            names.setdefault(_KINDS[entry.kind], set()).add(entry.name)
    for path, data in files.items():
        if path.endswith(".py") and b"register_" in data:
            names[FUNCTION].update(_registered_by_alias(data))
    return names


def _registered_by_alias(data: bytes) -> Iterator[str]:
    try:
        tree = ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    aliases = {
        alias.asname
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname and alias.name in ("register_func", "register_global_func")
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", None) in aliases and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value


def asked(files: Mapping[str, bytes]) -> list[Asked]:
    """Return the places in a tree's C++ and Python that ask for a name, sorted."""
    found: set[Asked] = set()
    packages = Packages({p: d for p, d in files.items() if p.endswith(".py")}, [])
    constants = _constants({p: d for p, d in files.items() if not p.endswith(".py")})
    for path, data in files.items():
        if path.endswith(".py"):
            found.update(_in_python(path, data, packages))
        else:
            found.update(_in_cpp(path, data, constants))
    return sorted(found)


def _constants(files: Mapping[str, bytes]) -> Mapping[str, str]:
    """The tree's string constants in C++, by name, without quotes."""
    gathered = {
        path: found
        for path, data in files.items()
        if any(token.encode() in data for token in CONSTANTS.tokens)
        and (found := CONSTANTS.gather(Source(path, data, Language.CPP)))
    }
    return {name: literal[1:-1] for name, literal in CONSTANTS.digest(gathered).items()}


# -- C++ -----------------------------------------------------------------------------------------

_CPP_ASKS = re.compile(
    rb"""
      \b(?P<function>GetGlobal(?:Required)?|Registry::Get)
        \s*\(\s*(?P<f>"[^"\n]+"|(?:\w+::)*\w+)\s*[,)]
    | \bOp::Get\s*\(\s*(?P<o>"[^"\n]+"|(?:\w+::)*\w+)\s*\)
    | \bGetConfig\s*<[^;()]*>\s*\(\s*(?P<c>"[^"\n]+"|(?:\w+::)*\w+)\s*[,)]
    """,
    re.VERBOSE,
)


def _in_cpp(path: str, data: bytes, constants: Mapping[str, str]) -> Iterator[Asked]:
    if b"Get" not in data:
        return
    text = without_comments(data)
    for match in _CPP_ASKS.finditer(text):
        for group, kind in (("f", FUNCTION), ("o", OPERATOR), ("c", OPTION)):
            if match[group] is not None:
                written = match[group].decode("utf-8", "replace")
                name = written.strip('"')
                if name == written:
                    name = constants.get(name.rpartition("::")[2], "")
                if not name:  # a variable, or a constant of another tree
                    continue
                line = text.count(b"\n", 0, match.start()) + 1
                column = match.start() - text.rfind(b"\n", 0, match.start())
                optional = kind == FUNCTION and match["function"] != b"GetGlobalRequired"
                yield Asked(path, line, column, kind, name, optional)


# -- Python --------------------------------------------------------------------------------------

_INITS = frozenset({"_init_api", "init_ffi_api"})


def _in_python(path: str, data: bytes, packages: Packages) -> Iterator[Asked]:
    try:
        tree = ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    apis = dict(_apis(tree, path, packages))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            prefix = apis.get(node.value.id)
            if prefix is not None and not node.attr.startswith("__"):
                name = f"{prefix}.{node.attr}"
                yield Asked(path, node.lineno, node.col_offset + 1, FUNCTION, name)
        elif isinstance(node, ast.Call) and node.args:
            kind = _kind_of(node)
            first = node.args[0]
            if kind and isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield Asked(path, node.lineno, node.col_offset + 1, kind, first.value)
        elif isinstance(node, ast.ClassDef) and node.name.endswith("PassConfigKey"):
            yield from _option_names(path, node)


def _kind_of(call: ast.Call) -> str:
    callee = call.func
    name = callee.attr if isinstance(callee, ast.Attribute) else getattr(callee, "id", "")
    if name == "get_global_func":
        allows = any(keyword.arg == "allow_missing" for keyword in call.keywords)
        return "" if allows or len(call.args) > 1 else FUNCTION
    if name in ("register_object", "_register_object"):
        return OBJECT
    if name == "get" and isinstance(callee, ast.Attribute):
        owner = callee.value
        last = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
        return OPERATOR if last == "Op" else ""
    return ""


def _option_names(path: str, node: ast.ClassDef) -> Iterator[Asked]:
    for statement in node.body:
        value = statement.value if isinstance(statement, ast.Assign) else None
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            place = (value.lineno, value.col_offset + 1)
            yield Asked(path, *place, OPTION, value.value)


def _apis(tree: ast.Module, path: str, packages: Packages) -> Iterator[tuple[str, str]]:
    """Names that this file binds to a module filled with registered functions, with the prefix."""
    parts = list(PurePosixPath(path).with_suffix("").parts)
    is_package = parts[-1] == "__init__"
    module = ".".join(parts[:-1] if is_package else parts)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            source = absolute(node, module, is_package)
            for alias in node.names:
                prefix = _prefix(packages, f"{source}.{alias.name}")
                if prefix:
                    yield alias.asname or alias.name, prefix


def _prefix(packages: Packages, module: str) -> str:
    data = packages.source(module)
    if data is None or b"_api" not in data:
        return ""
    try:
        tree = ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args:
            callee = node.func
            name = callee.attr if isinstance(callee, ast.Attribute) else getattr(callee, "id", "")
            first = node.args[0]
            if name in _INITS and isinstance(first, ast.Constant):
                return str(first.value).removeprefix("tvm.")
    return ""


# -- the target ----------------------------------------------------------------------------------

_REGISTERS = re.compile(
    rb"""
      \.\s*def(?:_packed|_method)?\s*\(\s*"(?P<function>[^"\n]+)"
    | \bTVM_(?:FFI_)?REGISTER_GLOBAL\s*\(\s*"(?P<old>[^"\n]+)"
    | \bregister_(?:global_)?func\s*\(\s*"(?P<python>[^"\n]+)"
    | \bOBJECT_INFO(?:_FINAL)?\s*\(\s*"(?P<object>[^"\n]+)"
    | _type_key\s*=\s*"(?P<key>[^"\n]+)"
    | \bTVM_REGISTER_OP\s*\(\s*"(?P<operator>[^"\n]+)"
    | \bTVM_REGISTER_PASS_CONFIG_OPTION\s*\(\s*"(?P<option>[^"\n]+)"
    """,
    re.VERBOSE,
)


class TargetNames:
    """What a target registers: names in its sources, and strings in its libraries."""

    def __init__(self, sources: Sequence[Path], libraries: Sequence[Path]) -> None:
        self._sources = sources
        self._names: set[str] | None = None
        self._libraries = [
            path for folder in libraries for path in sorted(folder.glob("libtvm*.so"))
        ]

    def has(self, name: str) -> bool:
        """Return whether the target registers something under that name."""
        if self._names is None:
            self._names = {name for folder in self._sources for name in _names_below(folder)}
        return name in self._names or any(_holds(path, name) for path in self._libraries)


def _names_below(folder: Path) -> Iterator[str]:
    for suffix in ("*.cc", "*.h", "*.py"):
        for path in folder.rglob(suffix):
            for match in _REGISTERS.finditer(path.read_bytes()):
                if match.lastgroup is not None:
                    yield match[match.lastgroup].decode("utf-8", "replace")


@cache
def _mapped(path: Path) -> mmap.mmap:
    with path.open("rb") as stream:
        return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)


def _holds(library: Path, name: str) -> bool:
    return _mapped(library).find(name.encode() + b"\0") >= 0


def missing(
    places: Sequence[Asked], own: Mapping[str, set[str]], target: TargetNames
) -> list[Asked]:
    """Return the places whose name neither the tree nor the target registers."""
    return [
        place
        for place in places
        if place.name not in own.get(place.kind, set()) and not target.has(place.name)
    ]
