"""What the rules make of one file that git cannot merge, and what they leave alone."""

from __future__ import annotations

import pytest

from codemods.merge.hunks import Hunk, hunks, join, merge_texts
from codemods.merge.names import drop_unused
from codemods.merge.resolvers import both_added, token_merge
from codemods.merge.resolvers.place import Place
from codemods.merge.structure import lost_or_back, misplaced
from codemods.merge.text_merge import Outcome, faults, merge_file
from codemods.merge.tokens import same_code
from codemods.model import Language
from codemods.tree import classify


def place(path: str, base: str = "", ours: str = "", theirs: str = "") -> Place:
    trees = (frozenset(files.split()) for files in (base, ours, theirs))
    return Place(path, classify(path), *trees)


def merged(path: str, base: str, ours: str, theirs: str) -> Outcome:
    return merge_file(place(path), base.encode(), ours.encode(), theirs.encode())


def text(outcome: Outcome) -> str:
    assert not outcome.left, join(outcome.pieces).decode()
    return join(outcome.pieces).decode()


def rules(outcome: Outcome) -> set[str]:
    return {applied.rule for applied in outcome.applied}


def test_a_side_that_only_reformatted_gives_way() -> None:
    base = "def f(a,b):\n    return g(a,\n             b)\n"
    ours = "def f(a,b):\n    return g(a,\n             b, 3)\n"
    theirs = "def f(a, b):\n    return g(a, b)\n"
    outcome = merged("x.py", base, ours, theirs)
    assert text(outcome).endswith("    return g(a,\n             b, 3)\n")
    assert rules(outcome) == {"formatting"}


def test_a_deletion_wins_over_reformatting() -> None:
    base = "int f(int a,\n      int b) {\n  return a;\n}\nint g();\n"
    theirs = "int f(int a, int b) { return a; }\nint g();\n"
    assert "int f" not in text(merged("x.cc", base, "int g();\n", theirs))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("f(a,\n  b,\n)\n", "f(a, b)\n", True),
        ("x = (a,)\n", "x = (a)\n", False),
        ("return (a,)\n", "return (a)\n", False),
        ("x[a,]\n", "x[a]\n", False),
        ("x = 'a'\n", 'x = "a"\n', True),
        ("x = 'a\"b'\n", 'x = "a"b"\n', False),
        ("if a:\n    b\n    c\n", "if a:\n    b\nc\n", False),
        ("if a:\n  b\n", "if a:\n    b\n", True),
        ("    b = 1\n", "        b = 1\n", False),
        ("a = b + \\\n    c\n", "a = b + c\n", True),
        ("a\nb\n", "a b\n", False),
    ],
)
def test_what_counts_as_formatting_in_python(one: str, other: str, same: bool) -> None:
    assert same_code(one.encode(), other.encode(), Language.PYTHON) is same


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("int a;int b;\n", "int a;\nint b;\n", True),
        ("#define A 1\nint b;\n", "#define A 1 int b;\n", False),
        ("// one\n// two\nint a;\n", "// one two\nint a;\n", True),
        ('R"(a\n  b)"\n', 'R"(a b)"\n', False),
        ("a >> b\n", "a > > b\n", True),
        ("a << b\n", "a < < b\n", False),
        ('"a  b"\n', '"a b"\n', False),
    ],
)
def test_what_counts_as_formatting_in_cpp(one: str, other: str, same: bool) -> None:
    assert same_code(one.encode(), other.encode(), Language.CPP) is same


def test_requirements_of_both_sides_are_kept_once() -> None:
    base = "numpy\ntorch>=2\nzlib\n"
    ours = "numpy\nnvshmem\ntorch>=2\nmy_tool\n"
    theirs = "numpy\npatchelf\ntorch>=2.1\nzlib\nMy-Tool\n"
    assert text(merged("requirements.txt", base, ours, theirs)) == (
        "numpy\nnvshmem\npatchelf\ntorch>=2.1\nMy-Tool\n"
    )


def test_a_requirement_that_both_sides_changed_stays_a_conflict() -> None:
    assert merged("requirements.txt", "torch>=2\n", "torch>=2.2\n", "torch>=2.3\n").left == 1


def test_lists_in_toml_take_elements_of_both_sides() -> None:
    frame = '[project]\nname = "x"\ndependencies = [\n    "a",\n%s]\n'
    outcome = merged("pyproject.toml", frame % "", frame % '    "b"\n', frame % '    "c>=1",\n')
    assert text(outcome) == frame % '    "b",\n    "c>=1",\n'


def test_imports_of_both_sides_are_joined() -> None:
    base = "import os\nfrom a import b\n\nprint(os, b)\n"
    ours = "import os\nfrom a import b, mine\n\nprint(os, b, mine)\n"
    theirs = "import os\nimport re\nfrom a import b, new\n\nprint(os, b)\nprint(re, new)\n"
    out = text(merged("x.py", base, ours, theirs))
    assert "import re\nfrom a import b, new, mine\n" in out


