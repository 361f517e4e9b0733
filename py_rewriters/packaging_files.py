"""The verbs for packaging files: a dependency that a package needs from now on.

`pyproject.toml` goes through tomlkit, which keeps its layout; requirements files are lines. Either
way the outcome is one small edit.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from codemods.model import (
    Collector,
    Edit,
    Effort,
    Facts,
    Language,
    Outcome,
    Remark,
    Rewrite,
    Source,
)
from py_rewriters.exports import EXPORTS, ROOTS, tree_modules

if TYPE_CHECKING:  # imported where they are used: checking one source file needs none of them
    from packaging.requirements import Requirement
    from packaging.specifiers import SpecifierSet

Range = Callable[[Facts], str]
_PROVIDERS = frozenset({"apache-tvm", "tilelang", "tilescale"})


def _gather(source: Source) -> bool | None:
    return True if posixpath.basename(source.path) == "pyproject.toml" else None


def _digest(gathered: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(posixpath.dirname(path) for path in gathered)


PROJECTS = Collector("folders of projects", Language.TOML, (), _gather, _digest)


def dependency_added(name: str, wanted: Range) -> tuple[Rewrite, Rewrite]:
    """Return the rewrites that add `name` with the range `wanted` to packages that import TVM.

    The first is for `pyproject.toml`, the second for a `requirements.txt` beside one. Where the
    dependency is there with a range that admits more, the place is remarked.
    """

    def project(source: Source, facts: Facts) -> Iterator[Outcome]:
        if _needs(source, facts):
            yield from _in_project(source, name, wanted(facts))

    def requirements(source: Source, facts: Facts) -> Iterator[Outcome]:
        folder, base = posixpath.split(source.path)
        beside = folder in facts.get(PROJECTS.name, ())
        if base in ("requirements.txt", "requirements.in") and beside and _needs(source, facts):
            yield from _in_requirements(source, name, wanted(facts))

    return (
        Rewrite(Language.TOML, ("dependencies",), project, needs=(EXPORTS,)),
        Rewrite(Language.REQUIREMENTS, (), requirements, needs=(EXPORTS, PROJECTS)),
    )


def command_option_added(tool: str, command: str, option: str) -> Rewrite:
    """Return the rewrite that adds `option` where a text calls `tool` as the pattern `command`."""
    calls = re.compile(command.encode())
    last = re.compile(rb"[\"'\r\n]")

    def apply(source: Source, facts: Facts) -> Iterator[Outcome]:
        for found in calls.finditer(source.data):
            line = source.data.rfind(b"\n", 0, found.start()) + 1
            if source.data[line : found.start()].lstrip().startswith(b"#"):
                continue
            ending = last.search(source.data, found.end())
            call = source.data[found.start() : ending.start() if ending else None]
            if option.encode() not in call:
                yield Edit(found.end(), found.end(), f" {option}".encode())

    return Rewrite(Language.TOML, (tool,), apply)


def wheels_mended_on_macos(command: str) -> Rewrite:
    """Return the rewrite that has cibuildwheel mend the wheels of macOS with `command`.

    It is for a `pyproject.toml` whose package imports TVM, that mentions macOS and builds wheels
    with cibuildwheel, and that leaves mending those of macOS to cibuildwheel's default.
    """

    def apply(source: Source, facts: Facts) -> Iterator[Outcome]:
        data = source.data
        if posixpath.basename(source.path) != "pyproject.toml" or b"delocate" in data:
            return
        if re.search(rb"macos", data, re.IGNORECASE) is None or not _needs(source, facts):
            return
        import tomlkit
        from tomlkit.exceptions import TOMLKitError

        text = data.decode("utf-8", "surrogateescape")
        try:
            document = tomlkit.parse(text)
        except TOMLKitError:
            return  # the engine reports a file that cannot be parsed
        wheels = document.get("tool", {}).get("cibuildwheel")
        key = "repair-wheel-command"
        if not isinstance(wheels, dict) or key in wheels or tomlkit.dumps(document) != text:
            return
        macos = wheels.get("macos", {})
        if not isinstance(macos, dict) or key in macos:
            return
        if macos:
            macos[key] = command
        else:
            table = tomlkit.table()
            table.add(key, command)
            table.add(tomlkit.nl())
            wheels["macos"] = table
        after = tomlkit.dumps(document)
        if after.endswith("\n\n") and not text.endswith(("\n\n", "\n\r\n")):
            after = after[:-1]  # no other table comes behind the new one
        for edit in _difference(data, after.encode("utf-8", "surrogateescape")):
            new = re.sub(rb"\r?\n", b"\r\n", edit.text) if b"\r\n" in data else edit.text
            yield Edit(edit.start, edit.end, new)

    return Rewrite(Language.TOML, ("cibuildwheel",), apply, needs=(EXPORTS,))


def dependency_missing(name: str, message: str, advice: str) -> Rewrite:
    """Return the rewrite that remarks a project that imports TVM and does not depend on `name`."""

    def apply(source: Source, facts: Facts) -> Iterator[Outcome]:
        listed = source.once(_project).get("dependencies")
        if listed is None or not _needs(source, facts):
            return
        names = {_normal(each.name) for item in listed if (each := _parsed(str(item)))}
        if name not in names and not names & _PROVIDERS:
            yield Remark(_key(source.data, "dependencies"), message, advice, Effort.MEDIUM)

    return Rewrite(Language.TOML, ("dependencies",), apply, needs=(EXPORTS,))


def python_admitted(version: str, message: str, advice: str) -> Rewrite:
    """Return the rewrite that remarks a project that imports TVM and admits Python `version`."""

    def apply(source: Source, facts: Facts) -> Iterator[Outcome]:
        given = source.once(_project).get("requires-python")
        if given is None or not _needs(source, facts):
            return
        from packaging.specifiers import InvalidSpecifier, SpecifierSet

        try:
            admitted = SpecifierSet(str(given)).contains(version)
        except InvalidSpecifier:
            return
        if admitted:
            yield Remark(_key(source.data, "requires-python"), message, advice)

    return Rewrite(Language.TOML, ("requires-python",), apply, needs=(EXPORTS,))


def _project(source: Source) -> dict[str, Any]:
    """Return the table `project` of a `pyproject.toml`, or an empty one."""
    if posixpath.basename(source.path) != "pyproject.toml":
        return {}
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        table = tomlkit.parse(source.data.decode("utf-8", "replace")).unwrap().get("project")
    except TOMLKitError:
        return {}  # the engine reports a file that cannot be parsed
    return table if isinstance(table, dict) else {}


def _key(data: bytes, key: str) -> int:
    found = re.search(rb"^[ \t]*" + key.encode() + rb"[ \t]*=", data, re.MULTILINE)
    return found.start() if found else 0


def _needs(source: Source, facts: Facts) -> bool:
    """Return whether a module below the file's folder imports TVM or its FFI."""
    return tree_modules(facts).import_from(posixpath.dirname(source.path), ROOTS)


