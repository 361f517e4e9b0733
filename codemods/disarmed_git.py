"""The environment in which git runs no program that a repository names.

A repository's own settings can name programs: hooks, monitors, content filters, drivers, helpers,
transports, also in files that they include. Each of these is overridden by its harmless value.
Settings of the user's own stay as they are, but for what is said below.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

NO_PROTOCOL = "none"
"""A value of `protocols` with which git talks to nobody, not even for objects it lacks."""

_ALWAYS = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "core.pager": "cat",
    "diff.external": "",
    "commit.gpgSign": "false",
    "log.showSignature": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "submodule.recurse": "false",
}
_HARMLESS = tuple(
    (re.compile(pattern, re.IGNORECASE | re.DOTALL), value)
    for pattern, value in (
        (r"(?:filter|merge|diff)\..*\.required", "false"),
        (r"filter\..*\.(?:clean|smudge|process)", ""),
        (r"merge\..*\.driver", ""),
        (r"diff\..*\.(?:command|textconv)", ""),
        (r"core\.sshcommand", "ssh"),
        (r"core\.askpass", ""),
        (r"core\.(?:editor|alternaterefscommand)", "true"),
        (r"credential\.(?:.*\.)?helper", ""),
        (r"remote\..*\.receivepack", "git-receive-pack"),
        (r"gpg\.(?:.*\.)?program", "false"),
        (r"hook\..*\.command", "true"),
        (r"trailer\..*\.(?:command|cmd)", ""),
    )
)
_FETCHED_WITH = re.compile(r"remote\..*\.uploadpack", re.IGNORECASE | re.DOTALL)
"""Of this the first value counts, so that none of ours would: git may then fetch with nothing."""
_DRIVERS = re.compile(r"(?:filter|merge|diff)\.", re.IGNORECASE)
_PARTS = ("NAME", "EMAIL", "DATE")
_USERS = frozenset({"system", "global"})
_KEPT = frozenset(
    (
        *("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"),
        *("GIT_EXEC_PATH", "GIT_CEILING_DIRECTORIES"),
    )
)


def environment(
    folder: Path,
    *,
    protocols: str = NO_PROTOCOL,
    users_drivers: bool = True,
    settings: Mapping[str, str] | None = None,
    isolated: bool = False,
) -> dict[str, str]:
    """Return the environment for git commands in `folder`.

    `protocols`: those that git may use, as `GIT_ALLOW_PROTOCOL` names them. `users_drivers`: keep
    the filters and drivers of the user's own settings (Git LFS: without its filter, unchanged
    files look changed). `settings` come on top. `isolated`: the user's settings are not read.
    """
    made = {k: v for k, v in os.environ.items() if not k.startswith("GIT_") or k in _KEPT}
    made.update(LC_ALL="C", GIT_TERMINAL_PROMPT="0", GIT_OPTIONAL_LOCKS="0")
    if isolated:
        made.update(GIT_CONFIG_GLOBAL=os.devnull, GIT_CONFIG_NOSYSTEM="1")
    named = _settings_of(folder, made)
    if any(scope not in _USERS and _FETCHED_WITH.fullmatch(key) for scope, key in named):
        protocols = NO_PROTOCOL
    made["GIT_ALLOW_PROTOCOL"] = protocols
    if protocols == NO_PROTOCOL:
        made["GIT_NO_LAZY_FETCH"] = "1"
    values = {**_ALWAYS, **(settings or {}), **dict(_overrides(named, users_drivers))}
    for number, (key, value) in enumerate(values.items()):
        made[f"GIT_CONFIG_KEY_{number}"] = key
        made[f"GIT_CONFIG_VALUE_{number}"] = value
    made["GIT_CONFIG_COUNT"] = str(len(values))
    return made


def identity() -> dict[str, str]:
    """Return who commits, and when, as the user's own environment says it: nothing else of git's
    variables is passed on."""
    names = [f"GIT_{who}_{what}" for who in ("AUTHOR", "COMMITTER") for what in _PARTS]
    return {name: os.environ[name] for name in names if name in os.environ}


def _settings_of(folder: Path, env: Mapping[str, str]) -> list[tuple[str, str]]:
    """Every setting that holds in `folder`, by its scope and its name."""
    said = subprocess.run(
        ["git", "config", "--list", "--show-scope", "--name-only", "-z"],
        cwd=folder,
        env=dict(env),
        capture_output=True,
        check=False,
    ).stdout
    words = [os.fsdecode(word) for word in said.split(b"\0")]
    return sorted(set(zip(words[::2], words[1::2], strict=False)))


def _overrides(named: Iterable[tuple[str, str]], users_drivers: bool) -> Iterator[tuple[str, str]]:
    """The harmless value of every setting that names a program and is not the user's own."""
    for scope, key in named:
        if scope in _USERS and (users_drivers or not _DRIVERS.match(key)):
            continue
        for pattern, value in _HARMLESS:
            if pattern.fullmatch(key):
                yield key, value
