"""A fork's own renames, written as data in a TOML file, with the verbs of the built-in migrations.

    rules = load(Path("acme.rules.toml"))   # migrations like any other, their examples checked

`find` says which files a tree names in its `pyproject.toml`. A rules file is data: it can name
nothing but names, so nothing of a tree is executed because of one. The form is described in
`docs/your-own-rules.md`.
"""

from codemods.rules.examples import check
from codemods.rules.finding import find
from codemods.rules.reading import BadRules, load

__all__ = ["BadRules", "check", "find", "load"]
