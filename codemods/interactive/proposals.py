"""The fixes of a tree that are not safe, one for each site, as somebody is asked about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from codemods import offsets
from codemods.choices import Key, Site, sites
from codemods.engine import Ported
from codemods.model import Migration
from codemods.offsets import Lines


@dataclass(frozen=True)
class Proposal:
    """One site: its file's text before the fix, and the 1-based line there."""

    path: str
    migration: Migration
    text: bytes
    line: int
    site: Site

    @property
    def key(self) -> Key:
        """What the engine knows the site by."""
        return self.path, self.migration.code, self.site.old, self.site.new


def proposals(
    before: Mapping[str, bytes], ported: Ported, migrations: Sequence[Migration]
) -> Iterator[Proposal]:
    """Yield what the unsafe ones of `migrations` did in a port that carried all of them out."""
    unsafe = {migration.code: migration for migration in migrations if not migration.safe}
    for path in sorted(ported.steps):
        text = before[path]
        for code, edits in zip(ported.step_codes[path], ported.steps[path], strict=True):
            if code in unsafe:
                lines = Lines(text)
                for site in sites(text, edits):
                    yield Proposal(path, unsafe[code], text, lines.line(site.start), site)
            text = offsets.apply(text, edits)