def _in_project(source: Source, name: str, wanted: str) -> Iterator[Outcome]:
    if posixpath.basename(source.path) != "pyproject.toml":
        return
    import tomlkit
    from packaging.specifiers import SpecifierSet
    from tomlkit.exceptions import TOMLKitError
    from tomlkit.items import Array

    text = source.data.decode("utf-8", "surrogateescape")
    try:
        document = tomlkit.parse(text)
    except TOMLKitError:
        return  # the engine reports a file that cannot be parsed
    listed = document.get("project", {}).get("dependencies")
    if not isinstance(listed, Array) or tomlkit.dumps(document) != text:
        return
    given = [_parsed(str(item)) for item in listed]
    names = [_normal(each.name) if each else "" for each in given]
    if _PROVIDERS & set(names):
        return  # what brings TVM brings the FFI
    if name in names:
        found = given[names.index(name)]
        every = SpecifierSet(
            ",".join(str(each.specifier) for each in given if each and _normal(each.name) == name)
        )
        if found is not None and _admits_more(every, wanted):
            yield _differs(source.data, str(listed[names.index(name)]), name, wanted)
        return
    at = next((index for index, each in enumerate(names) if each > name), len(names))
    listed.insert(at, f"{name}{wanted}")
    yield from _difference(source.data, tomlkit.dumps(document).encode("utf-8", "surrogateescape"))


def _in_requirements(source: Source, name: str, wanted: str) -> Iterator[Outcome]:
    data = source.data
    ending = re.search(rb"\r\n|\r|\n", data)
    newline = ending[0] if ending else b"\n"
    before: int | None = None  # the first requirement that sorts after `name`
    after: int | None = None  # the end of the last one
    for line in re.finditer(rb"[^\r\n]+", data):
        found = _parsed(line[0].split(b"#")[0].decode("utf-8", "replace").strip())
        if found is None:
            continue
        if _normal(found.name) == name:
            if _admits_more(found.specifier, wanted):
                yield _differs(data, line[0].decode("utf-8", "replace").strip(), name, wanted)
            return
        if before is None and _normal(found.name) > name:
            before = line.start()
        after = line.end()
    text = f"{name}{wanted}".encode()
    if before is not None:
        yield Edit(before, before, text + newline)
    elif after is not None:
        yield Edit(after, after, newline + text)
    else:
        yield Edit(len(data), len(data), (b"" if _ends(data) else newline) + text + newline)


def _ends(data: bytes) -> bool:
    return not data or data.endswith((b"\n", b"\r"))


def _differs(data: bytes, written: str, name: str, wanted: str) -> Remark:
    return Remark(
        max(data.find(written.encode()), 0),
        f"`{written}` admits versions of `{name}` that do not go with the target's TVM; not "
        "changed because the range was chosen by hand",
        f"write `{name}{wanted}`",
    )


def _admits_more(given: SpecifierSet, wanted: str) -> bool:
    """Return whether `given` admits a version of the line 0.1 that `wanted` does not."""
    from packaging.specifiers import SpecifierSet

    allowed = SpecifierSet(wanted)
    tried = [f"0.1.{patch}" for patch in range(40)] + ["0.2.0", "1.0", "99"]
    return any(given.contains(each) and not allowed.contains(each) for each in tried)


def _difference(before: bytes, after: bytes) -> Iterator[Edit]:
    """Yield the smallest single edit that makes `after` of `before`."""
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    if start < len(before) or start < len(after):
        yield Edit(start, len(before) - end, after[start : len(after) - end])


def _parsed(text: str) -> Requirement | None:
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        return Requirement(text)
    except InvalidRequirement:
        return None


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
