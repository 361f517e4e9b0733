"""The GitHub action and the workflows of the manual: they are YAML, and their commands run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
OLD = 'TVM_REGISTER_GLOBAL("demo.f").set_body_typed([](int x) { return x; });\n'


def steps() -> list[dict[str, Any]]:
    loaded = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    found = loaded["runs"]["steps"]
    assert isinstance(found, list)
    return found


def workflows() -> list[Any]:
    text = (ROOT / "docs" / "on-each-commit.md").read_text(encoding="utf-8")
    return [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)]


@pytest.fixture
def job(tmp_path: Path) -> Path:
    """A runner's folders: the tool as if installed, and a checkout with an old file."""
    scripts = tmp_path / "runner" / "codemods" / "bin"
    scripts.mkdir(parents=True)
    tool = scripts / "codemods"
    tool.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m codemods "$@"\n')
    tool.chmod(0o755)
    (tmp_path / "tree" / "my src").mkdir(parents=True)
    (tmp_path / "tree" / "my src" / "a.cc").write_text(OLD)
    (tmp_path / "tree" / "b.cc").write_text(OLD)
    return tmp_path


def go(job: Path, script: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script],
        cwd=job / "tree",
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "RUNNER_TEMP": str(job / "runner"),
            "PATH": f"{job / 'runner' / 'codemods' / 'bin'}:{os.environ['PATH']}",
            **env,
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("fail", "code"), [("true", 1), ("false", 0)])
def test_the_action_annotates_lines_and_fails_as_asked(job: Path, fail: str, code: int) -> None:
    env = {"PATHS": "my src\n", "TO": "0.1.7.post2", "OPTIONS": "--ignore TF3\n", "FAIL": fail}
    done = go(job, steps()[1]["run"], **env)
    assert done.returncode == code, done.stderr
    assert "::warning file=my src/a.cc,line=1,col=1,title=TF101::" in done.stdout
    assert "b.cc" not in done.stdout


def test_an_action_that_is_told_nonsense_fails_also_if_findings_may_not(job: Path) -> None:
    env = {"PATHS": ".", "TO": "9.9", "OPTIONS": "", "FAIL": "false"}
    assert go(job, steps()[1]["run"], **env).returncode == 2


def test_the_action_declares_all_that_it_uses_and_no_input_is_put_into_a_script() -> None:
    loaded = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    used = set(re.findall(r"inputs\.(\w+)", (ROOT / "action.yml").read_text(encoding="utf-8")))
    assert used == set(loaded["inputs"])
    assert not any("${{" in step["run"] for step in steps())


def test_the_workflows_of_the_manual_use_inputs_that_the_action_has() -> None:
    declared = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))["inputs"]
    hook, action, sarif = workflows()
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert hook["repos"][0]["hooks"][0]["id"] in {entry["id"] for entry in hooks}
    used = action["jobs"]["check"]["steps"][-1]["with"]
    assert set(used) <= set(declared)
    assert sarif["jobs"]["check"]["steps"][2]["run"].startswith("codemods check")


def test_the_command_of_the_code_scanning_workflow_runs(job: Path) -> None:
    command = workflows()[2]["jobs"]["check"]["steps"][2]["run"]
    done = go(job, command)
    assert done.returncode == 0, done.stderr
    assert '"ruleId"' in (job / "tree" / "codemods.sarif").read_text(encoding="utf-8")
