"""Codemods that carry TileLang forks and other TVM downstreams across the TVM-FFI redesign."""

__version__ = "0.1.0"
