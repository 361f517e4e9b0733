"""The part of a run's files that one worker looks after, with what it learned of them."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from codemods import sanity, suppress
from codemods.applying import Failure, Rewritten, apply_all
from codemods.choices import Unsafe
from codemods.model import Collector, Consulted, Facts, Language, Migration, Rewrite, Source
from codemods.tokens import holds

_KEPT = 16_000_000
"""Bytes of text whose syntax trees a worker keeps at most; trees are some hundred times as large
for Python."""

Item = tuple[str, tuple[str, ...]]
"""A path, and the names of what is asked of it."""

Gathered = tuple[str, dict[str, Any], list[Failure]]


class Share:
    """Files by path, each kept as a `Source` with whatever was computed from it."""

    def __init__(
        self,
        files: Mapping[str, tuple[Language, bytes]],
        migrations: Sequence[Migration],
        unsafe: Unsafe,
    ) -> None:
        self._sources = {p: Source(p, data, language) for p, (language, data) in files.items()}
        self._original = {path: source.data for path, source in self._sources.items()}
        self._size = sum(map(len, self._original.values()))
        self._migrations = {migration.code: migration for migration in migrations}
        self._parts: dict[str, Sequence[Collector | Rewrite]] = {
            **{migration.code: migration.rewrites for migration in migrations},
            **{collector.name: (collector,) for collector in collectors_of(migrations)},
        }
        self._facts: Facts = {}
        self._unsafe = unsafe

    def take(self, texts: Mapping[str, tuple[Language, bytes]]) -> None:
        """Take over files that were made, or changed by somebody else, during the run."""
        self._sources.update({p: Source(p, data, lang) for p, (lang, data) in texts.items()})

    def look(self, items: Sequence[Item]) -> list[Item]:
        """Return which of these migrations, by code, and collectors have a token in these files."""
        held: list[Item] = []
        for path, names in items:
            source = self._sources[path]
            held.append((path, tuple(name for name in names if self._concerns(name, source))))
        return held

    def _concerns(self, name: str, source: Source) -> bool:
        return any(
            part.language is source.language and holds(source, part.tokens)
            for part in self._parts[name]
        )

    def gather(self, items: Sequence[Item]) -> list[Gathered]:
        """Run the collectors of these names on these files, which hold a token of theirs."""
        self._forget()
        collectors = {c.name: c for c in collectors_of(self._migrations.values())}
        return [self._gather(path, [collectors[name] for name in names]) for path, names in items]

    def _gather(self, path: str, collectors: Sequence[Collector]) -> Gathered:
        source = self._sources[path]
        known = suppress.directives(source.data)
        answers: dict[str, Any] = {}
        failures: list[Failure] = []
        for collector in collectors:
            try:
                answer = collector.gather(self._shown(source, collector, known))
            except Exception as error:  # a bug of ours must not cost the user the other files
                message = f"internal error, `{collector.name}` not collected here: {error!r}"
                failures.append(Failure("TF911", message, trace=traceback.format_exc()))
                continue
            if answer is not None:
                answers[collector.name] = answer
        return path, answers, failures

    def _shown(
        self, source: Source, collector: Collector, known: Sequence[suppress.Directive]
    ) -> Source:
        """The source as a collector may see it: without classes and functions to be kept."""
        if not known:
            return source
        from codemods import hiding  # only for the few files with such comments

        asking = [m.code for m in self._migrations.values() if collector in collectors_of([m])]
        spans = [
            hiding.covered(source, directive)
            for directive in known
            if any(map(directive.matches, asking)) and hiding.is_construct(source, directive)
        ]
        return hiding.hidden(source, spans, collector.tokens) if spans else source

    def know(self, facts: Facts) -> None:
        """Take over what is known of the whole tree, for the rewrites that follow."""
        self._facts = facts

    def rewrite(self, items: Sequence[Item]) -> list[Rewritten]:
        """Apply the migrations of these codes to these files."""
        answers: list[Rewritten] = []
        asked = [fact for fact in self._facts.values() if isinstance(fact, Consulted)]
        for path, codes in items:
            members = [self._migrations[code] for code in codes]
            for fact in asked:
                fact.read.clear()
            done, source = apply_all(self._sources[path], members, self._facts, self._unsafe)
            self._sources[path] = source
            answers.append(replace(done, read=tuple(sorted(set().union(*(c.read for c in asked))))))
        return answers

    def verify(self, items: Sequence[Item]) -> list[tuple[str, str | None]]:
        """Say of each file what is worse about it than before the run, None if nothing is."""
        answers: list[tuple[str, str | None]] = []
        for path, _ in items:
            source = self._sources[path]
            original = Source(path, self._original.get(path, b""), source.language)
            why = sanity.worse(original, source) or sanity.more_broken(original, source)
            answers.append((path, why))
        return answers

    def _forget(self) -> None:
        """Keep memory bounded on large trees."""
        if self._size <= _KEPT:
            return
        kept = 0
        for path, source in self._sources.items():
            kept += len(source.data) if source.is_computed else 0
            if kept > _KEPT and source.is_computed:
                self._sources[path] = Source(path, source.data, source.language)


def prefilter(migrations: Iterable[Migration]) -> Callable[[Source], bool]:
    """Return a quick test: does a text hold any token of any migration?"""
    tokens: dict[Language, set[str]] = {}
    everything: set[Language] = set()
    for migration in migrations:
        for rewrite in migration.rewrites:
            tokens.setdefault(rewrite.language, set()).update(rewrite.tokens)
            if not rewrite.tokens:
                everything.add(rewrite.language)
    sorted_tokens = {language: tuple(sorted(names)) for language, names in tokens.items()}

    def may_hold(source: Source) -> bool:
        if source.language in everything:
            return True
        known = sorted_tokens.get(source.language)
        return known is not None and holds(source, known)

    return may_hold


def collectors_of(
    migrations: Iterable[Migration], language: Language | None = None
) -> list[Collector]:
    """Return the collectors that migrations need on files of a language (None: any), by name."""
    needed: dict[str, Collector] = {}
    for migration in migrations:
        for rewrite in migration.rewrites:
            if language in (None, rewrite.language):
                needed.update({collector.name: collector for collector in rewrite.needs})
    return [needed[name] for name in sorted(needed)]
