"""Asks each language's parser whether a text is sound, before a rewrite and after."""

from __future__ import annotations

from codemods.model import Language, Source


def problem(source: Source) -> tuple[str, str, int] | None:
    """Return code, message and line of what forbade to rewrite the file, None if nothing did.

    Only Python must parse, and only where a rewrite wanted it parsed; C++ before preprocessing
    seldom does in full, and its rewriters look at the places that they change.
    """
    if source.language is not Language.PYTHON:
        return None
    from py_rewriters import parsing

    parsed = source.remembered(parsing.parse)
    if not isinstance(parsed, parsing.Problem):
        return None
    line = source.data.count(b"\n", 0, parsed.offset) + 1
    try:
        source.data.decode("utf-8")
    except UnicodeDecodeError:
        return "TF906", f"cannot be decoded, nothing rewritten: {parsed.message}", line
    return "TF901", f"cannot be parsed, nothing rewritten: {parsed.message}", line


def worse(before: Source, after: Source) -> str | None:
    """Say what is worse about the text `after` the rewrites, None if nothing is."""
    if before.language is Language.PYTHON:
        from py_rewriters import parsing

        parsed = after.once(parsing.parse)
        if isinstance(parsed, parsing.Problem):
            line = after.data.count(b"\n", 0, parsed.offset) + 1
            return f"the result would not parse (line {line} of it: {parsed.message})"
    if before.language is Language.TOML:
        import tomlkit
        from tomlkit.exceptions import TOMLKitError

        try:
            tomlkit.parse(after.data.decode())
        except (TOMLKitError, UnicodeDecodeError) as error:
            return f"the result would not parse ({error})"
    return None
