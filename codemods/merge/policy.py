"""Which files stay the fork's own when upstream changed them too: documents and identity only.

Computed from the trees: a document or an identity file (CI, licence, logo) that the fork changed
since the base. Sources never are: what is written in a language that a compiler or an interpreter
reads, and all that lies in a folder of sources, is merged.

A fork may say more in a `sync.toml` in its root; what the trees refute becomes a warning:

    ours = ["docs/index.md"]          # further documents to keep as they are
    exclusive = ["src/transform/"]    # folders that only the fork has (checked, never believed)
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

import tomlkit
from tomlkit.exceptions import TOMLKitError

from codemods.merge.git import Tree
from codemods.merge.syntax import language_of
from codemods.model import Language

FILE = "sync.toml"
_DOCUMENTS = {".md", ".rst", ".txt", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".ico", ".pdf"}
_IDENTITY = {"version", "license", "notice", "codeowners", "citation.cff", "authors", "funding.yml"}
_CI = (".github/", ".gitlab/", ".circleci/", ".buildkite/")
_LISTS = ("requirements", "wordlist", "word_list")


@dataclass(frozen=True)
class Policy:
    """`documents` keep the fork's text where it conflicts with upstream's; `ci` always does."""

    documents: frozenset[str]
    ci: frozenset[str]
    warnings: tuple[str, ...] = ()


def compute(base: Tree, fork: Tree, upstream: Tree, stated: bytes | None = None) -> Policy:
    """The policy that the trees show, with what the fork's own `sync.toml` (`stated`) adds."""
    sources = _source_folders(fork.keys() | upstream.keys())
    changed = {path for path, entry in fork.items() if base.get(path) != entry}
    own = {path for path in changed if _is_document(path, sources)}
    ci = {path for path in changed if path.startswith(_CI)}
    warnings: list[str] = []
    if stated is not None:
        facts = _read(stated)
        for pattern in facts.get("ours", []):
            matched = {path for path in fork if fnmatch.fnmatchcase(path, pattern)}
            refused = {path for path in matched if not _may_be_kept(path, sources)}
            if refused:
                warnings.append(
                    f"`{FILE}` wants `{pattern}` kept, but {len(refused)} of its files are sources "
                    f"(`{min(refused)}`): they are merged"
                )
            own |= matched - refused
        for folder in facts.get("exclusive", []):
            warnings += _refuted(folder, base, fork)
    return Policy(frozenset(own), frozenset(ci), tuple(warnings))


def _refuted(folder: str, base: Tree, fork: Tree) -> Iterator[str]:
    mine = [path for path in fork if path.startswith(folder)]
    theirs = [path for path in mine if path in base]
    if theirs:
        changed = sum(fork[path] != base[path] for path in theirs)
        yield (
            f"`{FILE}` calls `{folder}` exclusive to the fork, but {len(theirs)} of its "
            f"{len(mine)} files are upstream's and {changed} of them differ: they are merged"
        )


def _read(stated: bytes) -> Mapping[str, list[str]]:
    try:
        facts = tomlkit.parse(stated.decode()).unwrap()
    except (TOMLKitError, UnicodeDecodeError) as error:
        raise ValueError(f"`{FILE}` of the fork is not TOML: {error}") from error
    for key, value in facts.items():
        if key not in {"ours", "exclusive"} or not isinstance(value, list):
            raise ValueError(f"`{FILE}` of the fork: `{key}` is not known; use `ours`, `exclusive`")
    return facts


def _source_folders(paths: Iterable[str]) -> set[str]:
    """Top folders that are a Python package or hold C++."""
    found = set()
    for path in paths:
        top, _, rest = path.partition("/")
        if rest == "__init__.py" or (rest and language_of(path) is Language.CPP):
            found.add(top)
    return found - {"docs", "examples"}


def _is_document(path: str, sources: set[str]) -> bool:
    name = PurePosixPath(path)
    lower = name.name.lower()
    known = name.suffix.lower() in _DOCUMENTS and not any(word in lower for word in _LISTS)
    return _may_be_kept(path, sources) and (known or lower in _IDENTITY or path.startswith(_CI))


def _may_be_kept(path: str, sources: set[str]) -> bool:
    return language_of(path) in (None, Language.PROSE) and path.partition("/")[0] not in sources
