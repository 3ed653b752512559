"""Reads a recording with NumPy and the standard library, from docs/format.md alone: a second opinion for the tests.

python tests/golden/reader.py run/rank-0      prints, for each plane of each frame, the SHA-256 of its bytes
"""

from __future__ import annotations

import hashlib
import json
import struct
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

Plane = tuple[dict[str, Any], np.ndarray[Any, Any]]


def records(log: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield (kind, step, payload) of each record, up to the first that is not whole and sound."""
    position = 0
    while position + 40 <= len(log):
        magic, kind, _, step, _, size, crc, own = struct.unpack_from("<4sIQqIIII", log, position)
        payload = log[position + 40 : position + 40 + size]
        if magic != b"RNR1" or own != zlib.crc32(log[position : position + 36]) or crc != zlib.crc32(payload):
            return
        yield kind, step, payload
        position += 40 + size


def planes(frame: bytes) -> Iterator[Plane]:
    """Yield each plane of a frame with its description."""
    magic, version, header_bytes, body_bytes, crc, _ = struct.unpack_from("<4sIIIII", frame)
    if (magic, version, crc) != (b"RNNW", 1, zlib.crc32(frame[24:], zlib.crc32(frame[:16]))):
        raise ValueError("not a sound frame of version 1")
    header, body = json.loads(frame[24 : 24 + header_bytes]), frame[24 + header_bytes :][:body_bytes]
    for plane in header["planes"]:
        count = int(np.prod(plane["shape"]))
        values = np.frombuffer(body, "<" + plane["dtype"], count, plane["offset"]).reshape(plane["shape"])
        yield plane, values


def digests(rank: Path) -> list[list[Any]]:
    """Return [step, layer, name, shape, SHA-256 of the little-endian values] of every plane, in the order written."""
    found = []
    for log in sorted(rank.glob("*.log")):
        for kind, step, payload in records(log.read_bytes()):
            for plane, values in planes(payload) if kind == 1 else ():
                digest = hashlib.sha256(values.tobytes()).hexdigest()
                found.append([step, plane["layer"], plane["name"], plane["shape"], digest])
    return found


if __name__ == "__main__":
    print(json.dumps(digests(Path(sys.argv[1])), indent=1))