def test_a_name_that_both_sides_import_is_imported_as_upstream_does() -> None:
    base = "import os\n\nos.x()\n"
    ours = "import os\nfrom old import thing\n\nos.x()\n"
    theirs = "import os\nfrom new import thing\n\nos.x()\n"
    assert text(merged("x.py", base, ours, theirs)) == theirs


def test_an_import_of_a_module_that_upstream_removed_is_left_to_a_person() -> None:
    base = "import os\n\nos.x()\n"
    ours = "import os\nfrom .gone import thing\n\nos.x()\n"
    theirs = "import os\nfrom .here import other\n\nos.x()\n"
    where = Place("p/x.py", Language.PYTHON, {"p/gone.py"}, {"p/gone.py"}, {"p/here.py"})
    outcome = merge_file(where, base.encode(), ours.encode(), theirs.encode())
    assert outcome.left == 1
    clean = b"from .gone import thing\n"
    assert faults(where, clean, b"", clean, b"") == ["it imports `.gone`, which upstream removed"]


def test_an_import_that_one_side_dropped_and_the_other_uses_comes_back() -> None:
    base = "import os\nimport re\n\n\ndef f():\n    return re.x\n"
    ours = "import os\n\n\ndef f():\n    return os.x\n"
    theirs = "import os\nimport re\n\n\ndef f():\n    return re.x\n\n\ndef g():\n    return re.y\n"
    out = merged("x.py", base, ours, theirs)
    assert "import re\n" in text(out)
    assert any("still used" in applied.what for applied in out.applied)


CHAIN = "void f(int k) {\n  if (k == 0) {\n    zero();\n%s  }\n}\n"
MINE = "  } else if (k == 1) {\n    fork_call();\n"
NEW = "  } else if (k == 2) {\n    upstream_call();\n"


def test_branches_that_both_sides_added_are_both_kept() -> None:
    outcome = merged("x.cc", CHAIN % "", CHAIN % MINE, CHAIN % NEW)
    assert text(outcome) == CHAIN % (MINE + NEW)
    assert "both-added" in rules(outcome)


def test_additions_that_share_a_line_are_not_simply_joined() -> None:
    shared = "  } else if (k == 3) {\n    common_call_of_both();\n"
    outcome = merged("x.cc", CHAIN % "", CHAIN % (MINE + shared), CHAIN % (NEW + shared))
    assert outcome.left or text(outcome).count("common_call_of_both") == 1


REGISTERED = "namespace n {\nREGISTER_OP(first).set_inputs(1);\n%s}  // namespace n\n"


@pytest.mark.parametrize(
    ("path", "one", "other"),
    [
        ("x.py", "VALUE = 1\n", "VALUE = 2\n"),
        ("x.py", "LIMIT: int = 1\n", "LIMIT = 2\n"),
        ("x.h", "#define LIMIT 1\n", "#define LIMIT 2\n"),
        ("x.h", "constexpr int kLimit = 1;\n", "constexpr int kLimit = 2;\n"),
        ("x.cmake", "set(LIMIT 1)\n", "set(LIMIT 2)\n"),
    ],
)
def test_two_values_for_one_new_name_are_left_to_a_person(path: str, one: str, other: str) -> None:
    assert merged(path, "", one, other).left
    assert merged(path, "FIRST\n", "FIRST\n" + one, "FIRST\n" + other).left


def test_two_values_for_one_new_entry_are_left_to_a_person() -> None:
    table = 'TABLE = {\n    "first": 1,\n%s}\n'
    sides = (table % "", table % '    "new": 2,\n', table % '    "new": 3,\n')
    assert merged("x.py", *sides).left


def test_variables_of_one_name_inside_different_branches_are_no_obstacle() -> None:
    branch = "} else if (op == %s) {\n  int size = %d;\n"
    frame = "void f() {\nif (op == 0) {\n  use(0);\n%s}\n}\n"
    ours, theirs = branch % ("one", 1), branch % ("other", 2)
    outcome = merged("x.cc", frame % "", frame % ours, frame % theirs)
    assert text(outcome) == frame % (ours + theirs)


def test_a_constant_that_both_sides_added_at_different_places_is_seen() -> None:
    base = "A = 1\nB = 2\nC = 3\nD = 4\n"
    ours, theirs = base.replace("B", "NEW = 1\nB"), base + "NEW = 2\n"
    result = "A = 1\nNEW = 1\nB = 2\nC = 3\nD = 4\nNEW = 2\n"
    wrong = faults(place("x.py"), *(t.encode() for t in (result, base, ours, theirs)))
    assert wrong == ["`NEW` is defined twice"]


