"""Import every module of a tree's packages and store what came of each.

Started by the `import` stage with a request (JSON) as its only argument.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from codemods.harness.inside import stand_ins

_SCRIPTS = frozenset({"__main__", "setup", "conftest"})
"""Modules that are started, not imported."""


def main(request_file: str) -> None:
    """Carry out the request: one entry for each module, packages before what is in them."""
    request = json.loads(Path(request_file).read_text(encoding="utf-8"))
    packages: list[str] = request["packages"]
    sys.meta_path.append(stand_ins.CompiledExtension(request["extensions"]))
    outcomes: dict[str, dict[str, Any]] = {}
    for package in packages:
        for name in _modules(package, outcomes, packages):
            outcomes[name] = _import(name, packages)
    Path(request["outcome"]).write_text(json.dumps(outcomes), encoding="utf-8")


def _modules(
    package: str, outcomes: dict[str, dict[str, Any]], packages: list[str]
) -> Iterator[str]:
    outcomes[package] = _import(package, packages)
    module = sys.modules.get(package)
    if module is None or outcomes[package]["status"] != "passed":
        return
    for found in pkgutil.iter_modules(module.__path__, f"{package}."):
        if found.name.rpartition(".")[2] in _SCRIPTS or ".3rdparty" in found.name:
            continue
        if found.ispkg:
            yield from _modules(found.name, outcomes, packages)
        else:
            yield found.name


def _import(name: str, packages: list[str]) -> dict[str, Any]:
    started = time.monotonic()
    status, reason = "passed", ""
    stand_ins.used.clear()
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        foreign = bool(missing) and missing not in packages
        status = "not run" if foreign else "failed"
        reason = f"it needs `{error.name}`, which this environment has not" if foreign else ""
        reason = reason or f"ModuleNotFoundError: {error}"
    except BaseException as error:
        traceback.print_exc()
        text = str(error).strip().splitlines()
        status, reason = "failed", f"{type(error).__name__}: {text[0] if text else ''}"
    return {
        "status": status,
        "reason": reason,
        "seconds": time.monotonic() - started,
        "stand_ins": sorted(stand_ins.used),
    }


if __name__ == "__main__":
    main(sys.argv[1])
