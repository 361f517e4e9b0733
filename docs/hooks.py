"""Adds the pages that are made from the migrations to the manual, while MkDocs builds it."""

from typing import Any

from mkdocs.structure.files import File, Files

from codemods import manual, registry


def on_files(files: Files, config: Any, **_: Any) -> Files:
    """MkDocs' hook: the generated pages beside those of `docs/`."""
    for path, text in manual.pages(registry.load()).items():
        files.append(File.generated(config, path, content=text))
    return files
