"""A fork's own rules: what the manual shows works, and a mistake is said with its line and key."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from codemods import check, engine, explain, rules, run
from codemods import list as list_command
from codemods.model import Rung
from codemods.rules.places import Places
from codemods.rules.verbs import VERBS
from codemods.start import start

PAGE = Path(__file__).parents[2] / "docs" / "your-own-rules.md"
BLOCKS = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
ACME = BLOCKS[0]
ONE = """\
prefix = "ACME"

[[rule]]
code = "ACME001"
title = "a rename"
python.names = { "acme.old" = "acme.new" }

[[rule.example]]
before = "import acme\\n\\nacme.old()\\n"
after = "import acme\\n\\nacme.new()\\n"
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    def put(text: str) -> Path:
        path = tmp_path / "acme.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return put


def test_the_file_of_the_manual_does_what_its_examples_promise(
    write: Callable[[str], Path],
) -> None:
    path = write(ACME)
    found = rules.load(path)
    rules.check(path, found)
    assert [m.code for m in found] == ["ACME001", "ACME002"]
    assert {m.rung for m in found} == {Rung.OWN}
    assert found[0].old_names == ("acme::Layout", "acme/layout.h")


def test_the_manual_names_every_verb() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [f"`{a}.{b}`" for a, b in VERBS if f"| `{a}.{b}` |" not in text] == []


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ('prefix = "ACME"', 'prefix = "TFX"', 1, "`prefix`: must be two to twelve"),
        ('prefix = "ACME"', "", 1, "`prefix`: is missing"),
        ('code = "ACME001"', 'code = "ACME1"', 4, "`rule[1].code`: must be `ACME` and three"),
        ('code = "ACME001"', 'code = "TF101"', 4, "`rule[1].code`: must be `ACME` and three"),
        ("title = ", "titel = ", 5, "`rule[1].titel`: is not known; did you mean `title`?"),
        ("python.names", "python.name", 6, "did you mean `names`?"),
        ("python.names", "pyton.names", 6, "`rule[1].pyton`: is not known"),
        ('"acme.new" }', '"acme.old" }', 6, "`acme.old` becomes itself"),
        ('"acme.new" }', '"rm -rf" }', 6, "is not a dotted name: `rm -rf`"),
        ('"acme.new" }', '"acme.b", "acme.b" = "acme.c" }', 6, "write where it ends"),
        ('"acme.new" }', "3 }", 6, "is not a dotted name"),
        ('{ "acme.old" = "acme.new" }', "[]", 6, "must be a table of old and new"),
        ('python.names = { "acme.old" = "acme.new" }', "", 3, "ACME001 does nothing"),
        ("after = ", "# after = ", 8, "say what it becomes, `after`"),
        ('code = "ACME001"', 'code = "ACME001"\nsafe = "no"', 5, "must be true or false"),
        ('code = "ACME001"', 'code = "ACME001"\nsince = "9"', 5, "`9` is no TileLang release"),
        ('code = "ACME001"', 'code = "ACME001"\neffort = "huge"', 5, "must be one of low,"),
        ('code = "ACME001"', "code = ACME001", 4, "not TOML"),
    ],
)
def test_a_mistake_is_said_with_its_line_and_key(
    old: str, new: str, line: int, words: str, write: Callable[[str], Path]
) -> None:
    assert old in ONE
    path = write(ONE.replace(old, new, 1))
    with pytest.raises(rules.BadRules) as told:
        rules.load(path)
    assert re.match(rf"{re.escape(str(path))}:{line}:", str(told.value)), told.value
    assert words in str(told.value)


def test_an_example_that_lies_is_shown_beside_what_came(write: Callable[[str], Path]) -> None:
    path = write(ONE.replace("acme.new()\\n", "acme.other()\\n"))
    with pytest.raises(rules.BadRules, match="ACME001, example `use`") as told:
        rules.check(path, rules.load(path))
    assert "-acme.other()\n  +acme.new()" in str(told.value)