def test_what_both_sides_registered_is_registered_once() -> None:
    op = "REGISTER_OP(warp_sum)\n    .set_inputs(1);\n"
    mine = "REGISTER_OP(of_the_fork).set_inputs(2);\n"
    new = "REGISTER_OP(of_upstream).set_inputs(3);\n"
    one_line = op.replace("\n    ", "")
    outcome = merged(
        "x.cc", REGISTERED % "", REGISTERED % (op + mine), REGISTERED % (new + one_line)
    )
    out = text(outcome)
    assert out.count("warp_sum") == 1
    assert "of_the_fork" in out and "of_upstream" in out


def test_a_definition_that_came_both_ways_without_a_conflict_is_seen() -> None:
    body = "int first() { return 1; }\n\nint middle() { return 2; }\n\nint last() { return 3; }\n"
    base = f"namespace n {{\n{body}}}\n"
    twin = "int converged(int a) { return a; }\n"
    ours = f"namespace n {{\n{twin}{body}}}\n"
    theirs = f"namespace n {{\n{body}{twin}}}\n"
    versions = [version.encode() for version in (base, ours, theirs)]
    pieces = merge_texts(versions[0], versions[1], versions[2])
    assert not hunks(pieces)  # git itself sees nothing wrong
    doubled = join(pieces)
    assert faults(place("x.cc"), doubled, versions[0], versions[1], versions[2])
    assert text(merged("x.cc", base, ours, theirs)).count("converged") == 1


def test_a_converged_function_whose_parameters_differ_stays_a_conflict() -> None:
    base = "import os\n"
    ours = "import os\n\n\ndef f(a, b):\n    return a, b\n"
    theirs = "import os\n\n\ndef f(a):\n    return a\n"
    assert merged("x.py", base, ours, theirs).left == 1


def test_functions_that_moved_are_merged_by_name() -> None:
    f = "def f(a):\n    x = a\n    return %s\n\n\n"
    g = "def g(b):\n    y = b\n    return %s\n\n\n"
    h = "def h(c):\n    return c\n"
    outcome = merged(
        "x.py", f % "x" + g % "y" + h, f % "x + 1" + g % "y" + h, g % "y + 2" + h + "\n\n" + f % "x"
    )
    out = text(outcome)
    assert "return x + 1" in out and "return y + 2" in out
    assert out.count("def ") == 3
    assert out.index("def g") < out.index("def f")


def test_changes_of_different_tokens_of_a_line_are_both_taken() -> None:
    outcome = merged("x.py", "f(alpha, beta, 3)\n", "f(alpha, gamma, 3)\n", "f(alpha, beta, 4)\n")
    assert text(outcome) == "f(alpha, gamma, 4)\n"


@pytest.mark.parametrize(
    ("path", "base", "ours", "theirs"),
    [
        ("x.py", "f(Union[a, b])\n", "f(a | b | None)\n", "f(Union[a, new, b])\n"),
        ("x.py", '"""It\n\nx (Union[a, b]): says"""\n', '"""It\n\nx (a | b | None): says"""\n',
         '"""It\n\nx (Union[a, new, b]): says"""\n'),
        ("x.cc", "f(Map{{a, b}}, 1);\n", "f(a, b, 1);\n", "f(Map{{a, b}, {c, d}}, 1);\n"),
    ],
)  # fmt: skip
def test_what_is_new_between_brackets_that_the_other_side_took_away_stays_a_conflict(
    path: str, base: str, ours: str, theirs: str
) -> None:
    assert merged(path, base, ours, theirs).left
    assert merged(path, base, theirs, ours).left


def test_brackets_that_both_sides_took_away_are_no_obstacle() -> None:
    outcome = merged("x.py", "f(Union[a], 3)\n", "f(a, 3)\n", "f(a, 4)\n")
    assert text(outcome) == "f(a, 4)\n"


def test_brackets_around_what_the_other_side_changed_are_no_obstacle() -> None:
    outcome = merged("x.py", "f(alpha, 3)\n", "g(f(alpha, 3))\n", "f(alpha, 4)\n")
    assert text(outcome) == "g(f(alpha, 4))\n"


def test_changes_of_the_same_token_stay_a_conflict() -> None:
    outcome = merged("x.py", "f(alpha, 3)\n", "f(alpha, 4)\n", "f(alpha, 5)\n")
    assert hunks(outcome.pieces) == [Hunk(b"f(alpha, 3)\n", b"f(alpha, 4)\n", b"f(alpha, 5)\n")]
    assert join(outcome.pieces, ("fork", "base", "upstream")) == (
        b"<<<<<<< fork\nf(alpha, 4)\n||||||| base\nf(alpha, 3)\n=======\n"
        b"f(alpha, 5)\n>>>>>>> upstream\n"
    )


def test_a_resolution_that_does_not_parse_is_taken_back() -> None:
    base = "def f():\n    return (1)\n"
    ours = "def f():\n    return (1, [2)\n"  # the fork's own text is broken
    theirs = "def f():\n    return (3)\n"
    outcome = merged("x.py", base, ours, theirs)
    assert outcome.left


