"""Who binds a name, and which dotted expressions start from it: Python's scoping rules as data.

`analyse` walks a module once. It knows modules, classes, functions, lambdas, comprehensions,
`global` and `nonlocal`, and follows an assignment of one dotted name to another. It runs nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from py_rewriters.parsing import Module

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_IMPORTS = (ast.Import, ast.ImportFrom)
_OTHERS = (ast.Call, ast.Compare, ast.ExceptHandler, ast.Assign, ast.AnnAssign, ast.NamedExpr)
_SPECIAL = frozenset(
    (*_FUNCTIONS, *_COMPREHENSIONS, *_IMPORTS, *_OTHERS, ast.ClassDef, ast.Subscript)
)
"""Kinds of nodes that are not just their parts."""
_BINDING = tuple(
    kind
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, ast.AST) and {"name", "rest"} & set(kind._fields)
)


@dataclass(frozen=True, eq=False)
class Binding:
    """One place that gives a name its meaning.

    `imported` is the dotted name that an import binds, with leading dots where it is relative;
    `value` is the expression of a plain assignment. Both are None for anything else.
    """

    scope: Scope
    name: str
    node: ast.AST
    imported: str | None = None
    alias: ast.alias | None = None
    value: ast.expr | None = None

    @property
    def is_import(self) -> bool:
        """Whether an import statement makes this binding."""
        return self.imported is not None


@dataclass(eq=False)
class Scope:
    """A module, class, function or comprehension and what is bound in it."""

    kind: str  # "module", "class", "function" or "comprehension"
    parent: Scope | None
    node: ast.AST
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    elsewhere: dict[str, str] = field(default_factory=dict)  # name: "global" or "nonlocal"
    stars: list[ast.ImportFrom] = field(default_factory=list)

    def chain(self) -> Iterator[Scope]:
        """Yield the scopes in which a name used here is looked up, innermost first."""
        yield self
        outer = self.parent
        while outer is not None:
            if outer.kind != "class":
                yield outer
            outer = outer.parent

    def lookup(self, name: str) -> list[Binding]:
        """Return the bindings that `name`, used in this scope, may refer to; [] when none."""
        for scope in self.chain():
            declared = scope.elsewhere.get(name)
            if declared == "global":
                return scope.module().bindings.get(name, [])
            if declared is None and name in scope.bindings:
                return scope.bindings[name]
        return []

    def module(self) -> Scope:
        """Return the scope of the whole file."""
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope


@dataclass(frozen=True, eq=False)
class Use:
    """A dotted expression: `root` and the attributes taken from it, in order."""

    scope: Scope
    root: ast.Name
    attributes: tuple[ast.Attribute, ...]

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of the expression, first to last."""
        return (self.root.id, *(node.attr for node in self.attributes))


@dataclass(frozen=True, eq=False)
class Import:
    """An import statement, the scope that it binds names in and the block that it stands in."""

    scope: Scope
    node: ast.Import | ast.ImportFrom
    block: tuple[ast.stmt, ...]


@dataclass(frozen=True, eq=False)
class Analysis:
    """What `analyse` learned of a file."""

    module: Module
    scope: Scope
    uses: tuple[Use, ...]
    imports: tuple[Import, ...]
    scope_of: dict[ast.AST, Scope]  # calls, comparisons, attributes, handlers, functions

    def all_names(self) -> set[str]:
        """Return every name that any scope of the file binds."""
        scopes = {self.scope, *(use.scope for use in self.uses), *self.scope_of.values()}
        return {name for scope in scopes for name in scope.bindings}


def analyse(module: Module) -> Analysis:
    """Return the scopes, the dotted expressions and the imports of `module`."""
    walk = _Walk(module)
    walk.block(module.tree.body, walk.scope)
    return Analysis(module, walk.scope, tuple(walk.uses), tuple(walk.imports), walk.scope_of)


def import_target(node: ast.ImportFrom, name: str) -> str:
    """Return what `from ... import name` refers to, with leading dots where it is relative."""
    base = "." * node.level + (node.module or "")
    return f"{base}{name}" if base.endswith(".") else f"{base}.{name}"


