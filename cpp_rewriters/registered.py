"""Which of a tree's functions Python can call: those registered by name with a `GlobalDef`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from codemods.model import Collector, Language, Source
from cpp_rewriters.text import calls, code, trim

_NAME = re.compile(rb"(?:\w+::)*\w+")


def _gather(source: Source) -> tuple[str, ...] | None:
    names: list[str] = []
    text = code(source)
    for call in calls(source, ("def",)):
        if len(call.arguments) >= 2 and text[: call.name[0]].rstrip().endswith(b"."):
            value = text[slice(*trim(text, *call.arguments[1]))]
            if _NAME.fullmatch(value):
                names.append(value.decode().rsplit("::", 1)[-1])
    return tuple(names) or None


def _digest(gathered: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    return frozenset(name for names in gathered.values() for name in names)


REGISTERED = Collector("registered_functions", Language.CPP, ("GlobalDef",), _gather, _digest)
"""`frozenset[str]`: unqualified names of functions given to `.def("key", function)`."""
