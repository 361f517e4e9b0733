"""How every command begins and ends: exit codes, interruption, and no traceback unasked."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

import click

NOTHING_LEFT = 0
FINDINGS = 1
FAILED = 2
INTERRUPTED = 130

HELP = {"help_option_names": ["-h", "--help"]}
"""The settings of every command: one letter is enough to ask."""


def start(command: click.Command, arguments: Sequence[str] | None = None) -> int:
    """Run a click command and return the exit code that the style guide gives its outcome."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):  # a name of a file may have no encoding
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        code = command.main(
            arguments,
            standalone_mode=False,
            color=False if os.environ.get("NO_COLOR") else None,
        )
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return FAILED
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINDINGS
    except Exception as error:
        if "--verbose" in arguments or "-v" in arguments:
            raise
        click.echo(f"internal error: {type(error).__name__}: {error}", err=True)
        click.echo("run again with `--verbose` for the traceback, and please report it", err=True)
        return FAILED
    return code if isinstance(code, int) else NOTHING_LEFT
