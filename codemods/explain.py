"""`python -m codemods.explain WORD`: what a code, a migration or an old name is about."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from codemods import options
from codemods.history import SHORT_LIVED, ShortLived
from codemods.model import Example, Migration, Rung
from codemods.notices import NOTICES, Notice
from codemods.start import HELP, NOTHING_LEFT, start


def _complete(ctx: click.Context, option: click.Parameter, typed: str) -> list[CompletionItem]:
    """Complete a code or an old name in the shell."""
    found = [*options.complete_codes(ctx, option, typed)]
    found += (CompletionItem(n.code, help=n.title) for n in NOTICES.values())
    names = {name for migration in options.known() for name in migration.old_names}
    found += map(CompletionItem, sorted(names) if typed else ())
    return [item for item in found if str(item.value).lower().startswith(typed.lower())]


@click.command("explain", context_settings=HELP)
@click.argument("word", shell_complete=_complete)
@options.rules
def main(word: str, rules_files: tuple[Path, ...]) -> int:
    """Explain WORD: a code (TF301), a migration's name, or a name of the old API."""
    known = options.known(options.own_rules(Path(), rules_files)[1])
    if word.upper() in NOTICES:
        click.echo(_notice(NOTICES[word.upper()]))
        return NOTHING_LEFT
    matching = [m for m in known if word.upper() == m.code or word == m.name]
    matching = matching or [m for m in known if _speaks_of(m, word)]
    if word in SHORT_LIVED:
        entry = SHORT_LIVED[word]
        click.echo(_short_lived(entry))
        matching = matching or [m for m in known if entry.migration_of in m.old_names]
    elif not matching:
        raise click.BadParameter(_unknown(word, known), param_hint="WORD")
    click.echo("\n\n".join(map(page, matching)))
    return NOTHING_LEFT


def page(migration: Migration) -> str:
    """Return a migration's page as plain text."""
    removed = f", the old form went with {migration.removed}" if migration.removed else ""
    lines = [
        f"{migration.code} {migration.title}",
        "",
        f"rung {migration.rung.name}, new form since TileLang {migration.introduced}{removed}"
        if migration.rung is not Rung.OWN
        else "a rule of the fork's own",
        f"upstream: {', '.join(migration.upstream) or 'not recorded'}",
        f"effort left to you when it cannot: {migration.effort.value}",
        f"applied by default: {'yes' if migration.safe else 'no, ask with `--unsafe-fixes`'}",
    ]
    if migration.old_names:
        lines.append(f"old names: {', '.join(migration.old_names)}")
    lines += ["", migration.doc]
    for example in migration.examples:
        lines += ["", *_example(example)]
    return "\n".join(lines).rstrip()


def _example(example: Example) -> list[str]:
    lines = [f"{example.title}:", *_quoted("-", example.before)]
    if example.after is not None:
        lines += _quoted("+", example.after)
    if example.finding:
        lines.append(f"  reported: {example.finding}")
    return lines


def _quoted(mark: str, text: str) -> list[str]:
    return [f"  {mark} {line}".rstrip() for line in text.strip("\n").split("\n")]


def _notice(notice: Notice) -> str:
    return f"{notice.code} {notice.title}\n\n{notice.text}"


def _short_lived(entry: ShortLived) -> str:
    return (
        f"`{entry.name}` is not in the target: it {entry.lived}.\n"
        f"Write instead: {entry.instead}\n"
        f"`run` does so wherever it finds `{entry.migration_of}`.\n"
    )


def _speaks_of(migration: Migration, word: str) -> bool:
    """Say whether `word` is one of the old names, or their last part."""
    return any(
        word == name or name.endswith((f".{word}", f"::{word}")) for name in migration.old_names
    )


def _unknown(word: str, known: Sequence[Migration]) -> str:
    import difflib

    words = [*NOTICES, *SHORT_LIVED]
    for migration in known:
        words += (migration.code, migration.name, *migration.old_names)
    close = list(dict.fromkeys(difflib.get_close_matches(word, words, 3, 0.6)))
    hint = "; did you mean " + " or ".join(f"`{name}`" for name in close) + "?" if close else ""
    return f"nothing is known of `{word}`{hint} (`python -m codemods.list` shows all migrations)"


if __name__ == "__main__":
    sys.exit(start(main))