def test_words_of_a_docstring_give_way_to_upstreams_that_hold_them() -> None:
    frame = 'def f(a):\n    """%s"""\n    return %s\n'
    outcome = merged(
        "x.py",
        frame % ("Take a List of things.", "a"),
        frame % ("Take a list of things.", "a"),
        frame % ("Take one list of several things, in order.", "list(a)"),
    )
    assert text(outcome) == frame % ("Take one list of several things, in order.", "list(a)")


def test_words_that_upstream_has_not_stay_a_conflict() -> None:
    frame = '"""%s"""\n'
    outcome = merged("x.py", frame % "Text.", frame % "Mind the barrier.", frame % "Other text.")
    assert outcome.left == 1


def test_a_comment_next_to_a_changed_line_is_kept() -> None:
    base = '"""Text."""\n\nx = 1\n'
    ours = '# Licensed so.\n"""Text."""\n\nx = 1\n'
    theirs = '"""Better text."""\n\nx = 1\n'
    assert text(merged("x.py", base, ours, theirs)) == "# Licensed so.\n" + theirs


def test_a_fork_with_other_line_ends_takes_upstreams() -> None:
    base = "one\ntwo\nthree\nfour\nfive\n"
    ours = base.replace("two", "zwei").replace("\n", "\r\n")
    theirs = base.replace("five", "fuenf")
    outcome = merged("x.txt", base, ours, theirs)
    assert text(outcome) == "one\nzwei\nthree\nfour\nfuenf\n"
    assert rules(outcome) == {"line-ends"}
    theirs = theirs.replace("\n", "\r\n")
    outcome = merged("x.txt", base, base.replace("two", "zwei"), theirs)
    assert text(outcome) == "one\r\nzwei\r\nthree\r\nfour\r\nfuenf\r\n"


def test_a_missing_last_newline_is_merged_too() -> None:
    assert join(merge_texts(b"a\nb\n", b"x\nb\n", b"a\nb")) == b"x\nb"
    assert join(merge_texts(b"a\nb", b"x\nb", b"a\nb\n")) == b"x\nb\n"
    assert join(merge_texts(b"a\nb", b"x\nb", b"a\nb")) == b"x\nb"


def test_text_that_looks_like_conflict_markers_is_text() -> None:
    sample = b"title\n=======\n<<<<<<< not a marker\n"
    assert merge_texts(sample, sample + b"ours\n", sample) == [sample + b"ours\n"]


def test_a_deleted_function_whose_decorators_changed_stays_deleted() -> None:
    base = "import a\n\n\ndef f():\n    a.x()\n\n\ndef g():\n    a.y()\n"
    ours = base.replace("def f", "@a.only_on('x')\ndef f")
    theirs = "import a\n\n\ndef g():\n    a.y()\n    a.z()\n"
    assert text(merged("x.py", base, ours, theirs)) == theirs
    changed = base.replace("a.x()", "a.x(1)")
    assert merged("x.py", base, changed, theirs).left


def test_a_branch_that_came_both_ways_is_asked_once() -> None:
    def chain(*branches: str) -> str:
        return "void f(int k) {\n  if (k == 0) {\n    zero();\n" + "".join(branches) + "  }\n}\n"

    kept = [f"  }} else if (k == {n}) {{\n    keep_{n}();\n" for n in range(1, 8)]
    mine = "  } else if (k == 90) {\n    this->converged();\n"
    new = "  } else if (k == 90) {\n    converged();\n"
    base = chain(*kept)
    outcome = merged("x.cc", base, chain(kept[0], mine, *kept[1:]), chain(*kept[:6], new, kept[6]))
    out = text(outcome)
    assert out == chain(*kept[:6], new, kept[6])
    assert "converged" in rules(outcome)
    other = mine.replace("converged", "another")
    outcome = merged("x.cc", base, chain(kept[0], other, *kept[1:]), chain(*kept[:6], new, kept[6]))
    assert outcome.faults == ("the branch `(k==90)` stands twice in one chain",)


def test_a_requirements_file_of_many_shapes_is_merged_as_a_whole() -> None:
    head = "# Lint\n--requirement lint.txt\n\n# Tests\n"
    base = head + "einops\npytest>=6\nwheel\n"
    ours = head + "pytest>=6\npytest_xdist>=2\nPyYAML\npytest-xdist>=2\n"
    theirs = head + "einops\npandas\npytest>=6\npyyaml\nwheel\n"
    assert text(merged("requirements-test.txt", base, ours, theirs)) == (
        head + "pandas\npytest>=6\npytest_xdist>=2\npyyaml\n"
    )


def test_an_elif_that_came_both_ways_is_asked_once() -> None:
    frame = (
        "def f(k):\n    if k == 0:\n        a()\n%s    elif k == 1:\n        b()\n%s"
        "    else:\n        c()\n"
    )
    mine = "    elif k is None:\n        return message(k)\n"
    new = "    elif k is None:\n        message(k)\n"
    outcome = merged("x.py", frame % ("", ""), frame % ("", mine), frame % (new, ""))
    assert text(outcome) == frame % (new, "")


