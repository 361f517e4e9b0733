"""The manual's generated pages."""

from __future__ import annotations

import ast
import configparser
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


ROOT = Path(__file__).parents[1]


def table(heading: str) -> list[list[str]]:
    """The cells of the rows under a table's heading in the page on the architecture."""
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    rows = page.partition(heading)[2].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]


def test_the_architecture_names_every_module_and_none_that_is_not_there() -> None:
    named = {
        name.rstrip("/")
        for first, *_ in table("| module | its one job |")
        for name in re.findall("`([^`]+)`", first)
    }
    there = {
        path.stem
        for path in (ROOT / "codemods").iterdir()
        if path.is_dir() or (path.suffix == ".py" and not path.stem.startswith("__"))
    }
    assert named | {"migrations"} == there - {"__pycache__"}


def test_the_architecture_says_what_each_dependency_is_for() -> None:
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg")
    required = settings["options"]["install_requires"].split()
    told = [name for first, _ in table("| package | why |") for name in first.split(", ")]
    assert sorted(told) == sorted(re.split("[<>=]", line)[0] for line in required)


def imported(path: Path) -> set[str]:
    """The modules that a file imports, at its top or in a function."""
    found = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None and not node.level:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def ours(names: set[str]) -> set[str]:
    return {name for name in names if name.split(".")[0] in ("codemods", "benchmarks", "tests")}


def test_rewriters_know_the_model_alone_and_the_model_nobody() -> None:
    rewriters = [*ROOT.glob("cpp_rewriters/*.py"), *ROOT.glob("py_rewriters/*.py")]
    for path in rewriters:
        strange = {n for n in ours(imported(path)) if not n.startswith("codemods.model")}
        assert strange == set(), path.name
    model = imported(ROOT / "codemods" / "model.py")
    assert not any(name.split(".")[0].endswith(("codemods", "rewriters")) for name in model)


def test_migrations_are_imported_by_none_but_the_registry() -> None:
    for path in (ROOT / "codemods").rglob("*.py"):
        if "migrations" not in path.parts and path.name != "registry.py":
            assert not any(n.startswith("codemods.migrations") for n in imported(path)), path
