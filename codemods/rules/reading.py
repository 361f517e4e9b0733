"""Reads a rules file into migrations; whatever is wrong with it is said with its line and key."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import ParseError, TOMLKitError

from codemods import ladder
from codemods.model import Effort, Example, Language, Migration, Rung
from codemods.rules.places import Places
from codemods.rules.verbs import VERBS, BadValue, Made

_PREFIX = re.compile(r"[A-Z][A-Z0-9]{1,11}")
_FILE = ("prefix", "rule")
_RULE = ("code", "title", "why", "upstream", "effort", "safe", "since", "example")
_EXAMPLE = ("title", "language", "before", "after", "finding", "path", "others")
_SPOKEN = {"cpp": Language.CPP, **{language.value: language for language in Language}}
_LANGUAGES = {verb: _SPOKEN[verb] for verb, _ in VERBS}
_HUGE = 1_000_000  # bytes; a table of ten thousand names is a third of that


class BadRules(ValueError):
    """A rules file that cannot be used, in the words for its author."""


def load(path: Path) -> tuple[Migration, ...]:
    """Return the rules of a file in code order. Raises `BadRules`. Examples are not run yet."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadRules(f"{path}: cannot be read: {error.strerror}") from error
    if len(data) > _HUGE:
        raise BadRules(f"{path}: larger than {_HUGE} bytes, so no rules file")
    try:
        text = data.decode()
        stated = tomlkit.parse(text).unwrap()
    except UnicodeDecodeError as error:
        raise BadRules(f"{path}: not UTF-8 at byte {error.start}") from error
    except ParseError as error:
        words = re.sub(r" at line \d+ col \d+$", "", str(error))
        words = words[:1].lower() + words[1:]
        raise BadRules(f"{path}:{error.line}:{error.col + 1}: not TOML: {words}") from error
    except TOMLKitError as error:  # a key twice, and the like: without a place
        raise BadRules(f"{path}: not TOML: {error}") from error
    return _File(path, Places(text)).read(stated)


