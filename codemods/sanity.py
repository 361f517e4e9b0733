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


def more_broken(before: Source, after: Source) -> str | None:
    """Say how C++ that the parser could not read before is still less readable `after`, or None.

    Macros make errors of sound C++ too, so both readings must say so, with them and without. Where
    every bracket has its like, nothing is parsed.
    """
    if before.language is not Language.CPP:
        return None
    from cpp_rewriters import readable, syntax, text

    shown = text.code(after)
    if all(shown.count(left) == shown.count(right) for left, right in (b"{}", b"()")):
        return None
    if syntax.count_errors(before.data) >= syntax.count_errors(after.data):
        return None
    places = readable.unreadable_places(before.data)
    if not 0 < places < (then := readable.unreadable_places(after.data)):
        return None
    return f"cannot be read (places before: {places}, after: {then})"


def cannot_be_read(source: Source, start: int, end: int) -> bool:
    """Say whether the C++ declarations at `start:end` are ones that the parser cannot read."""
    if source.language is not Language.CPP:
        return False
    from cpp_rewriters import syntax

    return syntax.is_broken(source, start, end)


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
