"""Whether a package is still loaded in a file that no longer imports it, and what imports are idle.

Importing TVM also loads its library, whose functions and types the FFI then finds. A file that kept
only the FFI's package must not lose that, and should not keep an import that nothing uses.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection

from py_rewriters.resolving import Resolver
from py_rewriters.scopes import Binding, import_target
from py_rewriters.statements import place


def is_loaded(names: Resolver, package: str, leaving: Collection[ast.AST]) -> bool:
    """Return whether something other than the statements `leaving` loads `package`.

    That is another import of it, a module of the tree (whose package does so itself), or being
    such a module.
    """
    if names.tree.in_package(names.path):
        return True
    for statement in names.analysis.imports:
        node = statement.node
        if statement.scope.kind != "module" or node in leaving:
            continue
        for alias in node.names:
            if isinstance(node, ast.ImportFrom):
                dotted = names.canonical(import_target(node, alias.name))
                home = import_target(node, "").rstrip(".")
            else:
                dotted = home = alias.name
            if dotted.split(".")[0] == package or names.tree.find(home or ".", names.path):
                return True
    return False


def idle_import(
    names: Resolver,
    node: ast.stmt,
    is_kept: Callable[[Binding], bool],
) -> bool:
    """Return whether `node` imports one name at the top of a module and nothing needs it there.

    `is_kept` says whether a binding is still used. A comment with `noqa` says that it is meant.
    """
    if not isinstance(node, (ast.Import, ast.ImportFrom)) or len(node.names) != 1:
        return False
    alias = node.names[0]
    name = alias.asname or alias.name
    if "." in name or name == "*" or node not in names.module.tree.body:
        return False
    bindings = names.analysis.scope.bindings.get(name, [])
    where = place(names.module, node)
    return (
        where.alone
        and b"noqa" not in names.module.data[where.end : where.line_end]
        and [binding.node for binding in bindings] == [node]
        and not is_kept(bindings[0])
        and not names.tree.is_exported(names.path, name)
    )