class _File:
    """One file on its way to migrations."""

    def __init__(self, path: Path, places: Places) -> None:
        self._path = path
        self._places = places

    def read(self, stated: Mapping[str, Any]) -> tuple[Migration, ...]:
        self._only(stated, _FILE)
        prefix = self._text(stated, "prefix", required=True)
        if not _PREFIX.fullmatch(prefix) or prefix.startswith("TF"):
            self._fail(
                "must be two to twelve capital letters and digits that do not begin with `TF`, "
                "which is ours",
                "prefix",
            )
        rules = stated.get("rule")
        if not isinstance(rules, list) or not rules:
            self._fail("there must be at least one `[[rule]]`", "rule")
            return ()
        found: dict[str, Migration] = {}
        for number, rule in enumerate(rules):
            migration = self._rule(rule, prefix, "rule", number)
            if migration.code in found:
                self._fail(f"{migration.code} is there twice", "rule", number, "code")
            found[migration.code] = migration
        return tuple(found[code] for code in sorted(found))

    def _rule(self, rule: Mapping[str, Any], prefix: str, *key: str | int) -> Migration:
        spoken = tuple(dict.fromkeys(language for language, _ in VERBS))
        self._only(rule, (*_RULE, *spoken), *key)
        code = self._text(rule, "code", *key, required=True)
        if not re.fullmatch(rf"{prefix}\d\d\d", code):
            self._fail(f"must be `{prefix}` and three digits, such as `{prefix}001`", *key, "code")
        verbs = [made for language in spoken for made in self._verbs(rule, language, *key)]
        if not verbs:
            names = ", ".join(f"`{language}.{name}`" for language, name in VERBS)
            self._fail(f"{code} does nothing: give it one of {names}", *key)
        examples = rule.get("example", [])
        if not isinstance(examples, list) or not examples:
            self._fail(f"{code} needs an example: `[[rule.example]]`", *key, "example")
        title = self._text(rule, "title", *key, required=True)
        since = self._text(rule, "since", *key) or ladder.RELEASES[0]
        if since not in ladder.RELEASES:
            self._fail(f"`{since}` is no TileLang release; leave it out", *key, "since")
        return Migration(
            code=code,
            title=title,
            rung=Rung.OWN,
            introduced=since,
            removed=None,
            upstream=tuple(self._texts(rule, "upstream", *key)),
            effort=Effort(
                self._one_of(rule, "effort", [each.value for each in Effort], *key) or "low"
            ),
            rewrites=tuple(rewrite for made in verbs for rewrite in made.rewrites),
            examples=tuple(
                self._example(example, code, rule, *key, "example", number)
                for number, example in enumerate(examples)
            ),
            old_names=tuple(name for made in verbs for name in made.old_names),
            safe=self._bool(rule, "safe", *key),
            doc=self._text(rule, "why", *key) or title,
            name=code.lower(),
            renames=tuple(renamed for made in verbs for renamed in made.renames),
        )

    def _verbs(self, rule: Mapping[str, Any], language: str, *key: str | int) -> Iterable[Made]:
        said = rule.get(language, {})
        if not isinstance(said, dict):
            self._fail("must be a table of verbs", *key, language)
        self._only(said, [name for spoken, name in VERBS if spoken == language], *key, language)
        for name, value in said.items():
            try:
                yield VERBS[language, name].make(value)
            except BadValue as error:
                self._fail(str(error), *key, language, name, *error.key)

    def _example(
        self, example: Mapping[str, Any], code: str, rule: Mapping[str, Any], *key: str | int
    ) -> Example:
        self._only(example, _EXAMPLE, *key)
        spoken = [language for language in _LANGUAGES if language in rule]
        language = self._one_of(example, "language", [*_SPOKEN], *key)
        if not language and len(spoken) > 1:
            self._fail(f"{code} is of {' and '.join(spoken)}: say which, `language`", *key)
        after = self._text(example, "after", *key) if "after" in example else None
        finding = self._text(example, "finding", *key)
        if after is None and not finding:
            self._fail("say what it becomes, `after`, or what is reported, `finding`", *key)
        others = example.get("others", {})
        if not isinstance(others, dict) or not all(isinstance(v, str) for v in others.values()):
            self._fail("must be a table of paths and texts", *key, "others")
        return Example(
            title=self._text(example, "title", *key) or "use",
            before=self._text(example, "before", *key, required=True),
            after=after,
            language=_SPOKEN[language] if language else _LANGUAGES[spoken[0]],
            path=self._text(example, "path", *key),
            finding=finding,
            others=dict(others),
        )

    # Values --------------------------------------------------------------------------------------

    def _fail(self, words: str, *key: str | int) -> None:
        shown = "".join(f"[{k + 1}]" if isinstance(k, int) else f".{k}" for k in key).lstrip(".")
        raise BadRules(f"{self._path}:{self._places.line(key)}: `{shown}`: {words}")

    def _only(self, table: Any, known: Sequence[str], *key: str | int) -> None:
        if not isinstance(table, dict):
            self._fail("must be a table", *key)
        for name in table:
            if name not in known:
                close = difflib.get_close_matches(name, known, 1)
                hint = f"did you mean `{close[0]}`?" if close else "known: " + ", ".join(known)
                self._fail(f"is not known; {hint}", *key, name)

    def _text(
        self, table: Mapping[str, Any], name: str, *key: str | int, required: bool = False
    ) -> str:
        value = table.get(name, "")
        if not isinstance(value, str):
            self._fail("must be a string", *key, name)
        if required and not value:
            self._fail("is missing" if name not in table else "is empty", *key, name)
        return str(value)

    def _texts(self, table: Mapping[str, Any], name: str, *key: str | int) -> list[str]:
        value = table.get(name, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            self._fail("must be a list of strings", *key, name)
        return list(value)

    def _bool(self, table: Mapping[str, Any], name: str, *key: str | int) -> bool:
        value = table.get(name, True)
        if not isinstance(value, bool):
            self._fail("must be true or false", *key, name)
        return bool(value)

    def _one_of(
        self, table: Mapping[str, Any], name: str, known: Sequence[str], *key: str | int
    ) -> str:
        value = self._text(table, name, *key)
        if value and value not in known:
            self._fail(f"must be one of {', '.join(known)}", *key, name)
        return value
