"""Comments by which people keep a place as it is: `// codemods: ignore[TF301] reason`.

A directive covers what starts on its own line, or on the next line when it stands alone
(`codemods.hiding` says how far). It names codes or beginnings of codes; without brackets it covers
every code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_MARK = b"codemods:"
_DIRECTIVE = re.compile(
    rb"(?P<open>//|#|/\*|<!--)[^\S\n]*codemods:[^\S\n]*ignore(?:\[(?P<codes>[^\]\n]*)\])?"
)


@dataclass(frozen=True)
class Directive:
    """One comment: its offset and line, the line it covers, which codes (none means all)."""

    start: int
    line: int
    covers: int
    codes: tuple[str, ...]

    def matches(self, code: str) -> bool:
        """Say whether the directive covers findings and edits of `code`."""
        return not self.codes or any(code.startswith(prefix) for prefix in self.codes)


def directives(data: bytes) -> tuple[Directive, ...]:
    """Return the directives of a text in order; lines are 1-based."""
    if _MARK not in data:
        return ()
    found: list[Directive] = []
    start = 0
    for number, line in enumerate(data.split(b"\n"), 1):
        began, start = start, start + len(line) + 1
        if _MARK not in line:
            continue
        for match in _DIRECTIVE.finditer(line):
            names = (match["codes"] or b"").decode("ascii", "replace").split(",")
            codes = tuple(name.strip() for name in names if name.strip())
            alone = not line[: match.start()].strip()
            found.append(
                Directive(began + match.start(), number, number + 1 if alone else number, codes)
            )
    return tuple(found)
