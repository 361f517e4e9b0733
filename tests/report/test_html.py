"""The page: every number is the JSON's, nothing comes from elsewhere, nothing hostile gets in."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from codemods.report import html
from tests.report.conftest import HOSTILE, HOSTILE_PATH, Ported

_VOID = {"meta", "input", "br", "col", "img", "link", "hr"}


class Page(HTMLParser):
    """What a browser would see: tags with attributes, numbers with their place in the JSON."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.numbers: list[tuple[str, str, str]] = []  # pointer, value, text
        self.open: list[str] = []
        self.unbalanced: list[str] = []
        self._number: tuple[str, str] | None = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append((tag, given))
        if tag not in _VOID:
            self.open.append(tag)
        if tag == "data":
            self._number = (given["data-json"] or "", given["value"] or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.unbalanced.append(tag)

    def handle_data(self, data: str) -> None:
        if self._number is not None:
            self.numbers.append((*self._number, data))
            self._number = None

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def text(ported: Ported) -> str:
    return html.page(ported.document)


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


def test_every_number_is_the_one_in_the_json(page: Page, ported: Ported) -> None:
    assert len(page.numbers) > 30
    for pointer, value, shown in page.numbers:
        assert str(html.resolve(ported.document, pointer)) == value, pointer
        assert shown.replace("\u202f", "") == value, pointer


def test_every_count_of_the_json_is_on_the_page(page: Page, ported: Ported) -> None:
    shown = {pointer for pointer, _, _ in page.numbers}
    d = ported.document
    wanted = {f"/summary/{key}" for key in d["summary"] if key != "nothing_left"}
    wanted |= {f"/outcomes/{i}/count" for i in range(len(d["outcomes"]))}
    wanted |= {f"/by_migration/{i}/edits" for i in range(len(d["by_migration"]))}
    wanted |= {f"/by_name/{i}/converted" for i in range(len(d["by_name"]))}
    wanted |= {f"/todo/{i}/line" for i in range(len(d["todo"]))}
    wanted |= {f"/diffs/{i}/added" for i in range(len(d["diffs"]))}
    wanted |= {f"/seconds/{phase}" for phase in d["seconds"]}
    assert wanted <= shown


def test_elements_are_closed_in_order(page: Page) -> None:
    assert (page.unbalanced, page.open) == ([], [])


def test_nothing_is_fetched_from_anywhere(page: Page, text: str) -> None:
    for _, attributes in page.tags:
        for name in ("src", "srcset", "action", "data", "poster", "xlink:href"):
            assert name not in attributes
        assert (attributes.get("href") or "#").startswith("#")
    assert not page.of("link") and not page.of("iframe") and not page.of("base")
    style = "".join(re.findall(r"(?s)<style.*?</style>", text))
    assert "url(" not in style and "@import" not in style
    assert "default-src 'none'" in text


def test_the_only_script_is_our_own(page: Page, text: str) -> None:
    assert len(page.of("script")) == 1
    assert not any(name.startswith("on") for _, given in page.tags for name in given)
    assert HOSTILE not in text
    assert "&lt;/script&gt;&lt;script&gt;alert(1)" in text


def test_a_hostile_path_stays_a_text(page: Page) -> None:
    assert not page.of("img")
    assert HOSTILE_PATH in [given.get("data-path") for given in page.of("details")]


def test_characters_that_reorder_text_are_written_out(text: str) -> None:
    assert "\u202e" not in text
    assert "\\u202e" in text


def test_every_link_leads_somewhere_and_every_id_is_there_once(page: Page) -> None:
    ids = [given["id"] for _, given in page.tags if "id" in given]
    assert len(ids) == len(set(ids))
    links = {(given["href"] or "")[1:] for given in page.of("a")}
    assert links and links <= set(ids)
    assert {given["for"] for given in page.of("label")} <= set(ids)


def test_tables_have_named_columns_and_controls_have_labels(page: Page) -> None:
    assert len(page.of("thead")) == len(page.of("table")) > 4
    assert all(given.get("scope") in ("col", "row") for given in page.of("th"))
    labelled = {given["for"] for given in page.of("label")}
    controls = page.of("input") + page.of("select")
    assert controls and all(given["id"] in labelled for given in controls)


def test_changed_lines_are_linked_to_the_migration_behind_them(text: str) -> None:
    rows = re.findall(r'<tr class="(?:changed|added|removed)">.*?</tr>', text)
    assert rows
    assert all('<a href="#TF301">TF301</a>' in row for row in rows)


def test_an_empty_report_says_that_nothing_is_left(ported: Ported) -> None:
    empty = {**ported.document, "todo": [], "by_name": [], "by_migration": [], "diffs": []}
    empty["outcomes"] = []
    assert "Nothing: no finding, no old name, no region not analysed." in html.page(empty)