def test_an_import_from_the_future_comes_first() -> None:
    base = "import one\nimport two\n\n\ndef f():\n    return one, two\n"
    ours = "from __future__ import annotations\n" + base.replace("one", "uno")
    theirs = base.replace("import one", "import one as uno").replace("one, two", "uno, two")
    outcome = merged("x.py", base, ours, theirs)
    assert outcome.left or text(outcome).startswith("from __future__")
    late = b"import one\nfrom __future__ import annotations\n"
    assert faults(place("x.py"), late, b"", b"", b"") == ["it does not parse"]


def test_a_statement_that_one_side_rewrote_and_the_other_moved_away_stays_a_conflict() -> None:
    old = "try:\n    version = find()\nexcept OSError:\n    version = None\n"
    base = f"import find\n\n{old}\nprint(version)\n"
    ours = base.replace("version = None", 'version = "0.dev"')
    inner = "".join(f"    {line}\n" for line in old.splitlines())
    theirs = f"import find\n\n\ndef compute():\n{inner}    return version\n\n\nprint(compute())\n"
    assert merged("x.py", base, ours, theirs).left


def test_a_function_of_the_forks_does_not_land_among_imports() -> None:
    g = "\n\ndef g():\n    return a, c, d\n"
    base = "import a\nfrom b import c, d\n" + g
    ours = "import a\nfrom b import (c,\n    d)\n\n\ndef mine():\n    return a\n" + g
    theirs = "import a\nfrom b import c, d, e\nimport z\n\n\ndef g():\n    return a, c, d, e, z\n"
    out = text(merged("x.py", base, ours, theirs))
    assert out.index("import z") < out.index("def mine")


MODULE = "import os\nfrom . import env\nfrom .utils import tool\nfrom .layout import Layout\n"
OPTIONAL = (
    "\n# of the fork\ntry:\n    from .own import thing\nexcept ImportError:\n    thing = None\n"
)
GUARDED = (
    "import os\nfrom . import env\n\nif not env.light:\n    from .utils import tool\n"
    "    from .layout import Layout\n"
)


def test_a_statement_follows_what_it_stood_behind_into_upstreams_block() -> None:
    ours = MODULE.replace("import tool\n", "import tool\n" + OPTIONAL)
    out = text(merged("pkg/__init__.py", MODULE, ours, GUARDED))
    head, rest = out.split("    from .utils import tool\n")
    assert head == "import os\nfrom . import env\n\nif not env.light:\n"
    assert rest.replace("\n\n", "\n").strip("\n") == (
        "    # of the fork\n    try:\n        from .own import thing\n    except ImportError:\n"
        "        thing = None\n    from .layout import Layout"
    )


def test_a_statement_whose_neighbour_is_gone_is_left_to_a_person() -> None:
    ours = MODULE.replace("import tool\n", "import tool\n" + OPTIONAL)
    gone = MODULE.replace("from .utils import tool\n", "") + "def later():\n    return os\n"
    assert merged("pkg/__init__.py", MODULE, ours, gone).left
    twice = GUARDED + "else:\n    from .utils import tool\n"
    assert merged("pkg/__init__.py", MODULE, ours, twice).left


def test_a_definition_whose_neighbour_is_gone_stays_where_it_can() -> None:
    own = "\n\ndef own():\n    return 1\n"
    ours = MODULE.replace("import tool\n", "import tool\n" + own)
    out = text(merged("pkg/__init__.py", MODULE, ours, GUARDED))
    assert out.count("def own():") == 1


def test_a_requirement_that_upstream_names_twice_stays_named_twice() -> None:
    base = "# Build\ncython\nninja\n\n# Test\ncffi\ncython\n"
    ours = "# Build\ncython\nninja\n\n# Test\ncffi\ncython\nmine\nninja\n"
    theirs = "# Build\ncython\nninja\n\n# Test\ncffi\ncython\nnew\n"
    outcome = merged("requirements-test.txt", base, ours, theirs)
    assert text(outcome) == "# Build\ncython\nninja\n\n# Test\ncffi\ncython\nmine\nnew\n"
    without = "# Build\nninja\n\n# Test\ncffi\n"
    assert "cython" not in text(merged("requirements-test.txt", base, without, theirs))


def test_a_list_that_both_sides_keep_sorted_stays_sorted() -> None:
    base = "alpha\nLOD\nzeta\n"
    ours = "alpha\nHDA\nLOD\nyarn\nzeta\n"
    theirs = "alpha\ndout\ninouts\nLOD\nzeta\n"
    outcome = merged("docs/wordlist.txt", base, ours, theirs)
    assert text(outcome) == "alpha\ndout\nHDA\ninouts\nLOD\nyarn\nzeta\n"


