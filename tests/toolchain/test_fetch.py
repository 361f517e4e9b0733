"""Packages come through pip into the cache, whole or not at all, and once."""

import io
import multiprocessing
import os
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from codemods.toolchain import fetch
from codemods.toolchain.cache import (
    ENVIRONMENT,
    cache_folder,
    entry,
    forget_unused,
    write_atomically,
)
from codemods.toolchain.fetch import Package, Unavailable, obtain


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test a cache of its own."""
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path / "cache"))
    return tmp_path / "cache"


def serve(monkeypatch: pytest.MonkeyPatch, source: Path) -> None:
    """Let a copy of `source` stand for what pip downloads."""
    script = "import shutil, sys; shutil.copy(sys.argv[1], sys.argv[2])"

    def command(package: Package, folder: Path) -> list[str]:
        return [sys.executable, "-c", script, str(source), str(folder)]

    monkeypatch.setattr(fetch, "_command", command)


def wheel(path: Path, **members: str) -> Path:
    """Write a wheel with the given files."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in members.items():
            archive.writestr(name.replace("__", "/"), text)
    return path


def test_wheel_is_unpacked_into_the_cache_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = wheel(tmp_path / "x-1.whl", pkg__include__a="A", pkg__b="B")
    serve(monkeypatch, source)
    first = obtain(Package("x", "1"))
    source.unlink()
    assert obtain(Package("x", "1")) == first
    assert (first / "pkg/include/a").read_text() == "A"
    assert (first / "pkg/b").read_text() == "B"


def test_only_the_wanted_members_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(monkeypatch, wheel(tmp_path / "x-1.whl", pkg__include__a="A", pkg__b="B"))
    folder = obtain(Package("x", "1", members=("*/include/*",)))
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["a"]


def test_archive_loses_its_top_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tarfile.open(tmp_path / "x-1.tar.gz", "w:gz") as archive:
        info = tarfile.TarInfo("x-1/include/a.h")
        info.size = 1
        archive.addfile(info, io.BytesIO(b"A"))
    serve(monkeypatch, tmp_path / "x-1.tar.gz")
    folder = obtain(Package("x", "1", archive=True, members=("include/*",)))
    assert (folder / "include/a.h").read_bytes() == b"A"


def test_member_outside_of_the_package_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_cache: Path
) -> None:
    serve(monkeypatch, wheel(tmp_path / "x-1.whl", **{"..__evil": "E"}))
    with pytest.raises(Unavailable, match="unsafe path"):
        obtain(Package("x", "1"))
    assert not [
        path for path in own_cache.rglob("*") if path.name.startswith("x-1-") and path.is_dir()
    ]


def test_failed_fetch_says_which_command_failed_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, own_cache: Path
) -> None:
    def command(package: Package, folder: Path) -> list[str]:
        return [sys.executable, "-c", "import sys; sys.exit('ERROR: no such version')"]

    monkeypatch.setattr(fetch, "_command", command)
    with pytest.raises(Unavailable, match=r"cannot fetch `x==1`.*no such version"):
        obtain(Package("x", "1"))
    assert not [path for path in (own_cache / "packages").iterdir() if path.is_dir()]


def test_offline_says_what_is_missing_and_what_to_do() -> None:
    with pytest.raises(Unavailable, match=r"`x==1` is not in the cache.*--offline.*CODEMODS_CACHE"):
        obtain(Package("x", "1"), offline=True)


def test_a_failed_command_is_shown_in_a_line() -> None:
    shown = fetch._shown(fetch._command(Package("x", "1"), Path("/somewhere")))
    assert shown.endswith("-m pip download --quiet --no-deps --only-binary :all: x==1")


def test_a_cache_that_cannot_be_made_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path / "file" / "cache"))
    with pytest.raises(Unavailable, match=r"cache.*cannot be used.*CODEMODS_CACHE"):
        obtain(Package("x", "1"))


def test_offline_is_content_with_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(monkeypatch, wheel(tmp_path / "x-1.whl", a="A"))
    assert obtain(Package("x", "1")) == obtain(Package("x", "1"), offline=True)


def test_cache_is_where_the_variable_says(own_cache: Path) -> None:
    assert cache_folder() == own_cache


def _enter(cache: str, log: str) -> None:
    def make(folder: Path) -> None:
        with Path(log).open("a") as stream:
            stream.write("made\n")
        (folder / "done").write_text("")

    assert (entry("thing", make) / "done").is_file()


def test_two_processes_make_an_entry_once(tmp_path: Path, own_cache: Path) -> None:
    log = str(tmp_path / "log")
    context = multiprocessing.get_context("fork")
    both = [context.Process(target=_enter, args=(str(own_cache), log)) for _ in range(4)]
    for process in both:
        process.start()
    for process in both:
        process.join()
        assert process.exitcode == 0
    assert Path(log).read_text() == "made\n"


def test_entry_that_fails_is_not_kept(own_cache: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").write_text("")
        raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        entry("thing", fail)
    assert [path.name for path in own_cache.iterdir()] == ["thing.lock"]


def test_file_is_replaced_whole(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a/b", b"1")
    write_atomically(tmp_path / "a/b", b"2")
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b"]
    assert (tmp_path / "a/b").read_bytes() == b"2"


def test_only_what_was_used_last_is_kept(tmp_path: Path) -> None:
    for age, name in enumerate(("new.pch", "old.pch", "older.pch", "ancient.json")):
        (tmp_path / name).write_bytes(b"")
        os.utime(tmp_path / name, (1000 - age, 1000 - age))
    forget_unused(tmp_path, "*.pch", 1)
    assert {path.name for path in tmp_path.iterdir()} == {"new.pch", "ancient.json"}
