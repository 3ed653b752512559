"""Whether a header says what a frame can be: bytes come from anywhere, and what reads frames trusts their types.

A field that earlier recordings lack has the value that it would have had then; nothing else may be missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_LARGEST = 2**53  # JavaScript counts exactly up to there
_NON_FINITE = ("nan", "inf", "-inf")


def check(header: Mapping[str, Any]) -> None:
    """Look at every field of a step's header that is used without being looked at again.

    Raises:
        ValueError: a field is not of its kind; the message names it.
        KeyError: a field is missing.
    """
    _all("step", _whole, [header["step"]])
    _all("samples", _whole, header["samples"])
    _all("scalars", _number, _mapped(header["scalars"]))
    for norms in _mapped(header["norms"]):
        _all("norms", _number, norms)
    _all("overhead", _number, [header.get("overhead", "nan")])
    for sample in header["tokens"] or ():
        _all("tokens", _text, sample)
    layers = header["layers"]
    for layer in layers:
        _all("layers", _text, [layer["name"], layer["kind"], layer["inexact"]])
        _all("lengths", _whole, [*layer["lengths"], layer.get("first", 0)])
        _all("replay_error", _number, [layer["replay_error"]])
    extents: dict[str, tuple[int, ...]] = {layer["name"]: () for layer in layers}
    for plane in header["planes"]:
        _all("planes", _name, [plane["name"]])
        _all("axes", _text, plane["axes"])
        if not 0 < len(plane["axes"]) == len(plane["shape"]) or plane["layer"] not in extents:
            raise ValueError(f"plane {plane['name']} has axes {plane['axes']} and shape {plane['shape']}")
        if plane["axes"][:2] == ["time", "sample"]:
            shape = tuple(plane["shape"][:2])
            known = extents[plane["layer"]] = extents[plane["layer"]] or shape
            if shape != known or len(plane["axes"]) != 3:
                raise ValueError(f"plane {plane['name']} has shape {plane['shape']} beside others of {known}")


def _all(field: str, sound: Callable[[object], bool], values: object) -> None:
    if not isinstance(values, list) or not all(map(sound, values)):
        raise ValueError(f"{field} is {str(values)[:80]}")


def _mapped(values: object) -> list[Any]:
    if not isinstance(values, dict):
        raise ValueError(f"{str(values)[:80]} is no mapping")  # noqa: TRY004 (bytes are wrong, not their caller)
    return list(values.values())


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST


def _number(value: object) -> bool:
    return (isinstance(value, float) or _whole(value)) or (isinstance(value, str) and value in _NON_FINITE)


def _name(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _text(value: object) -> bool:
    return isinstance(value, str)
