"""A tree that means harm: nothing of it is executed, and nothing outside of it is written.

Everything that it could have started leaves a file in `canary/`, and everything that it could have
had written lies in `outside/`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from codemods import check, own_python, sync, tree, vcs
from codemods.start import start

OLD = b'TVM_REGISTER_GLOBAL("demo.f").set_body_typed([](int x) { return x; });\n'
HOOKS = (
    *("post-index-change", "reference-transaction", "pre-commit", "commit-msg", "post-commit"),
    *("post-checkout", "post-merge", "post-rewrite", "pre-auto-gc", "fsmonitor-watchman"),
)


class Trap:
    """The tree, what it may not start, and what it may not write."""

    def __init__(self, home: Path) -> None:
        self.root, self.canary, self.outside = home / "tree", home / "canary", home / "outside"
        for folder in (self.root, self.canary, self.outside):
            folder.mkdir()
        (self.outside / "victim.cc").write_bytes(OLD)
        (self.root / "src").mkdir()
        (self.root / "src" / "a.cc").write_bytes(OLD)
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        self.env |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        for who in ("AUTHOR", "COMMITTER"):
            self.env |= {f"GIT_{who}_NAME": "A. Tester", f"GIT_{who}_EMAIL": "a@example.org"}

    def command(self, name: str) -> str:
        return f"touch '{self.canary / name}'; cat"

    def git(self, *arguments: str) -> str:
        command = ["git", *arguments]
        done = subprocess.run(
            command, cwd=self.root, env=self.env, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def commit(self) -> None:
        self.git("init", "-q", "-b", "main")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "first")

    def tool(self, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run the installed tool as `python -m codemods`, from the tree unless said otherwise."""
        env = {**self.env, "PYTHONPATH": str(Path(__file__).parents[1]), "PYTHONSAFEPATH": ""}
        return subprocess.run(
            [sys.executable, "-m", "codemods", *arguments],
            cwd=cwd or self.root,
            env=env,
            capture_output=True,
            text=True,
            errors="backslashreplace",
            check=False,
        )

    def sprung(self) -> Sequence[str]:
        return sorted(path.name for path in self.canary.iterdir())

    def harmed(self) -> bool:
        return {p.name: p.read_bytes() for p in self.outside.iterdir()} != {"victim.cc": OLD}


@pytest.fixture
def trap(tmp_path: Path) -> Iterator[Trap]:
    made = Trap(tmp_path)
    yield made
    assert made.sprung() == []
    assert not made.harmed()


def armed(trap: Trap) -> None:
    """Commit the tree, then let its repository's settings name every program that they can."""
    (trap.root / ".gitattributes").write_text("*.cc filter=evil diff=evil merge=evil\n")
    trap.commit()
    included = "".join(
        f'[{kind} "evil"]\n\t{key} = {json.dumps(trap.command(f"{kind}-{key}"))}\n'
        for kind, keys in (
            ("filter", ("clean", "smudge", "process")),
            ("merge", ("driver",)),
            ("diff", ("command", "textconv")),
            ("hook", ("command",)),
        )
        for key in keys
    )
    (trap.root / ".git" / "evil.inc").write_text(
        included + '[hook "evil"]\n\tevent = post-commit\n'
    )
    trap.git("config", "include.path", "evil.inc")
    for key in (
        *("core.fsmonitor", "core.sshCommand", "core.pager", "core.editor", "core.askPass"),
        *("core.alternateRefsCommand", "core.gitProxy", "diff.external", "credential.helper"),
        *("gpg.program", "remote.origin.uploadpack", "uploadpack.packObjectsHook"),
    ):
        trap.git("config", key, trap.command(key))
    trap.git("config", "protocol.ext.allow", "always")
    trap.git("config", "remote.origin.url", f"ext::sh -c touch% {trap.canary}/ext")
    trap.git("config", "remote.origin.promisor", "true")
    trap.git("config", "extensions.partialClone", "origin")
    hooks = trap.root / ".git" / "evilhooks"
    hooks.mkdir()
    for folder in (hooks, trap.root / ".git" / "hooks"):
        folder.mkdir(exist_ok=True)
        for name in HOOKS:
            hook = folder / name
            hook.write_text(f"#!/bin/sh\n{trap.command(f'hook-{name}')} >/dev/null </dev/null\n")
            hook.chmod(0o755)
    trap.git("config", "core.hooksPath", ".git/evilhooks")
    os.utime(trap.root / "src" / "a.cc", (0, 0))  # git must look into it, through its filter


