"""What an error says, in one line."""

from __future__ import annotations

import traceback


def innermost(error: BaseException) -> str:
    """Return the type, the first of what is said, and the place of `error`."""
    error = said_by_the_parser(error)
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    said = " ".join(lines[:2]) if lines and lines[0].endswith(":") else "".join(lines[:1])
    passed = traceback.extract_tb(error.__traceback__)
    where = f" ({passed[-1].filename}:{passed[-1].lineno})" if passed else ""
    return f"{type(error).__name__}: {said}{where}"


def said_by_the_parser(error: BaseException) -> BaseException:
    """Return what TVM's parser met: it prints that, and raises an error that only says that it did;
    any other `error` is returned itself."""
    while type(error).__name__ == "DiagnosticError" and error.__context__ is not None:
        error = error.__context__
    return error
