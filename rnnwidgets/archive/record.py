"""One record of a log: the 40 bytes that stand before its payload, and the checks that tell it from anything else.

    0   4  magic "RNR1"
    4   4  u32 kind: 0 segment, 1 frame, 2 facts, 3 index
    8   8  u64 number of the record, rising within a rank
    16  8  i64 training step, -1 where there is none
    24  4  u32 rank
    28  4  u32 bytes of the payload, a multiple of 8
    32  4  u32 CRC-32 of the payload
    36  4  u32 CRC-32 of bytes 0..36
    40     payload

A frame's payload is that of `Frame.to_bytes`; segments and facts are JSON objects, padded with spaces; an index is rows
of `ROW`. Sizes are checked before anything is read, checksums before anything is parsed.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np

from rnnwidgets.errors import FrameBytesError, RecordingError

VERSION = 1
MAGIC = b"RNR1"
HEAD_BYTES = 40
ALIGNMENT = 8
MOST_PAYLOAD = 128 * 2**20
MOST_FACTS = 2**20
MOST_DEPTH = 8

ROW = np.dtype([("kind", "<u4"), ("size", "<u4"), ("number", "<u8"), ("step", "<i8"), ("offset", "<u8")])

_HEAD = struct.Struct("<4sIQqIII")
_CHECKSUM = struct.Struct("<I")
_WHOLE = struct.Struct("<4sIQqIIII")
_DECODER = json.JSONDecoder()


class Kind(IntEnum):
    """What the payload of a record is."""

    SEGMENT = 0
    FRAME = 1
    FACTS = 2
    INDEX = 3


_LIMITS = MOST_FACTS, MOST_PAYLOAD, MOST_FACTS, MOST_PAYLOAD  # by kind


class Head(NamedTuple):
    """What stands before a payload."""

    kind: int
    number: int
    step: int
    rank: int
    size: int
    checksum: int


def pack(kind: Kind, number: int, step: int, rank: int, payload: bytes) -> bytes:
    """Return one record; raises what `head_of` raises."""
    return head_of(kind, number, step, rank, payload) + payload


def head_of(kind: Kind, number: int, step: int, rank: int, payload: bytes) -> bytes:
    """Return what stands before a payload.

    Raises:
        RecordingError: the payload is longer than a reader accepts.
    """
    limit = _LIMITS[kind]
    if len(payload) > limit:
        raise RecordingError(
            f"step {step}",
            expected=f"at most {limit} bytes in a record",
            found=str(len(payload)),
            remedy="record fewer samples or layers",
        )
    start = _HEAD.pack(MAGIC, kind, number, step, rank, len(payload), zlib.crc32(payload))
    return start + _CHECKSUM.pack(zlib.crc32(start))


def unpack(data: bytes, position: int = 0) -> Head | None:
    """Return the head at a position, or None where no sound head stands."""
    if len(data) < position + HEAD_BYTES:
        return None
    magic, *fields, checksum = _WHOLE.unpack_from(data, position)
    if magic != MAGIC or zlib.crc32(data[position : position + _HEAD.size]) != checksum:
        return None
    head = Head._make(fields)
    sound = head.kind < len(_LIMITS) and head.size <= _LIMITS[head.kind] and head.size % ALIGNMENT == 0
    return head if sound else None


def payload_of(data: bytes, kind: Kind) -> bytes:
    """Return the payload of the record that begins `data`.

    Raises:
        FrameBytesError: the record is not whole, not sound, or of another kind.
    """
    head = unpack(data)
    if head is None or head.kind != kind:
        raise _damaged(f"a record of kind {kind.name.lower()}", "other bytes")
    payload = data[HEAD_BYTES : HEAD_BYTES + head.size]
    if len(payload) != head.size or zlib.crc32(payload) != head.checksum:
        raise _damaged(f"{head.size} bytes of checksum {head.checksum:08x}", "other bytes")
    return payload


def to_json(facts: Mapping[str, Any]) -> bytes:
    """Return a JSON object as bytes, padded with spaces to a multiple of 8."""
    text = json.dumps(facts, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()
    return text + b" " * (-len(text) % ALIGNMENT)


def from_json(payload: bytes) -> dict[str, Any]:
    """Return the JSON object that `to_json` wrote.

    Raises:
        FrameBytesError: the bytes are no such object, or one nested deeper than any that is written.
    """
    try:
        text = payload.decode().strip()
        facts, end = _DECODER.raw_decode(text)
    except (ValueError, RecursionError) as error:
        raise _damaged("a JSON object", repr(error)[:200]) from error
    if not isinstance(facts, dict) or end < len(text) or _deeper(facts, MOST_DEPTH):
        raise _damaged(f"a JSON object at most {MOST_DEPTH} deep", "something else")
    return facts


def _deeper(value: object, depth: int) -> bool:
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return depth == 0 or any(_deeper(one, depth - 1) for one in inner)
    return False


def _damaged(expected: str, found: str) -> FrameBytesError:
    return FrameBytesError("record", expected=expected, found=found, remedy="the bytes are damaged or cut short")
