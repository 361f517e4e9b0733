"""Apply one rewrite to a small tree given as text, as the engine would."""

from __future__ import annotations

from collections.abc import Mapping

from codemods.model import Edit, NewFile, Outcome, Remark, Rewrite, Source
from codemods.tree import classify


def outcomes(
    rewrite: Rewrite, data: str | bytes, path: str = "a.py", others: Mapping[str, str] | None = None
) -> list[Outcome]:
    """Return what `rewrite` says of the file at `path` in a tree that holds `others` too."""
    raw = data.encode() if isinstance(data, str) else data
    sources = {
        name: Source(name, text.encode(), classify(name) or rewrite.language)
        for name, text in (others or {}).items()
    }
    sources[path] = Source(path, raw, rewrite.language)
    facts = {}
    for collector in rewrite.needs:
        gathered = {
            name: found
            for name, source in sources.items()
            if source.language is collector.language
            and (not collector.tokens or any(t.encode() in source.data for t in collector.tokens))
            and (found := collector.gather(source)) is not None
        }
        facts[collector.name] = collector.digest(gathered)
    if rewrite.tokens and not any(token.encode() in raw for token in rewrite.tokens):
        return []
    return list(rewrite.apply(sources[path], facts))


def applied(
    rewrite: Rewrite, data: str | bytes, path: str = "a.py", others: Mapping[str, str] | None = None
) -> str:
    """Return the text of the file at `path` after `rewrite`; edits may not overlap."""
    raw = data.encode() if isinstance(data, str) else data
    position, parts = 0, []
    edits = sorted(e for e in outcomes(rewrite, raw, path, others) if isinstance(e, Edit))
    for edit in edits:
        assert edit.start >= position, f"overlap at {edit}"
        parts += [raw[position : edit.start], edit.text]
        position = edit.end
    return b"".join([*parts, raw[position:]]).decode("utf-8", "surrogateescape")


def remarks(
    rewrite: Rewrite, data: str | bytes, path: str = "a.py", others: Mapping[str, str] | None = None
) -> list[Remark]:
    """Return the remarks of `rewrite` on the file at `path`."""
    return [each for each in outcomes(rewrite, data, path, others) if isinstance(each, Remark)]


def new_files(
    rewrite: Rewrite, data: str | bytes, path: str = "a.py", others: Mapping[str, str] | None = None
) -> list[NewFile]:
    """Return the files that `rewrite` adds."""
    return [each for each in outcomes(rewrite, data, path, others) if isinstance(each, NewFile)]
