"""The manual's generated pages."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

from codemods import manual, registry, rules
from codemods.notices import NOTICES


def test_every_migration_has_a_page_that_shows_its_examples() -> None:
    known = registry.load()
    pages = manual.pages(known)
    for migration in known:
        page = pages[f"migrations/{migration.code}.md"]
        assert migration.doc.splitlines()[0] in page
        for example in migration.examples:
            assert example.before.strip("\n") in page
            assert (example.after or "").strip("\n") in page


def test_the_index_names_every_code_once() -> None:
    known = registry.load()
    index = manual.index(known)
    assert [index.count(f"({migration.code}.md)") for migration in known] == [1] * len(known)


def test_every_notice_is_explained() -> None:
    page = manual.pages(registry.load())["migrations/notices.md"]
    assert [n.code for n in NOTICES.values() if f"## {n.code}: {n.title}" not in page] == []


def test_the_migration_that_the_manual_shows_works() -> None:
    page = (Path(__file__).parents[1] / "docs" / "write-a-migration.md").read_text("utf-8")
    (text,) = re.findall(r"````python\n(.*?)````", page, re.DOTALL)
    shown = ModuleType("codemods.migrations.r3.foo_was_renamed")
    exec(compile(text, "write-a-migration.md", "exec"), shown.__dict__)
    migration = registry._read(shown)
    assert migration is not None and migration.name == "foo_was_renamed"
    rules.check(Path("write-a-migration.md"), [migration])


def test_pull_requests_and_commits_become_links() -> None:
    page = manual.pages(registry.load())["migrations/TF307.md"]
    assert "[apache/tvm#18156](https://github.com/apache/tvm/pull/18156)" in page
