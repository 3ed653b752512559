"""Writes js/src/protocol.gen.ts from rnnwidgets/schema.py: constants, then one interface a dataclass.

python js/generate_protocol.py            write the file
python js/generate_protocol.py --check    exit with 1 if the file on disk differs
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import sys
import types
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from rnnwidgets import schema

TARGET = Path(__file__).parent / "src" / "protocol.gen.ts"
HEADER = "// Written by js/generate_protocol.py from rnnwidgets/schema.py. Edit that file, then run the generator.\n"
PRIMITIVES: dict[Any, str] = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null"}


def typescript(annotation: Any, names: Mapping[Any, str]) -> str:
    """Return the TypeScript type of a Python annotation; `names` are the aliases to call by their names."""
    if annotation in names:
        return names[annotation]
    if annotation in PRIMITIVES:
        return PRIMITIVES[annotation]
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        return " | ".join(json.dumps(value) for value in arguments)
    if origin in (typing.Union, types.UnionType):
        return " | ".join(typescript(argument, names) for argument in arguments)
    if origin is Sequence:
        return f"ReadonlyArray<{typescript(arguments[0], names)}>"
    if origin is Mapping:
        return f"Readonly<Record<{typescript(arguments[0], names)}, {typescript(arguments[1], names)}>>"
    message = f"schema.py uses {annotation!r}, for which no TypeScript type is known"
    raise TypeError(message)


def interface(record: type, names: Mapping[Any, str]) -> str:
    """Return the interface of one dataclass, its docstring above it."""
    hints = typing.get_type_hints(record, vars(schema))
    documentation = " ".join(inspect.cleandoc(record.__doc__ or "").split())
    fields = (f"  readonly {item.name}: {typescript(hints[item.name], names)};" for item in dataclasses.fields(record))
    return "\n".join((f"/** {documentation} */", f"export interface {record.__name__} {{", *fields, "}"))


def generate() -> str:
    """Return the text of `protocol.gen.ts`."""
    public = {name: value for name, value in vars(schema).items() if not name.startswith("_")}
    constants = [
        f"export const {name} = {json.dumps(value)} as const;" for name, value in public.items() if name.isupper()
    ]
    records = [value for value in public.values() if dataclasses.is_dataclass(value) and isinstance(value, type)]
    plain = {record: record.__name__ for record in records}
    aliases = {
        value: name
        for name, value in public.items()
        if typing.get_origin(value) in (Literal, typing.Union, types.UnionType) and name != "Literal"
    }
    unions = [f"export type {name} = {typescript(value, {})};" for value, name in aliases.items()]
    blocks = [HEADER, "\n".join(constants), "\n".join(unions)]
    blocks += [interface(record, {**plain, **aliases}) for record in records]
    return "\n".join(block if block.endswith("\n") else block + "\n" for block in blocks)


def main() -> int:
    """Write the file, or compare it."""
    text = generate()
    if "--check" in sys.argv[1:]:
        return int(not TARGET.exists() or TARGET.read_text() != text)
    TARGET.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
