"""What rules put together is formatted as upstream formats, where upstream's own file is.

A rule joins whole lines and definitions; how many blank lines stand between them is left to this.
"""

from __future__ import annotations

from codemods.merge import formatters
from codemods.merge.git import Entry, Tree
from codemods.merge.resolve import Resolution, Resolved
from codemods.merge.store import Store
from codemods.merge.syntax import language_of
from codemods.merge.tokens import same_code
from codemods.model import Language


def format_resolved(
    store: Store, resolved: Resolved, merged: Tree, fork: Tree, upstream: Tree
) -> None:
    """Format, in place, the files of `resolved` that rules made: that neither `merged`, which is
    what git made, nor one of the sides has.

    One that upstream does not format itself is left as it is.
    """
    made = {
        path: entry
        for path, entry in resolved.files.items()
        if path in upstream
        and entry not in (merged.get(path), fork.get(path), upstream[path])
        and language_of(path) in (Language.PYTHON, Language.CPP)
    }
    settings = store.contents({p: e for p, e in upstream.items() if formatters.is_setting(p)})
    theirs = store.contents({path: upstream[path] for path in made})
    kept = formatters.format_texts(theirs, settings)
    texts = store.contents({path: made[path] for path in made if kept[path] == theirs[path]})
    done = formatters.format_texts(texts, settings)
    changed = {
        path: text
        for path, text in done.items()
        if text != texts[path] and same_code(text, texts[path], language_of(path))
    }
    for path, oid in zip(changed, store.write_blobs(list(changed.values())), strict=True):
        resolved.files[path] = Entry(made[path].mode, oid)
        resolved.resolutions.append(Resolution(path, "formatting", "as upstream formats it"))
