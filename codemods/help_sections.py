"""A command whose help shows its options in groups, so that a newcomer finds the few to use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click


class Sectioned(click.Command):
    """`sections`: headings, each with the long names of its options; what is in none comes last."""

    def __init__(
        self, *arguments: Any, sections: Mapping[str, Sequence[str]] | None = None, **others: Any
    ) -> None:
        super().__init__(*arguments, **others)
        self.sections = dict(sections or {})

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options under their headings."""
        heading_of = {name: head for head, names in self.sections.items() for name in names}
        order = [name for names in self.sections.values() for name in names]
        groups: dict[str, list[tuple[int, tuple[str, str]]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            known = [name for name in parameter.opts if name in heading_of]
            if record is not None:
                head = heading_of[known[0]] if known else "Others"
                place = order.index(known[0]) if known else len(order)
                groups.setdefault(head, []).append((place, record))
        for head in (*self.sections, "Others"):
            if head in groups:
                with formatter.section(head):
                    formatter.write_dl([record for _, record in sorted(groups[head])])