def test_the_trap_works(tmp_path: Path) -> None:
    trap = Trap(tmp_path)
    armed(trap)
    subprocess.run(["git", "status"], cwd=trap.root, env=trap.env, check=False, capture_output=True)
    assert {"core.fsmonitor", "filter-clean"} & set(trap.sprung())


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "--target", ".", "--diff"),
        ("run", "--target", ".", "--commit"),
        ("run", "--target", ".", "--report", "../report"),
        ("check", "."),
        ("check", "--fix", "src/a.cc"),
        pytest.param(("verify", "--target", "."), marks=pytest.mark.sdk),
        pytest.param(("verify", "--target", ".", "--before", "HEAD"), marks=pytest.mark.sdk),
    ],
    ids=" ".join,
)
def test_no_command_runs_what_a_repository_names(trap: Trap, arguments: Sequence[str]) -> None:
    armed(trap)
    done = trap.tool(*arguments)
    assert done.returncode in (0, 1), done.stderr
    changed = b"TVM_REGISTER_GLOBAL" not in (trap.root / "src" / "a.cc").read_bytes()
    assert changed == bool({"--commit", "--report", "--fix"} & set(arguments))


def test_asking_git_reads_no_object_over_a_transport_that_the_repository_names(trap: Trap) -> None:
    armed(trap)
    blob = trap.git("rev-parse", "HEAD:src")
    (trap.root / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    (trap.root / ".git" / "index").unlink()
    vcs.uncommitted(trap.root)
    vcs.listed(trap.root)


def an_upstream_of(trap: Trap) -> Path:
    """Commit the tree and make an upstream that is one commit ahead of it; the fork forgets all."""
    (trap.root / "pkg.py").write_text("".join(f"VALUE_{n} = {n}\n" for n in range(30)))
    trap.commit()
    upstream = trap.root.parent / "upstream"
    subprocess.run(["git", "clone", "-q", str(trap.root), str(upstream)], check=True)
    (upstream / "pkg.py").write_text("".join(f"VALUE_{n} = {n}\n" for n in range(40)))
    commit = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qam", "second"]
    subprocess.run(commit, cwd=upstream, check=True)
    (trap.root / ".git").rename(trap.root.parent / "old")
    return upstream


def test_sync_runs_nothing_of_the_fork(trap: Trap, capsys: pytest.CaptureFixture[str]) -> None:
    upstream = an_upstream_of(trap)
    armed(trap)
    (trap.root / ".git" / "objects" / "info" / "alternates").write_text(
        f"{upstream}/.git/objects\n"
    )
    words = [*("--fork", str(trap.root), "--upstream", str(upstream)), "--onto", "HEAD"]
    before = whole(trap.root)
    assert start(sync.main, [*words, "--dry-run"]) in (0, 1), capsys.readouterr()
    assert "VALUE_39" not in (trap.root / "pkg.py").read_text()
    assert whole(trap.root) == before
    assert start(sync.main, [*words, "--no-gates"]) in (0, 1), capsys.readouterr()
    assert "VALUE_39" in (trap.root / "pkg.py").read_text()


@pytest.mark.parametrize("name", ["..", ".git", ".GIT"])
def test_an_upstream_with_a_folder_that_no_tree_may_have_is_refused(
    trap: Trap, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    upstream = an_upstream_of(trap)
    trap.commit()

    def git(*arguments: str, data: bytes = b"") -> str:
        command = ["git", "-C", str(upstream), *arguments]
        done = subprocess.run(command, input=data, env=trap.env, check=True, capture_output=True)
        return done.stdout.decode().strip()

    def tree(mode: str, name: str, entry: str) -> str:
        data = f"{mode} {name}".encode() + b"\0" + bytes.fromhex(entry)
        return git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", data=data)

    blob = git("hash-object", "-w", "--stdin", data=b"#!/bin/sh\n")
    inner = tree("100755", "victim.cc", blob)
    for part in ["outside"] if name == ".." else ["hooks"]:
        inner = tree("40000", part, inner)
    commit = git("commit-tree", tree("40000", name, inner), "-p", "HEAD", "-m", "evil")
    before = whole(trap.root)
    words = ["--fork", str(trap.root), "--upstream", str(upstream), "--onto", commit]
    for more in ([], ["--dry-run"]):
        assert start(sync.main, [*words, *more]) == 2
        assert "which no tree may have" in capsys.readouterr().err
    assert whole(trap.root) == before


def whole(root: Path) -> dict[str, bytes]:
    """Every file below a folder, git's own too."""
    found = (path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in found}


def test_a_session_that_came_with_the_fork_deletes_nothing_outside(trap: Trap) -> None:
    trap.commit()
    head = trap.git("rev-parse", "HEAD")
    folder = trap.root / ".git" / "codemods-sync"
    folder.mkdir()
    keys = ("branch", "tip", "base", "onto", "onto_tree", "lifted_base", "lifted_fork", "url")
    session = dict.fromkeys(keys, "x") | {"state": "applying", "head": "refs/heads/main"}
    session |= {"before": head, "release": "", "paths": ["../outside/victim.cc"]}
    (folder / "session.json").write_text(json.dumps(session))
    assert start(sync.main, ["--fork", str(trap.root), "--abort"]) == 2


def littered(trap: Trap) -> None:
    """Give the tree modules of any name that something may import, and settings that name them."""
    (trap.root / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "setup"\nbackend-path = ["."]\n'
        '[project]\nname = "x"\n[tool.ruff]\nextend = "y"\n[tool.ruff.format]\n'
        '[tool.mypy]\nplugins = ["conftest"]\n[tool.pytest.ini_options]\naddopts = "-p conftest"\n'
    )
    (trap.root / "CMakeLists.txt").write_text(
        f"execute_process(COMMAND touch {trap.canary}/cmake)\n"
        f"file(WRITE {trap.outside}/made.txt x)\n"
        "add_compile_options(-fplugin=./evil.so)\nadd_library(main SHARED src/a.cc)\n"
    )
    names = ["click", "libcst", "tree_sitter", "tree_sitter_cpp", "tomllib", "rich", "ruff"]
    names += ["difflib", "json", "clang", "tvm", "tilelang", "sitecustomize", "usercustomize"]
    names += ["conftest", "setup", "py_rewriters", "jinja2", "pygments", "pip", "multiprocessing"]
    names += ["clang_format", "yapf", "black", "tomlkit", "platformdirs", "concurrent", "ninja"]
    for name in names:
        package = trap.root / name
        package.mkdir()
        code = f"open({str(trap.canary / name)!r}, 'w')\nraise SystemExit(9)\n"
        (package / "__init__.py").write_text(code)
        (package / "__main__.py").write_text(code)
        (trap.root / f"{name}.py").write_text(code)
    (trap.root / "evil.pth").write_text(f"import os; os.mkdir({str(trap.canary / 'pth')!r})\n")


def test_modules_of_the_tree_are_not_imported(trap: Trap) -> None:
    littered(trap)
    done = trap.tool("run", "--target", ".", "--report", str(trap.root.parent / "report"))
    assert done.returncode in (0, 1), done.stderr
    assert b"TVM_REGISTER_GLOBAL" not in (trap.root / "src" / "a.cc").read_bytes()
    assert trap.tool("check", ".").returncode in (0, 1)
    module = [*own_python.module("json.tool"), "pyproject.toml"]
    subprocess.run(module, cwd=trap.root, env=trap.env, check=False, capture_output=True)


@pytest.mark.sdk
def test_verify_imports_and_runs_nothing_of_the_tree(trap: Trap) -> None:
    littered(trap)
    (trap.root / "src" / "a.cc").write_text("#include <tvm/ffi/any.h>\nint x;\n")
    (trap.root / "mine.py").write_text("import click\nimport conftest\nimport tvm\n")
    done = trap.tool("verify", "--target", ".", "--report", "../report")
    assert done.returncode in (0, 1), done.stderr
    assert "1 of 1 parse" in done.stderr


def test_sync_imports_nothing_of_the_fork(trap: Trap) -> None:
    littered(trap)
    upstream = an_upstream_of(trap)
    trap.commit()
    words = ["sync", "--fork", ".", "--upstream", str(upstream), "--onto", "HEAD"]
    for more in (["--dry-run"], []):
        done = trap.tool(*words, *more)
        assert done.returncode in (0, 1), done.stderr
    assert "VALUE_39" in (trap.root / "pkg.py").read_text()


def test_links_out_of_the_tree_are_told_and_neither_read_nor_written(trap: Trap) -> None:
    (trap.root / "folder").symlink_to(trap.outside)
    (trap.root / "src" / "file.cc").symlink_to(trap.outside / "victim.cc")
    (trap.root / "hard.cc").hardlink_to(trap.outside / "victim.cc")
    (trap.root / ".clang-format").symlink_to("/dev/zero")
    done = trap.tool("run", "--target", ".")
    assert "src/file.cc:1:1: TF910 symbolic link out of the tree, not followed" in done.stdout
    assert "changed 2 files" in done.stderr
    done = trap.tool("check", "--fix", "src/file.cc", "folder/victim.cc")
    assert done.stdout.count("TF910") == 2


def test_files_behind_a_folder_that_became_a_link_are_not_the_trees(trap: Trap) -> None:
    (trap.root / "lib").mkdir()
    (trap.root / "lib" / "victim.cc").write_bytes(OLD)
    trap.commit()
    (trap.root / "lib" / "victim.cc").unlink()
    (trap.root / "lib").rmdir()
    (trap.root / "lib").symlink_to(trap.outside)
    found = tree.find(trap.root)
    assert list(found.files) == ["src/a.cc"]
    assert [(entry.path, entry.code) for entry in found.passed] == [("lib/victim.cc", "TF910")]
    assert start(check.main, [str(trap.root), "--fix"]) == 1


def test_a_tree_whose_git_lies_about_where_it_is_writes_nothing_there(trap: Trap) -> None:
    trap.commit()
    trap.git("config", "core.worktree", str(trap.outside))
    trap.git("config", "core.bare", "false")
    for arguments in (("--diff",), (), ("--commit",)):
        trap.tool("run", "--target", ".", *arguments)
    upstream = ("--upstream", str(trap.root), "--onto", "HEAD")
    trap.tool("sync", "--fork", ".", *upstream)


@pytest.mark.parametrize(
    "name", ["a\nb.cc", "a b.cc", "ä.cc", "\x1b[31m.cc", "::error::x.cc", "-x.cc"]
)
def test_names_of_files_print_on_one_line_and_say_nothing_else(trap: Trap, name: str) -> None:
    (trap.root / "src" / "a.cc").unlink()
    (trap.root / name).write_bytes(b'void f() { TVM_REGISTER_GLOBAL("a"); }\n' + OLD)
    (trap.root / "link").write_text("")
    for shape in ("text", "github"):
        done = trap.tool("run", "--target", ".", "--diff")
        assert done.returncode in (0, 1), done.stderr
        done = trap.tool("check", ".", "--output-format", shape)
        assert done.returncode == 1, done.stderr
        assert "\x1b[31m" not in done.stdout
        assert all("TF" in line or "::" in line for line in done.stdout.splitlines())
        assert not any(line.startswith("::error") for line in done.stdout.splitlines())
    assert trap.tool("run", "--target", ".", "--report", "../report").returncode in (0, 1)


def test_a_name_that_is_no_utf8_is_ported_and_told(trap: Trap) -> None:
    path = os.fsencode(trap.root) + b"/caf\xe9.cc"
    with open(path, "wb") as stream:  # noqa: PTH123 - a name of bytes
        stream.write(b'void f() { TVM_REGISTER_GLOBAL("a"); }\n' + OLD)
    for arguments in (("--diff",), ("--output-format", "json"), ("--report", "../report")):
        done = trap.tool("run", "--target", ".", *arguments)
        assert done.returncode in (0, 1), done.stderr
    with open(path, "rb") as stream:  # noqa: PTH123
        assert b"TVM_FFI_STATIC_INIT_BLOCK" in stream.read()
