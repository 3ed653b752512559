"""Bytes to arrays and back, as laid out in `schema`.

Reading checks lengths and CRC-32 before it looks at anything else, refuses what the prefix announces beyond the bytes
that are there, and copies nothing: the arrays of a decoded frame are read-only views of the bytes.
"""

from __future__ import annotations

import json
import math
import operator
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from rnnwidgets import schema
from rnnwidgets.errors import FrameBytesError

Array = NDArray[Any]

_PREFIX = struct.Struct("<4sIIIII")
_MAGIC = schema.MAGIC.encode("ascii")
_MOST_HEADER = 4 * 2**20
_NON_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
_DTYPES: Mapping[str, schema.Dtype] = {"u1": "u1", "f4": "f4", "f8": "f8"}


class Values(Protocol):
    """One array on its way into bytes, with what its header must say of it."""

    @property
    def array(self) -> Array:
        """The numbers as they will be written."""

    def header(self, offset: int) -> schema.Plane:
        """Describe the array, placed at `offset` of the body."""


@dataclass(frozen=True)
class RawPlane:
    """An array written as it is, in float32 or float64."""

    layer: str
    name: str
    axes: tuple[str, ...]
    array: Array

    def header(self, offset: int) -> schema.Plane:
        """Describe the array, placed at `offset` of the body."""
        shape = self.array.shape
        return schema.Plane(
            layer=self.layer,
            name=self.name,
            axes=self.axes,
            shape=shape,
            full=shape,
            stride=(1,) * len(shape),
            dtype=dtype_name(self.array),
            encoding="raw",
            high=1.0,
            offset=offset,
            bytes=self.array.nbytes,
        )


def dtype_name(array: Array) -> schema.Dtype:
    """Return the name under which an array is written; `KeyError` for one that has no place in a frame."""
    return _DTYPES[array.dtype.str[1:]]


def scalar(value: float) -> schema.Scalar:
    """Return a number as JSON can hold it: `"nan"`, `"inf"` or `"-inf"` for the three that it cannot."""
    value = float(value)
    if math.isfinite(value):
        return value
    if math.isnan(value):
        return "nan"
    return "inf" if value > 0 else "-inf"


def number(value: float | str) -> float:
    """Return the number that `scalar` wrote."""
    return _NON_FINITE[value] if isinstance(value, str) else value


def encode(header: schema.StepHeader | schema.CurvesHeader | schema.AnalysisHeader, planes: Sequence[Values]) -> bytes:
    """Return one frame: prefix, JSON header, planes at 8-byte boundaries."""
    described: list[Mapping[str, Any]] = []
    pieces: list[memoryview | bytes] = []
    size = 0
    for plane in planes:
        described.append(vars(plane.header(size)))
        data = np.ascontiguousarray(plane.array, plane.array.dtype.newbyteorder("<"))
        padding = bytes(-data.nbytes % schema.ALIGNMENT)
        pieces += (data.data, padding)
        size += data.nbytes + len(padding)
    fields = {**vars(header), "planes": described}
    text = json.dumps(fields, allow_nan=False, ensure_ascii=False, separators=(",", ":"), default=vars).encode()
    text += b" " * (-len(text) % schema.ALIGNMENT)
    if len(text) > _MOST_HEADER:
        raise FrameBytesError(
            "frame",
            expected=f"names, norms and tokens in at most {_MOST_HEADER} bytes",
            found=str(len(text)),
            remedy="record fewer samples or layers",
        )
    start = _PREFIX.pack(_MAGIC, schema.VERSION, len(text), size, 0, 0)[:16]
    checksum = zlib.crc32(text, zlib.crc32(start))
    for piece in pieces:
        checksum = zlib.crc32(piece, checksum)
    return b"".join((start, struct.pack("<II", checksum, 0), text, *pieces))


def split(data: bytes) -> Iterator[bytes]:
    """Yield each of the frames that stand one after the other in `data`.

    Raises:
        FrameBytesError: the bytes end inside a frame, or are not frames.
    """
    position = 0
    while position < len(data):
        size = _measure(data, position)
        yield data[position : position + size]
        position += size


def decode(data: bytes) -> tuple[dict[str, Any], list[Array]]:
    """Return the header of one frame and its planes as they were written (codes are left as codes).

    Raises:
        FrameBytesError: the bytes are damaged, cut short, or of another version.
    """
    if _measure(data, 0) != len(data):
        raise damaged("one frame", f"{len(data) - _measure(data, 0)} bytes after its end")
    _, _, header_bytes, _, checksum, _ = _PREFIX.unpack_from(data)
    view = memoryview(data)
    if zlib.crc32(view[schema.PREFIX_BYTES :], zlib.crc32(view[:16])) != checksum:
        raise damaged(f"checksum {checksum:08x}", "other bytes")
    text, body = view[schema.PREFIX_BYTES :][:header_bytes], view[schema.PREFIX_BYTES + header_bytes :]
    try:
        header = json.loads(bytes(text))
        return header, [_array(plane, body) for plane in header["planes"]]
    except FrameBytesError:
        raise
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError) as error:
        raise damaged("a header as in rnnwidgets.schema", repr(error)) from error


def _array(plane: Mapping[str, Any], body: memoryview) -> Array:
    """Return one plane of the body, after its place has been checked; nothing is allocated for it."""
    dtype = np.dtype(_DTYPES[plane["dtype"]]).newbyteorder("<")
    shape, offset = tuple(map(operator.index, plane["shape"])), operator.index(plane["offset"])
    count = math.prod(shape)
    if min(shape, default=0) < 0 or not 0 <= offset <= len(body) - count * dtype.itemsize:
        raise damaged(f"plane {plane['name']!r} inside the body", f"shape {shape} at offset {offset}")
    array = np.frombuffer(body, dtype, count, offset).reshape(shape)
    array.flags.writeable = False
    return array


def _measure(data: bytes, position: int) -> int:
    """Return the size in bytes of the frame at `position`, once its prefix is known to be sound."""
    available = len(data) - position
    if available < schema.PREFIX_BYTES:
        raise damaged(f"{schema.PREFIX_BYTES} bytes of prefix", f"{available}")
    magic, version, header_bytes, body_bytes, _, zero = _PREFIX.unpack_from(data, position)
    if magic != _MAGIC or zero != 0:
        raise damaged(f"bytes that begin with {schema.MAGIC}", repr(magic))
    if version != schema.VERSION:
        raise FrameBytesError(
            "frame",
            expected=f"frame version {schema.VERSION}",
            found=f"version {version}",
            remedy="read it with the version of rnnwidgets that wrote it",
        )
    size = schema.PREFIX_BYTES + int(header_bytes) + int(body_bytes)
    if size > available:
        raise damaged(f"{size} bytes", f"{available}")
    if header_bytes > _MOST_HEADER:
        raise damaged(f"a header of at most {_MOST_HEADER} bytes", str(header_bytes))
    return size


def damaged(expected: str, found: str) -> FrameBytesError:
    """Return the error that says how bytes differ from a frame."""
    return FrameBytesError("frame", expected=expected, found=found, remedy="the bytes are damaged or cut short")
