"""The manual's pages that are made from the migrations' own files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from codemods.ladder import by_rung
from codemods.model import Example, Language, Migration, Rung
from codemods.notices import NOTICES

RUNGS = {
    Rung.R1: "Legacy packed functions to the FFI inside TVM (TileLang 0.1.5 to 0.1.6)",
    Rung.R2: "Operator classes to node and reference (inside 0.1.6)",
    Rung.R3: "TVM 0.22 and the separate `apache-tvm-ffi` package (0.1.6 to 0.1.7.post2)",
    Rung.R4: "TileLang's own operator registration (inside 0.1.7)",
    Rung.R5: "`tirx` (0.1.9 to 0.1.10)",
}
_FENCES = {
    Language.CPP: "cpp",
    Language.PYTHON: "python",
    Language.CYTHON: "cython",
    Language.CMAKE: "cmake",
    Language.TOML: "toml",
}
_PULL = "https://github.com/{}/pull/{}"
_COMMIT = "https://github.com/{}/commit/{}"


def pages(migrations: Iterable[Migration]) -> Mapping[str, str]:
    """Return the pages as Markdown, by path: one for each code, and the index of all."""
    known = list(migrations)
    made = {f"migrations/{migration.code}.md": page(migration) for migration in known}
    made["migrations/index.md"] = index(known)
    made["migrations/notices.md"] = notices()
    return made


def notices() -> str:
    """Return the page of the codes in which the tool speaks of itself."""
    lines = ["# What the tool says of itself", ""]
    for notice in NOTICES.values():
        lines += [f"## {notice.code}: {notice.title}", "", notice.text, ""]
        if notice.fatal:
            lines += ["The exit code is 2.", ""]
    return "\n".join(lines)


def index(migrations: Iterable[Migration]) -> str:
    """Return the page that lists every migration, by rung."""
    lines = ["# Migrations", ""]
    lines += ["What the tool says of itself has codes too: [TF9xx](notices.md).", ""]
    for rung, members in by_rung(migrations):
        lines += [f"## {rung.name}: {RUNGS[rung]}", "", "| code | what changed | new form since |"]
        lines += ["|---|---|---|"]
        lines += [
            f"| [{m.code}]({m.code}.md) | {_cell(m.title)} | {m.introduced} |" for m in members
        ]
        lines.append("")
    return "\n".join(lines)


def page(migration: Migration) -> str:
    """Return one migration's page: what changed, since when, before and after, what is left."""
    first, _, rest = migration.doc.partition("\n")
    removed = f"{migration.removed}" if migration.removed else "still works"
    lines = [
        f"# {migration.code}: {migration.title}",
        "",
        first,
        rest,
        "",
        "| | |",
        "|---|---|",
        f"| rung | {migration.rung.name}: {RUNGS[migration.rung]} |",
        f"| new form since | TileLang {migration.introduced} |",
        f"| old form gone in | {removed} |",
        f"| upstream | {', '.join(map(_link, migration.upstream)) or 'not recorded'} |",
        f"| effort where it cannot be done | {migration.effort.value} |",
        f"| applied by default | {'yes' if migration.safe else 'only with `--unsafe-fixes`'} |",
    ]
    if migration.old_names:
        names = ", ".join(f"`{name}`" for name in migration.old_names)
        lines.append(f"| old names | {_cell(names)} |")
    lines += ["", "## Examples", ""]
    for example in migration.examples:
        lines += [*_example(example), ""]
    return "\n".join(lines)


def _example(example: Example) -> list[str]:
    fence = _FENCES.get(example.language, "")
    lines = [f"### {example.title[:1].upper()}{example.title[1:]}", ""]
    if example.after is None:
        lines += _code(fence, example.before)
        lines += [f"Left as it is, and reported: *{example.finding}*"]
        return lines
    lines += ["Before:", "", *_code(fence, example.before), "After:", ""]
    lines += (
        _code(fence, example.after) if example.after.strip() else ["Nothing is left of it.", ""]
    )
    if example.finding:
        lines.append(f"And reported: *{example.finding}*")
    return lines


def _code(fence: str, text: str) -> list[str]:
    return [f"````{fence}", *text.strip("\n").split("\n"), "````", ""]


def _link(reference: str) -> str:
    """A pull request (`owner/name#1`) or commit (`owner/name@abc`) as a link, else as text."""
    for mark, address in (("#", _PULL), ("@", _COMMIT)):
        repository, found, number = reference.partition(mark)
        if found and "/" in repository and " " not in reference:
            return f"[{reference}]({address.format(repository, number)})"
    return reference


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
