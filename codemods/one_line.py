"""Text of a tree (names of files, lines of code) made fit to be printed.

A name may hold line breaks, terminal sequences and bytes of no encoding, and so may pretend to be
more than a name.
"""

from __future__ import annotations


def one_line(text: str) -> str:
    """Return the text with what cannot be printed spelled as Python's escapes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def place(path: str) -> str:
    """Return a path made fit to begin a line: what runs commands in CI reads lines with `::`."""
    shown = one_line(path)
    return f"./{shown}" if shown.startswith("::") else shown
