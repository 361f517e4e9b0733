"""The verb for names that moved: imports, dotted uses and the names that imports bind, in one go.

`moved` takes a table of old dotted names and new ones. A name of the table stands for everything
below it too (`tvm.ffi` moves `tvm.ffi.core`), the longest match wins. Scopes, aliases, star
imports, relative imports and re-exports elsewhere in the tree are followed; where a name may be
something else, the place is remarked and left.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from codemods.model import Edit, Effort, Facts, Language, Outcome, Remark, Rewrite, Source
from py_rewriters.exports import EXPORTS
from py_rewriters.loading import idle_import, is_loaded
from py_rewriters.move_table import MoveTable
from py_rewriters.parsing import Problem
from py_rewriters.resolving import Origin, Resolver, resolver
from py_rewriters.scopes import Binding, Import, Scope, Use, import_target
from py_rewriters.statements import beside, place, replaced, without
from py_rewriters.words import any_word


def moved(table: Mapping[str, str], modules: Iterable[str] = ()) -> Rewrite:
    """Return the rewrite that carries out `table`; `modules` are the new names that are modules.

    A new name without a dot is a module always. A file in which none of the old names' last parts
    stands as a word is never parsed.
    """
    every = frozenset(modules) | {new for new in table.values() if "." not in new}
    moves = MoveTable(dict(table), every)

    def apply(source: Source, facts: Facts) -> Iterator[Outcome]:
        if not stands(source.data):
            return
        names = resolver(source, facts)
        if not isinstance(names, Problem):
            yield from _File(names, moves).outcomes()

    # a name below another of the table cannot stand without the other
    tops = {old for old in table if moves.match(old.rpartition(".")[0]) is None}
    tokens = tuple(sorted({old.rpartition(".")[2] for old in tops}))
    stands = any_word(tokens)
    return Rewrite(Language.PYTHON, tokens, apply, needs=(EXPORTS,))


@dataclass
class _File:
    names: Resolver
    moves: MoveTable
    wanted: dict[ast.stmt, set[str]] = field(default_factory=dict)  # imports to add beside
    kept: set[tuple[int, str]] = field(default_factory=set)  # (scope, name) still used as before
    renamed: dict[tuple[int, str], str] = field(default_factory=dict)
    out: list[Outcome] = field(default_factory=list)

    def outcomes(self) -> list[Outcome]:
        self.locals()
        for use in self.names.analysis.uses:
            self.use(use)
        for statement in self.names.analysis.imports:
            self.statement(statement)
        for node, modules in self.wanted.items():
            texts = [f"import {name}".encode() for name in sorted(modules)]
            root = self.loaded_by(node)
            if idle_import(self.names, node, self.is_kept) and is_loaded(self.names, root, [node]):
                edit = replaced(self.names.module, node, texts)
                self.out += [edit] if edit is not None else []
            else:
                self.out += [beside(self.names.module, node, text) for text in texts]
        return _merged(self.out)

    def is_kept(self, binding: Binding) -> bool:
        return (id(binding.scope), binding.name) in self.kept

    def loaded_by(self, node: ast.stmt) -> str:
        """Return the package that the import `node` loads in the end."""
        if isinstance(node, ast.ImportFrom):
            return self.names.canonical(import_target(node, node.names[0].name)).split(".")[0]
        return node.names[0].name.split(".")[0] if isinstance(node, ast.Import) else ""

    # Names that `from` imports bind -------------------------------------------------------------

    def locals(self) -> None:
        """Decide which names bound by `from` imports are renamed with what they stand for."""
        bound = self.names.analysis.all_names()
        for statement in self.names.analysis.imports:
            node = statement.node
            if not isinstance(node, ast.ImportFrom):
                continue
            for alias in node.names:
                new = self.imported(node, alias)
                if new is None or alias.asname:
                    continue
                name = new.rpartition(".")[2]
                if name == alias.name or name in bound:
                    continue
                bindings = statement.scope.lookup(alias.name)
                at_top = statement.scope.kind == "module"
                public = at_top and self.names.tree.is_exported(self.names.path, alias.name)
                same = {self.imported_by(binding.node, binding.alias) for binding in bindings}
                if same == {new} and not public and statement.scope.kind != "class":
                    self.renamed[id(bindings[0].scope), alias.name] = name

    def imported(self, node: ast.ImportFrom, alias: ast.alias) -> str | None:
        """Return the new name of what `alias` of `node` imports; None when it does not move."""
        if alias.name == "*":
            return None
        written = import_target(node, alias.name)
        dotted = self.names.canonical(written)
        if dotted != written and self.in_tree(node):
            return None  # the module that re-exports it goes on exporting it
        return self.moves.target(dotted)

    def imported_by(self, node: ast.AST, alias: ast.alias | None) -> str | None:
        if isinstance(node, ast.ImportFrom) and alias is not None:
            return self.imported(node, alias)
        return None

    def in_tree(self, node: ast.ImportFrom) -> bool:
        module = import_target(node, "*").removesuffix("*")
        return self.names.tree.find(module.rstrip(".") or module, self.names.path) is not None

    # Uses ---------------------------------------------------------------------------------------

    def use(self, use: Use) -> None:
        name = use.root.id
        origin = self.names.origin(name, use.scope) or self.names.outside(
            name, use.scope, self.moves.table
        )
        if origin is None:
            return
        matched = self.longest(origin, use)
        if matched is None:
            self.keep(origin, use)
            return
        length, old, new = matched
        if length == 0:
            self.rename(origin, use)
            return
        if not origin.certain:
            self.doubt(use, old, new, use.root.id)
            self.keep(origin, use)
            return
        self.replace(origin, use, length, new)

    def longest(self, origin: Origin, use: Use) -> tuple[int, str, str] | None:
        """Return how many attributes of `use` the longest move covers, its old and new name."""
        parts = use.parts[1:]
        for length in range(len(parts), -1, -1):
            whole = ".".join([origin.dotted, *parts[:length]])
            dotted = self.names.canonical(whole)
            new = self.moves.table.get(dotted)
            if new is not None:
                return length, dotted, new
        return None

    def keep(self, origin: Origin, use: Use) -> None:
        for binding in origin.bindings:
            self.kept.add((id(binding.scope), binding.name))

    def rename(self, origin: Origin, use: Use) -> None:
        for binding in origin.bindings:
            name = self.renamed.get((id(binding.scope), use.root.id))
            if name is not None:
                start = self.names.module.start(use.root)
                self.out.append(Edit(start, start + len(use.root.id.encode()), name.encode()))
                return
        self.keep(origin, use)
        if origin.star is not None:
            self.starred(origin, use)

    def starred(self, origin: Origin, use: Use) -> None:
        """A name that a star import brought: the module it comes from keeps its name, or not."""
        star = origin.star
        if star is not None and not self.in_tree(star):
            whole = self.moves.table[origin.dotted]
            new = whole.rpartition(".")[2]
            if not origin.certain:
                self.doubt(use, origin.dotted, whole, use.root.id)
                return
            start = self.names.module.start(use.root)
            self.out.append(Edit(start, start + len(use.root.id.encode()), new.encode()))

    def replace(self, origin: Origin, use: Use, length: int, new: str) -> None:
        shared = self.shared(origin, use, length, new)
        if shared is not None:
            self.keep(origin, use)
            start = shared
            rest = new.removeprefix(self.prefix(origin, use, shared)).lstrip(".")
            self.attributes(use, start, length, rest)
            return
        home = self.moves.target(origin.dotted)
        if home is not None and new.startswith(f"{home}."):  # the root's own import leads there
            self.rename(origin, use)
            self.attributes(use, 0, length, new.removeprefix(f"{home}."))
            return
        package, _, rest = new.partition(".")
        local = self.reachable(package, use.scope)
        if local is None:
            if package in self.names.analysis.all_names() and not self.imports_package(package):
                self.doubt(use, use.attributes[length - 1].attr, new, package)
                self.keep(origin, use)
                return
            self.want(origin, package)
            local = package
        root = self.names.module.start(use.root)
        self.out.append(Edit(root, root + len(use.root.id.encode()), local.encode()))
        self.attributes(use, 0, length, rest)

    def prefix(self, origin: Origin, use: Use, length: int) -> str:
        whole = ".".join([origin.dotted, *use.parts[1 : length + 1]])
        return self.names.canonical(whole)

    def shared(self, origin: Origin, use: Use, length: int, new: str) -> int | None:
        """Return how many attributes of `use` may stay because `new` is below them, or None."""
        for kept in range(length, -1, -1):
            prefix = self.prefix(origin, use, kept)
            if new.startswith(prefix + "."):
                return kept
        return None

    def attributes(self, use: Use, kept: int, length: int, rest: str) -> None:
        """Write `rest` in the place of the attributes `kept` to `length` of `use`."""
        module = self.names.module
        names = rest.split(".") if rest else []
        gone = use.attributes[kept:length]
        surplus = len(gone) - len(names)
        for node in gone[: max(surplus, 0)]:
            start, end = module.end(node.value), module.end(node)
            between = module.data[start:end]
            if b"#" in between:  # a comment between the dots: only the dot and the name go
                name = end - len(node.attr.encode())
                dot = re.sub(rb"#[^\r\n]*", lambda found: b" " * len(found[0]), between).index(b".")
                self.out.append(Edit(start + dot, start + dot + 1, b""))
                self.out.append(Edit(name, end, b""))
            else:
                self.out.append(Edit(start, end, b""))
        for node, name_now in zip(gone[max(surplus, 0) :], names[: len(gone)], strict=False):
            if node.attr != name_now:
                end = module.end(node)
                self.out.append(Edit(end - len(node.attr.encode()), end, name_now.encode()))
        if surplus < 0:
            last = use.attributes[length - 1] if length else use.root
            end = module.end(last)
            extra = "".join(f".{name}" for name in names[len(gone) :])
            self.out.append(Edit(end, end, extra.encode()))

    def reachable(self, package: str, scope: Scope) -> str | None:
        """Return the local name under which `package` is already imported for `scope`."""
        for each in scope.chain():
            for name, bindings in each.bindings.items():
                if all(binding.imported == package for binding in bindings):
                    return name
        return None

    def imports_package(self, package: str) -> bool:
        return any(
            isinstance(each.node, ast.Import)
            and any(alias.name.split(".")[0] == package for alias in each.node.names)
            for each in self.names.analysis.imports
        )

    def want(self, origin: Origin, package: str) -> None:
        """Have `package` imported beside what binds the old root."""
        if origin.star is not None:
            self.wanted.setdefault(origin.star, set()).add(package)
            return
        nodes = [each.node for each in origin.bindings if isinstance(each.node, ast.stmt)]
        for node in nodes:
            if isinstance(node, ast.Import) and any(
                self.moves.target(alias.name) == package and not alias.asname
                for alias in node.names
            ):
                return  # the statement itself becomes that import
        top = [node for node in nodes if node in self.names.module.tree.body]
        for node in top[:1] or nodes:
            self.wanted.setdefault(node, set()).add(package)

    def doubt(self, use: Use, old: str, new: str, name: str) -> None:
        written = ".".join(use.parts)
        self.out.append(
            Remark(
                self.names.module.start(use.root),
                f"`{written}` may be `{old}`, which moved to `{new}`; not changed because "
                f"`{name}` has another meaning here too",
                f"write `{new}`",
                Effort.LOW,
            )
        )

    # Import statements --------------------------------------------------------------------------

    def statement(self, statement: Import) -> None:
        if isinstance(statement.node, ast.Import):
            self.plain(statement, statement.node)
        else:
            self.from_import(statement, statement.node)

    def plain(self, statement: Import, node: ast.Import) -> None:
        """`import a.b`, `import a.b as c`."""
        module = self.names.module
        for alias in node.names:
            new = self.moves.target(alias.name)
            if new is None:
                continue
            root, package = alias.name.partition(".")[0], new.partition(".")[0]
            lone = len(node.names) == 1
            texts = [new] if not alias.asname else [f"{new} as {alias.asname}"]
            if not alias.asname and root != package and self.needed(statement, root):
                texts.insert(0, root)
                if lone and self.only_loads(statement.scope, root) and place(module, node).alone:
                    texts[0] += "  # noqa: F401"  # it loads the library
            within = root == package != new  # another module of the same package is not loaded yet
            if not (alias.asname or within) and self.bound_elsewhere(statement, package):
                texts = texts[:-1]
            if lone and len(texts) > 1:
                edit = replaced(module, node, [f"import {text}".encode() for text in texts])
                if edit is not None:
                    self.out.append(edit)
            elif texts:
                text = ", ".join(texts).encode()
                self.out.append(Edit(module.start(alias), module.end(alias), text))
            else:
                self.drop(node, alias)

    def drop(self, node: ast.Import, alias: ast.alias) -> None:
        """The new module is imported already: nothing stays of `alias`."""
        module = self.names.module
        index = node.names.index(alias)
        if len(node.names) == 1:
            where = place(module, node)
            if where.alone and where.line_end == where.end:
                self.out.append(Edit(where.start - len(where.indent), where.next_line, b""))
            else:
                text = f"import {self.moves.target(alias.name)}"
                self.out.append(Edit(where.start, where.end, text.encode()))
            return
        self.out.append(Edit(module.start(node), module.end(node), without(module, node, [index])))

    def needed(self, statement: Import, root: str) -> bool:
        """Return whether `root`, bound by an import that leaves it, must stay bound."""
        scope = statement.scope
        if scope.kind == "class":
            return True
        bindings = scope.bindings.get(root, [])
        for binding in bindings:
            if binding.node is statement.node or not isinstance(binding.node, ast.stmt):
                continue
            if binding.node in statement.block and not self.leaves(binding.node, root):
                return False
            if binding.node in self.names.module.tree.body and not self.leaves(binding.node, root):
                return False
        if (id(scope), root) in self.kept:
            earlier = [b.node for b in bindings if self.leaves(b.node, root)]
            return earlier[0] is statement.node or statement.node not in earlier[1:]
        at_top = scope.kind == "module"
        return at_top and (
            self.names.tree.is_exported(self.names.path, root) or self.only_loads(scope, root)
        )

    def only_loads(self, scope: Scope, root: str) -> bool:
        """Return whether nothing uses `root`, and nothing but the import that leaves loads it."""
        leaving = {b.node for b in scope.bindings.get(root, []) if self.leaves(b.node, root)}
        return (id(scope), root) not in self.kept and not is_loaded(self.names, root, leaving)

    def leaves(self, node: ast.AST, root: str) -> bool:
        """Return whether the import `node` no longer binds `root` once it is rewritten."""
        if not isinstance(node, ast.Import):
            return False
        binds = [a for a in node.names if not a.asname and a.name.partition(".")[0] == root]
        return all(
            (new := self.moves.target(alias.name)) is not None and new.partition(".")[0] != root
            for alias in binds
        )

    def bound_elsewhere(self, statement: Import, package: str) -> bool:
        return any(
            binding.imported == package
            and isinstance(binding.node, ast.stmt)
            and binding.node in statement.block
            and statement.block.index(binding.node) < statement.block.index(statement.node)
            for binding in statement.scope.bindings.get(package, [])
        )

    def from_import(self, statement: Import, node: ast.ImportFrom) -> None:
        """`from a import b`, `from a.b import *`."""
        module = self.names.module
        if any(alias.name == "*" for alias in node.names):
            new = self.moves.target(import_target(node, "*").removesuffix(".*"))
            if new is not None and node.level == 0:
                self.out.append(self.module_edit(node, new))
            return
        news = {i: self.imported(node, alias) for i, alias in enumerate(node.names)}
        moving = {index: new for index, new in news.items() if new is not None}
        if not moving:
            return
        homes = {self.home(new) for new in moving.values()}
        if len(moving) == len(node.names) and len(homes) == 1 and None not in homes:
            (home,) = homes
            if node.level == 0 and home is not None:
                if home != node.module:
                    self.out.append(self.module_edit(node, home))
                for index, new in moving.items():
                    self.alias_edit(statement, node.names[index], new)
                return
        if all(self.home(new) == node.module and node.level == 0 for new in moving.values()):
            for index, new in moving.items():
                self.alias_edit(statement, node.names[index], new)
            return
        new_statements = [
            self.import_text(statement, node.names[index], new) for index, new in moving.items()
        ]
        if len(moving) < len(node.names):
            new_statements.insert(0, without(module, node, list(moving)))
            start, end = module.start(node), module.end(node)
            edit = replaced(module, node, new_statements)
            if edit is not None:
                kept = new_statements[0]
                comments = edit.text.index(kept)
                edit = Edit(start, end, edit.text[comments:])
        else:
            edit = replaced(module, node, list(dict.fromkeys(new_statements)))
        if edit is None:
            self.out.append(
                Remark(
                    module.start(node),
                    f"`{node.module}` moved; not changed because of the "
                    "comments inside the statement",
                    "write " + ", ".join(f"`{text.decode()}`" for text in new_statements),
                )
            )
        else:
            self.out.append(edit)

    def home(self, new: str) -> str | None:
        """Return the module that `new` is imported from; None when it is a module by itself."""
        return None if self.moves.is_module(new) and "." not in new else new.rpartition(".")[0]

    def module_edit(self, node: ast.ImportFrom, new: str) -> Edit:
        module = self.names.module
        start = module.start(node)
        text = module.data[start : module.end(node)]
        found = re.compile(rb"from[\s\\]+([\w.]+(?:[\s\\]*\.[\s\\]*\w+)*)").match(text)
        if found is None:
            raise ValueError(f"no module in {text!r}")
        return Edit(start + found.start(1), start + found.end(1), new.encode())

    def alias_edit(self, statement: Import, alias: ast.alias, new: str) -> None:
        module = self.names.module
        name = new.rpartition(".")[2]
        if name == alias.name:
            return
        start = module.start(alias)
        text = name
        if not alias.asname and not self.is_renamed(statement, alias):
            text = f"{name} as {alias.name}"
        self.out.append(Edit(start, start + len(alias.name.encode()), text.encode()))

    def import_text(self, statement: Import, alias: ast.alias, new: str) -> bytes:
        home, _, name = new.rpartition(".")
        local = alias.asname or alias.name
        if not alias.asname and self.is_renamed(statement, alias):
            local = name
        given = "" if local == name else f" as {local}"
        if self.home(new) is None:
            return f"import {new}{given}".encode()
        return f"from {home} import {name}{given}".encode()

    def is_renamed(self, statement: Import, alias: ast.alias) -> bool:
        bindings = statement.scope.lookup(alias.asname or alias.name)
        return bool(bindings) and (id(bindings[0].scope), alias.name) in self.renamed


def _merged(outcomes: list[Outcome]) -> list[Outcome]:
    """Put insertions at one place into the replacement that ends there, and drop doubles."""
    edits = sorted({each for each in outcomes if isinstance(each, Edit)})
    result: list[Outcome] = [each for each in outcomes if not isinstance(each, Edit)]
    for edit in edits:
        last = result[-1] if result else None
        if isinstance(last, Edit) and edit.start == edit.end == last.end and last.start < last.end:
            result[-1] = Edit(last.start, last.end, last.text + edit.text)
        else:
            result.append(edit)
    return result
