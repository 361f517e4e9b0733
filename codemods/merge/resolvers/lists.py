"""Both sides changed a list with one element a line: what each added or took away is kept.

Lists are requirements, word lists, ignore files, the elements of a literal or of an import that
spans lines, source lists of CMake, includes. An element that both sides changed differently
leaves the hunk as it is. An element that upstream names twice stays so; what only the fork says
twice is said once.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from codemods.merge.hunks import Hunk, split_lines
from codemods.merge.resolvers.place import Place
from codemods.model import Language

_REQUIREMENT = re.compile(
    rb"\s*(?:#.*|(?P<key>-[-\w]+.*|[A-Za-z0-9][\w.-]*(?:\[[^]]*\])?)\s*(?:[<>=!~@;].*)?)?\s*"
)
_COMMA = re.compile(
    rb"\s*(?:#.*|(?P<key>[\w.]+(?:\s+as\s+\w+)?|'[^'\n]*'|\"[^\"\n]*\")\s*(?P<comma>,)?\s*(?:#.*)?)?\s*"
)
_WORD = re.compile(rb"\s*(?:#.*|(?P<key>[^\s()#]+))?\s*")
_ANY = re.compile(rb"\s*(?P<key>\S.*?)?\s*")
_INCLUDE = re.compile(rb"\s*(?:(?P<key>#\s*include\s*[<\"][^>\"]+[>\"]|using\s+[\w:]+;).*)?\s*")
_PATTERNS = {
    Language.REQUIREMENTS: _REQUIREMENT,
    Language.PYTHON: _COMMA,
    Language.CYTHON: _COMMA,
    Language.TOML: _COMMA,
    Language.CMAKE: _WORD,
    Language.CPP: _INCLUDE,
}
_AGAIN = b"\0again "  # in front of an element that a list has had before, word for word
_TAIL = b"\0tail"
_SHORTEST = 3  # elements in order that show that a list is kept sorted
_WORD_FILES = re.compile(r"(.*words?(list)?.*\.txt|\.\w*ignore|MANIFEST\.in)\Z")


def resolve(hunk: Hunk, place: Place) -> bytes | None:
    """Merge the three lists by element, in upstream's order."""
    pattern = _PATTERNS.get(place.language) if place.language else None
    if _is_word_list(place):
        pattern = _ANY
    if pattern is None:
        return None
    parsed = [_elements(side, pattern) for side in (hunk.base, hunk.ours, hunk.theirs)]
    if any(elements is None for elements in parsed):
        return None
    base, ours, theirs = (elements or {} for elements in parsed)
    if not ours and not theirs:
        return None
    order = _merged(base, ours, theirs)
    if order is None:
        return None
    text = b"".join(order)
    if hunk.theirs and not hunk.theirs.endswith(b"\n"):
        text = text.removesuffix(b"\n").removesuffix(b"\r")
    return _with_commas(text, hunk.theirs) if pattern is _COMMA else text


def resolve_file(base: bytes, ours: bytes, theirs: bytes, place: Place) -> bytes | None:
    """The same for a file that is nothing but a list."""
    if place.language is Language.REQUIREMENTS or _is_word_list(place):
        return resolve(Hunk(base, ours, theirs), place)
    return None


def _is_word_list(place: Place) -> bool:
    return _WORD_FILES.match(PurePosixPath(place.path).name) is not None


def _elements(text: bytes, pattern: re.Pattern[bytes]) -> dict[bytes, bytes] | None:
    """The lines by what they name, comments and blank lines in front with the next one."""
    found: dict[bytes, bytes] = {}
    lead = b""
    if text and not text.endswith(b"\n"):
        text += b"\r\n" if b"\r\n" in text else b"\n"
    for line in split_lines(text):
        match = pattern.fullmatch(line)
        if match is None:
            return None
        key = match["key"]
        if key is None:
            lead += line
            continue
        key = _key(key, pattern)
        if key in found and _bare(found[key]) != _bare(line):
            if pattern is not _REQUIREMENT:
                return None
            key += b" again " + _bare(line)  # a file may say two things of one package
        while key in found:
            key = _AGAIN + key
        found[key] = lead + line
        lead = b""
    if lead.strip():
        found[_TAIL] = lead  # a comment behind the last element
    return found


