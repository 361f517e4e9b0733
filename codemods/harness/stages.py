"""The stages by name, in order, each turning a plan into rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from codemods.harness.device_compile import compile_kernels
from codemods.harness.extension_build import build_extensions
from codemods.harness.importing import import_modules
from codemods.harness.link import link_libraries
from codemods.harness.load import load_libraries
from codemods.harness.lower import lower_kernels
from codemods.harness.nodes import exercise_nodes
from codemods.harness.objects import compile_units
from codemods.harness.plan import Plan
from codemods.harness.results import Row
from codemods.harness.suites import run_suites
from codemods.toolchain.units import units

Stage = Callable[[Plan], tuple[Row, ...]]


def _units(plan: Plan) -> tuple[Row, ...]:
    return compile_units(plan, units(plan.tree, "CUDA", plan.sdk.cuda_major).units)


def _link(plan: Plan) -> tuple[Row, ...]:
    paths = units(plan.tree, "CUDA", plan.sdk.cuda_major).paths
    return (*link_libraries(plan, paths), *build_extensions(plan))


STAGES: Mapping[str, Stage] = {
    "units": _units,
    "link": _link,
    "load": load_libraries,
    "nodes": exercise_nodes,
    "import": import_modules,
    "lower": lower_kernels,
    "device-compile": compile_kernels,
    "run": run_suites,
}

EXECUTING = frozenset({"load", "nodes", "import", "lower", "run"})
"""The stages that execute the tree's own code: its libraries as they are opened, and its Python."""

NEED_PYTHON = EXECUTING - {"load"}
"""The stages that run under an interpreter with what the target's TVM needs."""


def carry_out(plan: Plan, name: str) -> tuple[Row, ...]:
    """Carry out one stage and store its rows in the plan's result table.

    Rows of `lower` and `device-compile` that the plan does not speak of (other architectures,
    other files than `plan.only`) are kept.
    """
    rows = STAGES[name](plan)
    results = plan.results
    if name in ("lower", "device-compile"):
        made = {(row.name, row.arch) for row in rows}
        kept = [
            row
            for row in results.rows(name)
            if (row.name, row.arch) not in made and not plan.covers(row)
        ]
        rows = (*kept, *rows)
    results.replace(name, rows)
    return rows