def test_a_change_that_came_both_ways_has_upstreams_comments() -> None:
    base = "template <int n = 0>\nvoid sync() {\n  bar(n);\n}\n"
    theirs = "void sync(int n = 0) {\n  bar(n);\n}\n"
    ours = "void sync(int n = 0) {\n  // unlike upstream, n may vary\n  bar(n);\n}\n"
    outcome = merged("x.h", base, ours, theirs)
    assert text(outcome) == theirs
    assert rules(outcome) == {"converged"}


def test_imports_follow_what_they_stood_behind_into_upstreams_block() -> None:
    own = "from .utils.own import mine\nfrom .utils.other import more\n"
    ours = MODULE.replace("import tool\n", "import tool\n" + own)
    out = text(merged("pkg/__init__.py", MODULE, ours, GUARDED))
    head, rest = out.split("    from .utils import tool\n")
    assert head == "import os\nfrom . import env\n\nif not env.light:\n"
    assert rest.replace("\n\n", "\n").strip("\n") == (
        "    from .utils.own import mine\n    from .utils.other import more\n"
        "    from .layout import Layout"
    )


def test_an_import_whose_neighbour_is_gone_stands_before_its_next_one() -> None:
    base = "import one\nfrom old.a import b\nfrom old.c import d\n\nimport last\n\n\ndef f(): ...\n"
    ours = base.replace("import d\n", "import d\nimport own\n").replace("f():", "f(x):")
    theirs = base.replace("old.", "new.").replace("def f(): ...", "def g(): ...\n\n\ndef f(): ...")
    out = text(merged("x.py", base, ours, theirs))
    assert "from new.c import d\nimport own\n\nimport last\n" in out
    lost = base.replace("import one\nfrom old.a import b\nfrom old.c import d\n\n", "")
    lost = lost.replace("import last\n", "def h(): ...\n")
    out = text(merged("x.py", base, ours.replace("import last\n\n\n", ""), lost))
    assert out.startswith("import own\n")
    cpp = "#include <base.h>\n#include <old/a.h>\n%s\n#include <string>\n\nint %s();\n%s"
    out = text(
        merged(
            "x.h",
            cpp % ("", "one", ""),
            cpp % ("\n#include <stdlib.h>\n", "two", ""),
            (cpp % ("", "one", "int three();\n")).replace("old/", "new/"),
        )
    )
    assert out.startswith(
        "#include <base.h>\n#include <new/a.h>\n\n#include <stdlib.h>\n\n#include <string>\n"
    )


def test_a_comment_below_a_statement_stays_with_it() -> None:
    base = "class Key:\n    A = 1\n    '''About a.'''\n\n    B = 2\n    '''About b.'''\n"
    ours = base.replace(
        "    B = 2\n", "    OWN = 3\n    '''About own.'''\n    # (me) a bug in a\n\n    B = 2\n"
    )
    theirs = base.replace("    B = 2\n", "    NEW = 4\n    '''About new.'''\n\n    B = 2\n")
    out = text(merged("x.py", base, ours, theirs))
    assert "    '''About own.'''\n    # (me) a bug in a\n\n" in out
    base = "A = 1\nB = 2\n# About f\n\n\ndef f():\n    return A\n"
    ours = base.replace("B = 2\n", "B = 2\n\n\ndef own():\n    return B\n\n\n")
    theirs = base.replace("A = 1\n", "A = 1\nC = 3\n").replace("return A", "return C")
    ours = ours.replace("A = 1", "A = 10")
    out = text(merged("x.py", base, ours, theirs))
    assert out.endswith("# About f\n\n\ndef f():\n    return C\n") and "own():" in out


def test_a_name_that_the_two_sides_import_from_two_places_is_left_to_a_person() -> None:
    base = "import os\n\nimport a.b\n\n\ndef f():\n    return os, a\n"
    ours = base.replace("import a.b\n", "import a.b\nimport mine.language as T\n")
    theirs = "import new.script as T\n" + base
    clean = (ours.replace("import os", "import new.script as T\nimport os")).encode()
    versions = (base.encode(), ours.encode(), theirs.encode())
    assert faults(place("x.py"), clean, *versions) == ["`T` is imported from two places"]
    optional = b"try:\n    import fast as T\nexcept ImportError:\n    import slow as T\n"
    assert faults(place("x.py"), optional, b"", b"", b"") == []


def test_an_import_of_a_module_that_is_nowhere_is_left_to_a_person() -> None:
    where = Place("p/x.py", Language.PYTHON, *(({"p/__init__.py", "p/tir/ir.py"},) * 3))
    side = b"from p.tir.ir import A\n"
    assert faults(where, b"from p.tirx.ir import A\n", side, side, side) == [
        "it imports `p.tirx.ir`, which is nowhere"
    ]
    assert faults(where, b"import other.x\nfrom p.tir import ir\n", side, side, side) == []
    generated = b"from p.version import V\n"
    assert faults(where, generated, b"", generated, b"") == []


