"""libclang in this process: parses a unit, or precompiles headers.

The libclang of PyPI brings no headers of its own; the installed compiler's serve.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from clang import cindex

from codemods.toolchain.diagnostics import Diagnostic, Note
from codemods.toolchain.overlay import Overlay

_ERROR = 3  # CXDiagnostic_Error
_FATAL = 4


class NoCompiler(RuntimeError):
    """There is no C++ compiler whose standard headers could be used."""


class ParserCrash(RuntimeError):
    """libclang failed on a unit without saying why."""


@dataclass(frozen=True)
class Parsed:
    """`errors` in the order reported; `files`: every file read, absolute, the unit included."""

    errors: tuple[Diagnostic, ...]
    files: tuple[str, ...]


@cache
def builtin_includes() -> tuple[str, ...]:
    """Return the folders of the installed compiler's own headers (`stddef.h` and the like)."""
    for command in (
        ["clang", "-print-resource-dir"],
        ["gcc", "-print-file-name=include"],
        ["c++", "-print-file-name=include"],
    ):
        try:
            said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        except (OSError, subprocess.CalledProcessError):
            continue
        folder = Path(said.strip())
        for place in (folder, folder / "include"):
            if (place / "stddef.h").is_file():
                return (str(place),)
    raise NoCompiler("no C++ compiler found; install g++ (its headers are used to parse)")


@cache
def version() -> str:
    """Return libclang's version in its own words."""
    library = cindex.conf.lib
    library.clang_getClangVersion.restype = cindex._CXString
    text = cindex._CXString.from_result(library.clang_getClangVersion())
    return str(text)


@cache
def _index() -> cindex.Index:
    return cindex.Index.create()


def parse(path: str, arguments: Sequence[str], tree: Overlay) -> Parsed:
    """Parse the unit at an absolute path. Raises `ParserCrash`."""
    try:
        unit = _index().parse(path, args=["-x", "c++", *arguments], unsaved_files=tree.unsaved())
    except cindex.TranslationUnitLoadError as error:
        raise ParserCrash(f"libclang could not parse `{path}`") from error
    errors = tuple(
        _diagnostic(found, path, tree) for found in unit.diagnostics if found.severity >= _ERROR
    )
    return Parsed(errors, _files(unit, path))


def precompile(headers: Sequence[str], arguments: Sequence[str], output: Path) -> Parsed:
    """Precompile the headers, as spelled, to `output`. Raises `ParserCrash`.

    Templates are instantiated here once; otherwise every unit would do so again.
    """
    name = str(output.with_suffix(".hpp"))
    text = "".join(f"#include {header}\n" for header in headers)
    try:
        unit = _index().parse(
            name,
            args=["-x", "c++-header", *arguments, "-fpch-instantiate-templates"],
            unsaved_files=[(name, text)],
            options=cindex.TranslationUnit.PARSE_INCOMPLETE,
        )
        tree = Overlay(output.parent, {Path(name).name: text.encode()})
        errors = tuple(
            _diagnostic(found, name, tree) for found in unit.diagnostics if found.severity >= _ERROR
        )
        if not errors:
            unit.save(str(output))
    except (cindex.TranslationUnitLoadError, cindex.TranslationUnitSaveError) as error:
        raise ParserCrash(f"libclang could not precompile `{' '.join(headers)}`") from error
    return Parsed(errors, tuple(file for file in _files(unit, name) if file != name))


def _files(unit: cindex.TranslationUnit, path: str) -> tuple[str, ...]:
    names = {path: None}
    for inclusion in unit.get_includes():
        names[os.path.normpath(inclusion.include.name)] = None
    return tuple(names)


def _diagnostic(found: cindex.Diagnostic, unit: str, tree: Overlay) -> Diagnostic:
    path, line, column, offset = _place(found.location, unit, tree)
    notes = tuple(
        Note(*_place(child.location, unit, tree)[:3], child.spelling) for child in found.children
    )
    fatal = found.severity >= _FATAL
    return Diagnostic(path, line, column, offset, found.spelling, fatal, notes)


def _place(location: cindex.SourceLocation, unit: str, tree: Overlay) -> tuple[str, int, int, int]:
    """A place as `Diagnostic` counts it; one without a file is the start of the unit."""
    name = os.path.normpath(location.file.name) if location.file else unit
    line, column, offset = location.line or 1, location.column or 1, location.offset
    inside = tree.relative(name)
    if inside is None:
        return name, line, column, offset
    start = offset - (column - 1)
    text = tree.read(name)[start:offset].decode("utf-8", errors="replace")
    return inside, line, len(text) + 1, offset
