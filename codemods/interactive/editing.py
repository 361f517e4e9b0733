"""One file in somebody's own editor; what comes back must parse at least as well as before."""

from __future__ import annotations

import os
import shlex
import tempfile
from dataclasses import replace
from difflib import SequenceMatcher
from pathlib import Path, PurePosixPath

import click

from codemods import sanity
from codemods.interactive import asking
from codemods.model import Finding, Source
from codemods.tree import classify

_TAKES_A_LINE = {"vi", "vim", "nvim", "nano", "emacs", "emacsclient", "micro", "kak", "joe"}


def edited(path: str, data: bytes, line: int) -> bytes | None:
    """Return the text as it was saved, None where nothing was changed.

    The editor works on a copy outside the tree. A result that would not parse is asked about.
    """
    while True:
        text = _edit(path, data, line)
        if text == data:
            return None
        language = classify(path)
        assert language is not None  # only files of the tree that have one are shown
        worse = sanity.worse(Source(path, data, language), Source(path, text, language))
        if worse is None:
            return text
        asking.say(f"`{path}`: {worse}")
        answers = {"e": "edit: open the editor again", "d": "drop what was edited"}
        if asking.ask("edit again?", answers, "e") == "d":
            return None


def moved(finding: Finding, before: bytes, after: bytes) -> Finding | None:
    """Return a finding at its line in the edited text, None where its line was changed."""
    old, new = before.split(b"\n"), after.split(b"\n")
    for tag, i1, i2, j1, _ in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if i1 <= finding.line - 1 < i2:
            same = tag == "equal"
            return replace(finding, line=finding.line + j1 - i1) if same else None
    return None


def _edit(path: str, data: bytes, line: int) -> bytes:
    with tempfile.TemporaryDirectory(prefix="codemods-") as folder:
        copy = Path(folder) / PurePosixPath(path).name
        copy.write_bytes(data)
        click.edit(filename=str(copy), editor=_editor(line))
        return copy.read_bytes()


def _editor(line: int) -> str | None:
    """The user's editor, told the line where it is one that can be; None: click's own choice."""
    named = os.environ.get("VISUAL") or os.environ.get("EDITOR") or ""
    words = shlex.split(named)
    if words and Path(words[0]).name in _TAKES_A_LINE:
        return f"{named} +{line}"
    return None
