"""A result as SARIF 2.1.0, which code hosts and editors read.

Source: OASIS, Static Analysis Results Interchange Format 2.1.0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from codemods import __version__, present
from codemods.model import Finding, Migration
from codemods.notices import NOTICES
from codemods.result import Result

VERSION = "2.1.0"
_QUIET = ("TF902", "TF903", "TF905", "TF907", "TF910", "TF914", "TF920", "TF941")


def log(result: Result, known: Sequence[Migration]) -> dict[str, Any]:
    """Return the SARIF log of everything that a result leaves to a person."""
    return log_of(present.everything(result), known, failed=result.failed)


def log_of(
    found: Sequence[Finding], known: Sequence[Migration], *, failed: bool = False
) -> dict[str, Any]:
    """Return the SARIF log of findings; `failed`: the command could not do all it was asked."""
    codes = sorted({finding.code for finding in found})
    migrations = {migration.code: migration for migration in known}
    driver = {
        "name": "tvm-ffi-codemods",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": [_rule(code, migrations) for code in codes],
    }
    return {
        "version": VERSION,
        "runs": [
            {
                "tool": {"driver": driver},
                "columnKind": "unicodeCodePoints",
                "invocations": [{"executionSuccessful": not failed}],
                "results": [_result(finding, codes) for finding in found],
            }
        ],
    }


def _rule(code: str, migrations: Mapping[str, Migration]) -> dict[str, Any]:
    migration = migrations.get(code)
    if migration is not None:
        name, title, text = migration.name, migration.title, migration.doc
    else:
        title = NOTICES[code].title if code in NOTICES else code
        name, text = title, NOTICES[code].text if code in NOTICES else title
    return {
        "id": code,
        "name": "".join(word.capitalize() for word in name.replace("_", " ").split()),
        "shortDescription": {"text": title},
        "fullDescription": {"text": text},
        "help": {"text": text, "markdown": text},
        "defaultConfiguration": {"level": _level(code)},
    }


def _level(code: str) -> str:
    if code in NOTICES and NOTICES[code].fatal:
        return "error"
    return "note" if code in _QUIET else "warning"


def _result(finding: Finding, codes: Sequence[str]) -> dict[str, Any]:
    words = "; ".join(part for part in (finding.message, finding.advice) if part)
    location = {
        "artifactLocation": {"uri": _uri(finding.path), "uriBaseId": "SRCROOT"},
        "region": {"startLine": finding.line, "startColumn": finding.column},
    }
    where = {"locations": [{"physicalLocation": location}]} if finding.path else {}
    return {
        "ruleId": finding.code,
        "ruleIndex": codes.index(finding.code),
        "level": _level(finding.code),
        "message": {"text": words},
        **where,
        "properties": {"effort": finding.effort.value},
    }


def _uri(path: str) -> str:
    return quote(path.encode("utf-8", "surrogateescape"))
