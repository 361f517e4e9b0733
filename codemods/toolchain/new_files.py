"""Shows libclang files that a run would make and that are not there yet.

A changed file is handed over as text, which libclang matches by the path as it is spelled: a new
one included as `../support/new.h`, or one in a folder that does not exist, is not found. New files
are laid over the tree as virtual ones instead (clang's `-ivfsoverlay`), whose paths are normalised.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from codemods.toolchain.overlay import Overlay


@contextmanager
def virtual_files(tree: Overlay) -> Iterator[list[str]]:
    """Yield the arguments with which libclang sees the new files, as long as the context lasts."""
    files = tree.new()
    if not files:
        yield []
        return
    with tempfile.TemporaryDirectory() as folder:
        roots = []
        for number, (path, data) in enumerate(sorted(files.items())):
            contents = Path(folder) / str(number)
            contents.write_bytes(data)
            place = tree.root / path
            entry = {"type": "file", "name": place.name, "external-contents": str(contents)}
            roots.append({"type": "directory", "name": str(place.parent), "contents": [entry]})
        overlay = Path(folder) / "overlay.json"
        overlay.write_text(json.dumps({"version": 0, "use-external-names": False, "roots": roots}))
        yield ["-ivfsoverlay", str(overlay)]
