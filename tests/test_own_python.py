"""Which folders processes of our own import from."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def paths(folder: Path, **more: str) -> list[str]:
    """What `python -m told`, started elsewhere, may import from once it imported `codemods`.

    `told` is found in a package's `__init__`, as ours is: `sys.argv[0]` still says `-m` there.
    """
    site, elsewhere = folder / "site", folder / "elsewhere"
    elsewhere.mkdir()
    (site / "told").mkdir(parents=True)
    (site / "told/__init__.py").write_text("import codemods, sys\nprint(*sys.path, sep='\\n')\n")
    (site / "told/__main__.py").write_text("")
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONSAFEPATH"} | more
    environment["PYTHONPATH"] = os.pathsep.join((str(site), str(ROOT)))
    command = [sys.executable, "-m", "told"]
    done = subprocess.run(
        command, cwd=elsewhere, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def test_the_working_directory_is_forgotten_and_nothing_else(tmp_path: Path) -> None:
    found = paths(tmp_path)
    assert str(tmp_path / "site") in found
    assert not {"", str(tmp_path / "elsewhere")} & set(found)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.10 knows no PYTHONSAFEPATH")
def test_where_it_is_no_entry_the_first_one_stays(tmp_path: Path) -> None:
    assert str(tmp_path / "site") in paths(tmp_path, PYTHONSAFEPATH="1")
