"""How time and memory grow with the number of files: `python benchmarks/growth.py`.

The trees are made here: of four files one is C++ with an old registration, one is C++ with an old
node class, one is Python with an old import and call, and one holds nothing old.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import click

from benchmarks.processes import measured

_KINDS = (
    (
        "registered_{n}.cc",
        "#include <tvm/runtime/registry.h>\n\nnamespace demo {{\n\n"
        'TVM_REGISTER_GLOBAL("demo.f{n}").set_body_typed([](int x) {{ return x + {n}; }});\n\n}}\n',
    ),
    (
        "node_{n}.h",
        "#pragma once\n\nnamespace demo {{\n\nclass Node{n}Node : public tvm::Object {{\n public:\n"
        '  int value;\n  void VisitAttrs(tvm::AttrVisitor *v) {{ v->Visit("value", &value); }}\n'
        '  static constexpr const char *_type_key = "demo.Node{n}";\n'
        "  TVM_DECLARE_FINAL_OBJECT_INFO(Node{n}Node, tvm::Object);\n}};\n\n}}\n",
    ),
    (
        "use_{n}.py",
        "import tvm\nfrom tvm import tir\n\n\ndef use_{n}(x):\n"
        '    return tvm._ffi.get_global_func("demo.f{n}")(x)\n',
    ),
    ("plain_{n}.py", "def plain_{n}(values):\n    return [value + {n} for value in values]\n"),
)
_FILLER = "".join(f"// line {n} of what a file holds besides\n" for n in range(60))


@click.command()
@click.argument("sizes", nargs=-1, type=int)
@click.option("--jobs", default=0, show_default=True, help="Processes; 0: all cores.")
def main(sizes: tuple[int, ...], jobs: int) -> None:
    """Make a tree of each size, port it, check it again, and print what that took."""
    print(
        f"{'files':>7} {'command':<8} {'wall s':>8} {'processor s':>12} {'ms/file':>8} {'MiB':>7}"
    )
    for size in sizes or (100, 1_000, 10_000):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            make(root, size)
            run = ("run", "--target", root, "--quiet", "--jobs", jobs)
            for name, words in (("run", run), ("again", run), ("check", ("check", root, "-q"))):
                command = [sys.executable, "-m", "codemods", *map(str, words)]
                cost = measured(command)
                each = 1000 * cost.processor / size
                print(
                    f"{size:7} {name:<8} {cost.wall:8.1f} {cost.processor:12.1f} {each:8.2f} "
                    f"{cost.peak:7.0f}   exit {cost.code}",
                    flush=True,
                )


def make(root: Path, size: int) -> None:
    """Write `size` files, a hundred in a folder."""
    for number in range(size):
        name, text = _KINDS[number % len(_KINDS)]
        file = root / f"part_{number // 100}" / name.format(n=number)
        file.parent.mkdir(exist_ok=True)
        filler = _FILLER if file.suffix != ".py" else _FILLER.replace("//", "#")
        file.write_text(filler + text.format(n=number), encoding="utf-8")


if __name__ == "__main__":
    main()