def test_a_last_line_without_a_newline_does_not_run_into_the_next_one() -> None:
    base = "numpy\nsetuptools\nwheel\n"
    ours = "numpy\nsetuptools\nwheel\ncuda-python>=12"
    theirs = "numpy\nsetuptools\ntorch\nwheel\n"
    out = text(merged("requirements-dev.txt", base, ours, theirs))
    assert out.split("\n") == ["numpy", "setuptools", "torch", "wheel", "cuda-python>=12", ""]
    out = text(merged("requirements-dev.txt", base, ours + "\n", theirs + "zlib"))
    assert out.endswith("zlib") and "wheel\ncuda-python>=12\n" in out


REWRITTEN = "class State:\n    on = True\n\n    @classmethod\n    def enable(cls):\n        ...\n"


def test_lines_added_to_what_the_other_side_rewrote_stay_a_conflict() -> None:
    base = (
        "def arch():\n    import os\n\n    os.environ['A'] = '1'\n\n\nHOME = find()\nPATH = 1\n\n"
    )
    ours = base.rstrip("\n") + "\nOWN = read()\nif OWN:\n    X = 1\nelse:\n    X = 2\n\n"
    theirs = "# Cache control\nclass State:\n    on = True\n\n"
    assert (
        token_merge.resolve(Hunk(*(t.encode() for t in (base, ours, theirs))), place("x.py"))
        is None
    )


def test_a_definition_that_a_merge_moved_out_of_its_class_is_left_to_a_person() -> None:
    wrong = REWRITTEN.replace("    on = True\n", "    on = True\nif x:\n    y = 1\n")
    assert misplaced(Language.PYTHON, wrong.encode(), b"", REWRITTEN.encode()) == [
        "`enable` is defined where no side has it"
    ]
    assert misplaced(Language.PYTHON, REWRITTEN.encode(), b"", REWRITTEN.encode()) == []
    cpp = b"namespace a {\nclass C {\n  void f() {}\n};\n} // namespace a\n"
    assert misplaced(Language.CPP, cpp, cpp.replace(b"a {", b"b {"), b"") == [
        "`a.C` is defined where no side has it",
        "`a.C.f` is defined where no side has it",
    ]


def test_a_comment_behind_an_import_goes_with_its_name() -> None:
    base = "from .env import OLD\n\nimport os\n"
    ours = "from .env import OLD, MINE  # noqa: F401\n\nimport os\n"
    theirs = "from .cache import on\n\nimport os\n"
    assert "from .env import MINE  # noqa: F401\n" in text(merged("p/x.py", base, ours, theirs))


def test_a_function_of_the_forks_does_not_land_among_includes() -> None:
    base = '#include <a>\n#include <b>\n\n#include "t.h"\n\nint f();\nint g();\n'
    ours = base.replace('t.h"\n', 't.h"\n\nstatic bool own() {\n  return true;\n}\n')
    ours = ours.replace("g()", "g(int c)")
    theirs = base.replace("<b>\n", "<b>\n#include <c>\n").replace("t.h", "u.h")
    theirs = theirs.replace("int f();\nint g();\n", "int g();\nint f();\n")
    out = text(merged("x.h", base, ours, theirs))
    assert out.index("u.h") < out.index("own()") < out.index("f()")


def test_an_import_of_the_forks_that_nothing_uses_any_more_goes() -> None:
    text_ = b"import os\nfrom pkg import env\nfrom pkg import other\n\nprint(os)\n"
    fork = b"import os\nfrom pkg import env\n\nprint(os, env)\n"
    upstream = b"import os\nfrom pkg import other\n\nprint(os)\n"
    assert drop_unused(text_, fork, upstream) == (
        b"import os\nfrom pkg import other\n\nprint(os)\n",
        ["env"],
    )
    assert drop_unused(fork, fork, upstream) == (fork, [])
    marked = text_.replace(b"env\n", b"env  # noqa: F401\n")
    assert drop_unused(marked, fork, upstream) == (marked, [])


def test_branches_added_behind_one_that_upstream_rewrote_are_kept() -> None:
    long = '    out << "group = "\n           "grid();";\n    indent();\n    out << "sync();";\n'
    short = '    out << "grid().sync();";\n'
    own = MINE + "    more();\n" + MINE.replace("1", "9")
    hunk = Hunk(*(side.encode() for side in (long, long + own, short)))
    assert token_merge.resolve(hunk, place("x.cc")) == (short + own).encode()


