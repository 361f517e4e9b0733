"""libclang in this process: parses a unit, or precompiles headers.

The libclang of PyPI brings no headers of its own; the installed compiler's serve.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from ctypes import byref, c_uint
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from clang import cindex

from codemods.toolchain.diagnostics import Diagnostic, Fixit, Note
from codemods.toolchain.new_files import virtual_files
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
    match = re.search(r"\d+", version())
    for command in (
        [f"clang-{match[0] if match else ''}", "-print-resource-dir"],  # libclang's own age
        ["gcc", "-print-file-name=include"],
        ["c++", "-print-file-name=include"],
        ["clang", "-print-resource-dir"],
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
def gcc_installation() -> tuple[str, ...]:
    """Return the argument that names GCC's folder by its real path, none without a GCC.

    The path that the driver finds by itself may lead through a link and back by `..`, which a
    virtual file system reads otherwise than the real one.
    """
    command = ["c++", "-print-libgcc-file-name"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ()
    folder = Path(said.strip()).resolve().parent
    is_gcc = "gcc" in folder.parts and (folder / "crtbegin.o").is_file()
    return (f"--gcc-install-dir={folder}",) if is_gcc else ()


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
    with virtual_files(tree) as new:
        try:
            unit = _index().parse(
                path, args=["-x", "c++", *arguments, *new], unsaved_files=tree.unsaved()
            )
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


def _in_file(location: cindex.SourceLocation) -> tuple[str, int, int, int]:
    """A location's file ("" without one), line, column and offset; a macro's argument's own."""
    file = cindex.c_object_p()
    line, column, offset = c_uint(), c_uint(), c_uint()
    cindex.conf.lib.clang_getFileLocation(
        location, byref(file), byref(line), byref(column), byref(offset)
    )
    name = str(cindex.File(file).name) if file else ""
    return name, line.value or 1, column.value or 1, offset.value


def _diagnostic(found: cindex.Diagnostic, unit: str, tree: Overlay) -> Diagnostic:
    path, line, column, offset = _place(found.location, unit, tree)
    notes = tuple(
        Note(*_place(child.location, unit, tree)[:3], child.spelling) for child in found.children
    )
    ranges = tuple(
        (begin[3], end[3])
        for span in found.ranges
        for begin, end in [(_place(span.start, unit, tree), _place(span.end, unit, tree))]
        if begin[0] == end[0] == path
    )
    fixits = tuple(
        Fixit(begin[3], end[3], fixit.value)
        for fixit in found.fixits
        for begin, end in [
            (_place(fixit.range.start, unit, tree), _place(fixit.range.end, unit, tree))
        ]
        if begin[0] == end[0] == path
    )
    fatal = found.severity >= _FATAL
    return Diagnostic(path, line, column, offset, found.spelling, fatal, notes, ranges, fixits)


def _place(location: cindex.SourceLocation, unit: str, tree: Overlay) -> tuple[str, int, int, int]:
    """A place as `Diagnostic` counts it; one without a file is the start of the unit."""
    file, line, column, offset = _in_file(location)
    name = os.path.normpath(file) if file else unit
    inside = tree.relative(name)
    if inside is None:
        return name, line, column, offset
    start = offset - (column - 1)
    text = tree.read(name)[start:offset].decode("utf-8", errors="replace")
    return inside, line, len(text) + 1, offset
