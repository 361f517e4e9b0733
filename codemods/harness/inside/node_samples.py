"""Values for the reflected fields of nodes, by the types that tvm-ffi's reflection states."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Mapping
from typing import Any

Schema = Mapping[str, Any]


class NoSample(Exception):
    """There is no value for a type; the text is its name."""


class Samples:
    """Makes objects of a type with all fields at a first value, some of them at a second."""

    def __init__(self) -> None:
        import tvm
        from tvm import tir

        ffi: Any = importlib.import_module("tvm_ffi")
        core = ffi.core
        self._info: Callable[[str], Any] = core._lookup_or_register_type_info_from_type_key
        self._index: Callable[[str], int] = core._object_type_key_to_index
        self._make = ffi.get_global_func("ffi.MakeObjectFromPackedArgs")
        # the same objects each time: two free variables, and buffers with them, are never equal
        buffers = [tir.decl_buffer((4, 4), name="a"), tir.decl_buffer((4, 8), name="b")]
        variables = [tir.Var("x", "int32"), tir.Var("y", "int32")]
        ranges = [tvm.ir.Range.from_min_extent(i, 4) for i in range(2)]
        statements = [tir.Evaluate(i) for i in range(2)]
        self._plain: dict[str, list[Any]] = {
            "int": [3, 4],
            "bool": [False, True],
            "float": [0.5, 1.5],
            "DataType": [tvm.DataType("int32"), tvm.DataType("int64")],
            "ffi.String": ["x", "y"],
            "std::string": ["x", "y"],
            "str": ["x", "y"],
            "ir.IntImm": [tir.IntImm("int32", 5), tir.IntImm("int32", 6)],
            "ir.PrimExpr": [tir.IntImm("int32", 7), tir.IntImm("int32", 8)],
            "ir.Range": ranges,
            "tir.Buffer": buffers,
            "tir.BufferRegion": [tir.BufferRegion(b, [ranges[0], ranges[1]]) for b in buffers],
            "tir.For": [
                tir.For(v, 0, 4, tir.ForKind.SERIAL, s)
                for v, s in zip(variables, statements, strict=True)
            ],
            "tir.Stmt": statements,
            "tir.Var": variables,
        }

    def fields(self, key: str) -> dict[str, Schema]:
        """Return the stated type of each field of the type `key`, its bases' first."""
        found: dict[str, Schema] = {}
        info = self._info(key)
        while info is not None:
            found = {field.name: _schema(field) for field in info.fields} | found
            info = info.parent_type_info
        return found

    def is_a(self, key: str, base: str) -> bool:
        """Say whether the type `key` is `base` or derives from it."""
        info = self._info(key)
        while info is not None:
            if info.type_key == base:
                return True
            info = info.parent_type_info
        return False

    def make(self, key: str, chosen: Mapping[str, int], otherwise: int = 0) -> Any:
        """Return an object of the type `key`, with the values that `chosen` numbers by field.

        Raises NoSample, and what tvm-ffi raises for a type that cannot be made by reflection.
        """
        arguments: list[Any] = []
        for name, schema in self.fields(key).items():
            arguments += [name, self.value(schema, chosen.get(name, otherwise))]
        return self._make(self._index(key), *arguments)

    def value(self, schema: Schema, number: int) -> Any:
        """Return the value with that number (0 or 1) of the type that `schema` states.

        Of a type whose objects cannot be made there is one value: a null reference.
        """
        name = schema["type"]
        if name in self._plain:
            return self._plain[name][number]
        arguments = schema.get("args", ())
        if name in ("ffi.Array", "list") and arguments:
            return [self.value(arguments[0], number)]
        if name in ("ffi.Map", "dict") and len(arguments) == 2:
            return {self.value(arguments[0], number): self.value(arguments[1], number)}
        if name == "Optional" and arguments:
            return self.value(arguments[0], number)
        try:
            return self.make(name, {}, number)
        except NoSample:
            raise
        except Exception as error:
            if number == 0:
                return None
            raise NoSample(name) from error


def _schema(field: Any) -> Schema:
    stated = (getattr(field, "metadata", None) or {}).get("type_schema")
    if stated is None:
        raise NoSample(f"of the field {field.name}, which states none")
    schema: Schema = json.loads(stated) if isinstance(stated, str) else stated
    return schema
