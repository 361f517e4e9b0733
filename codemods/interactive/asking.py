"""Questions on a terminal, one word each; the end of the input is an interruption."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence

import click

from codemods.interactive.showing import Line

ACCEPT, SKIP, EDIT, ALWAYS, NEVER, QUIT = "y", "n", "e", "a", "s", "q"

FIX: Mapping[str, str] = {
    ACCEPT: "yes: make this change",
    SKIP: "no: leave it, it stays on the list",
    EDIT: "edit: make it, then open the file in your editor",
    ALWAYS: "always: make this and all further ones of this code",
    NEVER: "skip all further ones of this code",
    QUIT: "quit: no more questions; what was answered counts, and the port is written",
}
FINDING: Mapping[str, str] = {
    EDIT: "edit: open the file in your editor, at this line",
    SKIP: "no: leave it, it stays on the list",
    NEVER: "skip all further ones of this code",
    QUIT: "quit: no more questions; what was answered counts, and the port is written",
}


def is_terminal() -> bool:
    """Say whether somebody can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def width() -> int:
    """Return the columns that may be used: the terminal's, at most 80 to read well."""
    return min(80, shutil.get_terminal_size((80, 24)).columns)


def show(lines: Sequence[Line]) -> None:
    """Print lines to standard error, where the questions are."""
    for line in lines:
        bold = line.colour == "bold"
        colour = None if bold else line.colour
        click.secho(line.text, err=True, fg=colour, bold=bold or None)


def ask(question: str, answers: Mapping[str, str], default: str) -> str:
    """Return one of `answers`; `?` explains them. Raises click.Abort at the end of the input."""
    keys = "/".join(key.upper() if key == default else key for key in answers)
    while True:
        said = click.prompt(f"{question} [{keys}/?]", default=default, show_default=False, err=True)
        answer = str(said).strip().lower()[:1]
        if answer in answers:
            return answer
        for key, meaning in answers.items():
            click.echo(f"  {key}  {meaning}", err=True)


def say(text: str) -> None:
    """Print a line to standard error."""
    click.echo(text, err=True)