def _key(key: bytes, pattern: re.Pattern[bytes]) -> bytes:
    if pattern is _REQUIREMENT:
        return key if key.startswith(b"-") else re.sub(rb"[-_.]+", b"-", key).lower()
    text = key.strip(b"'\"")
    name = re.match(rb"[A-Za-z0-9][\w.-]*(?:\[[^]]*\])?(?=\s*[<>=!~;@])", text)
    return name[0].lower() if name and key[:1] in b"'\"" else b" ".join(key.split())


def _merged(
    base: dict[bytes, bytes], ours: dict[bytes, bytes], theirs: dict[bytes, bytes]
) -> list[bytes] | None:
    order: list[tuple[bytes, bytes]] = []
    lead = b""  # comments in front of an element that goes: they head what follows it
    for key, line in theirs.items():
        mine, old = ours.get(key), base.get(key)
        if key.startswith(_AGAIN):
            if order and key.removeprefix(_AGAIN) in dict(order):
                order.append((key, lead + line))
                lead = b""
            continue
        if mine is None:
            if old is None:
                order.append((key, lead + line))
                lead = b""
            elif _bare(old) != _bare(line):
                return None  # we took away what upstream changed
            else:
                lead += b"".join(split_lines(line)[:-1])
            continue
        if _bare(mine) == _bare(line) or (old is not None and _bare(mine) == _bare(old)):
            order.append((key, lead + line))
        elif old is not None and _bare(line) == _bare(old):
            order.append((key, lead + mine))
        else:
            return None
        lead = b""
    if lead:
        order.append((b"\0lead", lead))
    before: bytes | None = None
    kept_sorted = _is_sorted(ours) and _is_sorted(theirs)
    for key, line in ours.items():
        if key not in theirs:
            if key.startswith(_AGAIN):
                continue
            if key in base:
                if _bare(line) != _bare(base[key]):
                    return None  # upstream took away what we changed
                continue
            at = next((n + 1 for n, (k, _) in enumerate(order) if k == before), len(order))
            if before is None:
                at = 0
            if kept_sorted and key != _TAIL:
                at = next((n for n, (k, _) in enumerate(order) if key.lower() < k.lower()), at)
            order.insert(at, (key, line))
        before = key
    return [line for _, line in order]


def _is_sorted(elements: dict[bytes, bytes]) -> bool:
    ranks = [key.lower() for key in elements if key != _TAIL]
    return len(ranks) >= _SHORTEST and ranks == sorted(ranks)


def _bare(line: bytes) -> bytes:
    """What an element says: names differ neither by case nor by kind of dash (PEP 503), and the
    comments in front of it say nothing."""
    line = b"\n".join(part for part in line.split(b"\n") if not part.lstrip().startswith(b"#"))
    return re.sub(rb"[-_.]+", b"-", b"".join(line.split()).rstrip(b",").lower())


def _with_commas(text: bytes, model: bytes) -> bytes | None:
    """The same elements with a comma behind each but the last, which follows the model's last."""
    lines = split_lines(text)
    last_has_comma = True
    for line in split_lines(model):
        match = _COMMA.fullmatch(line)
        if match and match["key"]:
            last_has_comma = match["comma"] is not None
    final = max((n for n, line in enumerate(lines) if _is_element(line)), default=-1)
    for number, line in enumerate(lines):
        match = _COMMA.fullmatch(line)
        if not match or not match["key"] or match["comma"]:
            continue
        if number != final or last_has_comma:
            end = match.end("key")
            lines[number] = line[:end] + b"," + line[end:]
    return b"".join(lines)


def _is_element(line: bytes) -> bool:
    match = _COMMA.fullmatch(line)
    return bool(match and match["key"])
