"""Stage `nodes`: each node type that the linked library registers, made, compared and cloned.

Ports change how nodes say that they are equal. Here the library itself is asked, in a subprocess:
two objects made alike must be equal and hash alike, and for each reflected field the row says
whether a difference in it is seen. Nothing of the tree's Python is executed.
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

from codemods.harness.lower import python_environment
from codemods.harness.plan import Plan, not_run
from codemods.harness.results import Row, Status

_BASE = re.compile(rb"\bclass\s+TileOperatorNode\s*:")

_CLONING = """\
#include <tvm/ffi/reflection/registry.h>
#include "{header}"
static const bool registered = [] {{
  tvm::ffi::reflection::GlobalDef().def(
      "codemods.clone", [](tvm::tl::TileOperator node) -> tvm::ffi::ObjectRef {{
        return node->Clone();
      }});
  return true;
}}();
"""
"""`Clone` is a virtual function of C++ alone, so a small library of ours calls it."""


def exercise_nodes(plan: Plan) -> tuple[Row, ...]:
    """Exercise every node type of the tree's library; one row each."""
    library = plan.libraries / "libtilelang_module.so"
    if plan.python is None:
        return not_run("nodes", "no Python environment was prepared")
    if not library.is_file():
        return not_run("nodes", "there is no linked library")
    folder = plan.build / "nodes"
    folder.mkdir(parents=True, exist_ok=True)
    cloning, why_not = build_cloning(plan, folder)
    request, outcome = folder / "request.json", folder / "outcome.jsonl"
    outcome.unlink(missing_ok=True)
    python_paths = [plan.sdk.third_party["tvm"] / "python"] if "tvm" in plan.sdk.third_party else []
    request.write_text(
        json.dumps(
            {
                "library": str(library),
                "cloning": str(cloning) if cloning else "",
                "why_no_clone": why_not,
                "python_paths": [str(path) for path in python_paths],
                "outcome": str(outcome),
                "time_limit": plan.time_limit,
            }
        ),
        encoding="utf-8",
    )
    log = folder / "nodes.log"
    folders = [str(plan.sdk.library("tvm").parent)]
    with log.open("w") as out:
        done = subprocess.run(
            [str(plan.python), "-m", "codemods.harness.inside.exercise_nodes", str(request)],
            env={**python_environment(plan), "TVM_LIBRARY_PATH": folders[0]},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    if not outcome.is_file():
        said = log.read_text(errors="replace").strip().splitlines()
        reason = said[-1] if said else f"the process ended with {done.returncode}"
        return (Row("nodes", "*", Status.FAILED, reason, log=str(log)),)
    stored = map(json.loads, outcome.read_text(encoding="utf-8").splitlines())
    return tuple(_row(found, log) for found in stored) or not_run(
        "nodes", "the library registers no node type"
    )


def _row(found: dict[str, str], log: Path) -> Row:
    told = ("compared", "ignored", "untried", "clone")
    details = {name: found[name] for name in told if found.get(name)}
    status = Status(found["status"])
    said = "" if status is Status.PASSED else str(log)
    return Row("nodes", found["name"], status, found["reason"], log=said, details=details)


def build_cloning(plan: Plan, folder: Path) -> tuple[Path | None, str]:
    """Return the library that calls `Clone`, else None and why there is none."""
    header = next(
        (
            file
            for file in sorted((plan.tree / "src").rglob("*.h"))
            if _BASE.search(file.read_bytes())
        ),
        None,
    )
    if header is None:
        return None, "no header declares `TileOperatorNode`"
    output = folder / "libcloning.so"
    command = [plan.compiler, "-std=c++17", "-fPIC", "-shared", "-O0", "-w", "-x", "c++", "-"]
    command += [f"-D{define}" for define in plan.sdk.defines]
    command += [f"-I{folder}" for folder in (plan.tree / "src", *plan.sdk.include_dirs)]
    done = subprocess.run(
        [*command, "-o", str(output)],
        input=_CLONING.format(header=header.as_posix()),
        capture_output=True,
        text=True,
        errors="replace",
    )
    if done.returncode == 0:
        return output, ""
    errors = [line for line in done.stderr.splitlines() if "error" in line]
    return None, (errors or done.stderr.splitlines() or ["the compiler failed without a word"])[0]