class _Walk:
    def __init__(self, module: Module) -> None:
        self.scope = Scope("module", None, module.tree)
        self.uses: list[Use] = []
        self.imports: list[Import] = []
        self.scope_of: dict[ast.AST, Scope] = {}
        self.module = module
        self.annotating = False
        self.declares = b"global" in module.data or b"nonlocal" in module.data

    def bind(
        self,
        scope: Scope,
        name: str,
        node: ast.AST,
        imported: str | None = None,
        alias: ast.alias | None = None,
        value: ast.expr | None = None,
    ) -> None:
        home = scope
        declared = scope.elsewhere.get(name)
        if declared == "global":
            home = scope.module()
        elif declared == "nonlocal":
            for outer in list(scope.chain())[1:]:
                if name in outer.bindings:
                    home = outer
                    break
        home.bindings.setdefault(name, []).append(Binding(home, name, node, imported, alias, value))

    def block(self, body: list[ast.stmt], scope: Scope) -> None:
        for statement in body:
            if isinstance(statement, (ast.Import, ast.ImportFrom)):
                self.imports.append(Import(scope, statement, tuple(body)))
            self.visit(statement, scope)

    def visit(self, node: ast.AST, scope: Scope) -> None:
        kind = type(node)
        if kind is ast.Attribute or kind is ast.Name:
            self.dotted(node, scope)
        elif kind is ast.Constant:
            if self.annotating and isinstance(node, ast.Constant) and isinstance(node.value, str):
                self.quoted(node, scope)
        elif kind not in _SPECIAL:
            self.other(node, scope)
        elif isinstance(node, (ast.Call, ast.Compare, ast.ExceptHandler)):
            self.scope_of[node] = scope
            self.other(node, scope)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            self.assign(node, scope)
        elif isinstance(node, _FUNCTIONS):
            self.function(node, scope)
        elif isinstance(node, ast.ClassDef):
            self.klass(node, scope)
        elif isinstance(node, _COMPREHENSIONS):
            self.comprehension(node, scope)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            self.imported(node, scope)
        elif isinstance(node, ast.NamedExpr):
            home = scope
            while home.kind == "comprehension" and home.parent is not None:
                home = home.parent
            self.bind(home, node.target.id, node, value=node.value)
            self.visit(node.value, scope)
        elif isinstance(node, ast.Subscript) and self.annotating and _is_literal(node.value):
            self.visit(node.value, scope)  # its texts are values
        else:
            self.other(node, scope)

    def other(self, node: ast.AST, scope: Scope) -> None:
        if isinstance(node, _BINDING):  # an exception handler, a pattern
            for name in (getattr(node, "name", None), getattr(node, "rest", None)):
                if isinstance(name, str):
                    self.bind(scope, name, node)
        for name_of_field in node._fields:
            value = getattr(node, name_of_field, None)
            if isinstance(value, list):
                if value and isinstance(value[0], ast.stmt):
                    self.block(value, scope)
                    continue
                for item in value:
                    if isinstance(item, ast.AST) and item._fields:
                        self.visit(item, scope)
            elif isinstance(value, ast.AST) and value._fields:  # an operator or a context has none
                self.visit(value, scope)

    def dotted(self, node: ast.AST, scope: Scope) -> None:
        attributes: list[ast.Attribute] = []
        while isinstance(node, ast.Attribute):
            self.scope_of[node] = scope
            attributes.append(node)
            node = node.value
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Load):
                self.uses.append(Use(scope, node, tuple(reversed(attributes))))
            else:
                self.bind(scope, node.id, node)
        else:
            self.visit(node, scope)

    def assign(self, node: ast.Assign | ast.AnnAssign, scope: Scope) -> None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            if isinstance(target, ast.Name):
                if isinstance(node, ast.Assign) or node.value is not None:
                    self.bind(scope, target.id, node, value=node.value)
            else:
                self.visit(target, scope)
        if isinstance(node, ast.AnnAssign):
            self.annotation(node.annotation, scope)
        if node.value is not None:
            self.visit(node.value, scope)

    def annotation(self, node: ast.expr, scope: Scope) -> None:
        self.annotating = True
        self.visit(node, scope)
        self.annotating = False

    def quoted(self, node: ast.Constant, scope: Scope) -> None:
        """A part of an annotation that is written as text: `x: "Tensor"`."""
        text = self.module.text(node)
        inside = text[1:-1]
        if text[:1] not in (b"'", b'"') or inside != str(node.value).encode():
            return  # prefixed, escaped, in three quotes or in several parts
        try:
            expression = ast.parse(inside, mode="eval").body
        except (SyntaxError, ValueError):
            return
        for part in ast.walk(expression):
            if isinstance(part, ast.expr):
                part.lineno = part.end_lineno = node.lineno
                part.col_offset += node.col_offset + 1
                part.end_col_offset = (part.end_col_offset or 0) + node.col_offset + 1
        self.visit(expression, scope)

    def imported(self, node: ast.Import | ast.ImportFrom, scope: Scope) -> None:
        for alias in node.names:
            if isinstance(node, ast.Import):
                target = alias.name if alias.asname else alias.name.split(".")[0]
                self.bind(scope, alias.asname or target, node, target, alias)
            elif alias.name == "*":
                scope.stars.append(node)
            else:
                target = import_target(node, alias.name)
                self.bind(scope, alias.asname or alias.name, node, target, alias)

    def function(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, scope: Scope
    ) -> None:
        self.scope_of[node] = scope
        inner = Scope("function", scope, node)
        for parameter in getattr(node, "type_params", ()):
            self.bind(inner, parameter.name, parameter)
        arguments = node.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        every += [extra for extra in (arguments.vararg, arguments.kwarg) if extra is not None]
        for argument in every:
            self.bind(inner, argument.arg, argument)
            if argument.annotation is not None:
                self.annotation(argument.annotation, scope)
        for default in (*arguments.defaults, *arguments.kw_defaults):
            if default is not None:
                self.visit(default, scope)
        if isinstance(node, ast.Lambda):
            self.visit(node.body, inner)
            return
        self.bind(scope, node.name, node)
        for decorator in node.decorator_list:
            self.visit(decorator, scope)
        if node.returns is not None:
            self.annotation(node.returns, scope)
        if self.declares:
            _declarations(node.body, inner)
        self.block(node.body, inner)

    def klass(self, node: ast.ClassDef, scope: Scope) -> None:
        self.scope_of[node] = scope
        self.bind(scope, node.name, node)
        for outside in (*node.decorator_list, *node.bases, *node.keywords):
            self.visit(outside, scope)
        inner = Scope("class", scope, node)
        for parameter in getattr(node, "type_params", ()):
            self.bind(inner, parameter.name, parameter)
        if self.declares:
            _declarations(node.body, inner)
        self.block(node.body, inner)

    def comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp, scope: Scope
    ) -> None:
        inner = Scope("comprehension", scope, node)
        for index, generator in enumerate(node.generators):
            self.visit(generator.iter, inner if index else scope)
            self.visit(generator.target, inner)
            for condition in generator.ifs:
                self.visit(condition, inner)
        if isinstance(node, ast.DictComp):
            self.visit(node.key, inner)
            self.visit(node.value, inner)
        else:
            self.visit(node.elt, inner)


def _is_literal(node: ast.expr) -> bool:
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return name == "Literal"


def _declarations(body: list[ast.stmt], scope: Scope) -> None:
    """Note `global` and `nonlocal` statements of a function or class before its names are bound."""
    pending: list[ast.AST] = list(body)
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            kind = "global" if isinstance(node, ast.Global) else "nonlocal"
            for name in node.names:
                scope.elsewhere[name] = kind
        elif isinstance(node, ast.stmt) and not isinstance(
            node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        ):
            pending.extend(
                child
                for child in ast.iter_child_nodes(node)
                if isinstance(child, (ast.stmt, ast.ExceptHandler, ast.match_case))
            )
        elif isinstance(node, (ast.ExceptHandler, ast.match_case)):
            pending.extend(node.body)
