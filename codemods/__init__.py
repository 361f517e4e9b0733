"""Codemods that carry TileLang forks and other TVM downstreams across the TVM-FFI redesign."""

from codemods.own_python import forget_working_directory

__version__ = "0.1.0"

forget_working_directory()
