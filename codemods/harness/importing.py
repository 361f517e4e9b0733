"""Stage `import`: every module of the tree's Python packages, over the target's TVM."""

from __future__ import annotations

import json
import subprocess
import time

from codemods.harness.installed_layout import lay_out
from codemods.harness.lower import python_environment, stand_in_request
from codemods.harness.plan import Plan, not_run
from codemods.harness.results import Row, Status


def import_modules(plan: Plan) -> tuple[Row, ...]:
    """Lay the packages out and import each of their modules; one row each."""
    if plan.python is None:
        return not_run("import", "no Python environment was prepared")
    lay_out(plan)
    folder = plan.build / "imported"
    folder.mkdir(parents=True, exist_ok=True)
    request, outcome = folder / "request.json", folder / "outcome.json"
    outcome.unlink(missing_ok=True)
    request.write_text(json.dumps({"outcome": str(outcome), **stand_in_request(plan)}))
    log = folder / "import.log"
    started = time.monotonic()
    with log.open("w") as out:
        reason = ""
        try:
            done = subprocess.run(
                [str(plan.python), "-m", "codemods.harness.inside.import_all", str(request)],
                env=python_environment(plan),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                timeout=plan.time_limit,
            )
        except subprocess.TimeoutExpired:
            reason = f"stopped after {plan.time_limit:g} s"
    seconds = time.monotonic() - started
    if not reason and not outcome.is_file():
        said = log.read_text(errors="replace").strip().splitlines()
        reason = said[-1] if said else f"the process ended with {done.returncode}"
    if reason:
        return (Row("import", "*", Status.FAILED, reason, seconds=seconds, log=str(log)),)
    rows = []
    for name, found in sorted(json.loads(outcome.read_text(encoding="utf-8")).items()):
        details = {"stand-ins": " ".join(found["stand_ins"])} if found["stand_ins"] else {}
        status = Status(found["status"])
        rows.append(
            Row(
                "import",
                name,
                status,
                found["reason"],
                seconds=found["seconds"],
                log="" if status is Status.PASSED else str(log),
                details=details,
            )
        )
    return tuple(rows)
