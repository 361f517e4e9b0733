"""The verb for members whose class renamed them: methods and properties, told by their receiver.

Python does not say what class an expression has. Annotations, constructors, known functions and
assignments are believed; after them the receiver's name is a hint; where both fail, a member with
a telling name is remarked and any other is left in peace.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from codemods.model import Edit, Effort, Facts, Language, Outcome, Remark, Rewrite, Source
from py_rewriters.exports import EXPORTS
from py_rewriters.parsing import Problem
from py_rewriters.resolving import Resolver, resolver
from py_rewriters.scopes import Binding, Scope
from py_rewriters.words import any_word

_LIMIT = 6  # assignments followed


class Sureness(Enum):
    """How well it is known that an expression has the class in question."""

    NO = 0
    UNKNOWN = 1
    HINT = 2
    YES = 3


@dataclass(frozen=True)
class Class:
    """How to know an instance of a class by the code around it.

    `names`: its dotted names. `makers`: functions that return one. `getters`: patterns of names of
    global functions that return one. `hint`: a pattern of what people call such a variable.
    `holders`: members of an instance that hold more instances. `packages`: where such classes come
    from; a file that reaches none of them is not remarked.
    """

    title: str
    names: frozenset[str]
    makers: frozenset[str] = frozenset()
    getters: re.Pattern[str] | None = None
    hint: re.Pattern[str] | None = None
    holders: frozenset[str] = frozenset()
    packages: frozenset[str] = frozenset({"tvm", "tvm_ffi"})


@dataclass(frozen=True)
class Member:
    """What became of a member.

    `new`: its name now, None when it is gone. `shape`: "method" stays a call, "property" stays
    without one, "call" was a property and is a method now. `telling`: no other class in the field
    has a member of this name, so a hint is enough to change it and no hint at all is remarked.
    """

    new: str | None
    shape: str
    telling: bool = False
    advice: str = ""


def renamed_members(of: Class, members: Mapping[str, Member]) -> Rewrite:
    """Return the rewrite that carries out `members`, by old name, on instances of `of`."""

    telling = any_word(name for name, member in members.items() if member.telling)
    others = any_word(name for name, member in members.items() if not member.telling)
    evidence = any_word(
        [each.rpartition(".")[2] for each in of.names | of.makers] + ["get_global_func"]
    )

    def apply(source: Source, facts: Facts) -> Iterator[Outcome]:
        if not telling(source.data) and not (others(source.data) and evidence(source.data)):
            return  # nothing here can be told, so nothing is parsed
        names = resolver(source, facts)
        if not isinstance(names, Problem):
            yield from _Members(names, of, members).outcomes()

    return Rewrite(Language.PYTHON, tuple(members), apply, needs=(EXPORTS,))


@dataclass
class _Members:
    names: Resolver
    of: Class
    members: Mapping[str, Member]

    def outcomes(self) -> Iterator[Outcome]:
        called = set()
        guarded: set[ast.AST] | None = None
        for node in self.names.analysis.scope_of:
            if isinstance(node, ast.Call):
                called.add(node.func)
                yield from self.by_string(node)
        for node in self.names.analysis.scope_of:
            if not isinstance(node, ast.Attribute) or node.attr not in self.members:
                continue
            member = self.members[node.attr]
            if not isinstance(node.ctx, ast.Load):
                continue
            if node in called and member.shape != "method":
                continue  # a property is not called: another class, or ported already
            sure = self.infer(node.value, self.scope(node))
            if sure is Sureness.YES or (sure is Sureness.HINT and member.telling):
                yield from self.changed(node, member)
            elif (sure is Sureness.HINT or (sure is Sureness.UNKNOWN and member.telling)) and (
                self.is_reached()
            ):
                guarded = _guarded(self.names.module.tree) if guarded is None else guarded
                yield self.remark(node, member, node in guarded)

    def changed(self, node: ast.Attribute, member: Member) -> Iterator[Outcome]:
        if member.new is None:
            yield Remark(
                self.offset(node),
                f"`{self.of.title}.{node.attr}` is gone and has no counterpart",
                member.advice,
                Effort.MEDIUM,
            )
            return
        call = "()" if member.shape == "call" else ""
        end = self.names.module.end(node)
        yield Edit(end - len(node.attr.encode()), end, f"{member.new}{call}".encode())

    def remark(self, node: ast.Attribute, member: Member, guarded: bool) -> Remark:
        silent = (
            "; an exception here is caught, so left as it is this fails without a word"
            if guarded
            else ""
        )
        now = f"write `.{member.new}{'()' if member.shape == 'call' else ''}` if it is one"
        return Remark(
            self.offset(node),
            f"`.{node.attr}` was renamed in `{self.of.title}`; not changed because the class of "
            f"its receiver is not known{silent}",
            now if member.new else member.advice,
            Effort.MEDIUM if guarded else Effort.LOW,
        )

    def by_string(self, node: ast.Call) -> Iterator[Outcome]:
        """`getattr(mod, "old")` and `hasattr(mod, "old")`."""
        if not isinstance(node.func, ast.Name) or node.func.id not in ("getattr", "hasattr"):
            return
        named = node.args[1] if len(node.args) > 1 else None
        if not isinstance(named, ast.Constant) or not isinstance(named.value, str):
            return
        member = self.members.get(named.value)
        if member is None:
            return
        sure = self.infer(node.args[0], self.names.analysis.scope_of[node])
        if sure is Sureness.YES or (sure is Sureness.HINT and member.telling):
            yield Remark(
                self.names.module.start(named),
                f"`{self.of.title}` has no member `{named.value}` any more; not changed "
                "because it is named by a string",
                f"use `{member.new}`" if member.new else member.advice,
            )

    def offset(self, node: ast.Attribute) -> int:
        return self.names.module.end(node) - len(node.attr.encode())

    def scope(self, node: ast.Attribute) -> Scope:
        return self.names.analysis.scope_of.get(node, self.names.analysis.scope)

    def is_reached(self) -> bool:
        """Return whether the file imports one of the packages, or something that re-exports it."""
        return any(
            binding.imported is not None
            and self.names.tree.canonical(binding.imported, self.names.path).split(".")[0]
            in self.of.packages
            for bindings in self.names.analysis.scope.bindings.values()
            for binding in bindings
        )

    @cached_property
    def loops(self) -> dict[ast.AST, ast.expr]:
        """What each loop of the file goes through, by the name that it binds."""
        return {
            node.target: node.iter
            for node in ast.walk(self.names.module.tree)
            if isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension))
        }

    # What class an expression has ---------------------------------------------------------------

    def infer(self, node: ast.expr, scope: Scope, depth: int = 0) -> Sureness:
        """Return how sure it is that `node` is an instance."""
        if depth > _LIMIT:
            return Sureness.UNKNOWN
        if isinstance(node, ast.Name):
            return self.name(node.id, scope, depth)
        if isinstance(node, ast.Attribute):
            dotted = self.names.expression(node, scope)
            if dotted is not None:  # something of an imported module
                known = dotted.split(".")[0] in self.of.packages
                return self.hinted(node.attr) if known else Sureness.NO
            return self.hinted(node.attr)
        if isinstance(node, ast.Subscript):
            return self.held(node.value, scope, depth)
        if isinstance(node, ast.Call):
            return self.result(node, scope)
        if isinstance(node, ast.IfExp):
            return max(
                self.infer(node.body, scope, depth + 1),
                self.infer(node.orelse, scope, depth + 1),
                key=lambda each: each.value,
            )
        if isinstance(node, ast.NamedExpr):
            return self.infer(node.value, scope, depth + 1)
        return Sureness.NO if isinstance(node, (ast.Constant, ast.JoinedStr)) else Sureness.UNKNOWN

    def held(self, node: ast.expr, scope: Scope, depth: int) -> Sureness:
        if isinstance(node, ast.Attribute) and node.attr in self.of.holders:
            sure = self.infer(node.value, scope, depth + 1)
            return Sureness.YES if sure is Sureness.HINT else sure
        return Sureness.UNKNOWN

    def result(self, node: ast.Call, scope: Scope) -> Sureness:
        dotted = self.names.expression(node.func, scope)
        if dotted is not None:
            if dotted in self.of.makers or dotted in self.of.names:
                return Sureness.YES
            if dotted.split(".")[0] not in self.of.packages:
                return Sureness.UNKNOWN
        if isinstance(node.func, ast.Call) and self.of.getters is not None:
            getter = self.names.expression(node.func.func, scope) or ""
            if getter.rpartition(".")[2] == "get_global_func" and node.func.args:
                named = node.func.args[0]
                if isinstance(named, ast.Constant) and isinstance(named.value, str):
                    found = self.of.getters.match(named.value)
                    return Sureness.YES if found else Sureness.UNKNOWN
        if dotted is None and isinstance(node.func, ast.Attribute):
            return self.hinted(node.func.attr)
        return Sureness.UNKNOWN

    def name(self, name: str, scope: Scope, depth: int) -> Sureness:
        bindings = scope.lookup(name)
        best = Sureness.UNKNOWN
        for binding in bindings:
            if binding.is_import:
                return Sureness.NO
            sure = self.binding(binding, depth)
            if sure is Sureness.YES:
                return sure
            if sure is Sureness.NO and len(bindings) == 1:
                return sure
            best = max(best, sure, key=lambda each: each.value)
        hint = self.hinted(name)
        return max(best, hint, key=lambda each: each.value)

    def binding(self, binding: Binding, depth: int) -> Sureness:
        node = binding.node
        annotation = getattr(node, "annotation", None)
        if isinstance(annotation, ast.expr):
            sure = self.annotated(annotation, binding.scope)
            if sure is not Sureness.UNKNOWN:
                return sure
        if binding.value is not None:
            return self.infer(binding.value, binding.scope, depth + 1)
        gone_through = self.loops.get(node) if isinstance(node, ast.Name) else None
        if gone_through is not None:
            return self.held(gone_through, binding.scope, depth)
        return Sureness.UNKNOWN

    def annotated(self, annotation: ast.expr, scope: Scope) -> Sureness:
        """A foreign class in an annotation says no; a package's own are often mixed up in them."""
        text = annotation
        if isinstance(text, ast.Constant) and isinstance(text.value, str):
            try:
                text = ast.parse(text.value, mode="eval").body
            except SyntaxError:
                return Sureness.UNKNOWN
        found = Sureness.UNKNOWN
        for part in ast.walk(text):
            if isinstance(part, (ast.Name, ast.Attribute)):
                dotted = self.names.expression(part, scope)
                if dotted in self.of.names:
                    return Sureness.YES
                own = {*self.of.packages, "typing"} - {"tvm_ffi"}  # its classes are the new ones
                if dotted and "." in dotted and dotted.split(".")[0] not in own:
                    found = Sureness.NO
        return found

    def hinted(self, name: str) -> Sureness:
        if self.of.hint is not None and self.of.hint.search(name):
            return Sureness.HINT
        return Sureness.UNKNOWN


def _guarded(tree: ast.Module) -> set[ast.AST]:
    """Return every node whose exceptions a broad handler swallows."""
    found: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Try):
            swallows = any(_is_broad(each.type) for each in node.handlers)
        else:
            swallows = isinstance(node, ast.With) and any(map(_suppresses, node.items))
        if swallows and isinstance(node, (ast.Try, ast.With)):
            for statement in node.body:
                found.update(ast.walk(statement))
    return found


def _is_broad(kind: ast.expr | None) -> bool:
    names = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return any(
        each is None
        or (isinstance(each, ast.Name) and each.id in ("Exception", "BaseException"))
        or (isinstance(each, ast.Name) and each.id == "AttributeError")
        for each in names
    )


def _suppresses(item: ast.withitem) -> bool:
    call = item.context_expr
    if not isinstance(call, ast.Call):
        return False
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name == "suppress" and any(_is_broad(each) for each in call.args)