def test_a_finding_that_does_not_come_is_told(write: Callable[[str], Path]) -> None:
    path = write(ONE + 'finding = "never said"\n')
    with pytest.raises(rules.BadRules, match="`never said` is not reported; what is: nothing"):
        rules.check(path, rules.load(path))


@pytest.mark.parametrize(
    ("verb", "files", "wanted"),
    [
        (
            'cpp.identifiers = { ACME_CHECK = "ICHECK" }',
            {"a.cc": "#define F(x) ACME_CHECK(x)  // ACME_CHECK\n"},
            "#define F(x) ICHECK(x)  // ACME_CHECK\n",
        ),
        (
            'cpp.includes = { "acme/old.h" = "" }',
            {"a.cc": '#include "acme/old.h"\nint x;\n'},
            "int x;\n",
        ),
        (
            'python.modules = { "acme.legacy" = "acme.compat" }',
            {"a.py": "import acme\nimport acme.legacy.deep\n\nacme.legacy.deep.f()\n"},
            "import acme\nimport acme.compat.deep\n\nacme.compat.deep.f()\n",
        ),
        (
            'python.attributes = { "acme.Kernel" = { run = "launch" } }',
            {"a.py": "import acme\n\nkernel = acme.Kernel()\nkernel.run()\nother.run = 1\n"},
            "import acme\n\nkernel = acme.Kernel()\nkernel.launch()\nother.run = 1\n",
        ),
        (
            'python.global_functions = { "acme.old" = "acme.new" }',
            {"a.py": 'f = get_global_func("acme.old")\n'},
            'f = get_global_func("acme.new")\n',
        ),
    ],
)
def test_a_verb_does_what_the_manual_says(
    verb: str, files: dict[str, str], wanted: str, write: Callable[[str], Path]
) -> None:
    line = 'python.names = { "acme.old" = "acme.new" }'
    (found,) = rules.load(write(ONE.replace(line, verb).replace("[[rule.ex", "[[rule.ex")))
    ported = engine.port({path: text.encode() for path, text in files.items()}, [found])
    assert [data.decode() for data in ported.files.values()] == [wanted]
    assert not ported.complaints


def test_an_attribute_of_an_unknown_class_is_reported(write: Callable[[str], Path]) -> None:
    line = 'python.names = { "acme.old" = "acme.new" }'
    verb = 'python.attributes = { "acme.Kernel" = { run = "launch" } }'
    (found,) = rules.load(write(ONE.replace(line, verb)))
    text = b"import acme\n\n\ndef f(x):\n    x.run()\n    acme.run()\n"
    ported = engine.port({"a.py": text}, [found])
    assert not ported.changed
    assert [(f.line, f.code) for f in ported.findings] == [(5, "ACME001")]


def test_a_name_that_is_gone_is_reported_with_the_advice(write: Callable[[str], Path]) -> None:
    line = 'python.names = { "acme.old" = "acme.new" }'
    (found,) = rules.load(write(ONE.replace(line, 'python.gone = { "acme.old" = "call twice" }')))
    ported = engine.port({"a.py": b"import acme\n\nacme.old()\n"}, [found])
    assert [(f.line, f.advice) for f in ported.findings] == [(3, "call twice")]


def test_a_key_is_found_in_strings_of_several_lines_and_quotes() -> None:
    text = (
        'a = """\n[[rule]]\nb = 1\n"""\n[[rule]]\nc."x.y" = 1\n[[rule.example]]\n[[rule]]\nc = 2\n'
    )
    places = Places(text)
    assert places.line(("rule", 0)) == 5
    assert places.line(("rule", 0, "c", "x.y", "deeper")) == 6
    assert places.line(("rule", 0, "example", 0)) == 7
    assert places.line(("rule", 1, "c")) == 9


def tree(root: Path, *, project: str = "") -> Path:
    (root / "pkg").mkdir(parents=True)
    (root / "pkg" / "a.py").write_text("import acme\n\nacme.old()\n", encoding="utf-8")
    (root / "acme.toml").write_text(ONE, encoding="utf-8")
    if project:
        (root / "pyproject.toml").write_text(project, encoding="utf-8")
    return root


