"""The verb for qualified names that were renamed or moved to another namespace.

Which name is meant is told by what is written and by what stands around it: the qualifier, the
namespaces and the `using`s of the file. A name that may be another one is remarked and left.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from codemods.model import Edit, Facts, Language, Outcome, Remark, Rewrite, Source
from cpp_rewriters.syntax import namespace_of
from cpp_rewriters.text import code, preceded_by, qualifier, skip_space, skip_space_back, words

_USING_NAMESPACE = re.compile(rb"\busing\s+namespace\s+([\w:]+)\s*;")
_USING = re.compile(rb"\busing\s+((?:\w+\s*::\s*)+\w+)\s*;")
_ALIAS = re.compile(rb"\bnamespace\s+(\w+)\s*=\s*([\w:]+)\s*;")
_HEADS = (b"class", b"struct", b"enum", b"union", b"concept")
_NO_TYPES = frozenset(
    b"return else case throw new delete co_return co_yield typename const static inline explicit "
    b"constexpr virtual friend operator".split()
)

Names = tuple[str, ...]


def moved(table: Mapping[str, str]) -> Rewrite:
    """Return the rewrite of the names of `table`, `space::Old` to `space::New`.

    Where old and new share their namespace only the last name is written anew, a declaration
    included; else the new one is written in full, and a declaration is remarked.
    """
    targets = {tuple(old.split("::")): tuple(new.split("::")) for old, new in table.items()}
    by_last: dict[str, list[Names]] = {}
    for old in targets:
        by_last.setdefault(old[-1], []).append(old)

    def apply(source: Source, facts: Facts) -> Iterator[Outcome]:
        places = list(words(source, by_last))
        if not places:
            return
        uses = _Uses.of(source)
        declared: set[Names] = set()
        for match in places:
            for old in by_last[match.group().decode()]:
                outcome = uses.outcome(source, match, old, targets[old], declared)
                if outcome is not None:
                    yield outcome
                    break

    return Rewrite(Language.CPP, tuple(by_last), apply)


@dataclass(frozen=True)
class _Uses:
    """What the `using`s and aliases of one file say."""

    opened: frozenset[Names]  # `using namespace a::b`
    named: frozenset[Names]  # `using a::b::C`
    aliases: Mapping[str, Names]

    @staticmethod
    def of(source: Source) -> _Uses:
        text = code(source)
        return _Uses(
            frozenset(_parts(found[1]) for found in _USING_NAMESPACE.finditer(text)),
            frozenset(_parts(found[1]) for found in _USING.finditer(text)),
            {found[1].decode(): _parts(found[2]) for found in _ALIAS.finditer(text)},
        )

    def outcome(
        self,
        source: Source,
        match: re.Match[bytes],
        old: Names,
        new: Names,
        declared: set[Names],
    ) -> Outcome | None:
        """What becomes of one place where the last part of `old` stands, None if it is another.

        `declared` takes up what the file declares: names in its own namespace stay as they are.
        """
        text = code(source)
        begin, written = qualifier(text, match.start())
        if preceded_by(text, begin, b".", b"->"):
            return None
        parts = _parts(written)
        if parts and parts[0] in self.aliases and not written.lstrip().startswith(b"::"):
            parts = (*self.aliases[parts[0]], *parts[1:])
        around = namespace_of(source, match.start())
        if written.lstrip().startswith(b"::"):
            how = "full" if parts == old[:-1] else ""
        else:
            how = self._how(parts, around, old)
        if not how:
            return None
        if how == "doubt":
            return Remark(
                match.start(),
                f"`{match.group().decode()}` may be `{'::'.join(old)}`; not changed because no "
                "namespace or `using` of this file says so",
                f"write `{'::'.join(new)}` if it is",
            )
        if old[:-1] == new[:-1] or (not parts and how == "named"):
            return Edit(*match.span(), new[-1].encode())
        if old in declared and not parts and how == "inside":
            return None
        if not parts and how == "inside" and _declares(text, match):
            declared.add(old)
            return Remark(
                match.start(),
                f"`{'::'.join(old)}` is declared here; not changed because a declaration moves by "
                "hand",
                f"declare it as `{'::'.join(new)}`",
            )
        leading = b"::" if written.lstrip().startswith(b"::") else b""
        return Edit(begin, match.end(), leading + "::".join(new).encode())

    def _how(self, parts: Names, around: Names, old: Names) -> str:
        """How the name is known to be `old`: full, inside, opened, named, doubt, or "" for not."""
        space = old[:-1]
        if parts == space:
            return "full"
        if any((*around[:depth], *parts) == space for depth in range(len(around), 0, -1)):
            return "inside"
        if not parts and old in self.named:
            return "named"
        if any((*opened, *parts) == space for opened in self.opened):
            return "opened"
        if parts:
            return "doubt" if space[-len(parts) :] == parts else ""
        return "doubt" if around[:1] == space[:1] and around != () else ""


def _parts(written: bytes) -> Names:
    return tuple(part.strip().decode() for part in written.split(b"::") if part.strip())


def _declares(text: bytes, match: re.Match[bytes]) -> bool:
    """Whether a class of this name begins here, or a function whose type stands right before it."""
    before = skip_space_back(text, match.start())
    word = re.search(rb"\w+\Z", text[max(0, before - 64) : before])
    if word is not None and word[0] in _HEADS:
        return True
    typed = text[before - 1 : before] in (b">", b"*", b"&") or (
        word is not None and word[0] not in _NO_TYPES
    )
    return typed and text.startswith(b"(", skip_space(text, match.end()))
