"""What Python registers, reads from the environment, and tests."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from codemods.inventory.model import Entry, Kind
from codemods.inventory.python.modules import Module, PythonTree

_FUNCTION_REGISTRARS = frozenset(("register_func", "register_global_func"))
_OBJECT_REGISTRARS = frozenset(("register_object",))
_PASS_MAKERS = frozenset(("module_pass", "prim_func_pass", "function_pass", "dataflow_pass"))

_ENVIRONMENT = ("environ", "getenv")


def registered(tree: PythonTree) -> Iterator[Entry]:
    """Global functions, object types and passes that Python registers by name."""
    tokens = sorted(_FUNCTION_REGISTRARS | _OBJECT_REGISTRARS | _PASS_MAKERS)
    for module in _holding(tree, tokens):
        imported = _imported_as(module.body)
        for node in ast.walk(module.body):
            if not isinstance(node, ast.Call):
                continue
            callee = _last(node.func)
            callee = imported.get(callee, callee)
            if callee in _FUNCTION_REGISTRARS and (key := _string(_argument(node, 0, "func_name"))):
                yield _entry(Kind.PYTHON_FFI_FUNCTION, key, module, node)
            elif callee in _OBJECT_REGISTRARS and (key := _string(_argument(node, 0, "type_key"))):
                yield _entry(Kind.PYTHON_OBJECT_TYPE, key, module, node)
            elif callee in _PASS_MAKERS and (key := _string(_argument(node, 9, "name"))):
                level = _argument(node, 9, "opt_level")
                shown = ast.unparse(level) if level is not None else "?"
                yield _entry(Kind.PASS, key, module, node, (f"level {shown}",))


def environment(tree: PythonTree) -> Iterator[Entry]:
    """Environment variables by name, with the default each read gives.

    Read through `os.environ` and `os.getenv`, or through a class of the tree whose own body reads
    the environment and whose first argument is the name.
    """
    readers = {
        node.name
        for module in _holding(tree, _ENVIRONMENT)
        for node in ast.walk(module.body)
        if isinstance(node, ast.ClassDef) and _reads_environment(node)
    }
    for module in _holding(tree, [*_ENVIRONMENT, *readers]):
        for node in ast.walk(module.body):
            if isinstance(node, ast.Subscript) and _is_environ(node.value):
                name, default = _string(node.slice), None
            elif isinstance(node, ast.Compare) and _is_environ(node.comparators[0]):
                name, default = _string(node.left), None
            elif isinstance(node, ast.Call) and _is_read(node, readers):
                name, default = _string(_argument(node, 0, "key")), _argument(node, 1, "default")
            else:
                continue
            if name:
                shown = () if default is None else (f"default {ast.unparse(default)}",)
                yield _entry(Kind.ENVIRONMENT_SWITCH, name, module, node, shown)


def pass_option_keys(tree: PythonTree, registered_options: frozenset[str]) -> Iterator[Entry]:
    """Members of the enumerations that name pass options: any that names a registered one."""
    for module in _holding(tree, registered_options):
        for node in ast.walk(module.body):
            if not isinstance(node, ast.ClassDef):
                continue
            members = [
                (target.id, value, statement)
                for statement in node.body
                if isinstance(statement, ast.Assign)
                and (value := _string(statement.value)) is not None
                for target in statement.targets
                if isinstance(target, ast.Name)
            ]
            if any(value in registered_options for _, value, _ in members):
                for name, value, statement in members:
                    full = f"{node.name}.{name}"
                    yield _entry(Kind.PASS_CONFIG_KEY, full, module, statement, (value,))


def tests(tree: PythonTree) -> Iterator[Entry]:
    """Functions that pytest collects by its default names, by path."""
    for module in tree.modules:
        file = module.path.rsplit("/", 1)[-1]
        if not (file.startswith("test_") or file.endswith("_test.py")):
            continue
        for node in module.body.body:
            if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
                for inner in node.body:
                    yield from _test(module, inner, f"{node.name}::")
            else:
                yield from _test(module, node, "")


def _holding(tree: PythonTree, tokens: Iterable[str]) -> Iterator[Module]:
    """The modules whose text holds one of `tokens`; a walk over every tree would take seconds."""
    wanted = [token.encode() for token in tokens]
    for module in tree.modules:
        if any(token in module.data for token in wanted):
            yield module


def _imported_as(body: ast.Module) -> dict[str, str]:
    """The names that a module imports under another name, by that other name."""
    return {
        alias.asname: alias.name
        for node in ast.walk(body)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname is not None
    }


def _test(module: Module, node: ast.stmt, prefix: str) -> Iterator[Entry]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test"):
        yield _entry(Kind.TEST, f"{module.path}::{prefix}{node.name}", module, node)


def _entry(
    kind: Kind, name: str, module: Module, node: ast.expr | ast.stmt, parts: tuple[str, ...] = ()
) -> Entry:
    return Entry(kind.value, name, parts, module.path, node.lineno)


def _last(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _string(node: ast.expr | None) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return None


def _argument(node: ast.Call, index: int, keyword: str) -> ast.expr | None:
    if index < len(node.args):
        return node.args[index]
    return next((k.value for k in node.keywords if k.arg == keyword), None)


def _is_environ(node: ast.expr) -> bool:
    return _last(node) == "environ"


def _is_read(node: ast.Call, readers: set[str]) -> bool:
    function = node.func
    if isinstance(function, ast.Attribute) and _is_environ(function.value):
        return function.attr in ("get", "pop", "setdefault")
    return _last(function) == "getenv" or _last(function) in readers


def _reads_environment(node: ast.ClassDef) -> bool:
    """Whether a class reads a variable whose name is not written in the class."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Subscript) and _is_environ(inner.value):
            key: ast.expr | None = inner.slice
        elif isinstance(inner, ast.Call) and _is_read(inner, set()):
            key = _argument(inner, 0, "key")
        else:
            continue
        if key is not None and _string(key) is None:
            return True
    return False
