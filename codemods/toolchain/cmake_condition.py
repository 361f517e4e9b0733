"""The conditions of CMake's `if`, with its order of precedence."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_TRUE = frozenset({"1", "ON", "YES", "TRUE", "Y"})
_FALSE = frozenset({"", "0", "OFF", "NO", "FALSE", "N", "IGNORE", "NOTFOUND"})
_PATH_TESTS = frozenset({"EXISTS", "IS_DIRECTORY", "IS_READABLE", "IS_ABSOLUTE", "IS_SYMLINK"})
_NEVER = frozenset({"COMMAND", "POLICY", "TARGET", "TEST"})

Word = tuple[str, bool]
"""A word of the condition, and whether it was quoted (then it is no variable and no keyword)."""


def holds(
    words: Sequence[Word],
    value: Callable[[str], str | None],
    cache: Mapping[str, str],
    environment: Mapping[str, str],
    path: Callable[[str], Path],
) -> bool:
    """Return whether the condition is true. What cannot be known here counts as false."""
    return _Condition(list(words), value, cache, environment, path).disjunction()


class _Condition:
    def __init__(
        self,
        words: list[Word],
        value: Callable[[str], str | None],
        cache: Mapping[str, str],
        environment: Mapping[str, str],
        path: Callable[[str], Path],
    ) -> None:
        self.words = words
        self.value = value
        self.cache = cache
        self.environment = environment
        self.path = path

    def _keyword(self, *names: str) -> bool:
        if self.words and not self.words[0][1] and self.words[0][0] in names:
            self.words.pop(0)
            return True
        return False

    def disjunction(self) -> bool:
        # AND and OR have one precedence, left to right (CMake's manual, `if`)
        result = self.negation()
        while self.words:
            if self._keyword("AND"):
                result = self.negation() and result
            elif self._keyword("OR"):
                result = self.negation() or result
            else:
                break
        return result

    def negation(self) -> bool:
        if self._keyword("NOT"):
            return not self.negation()
        return self.primary()

    def primary(self) -> bool:
        if not self.words:
            return False
        if self._keyword("("):
            result = self.disjunction()
            self._keyword(")")
            return result
        if self._keyword("DEFINED"):
            return self._defined(self._next())
        for test in _PATH_TESTS:
            if self._keyword(test):
                given = self.path(self._next())
                return given.is_dir() if test == "IS_DIRECTORY" else given.exists()
        if self._keyword(*_NEVER):
            self._next()
            return False
        left = self.words.pop(0)
        return self._comparison(left)

    def _next(self) -> str:
        return self.words.pop(0)[0] if self.words else ""

    def _defined(self, name: str) -> bool:
        if name.startswith("ENV{"):
            return name[4:-1] in self.environment
        if name.startswith("CACHE{"):
            return name[6:-1] in self.cache
        return self.value(name) is not None

    def _comparison(self, left: Word) -> bool:
        if self._keyword("STREQUAL"):
            return self._text(left) == self._right()
        if self._keyword("MATCHES"):
            return re.search(self._next(), self._text(left)) is not None
        if self._keyword("IN_LIST"):
            return self._text(left) in (self.value(self._next()) or "").split(";")
        for prefix, key in (("VERSION_", _version), ("STR", str), ("", _number)):
            for name, accept in _ORDER.items():
                if self._keyword(prefix + name):
                    a, b = key(self._text(left)), key(self._right())
                    return accept((a > b) - (a < b))  # type: ignore[operator]
        return self._truth(left)

    def _right(self) -> str:
        return self._text(self.words.pop(0)) if self.words else ""

    def _text(self, word: Word) -> str:
        text, quoted = word
        if quoted:
            return text
        value = self.value(text)
        return text if value is None else value

    def _truth(self, word: Word) -> bool:
        text, quoted = word
        if text.upper() in _TRUE:
            return True
        if text.upper() in _FALSE or text.upper().endswith("-NOTFOUND"):
            return False
        if re.fullmatch(r"-?[0-9.]+", text):
            return float(text) != 0
        if quoted:
            return False
        value = self.value(text)
        return value is not None and not (
            value.upper() in _FALSE or value.upper().endswith("-NOTFOUND")
        )


_ORDER: dict[str, Callable[[int], bool]] = {
    "LESS": lambda order: order < 0,
    "GREATER": lambda order: order > 0,
    "EQUAL": lambda order: order == 0,
    "LESS_EQUAL": lambda order: order <= 0,
    "GREATER_EQUAL": lambda order: order >= 0,
}


def _version(text: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", text)]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
