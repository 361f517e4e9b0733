"""Members that were renamed: who is believed to have the class, and who is not."""

from __future__ import annotations

import re

import pytest

from py_rewriters.members import Class, Member, renamed_members
from tests.py_rewriters.applying import applied, remarks

MODULE = Class(
    title="tvm.Mod",
    names=frozenset({"tvm.Mod"}),
    makers=frozenset({"tvm.load"}),
    getters=re.compile("build"),
    hint=re.compile(r"(^|_)mod$"),
    holders=frozenset({"held", "parts"}),
)
VERB = renamed_members(
    MODULE,
    {
        "old": Member("new", "method", telling=True),
        "held": Member("parts", "property", telling=True),
        "save": Member("write", "method"),
        "ready": Member("ready", "call"),
        "gone": Member(None, "property", advice="do without"),
    },
)

CERTAIN = {
    "an annotated parameter": ("import tvm\ndef f(x: tvm.Mod):\n    x.{}()\n", "save", "write"),
    "an annotation that is a string": (
        'import tvm\ndef f(x: "tvm.Mod"):\n    x.{}()\n',
        "save",
        "write",
    ),
    "an optional one": ("import tvm\ndef f(x: tvm.Mod | None):\n    x.{}()\n", "save", "write"),
    "what a function returned": ("import tvm\nx = tvm.load()\nx.{}()\n", "save", "write"),
    "an immediate call": ("import tvm\ntvm.load().{}()\n", "save", "write"),
    "a global function's result": (
        'import tvm\nx = tvm.get_global_func("build.c")()\nx.{}()\n',
        "save",
        "write",
    ),
    "one of those that a module holds": ("x_mod.held[0].{}()\n", "old", "new"),
    "each of those that a module holds": ("for x in a_mod.parts:\n    x.{}()\n", "old", "new"),
    "a name that hints, with a telling member": ("self.rt_mod.{}()\n", "old", "new"),
    "one of two": ("import tvm\nx = tvm.load() if y else None\nx.{}()\n", "save", "write"),
    "an assignment that is followed": (
        "import tvm\nx = tvm.load()\ny = x\ny.{}()\n",
        "save",
        "write",
    ),
}


@pytest.mark.parametrize("title", CERTAIN)
def test_a_known_receiver_is_changed(title: str) -> None:
    template, old, new = CERTAIN[title]
    text = template.format(old)
    assert applied(VERB, text) == template.format(new).replace(".held", ".parts")


LEFT = {
    "a function of another package": "from torch.utils.dlpack import old\nold(x)\n",
    "a module of another package": "import torch\nimport tvm\ntorch.old()\ntorch.a.old()\n",
    "a foreign annotation": "import torch\nimport tvm\ndef f(mod: torch.Mod):\n    mod.old()\n",
    "a telling name in a file without TVM": "thing.old()\n",
    "an ordinary member of an unknown": "import tvm\nthing.save()\n",
    "an assignment": "rt_mod.held = []\n",
    "a property that is called": "rt_mod.held()\n",
    "a method that is called already": "import tvm\nx = tvm.load()\nx.ready()\n",
}


@pytest.mark.parametrize("title", LEFT)
def test_another_receiver_is_left_in_peace(title: str) -> None:
    assert applied(VERB, LEFT[title]) == LEFT[title]
    assert remarks(VERB, LEFT[title]) == []


def test_a_property_that_became_a_method_is_called() -> None:
    assert applied(VERB, "import tvm\nx = tvm.load()\nif x.ready: pass\n").endswith(
        "if x.ready(): pass\n"
    )


def test_a_member_without_counterpart_is_remarked() -> None:
    (remark,) = remarks(VERB, "import tvm\nx = tvm.load()\nx.gone\n")
    assert remark.advice == "do without"


def test_an_unknown_receiver_of_a_telling_member_is_remarked() -> None:
    (remark,) = remarks(VERB, "import tvm\nthing.old()\n")
    assert "not known" in remark.message
    assert "without a word" not in remark.message


def test_a_hint_is_not_enough_for_a_common_member() -> None:
    text = "import tvm\nrt_mod.save()\n"
    assert applied(VERB, text) == text
    text = "import tvm\ndef f(a: tvm.Mod, rt_mod): rt_mod.save()\n"
    (remark,) = remarks(VERB, text)
    assert "`.save`" in remark.message


@pytest.mark.parametrize(
    "guard",
    [
        "with suppress(Exception):\n    thing.old()\n",
        "try:\n    thing.old()\nexcept Exception:\n    pass\n",
        "try:\n    thing.old()\nexcept (ValueError, AttributeError):\n    pass\n",
    ],
)
def test_a_place_where_failure_is_silent_is_said_to_be_so(guard: str) -> None:
    (remark,) = remarks(VERB, f"import tvm\nfrom contextlib import suppress\n{guard}")
    assert "without a word" in remark.message


def test_a_member_named_by_a_string_is_remarked() -> None:
    (remark,) = remarks(VERB, 'hasattr(rt_mod, "held")\n')
    assert "named by a string" in remark.message