def test_run_applies_rules_that_are_given_and_leaves_their_file_alone(tmp_path: Path) -> None:
    root = tree(tmp_path / "t")
    assert start(run.main, ["--target", str(root), "--rules", str(root / "acme.toml")]) == 0
    assert (root / "pkg" / "a.py").read_text(encoding="utf-8") == "import acme\n\nacme.new()\n"
    assert (root / "acme.toml").read_text(encoding="utf-8") == ONE


def test_a_tree_names_its_rules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tree(tmp_path / "t", project='[tool.codemods]\nrules = ["acme.toml"]\n')
    monkeypatch.chdir(root)
    assert start(check.main, []) == 1
    assert "pkg/a.py:3:6: ACME001 a rename; `run` changes it" in capsys.readouterr().out
    assert start(check.main, ["pkg/a.py", "--ignore", "ACME"]) == 0
    assert start(check.main, ["pkg/a.py", "--select", "ACME", "--fix"]) == 1
    assert start(check.main, ["pkg/a.py"]) == 0
    capsys.readouterr()
    assert start(explain.main, ["acme.old"]) == 0
    assert "a rule of the fork's own" in capsys.readouterr().out
    assert start(list_command.main, ["--output-format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)[-1]["code"] == "ACME001"


def test_a_part_of_a_tree_follows_the_rules_of_the_whole(tmp_path: Path) -> None:
    root = tree(tmp_path / "t", project='[tool.codemods]\nrules = ["acme.toml"]\n')
    (root / ".git").mkdir()
    assert start(run.main, ["--target", str(root / "pkg"), "--allow-dirty"]) == 0
    assert "acme.new" in (root / "pkg" / "a.py").read_text(encoding="utf-8")


def test_a_file_that_was_damaged_anyhow_is_refused_and_never_a_bug(tmp_path: Path) -> None:
    tokens = re.findall(r"\w+|\s+|.", ACME)
    strange = [*tokens, "[", "]", "{", '"""', "1", "true", "[[rule]]", "\0", "1979-05-27"]
    dice = random.Random(7)
    refused = 0
    for _ in range(300):
        words = list(tokens)
        for _ in range(dice.randint(1, 4)):
            at = dice.randrange(len(words))
            words[at : at + dice.randint(0, 2)] = [dice.choice(strange)]
        path = tmp_path / "acme.toml"
        path.write_text("".join(words), encoding="utf-8")
        try:
            rules.load(path)
        except rules.BadRules:
            refused += 1
    assert refused > 100


@pytest.mark.parametrize(
    ("project", "words"),
    [
        ('[tool.codemods]\nrules = ["../x.toml"]\n', "`../x.toml` leaves the tree"),
        ('[tool.codemods]\nrules = ["/etc/passwd"]\n', "leaves the tree"),
        ('[tool.codemods]\nrules = ["no.toml"]\n', "there is no `no.toml`"),
        ('[tool.codemods]\nrules = "acme.toml"\n', "must be a list of paths"),
        ('[tool.codemods]\ncommand = "rm"\n', "`tool.codemods.command` is not known"),
        ("[tool]\n# tool.codemods\ncodemods = 3\n", "`tool.codemods` must be a table"),
        ("[tool.codemods]\nrules = [\n", "cannot be read"),
    ],
)
def test_what_a_tree_may_not_say_stops_the_run(
    project: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tree(tmp_path / "t", project=project)
    assert start(run.main, ["--target", str(root)]) == 2
    assert words in " ".join(capsys.readouterr().err.split())
    assert "acme.old" in (root / "pkg" / "a.py").read_text(encoding="utf-8")


def test_a_code_that_two_files_have_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tree(tmp_path / "t", project='[tool.codemods]\nrules = ["acme.toml"]\n')
    (tmp_path / "more.toml").write_text(ONE, encoding="utf-8")
    assert start(run.main, ["--target", str(root), "--rules", str(tmp_path / "more.toml")]) == 2
    assert "ACME001 is in another file too" in capsys.readouterr().err
