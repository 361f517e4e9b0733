"""A program's own switches, as variants that may reach more kernels."""

from __future__ import annotations

from codemods.harness.kernel_sources import Program, variants

TEXT = b"""\
parser.add_argument("--tune", action="store_true")
parser.add_argument("-z", "--zig-zag", action=argparse.BooleanOptionalAction, default=True)
parser.add_argument("--special", action=argparse.BooleanOptionalAction, default=False)
parser.add_argument("--kind", choices=["a", "b"], default="a")
parser.add_argument("--size", type=int, default=3)
parser.add_argument("path")
"""


def _arguments(together: int) -> list[tuple[str, ...]]:
    program = Program("a.py", "program", ("x",))
    return [found.arguments for found in variants(program, TEXT, together)]


def test_each_switch_is_turned_from_its_default_and_each_choice_made() -> None:
    assert _arguments(1) == [
        ("x", "--tune"),
        ("x", "--no-zig-zag"),
        ("x", "--special"),
        ("x", "--kind", "b"),
    ]


def test_switches_are_combined_two_at_a_time() -> None:
    assert len(_arguments(2)) == 6
    assert ("x", "--no-zig-zag", "--special") in _arguments(2)
