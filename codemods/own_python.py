"""Which modules this process and its children may import: nothing of the working directory.

`python -m` puts the working directory first on the path. That is often the tree that is worked on,
whose files may have any module's name. The option `-P` that forbids it is newer than Python 3.10.
"""

from __future__ import annotations

import sys
from pathlib import Path

_ROOT = str(Path(__file__).resolve().parents[1])
_CODE = (
    "import sys; sys.path[:] = [*filter(None, sys.path), sys.argv.pop(1)]; del sys.argv[0]; "
    "import runpy; runpy.run_module(sys.argv[0], run_name='__main__', alter_sys=True)"
)


def module(name: str) -> list[str]:
    """Return the command that runs a module as `-m` does, wherever it is started."""
    return [sys.executable, "-c", _CODE, _ROOT, name]


def forget_working_directory() -> None:
    """Take what `python -m` put first off the path, unless our own packages lie there.

    Where `PYTHONSAFEPATH` forbids that already, the first entry is somebody's choice.
    """
    if getattr(sys.flags, "safe_path", False):
        return
    if sys.argv[:1] == ["-m"] and sys.path and str(Path(sys.path[0]).resolve()) != _ROOT:
        del sys.path[0]
