"""The manual's generated pages."""

from __future__ import annotations

from codemods import manual, registry
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


def test_pull_requests_and_commits_become_links() -> None:
    page = manual.pages(registry.load())["migrations/TF307.md"]
    assert "[apache/tvm#18156](https://github.com/apache/tvm/pull/18156)" in page
