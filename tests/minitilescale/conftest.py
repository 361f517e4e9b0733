"""The bundled tree, ported once; compiled and linked once for the tests that need it."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from platformdirs import user_cache_path

from codemods import engine, ladder, registry
from codemods.harness.environment import prepare_environment
from codemods.harness.load import library_environment
from codemods.harness.plan import Plan
from codemods.harness.results import Status
from codemods.harness.sdk import find_sdk
from codemods.harness.stages import carry_out

TREE = Path(__file__).parents[2] / "fixtures" / "minitilescale"
ASK = Path(__file__).with_name("ask.py")


def read_tree(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.fixture(scope="session")
def before() -> dict[str, bytes]:
    """The tree as it is bundled: bytes by path."""
    return read_tree(TREE)


@pytest.fixture(scope="session")
def ported(before: Mapping[str, bytes]) -> engine.Ported:
    """The tree after a run with default options, but for the formatting."""
    migrations = registry.select(registry.load(), target=ladder.DEFAULT_TARGET)
    return engine.port(before, migrations)


@pytest.fixture(scope="session")
def answers(ported: engine.Ported, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the ported tree answers to `ask.py`; one worker builds, the others wait for it."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    said = shared / "minitilescale.json"
    with (shared / "minitilescale.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not said.is_file():
            said.write_text(build_and_ask(ported.files, shared / "minitilescale"))
    found: dict[str, Any] = json.loads(said.read_text())
    return found


def build_and_ask(files: Mapping[str, bytes], folder: Path) -> str:
    """Compile and link the tree against the published TVM; return what `ask.py` prints."""
    tree = folder / "tree"
    for path, data in files.items():
        file = tree / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    sdk = find_sdk(ladder.DEFAULT_TARGET, tree)
    cache = user_cache_path("tvm-ffi-codemods") / "build"
    cache.mkdir(parents=True, exist_ok=True)
    python = prepare_environment(cache, tree, sdk.ffi_version)
    plan = Plan(tree, folder / "build", sdk, python, optimize="-O0")
    for stage in ("units", "link"):  # the stage nodes and `ask.py` load what is linked
        rows = carry_out(plan, stage)
        bad = {row.name: row.reason for row in rows if row.status is not Status.PASSED}
        assert not bad, f"{stage}: {bad}"
    nodes = {row.name: row.as_json() for row in carry_out(plan, "nodes")}
    library = plan.libraries / "libtilelang_module.so"
    paths = [tree, sdk.third_party["tvm"] / "python"]
    environment = library_environment(plan) | {
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
        "TVM_LIBRARY_PATH": str(sdk.library("tvm").parent),
    }
    done = subprocess.run(
        [str(python), str(ASK), str(library)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.dumps(json.loads(done.stdout.splitlines()[-1]) | {"nodes": nodes})