@pytest.mark.parametrize(
    ("path", "base", "ours", "theirs", "expected"),
    [
        ("x.cc", "if (a && b) {\n", "if (a && b && c) {\n", "if (a || b) {\n", None),
        ("x.cc", "if (a) {\n", "if (a && c) {\n", "if (d || a) {\n", None),
        ("x.py", "x = y(a)\n", "x = y(a) * 2\n", "x = 1 + y(a)\n", None),
        (
            "x.cc",
            "if (a && b)\n",
            "if (a && b && c)\n",
            "if (d && a && b)\n",
            "if (d && a && b && c)\n",
        ),
        ("x.cc", "f(a, b);\n", "f(a * 2, b);\n", "g(a, b);\n", "g(a * 2, b);\n"),
        ("x.py", "f(a, c=A)\n", "f(a, c=A | None)\n", "f(a, *, c=A)\n", "f(a, *, c=A | None)\n"),
        ("x.py", "a\nb\n", "a + 1\nb\n", "a\nb * 2\n", "a + 1\nb * 2\n"),
    ],
)
def test_operators_of_both_sides_in_one_line_are_not_mixed(
    path: str, base: str, ours: str, theirs: str, expected: str | None
) -> None:
    hunk = Hunk(base.encode(), ours.encode(), theirs.encode())
    found = token_merge.resolve(hunk, place(path))
    assert (found.decode() if found else None) == expected


def test_fields_of_the_fork_stand_behind_upstreams_new_ones() -> None:
    """Upstream's code fills its fields by place: `Args{target, layout, buffers}`."""
    base = "struct Args {\n  Target target;\n  Layout layout;\n};\n\nint f(Args a);\nint g();\n"
    ours = base.replace("layout;\n", "layout;\n  bool own;\n  bool own_too;\n")
    theirs = base.replace("layout;\n", "layout;\n  Buffers buffers;\n  Map map;\n")
    theirs = theirs.replace("int f(Args a);\nint g();\n", "int g();\nint f(Args a);\n")
    out = text(merged("x.h", base, ours.replace("g()", "g(int b)"), theirs))
    fields = "layout;\n  Buffers buffers;\n  Map map;\n  bool own;\n  bool own_too;\n};\n"
    assert fields in out
    hunk = Hunk(b"", b"  bool own{false};  // why\n", b"  Map<Buffer, int> map;\n\n  int *n;\n")
    assert both_added.resolve(hunk, place("x.h")) == hunk.theirs + hunk.ours
    hunk = Hunk(b"", b"  own(1);\n", b"  Map<Buffer, int> map;\n")
    assert both_added.resolve(hunk, place("x.h")) == hunk.ours + hunk.theirs


def test_a_star_import_whose_neighbour_is_gone_stays_behind_the_others() -> None:
    """What it brings takes the place of what others bring, and may need that to be there."""
    base = "from __future__ import division\nfrom .a import f\nfrom .b import *\n\n\ndef g(): ...\n"
    ours = base.replace("import *\n", "import *\nfrom .own import *\n").replace("g():", "g(x):")
    theirs = "from __future__ import division\n\nfrom .cuda import *\nfrom .c import h\n\n\n"
    theirs += "def k(): ...\n\n\ndef g(): ...\n"
    out = text(merged("p/x.py", base, ours, theirs))
    assert out.index("from .c import h") < out.index("from .own import *") < out.index("def k")


def test_a_change_of_a_function_does_not_land_in_another_that_took_its_place() -> None:
    def function(name: str, *lines: str) -> str:
        return f"def {name}:\n" + "".join(f"    {line}\n" for line in lines) + "\n\n"

    last = "@deco\n" + function("gamma(a)", "return 1")
    eta = "eta(b)", "if 27:", "    return foo", "else:", "    pass"
    base = function(*eta, "return 896") + last
    ours = function("own(a)", "x = foo(62)", "for i in range(70):", "    bar(i)", "return 3") + last
    theirs = function(*eta, "w = 568", "return 896") + last + function("new()", "return 5")
    outcome = merged("x.py", base, ours, theirs)
    assert outcome.left == 1


def test_a_function_that_one_side_deleted_and_the_other_moved_is_gone() -> None:
    def module(*names: str) -> str:
        return "\n\n".join(f"def {name}(a):\n    x = {name}_1\n    return a\n" for name in names)

    base = module("one", "two", "three", "four", "five")
    ours = module("one", "two", "four", "five")
    theirs = module("three", "one", "two", "four", "five")
    versions = (base.encode(), ours.encode(), theirs.encode())
    assert lost_or_back(Language.PYTHON, versions[2], *versions) == [
        "`three` is back, which one side took away"
    ]
    assert text(merged("x.py", base, ours, theirs)).lstrip() == ours


def test_a_change_of_a_registration_does_not_land_in_a_new_one_beside_it() -> None:
    def registered(name: str, inputs: int) -> str:
        return f'REGISTER_OP({name})\n    .set_inputs({inputs})\n    .set_kind("Kind");\n\n'

    base = f"namespace n {{\n\n{registered('eta', 3)}}} // namespace n\n"
    ours = base.replace("(3)", "(151)")
    theirs = base.replace(registered("eta", 3), registered("new", 3) + registered("eta", 101))
    assert merged("x.cc", base, ours, theirs).left
