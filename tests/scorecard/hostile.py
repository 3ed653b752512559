"""Recordings made to harm: what chance does to bytes, and what somebody does who knows the format and its checksums."""

from __future__ import annotations

import json
import os
import shutil
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from rnnwidgets.archive.record import ROW, Kind, pack

LOG, INDEX, MANIFEST = "rank-0/000000.log", "rank-0/000000.idx", "manifest.json"
HUGE = 10**400
DEEP = "[" * 200_000
NESTED: Any = {}
for _ in range(50):
    NESTED = {"a": NESTED}

VALUES: list[Any] = [
    None, True, -1, 0, 2**31, 2**53, 2**63, 2**64, HUGE, 1e308, -1e-320, "", "\u202e", "nan", "../../etc/passwd",
    "__class__", [], [[]], {}, [None], ["x"], [-1], [2**40, 2**40], [HUGE], {"x": None}, NESTED, "x" * 100_000,
]  # fmt: skip


def mutated(good: Path, bad: Path, random: np.random.Generator) -> None:
    """Copy a recording and do to one of its files what chance does: flip, cut, repeat, leave out, overwrite."""
    shutil.copytree(good, bad)
    file = bad / str(random.choice([LOG, LOG, LOG, INDEX, MANIFEST]))
    data = bytearray(file.read_bytes())
    for _ in range(int(random.integers(1, 5))):
        at, end = sorted(random.integers(0, len(data), 2).tolist())
        kind = random.integers(5)
        if kind == 0:
            data[at] ^= 1 << int(random.integers(8))
        elif kind == 1:
            del data[max(end, 1) :]
        elif kind == 2:
            data[at:at] = data[at : min(end, at + 5000)]
        elif kind == 3:
            del data[at : min(end, at + 500)]
        else:
            data[at : at + 4] = bytes(random.choice([0, 255], 4).tolist())
        data = data or bytearray(b"x")
    file.write_bytes(data)


def frame(header: Any, body: bytes = bytes(64), *, version: int = 1) -> bytes:
    """A frame with a right checksum around any header."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    start = struct.pack("<4sIII", b"RNNW", version, len(text), len(body))
    return start + struct.pack("<II", zlib.crc32(body, zlib.crc32(text, zlib.crc32(start))), 0) + text + body


def sound_header(good: Path) -> tuple[dict[str, Any], bytes]:
    """The header of the first frame of a recording, and its body."""
    data = (good / LOG).read_bytes()
    position = 0
    while struct.unpack_from("<I", data, position + 4)[0] != Kind.FRAME:
        position += 40 + struct.unpack_from("<I", data, position + 28)[0]
    payload = data[position + 40 : position + 40 + struct.unpack_from("<I", data, position + 28)[0]]
    length = struct.unpack_from("<I", payload, 8)[0]
    return json.loads(payload[24 : 24 + length]), payload[24 + length :]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place inside a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield (*path, key)
        yield from places(one, (*path, key))


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """A copy of a JSON value with another at one place."""
    copy = json.loads(json.dumps(value))
    place = copy
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = new
    return copy


def forged(good: Path, bad: Path, random: np.random.Generator) -> None:
    """Copy a recording and put a wrong value somewhere in a frame's header, every checksum right."""
    header, body = sound_header(good)
    where = list(places(header))
    for _ in range(int(random.integers(1, 3))):
        header = changed(header, where[int(random.integers(len(where)))], VALUES[int(random.integers(len(VALUES)))])
        where = list(places(header))
    write(bad, [(Kind.FRAME, 0, frame(header, body)), facts({"scalars": {"loss": 1.0}})])


def facts(value: Any) -> tuple[Kind, int, bytes]:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Kind.FACTS, 0, text + b" " * (-len(text) % 8)


def write(bad: Path, records: list[tuple[Kind, int, bytes]], manifest: bytes | None = None) -> Path:
    """A recording of any records."""
    (bad / "rank-0").mkdir(parents=True)
    plain = b'{"format":"rnnwidgets recording","version":1,"run":"x"}'
    plain += b" " * (-len(plain) % 8)
    told = json.dumps({**json.loads(plain), "crc32": f"{zlib.crc32(plain):08x}"}).encode()
    (bad / MANIFEST).write_bytes(told if manifest is None else manifest)
    packed = [pack(kind, number, step, 0, payload) for number, (kind, step, payload) in enumerate(records)]
    (bad / LOG).write_bytes(b"".join(packed))
    return bad


def bomb_of_links(bad: Path) -> None:
    write(bad, [])
    (bad / LOG).unlink()
    (bad / LOG).symlink_to("/etc/passwd")


def bomb_of_a_pipe(bad: Path) -> None:
    write(bad, [])
    (bad / LOG).unlink()
    os.mkfifo(bad / LOG)


def bomb_of_a_directory(bad: Path) -> None:
    write(bad, [])
    (bad / LOG).unlink()
    (bad / LOG).mkdir()


def bomb_of_holes(bad: Path, size: int) -> None:
    with (write(bad, []) / LOG).open("r+b") as file:
        file.truncate(size)


def bomb_of_an_index(bad: Path) -> None:
    header = write(bad, [facts({})]) / INDEX
    size = (bad / LOG).stat().st_size
    rows = np.zeros(2, ROW)
    rows["kind"], rows["size"], rows["offset"] = Kind.FRAME, (2**31, 2**31), (2**62, size - 40 - 2**31 + 2**64 - 2**63)
    header.write_bytes(pack(Kind.INDEX, 9, -1, 0, rows.tobytes()))


BOMBS: dict[str, Callable[[Path], object]] = {
    "a log that is a link": bomb_of_links,
    "a log that is a pipe": bomb_of_a_pipe,
    "a log that is a directory": bomb_of_a_directory,
    "a terabyte of nothing": lambda bad: bomb_of_holes(bad, 2**40),
    "a quarter of a gigabyte of nothing": lambda bad: bomb_of_holes(bad, 2**28),
    "heads without end": lambda bad: (write(bad, []) / LOG).write_bytes(b"RNR1\0\0\0\0" * 2**22),
    "an index that points outside": bomb_of_an_index,
    "a manifest 200 000 deep": lambda bad: write(bad, [], b'{"a":' * 200_000),
    "a manifest of two million digits": lambda bad: write(bad, [], b'{"version":' + b"9" * 2_000_000 + b"}"),
    "a manifest of NaN": lambda bad: write(bad, [], b'{"format":NaN}'),
    "facts 200 000 deep": lambda bad: write(bad, [facts(b'{"scalars":' * 90_000)]),
    "facts of a million digits": lambda bad: write(bad, [facts(b'{"scalars":{"a":' + b"9" * 1_000_000 + b"}}")]),
    "fifty thousand scalars, ten times": lambda bad: write(
        bad, [facts({"scalars": {f"{k}-{n}": n for n in range(50_000)}}) for k in range(10)]
    ),
    "a curve of anything": lambda bad: write(bad, [facts({"curve": value}) for value in VALUES if value != HUGE]),
    "a status of anything": lambda bad: write(bad, [facts({"status": {"state": one, "notes": one}}) for one in VALUES]),
    "layers of anything": lambda bad: write(bad, [facts({"layers": {"a": one}}) for one in VALUES]),
    "a frame whose header is 200 000 deep": lambda bad: write(bad, [(Kind.FRAME, 0, frame(DEEP.encode()))]),
    "a frame of four million names": lambda bad: write(
        bad, [(Kind.FRAME, 0, frame({"kind": "step", "planes": [], "scalars": {str(n): n for n in range(250_000)}}))]
    ),
    "a frame of another version": lambda bad: write(bad, [(Kind.FRAME, 0, frame({}, version=7))]),
    "a record without a payload": lambda bad: write(bad, [(kind, 0, b"") for kind in Kind]),
    "steps from both ends of time": lambda bad: write(bad, [(Kind.FRAME, step, b"") for step in (2**63 - 1, -(2**63))]),
    "a quarter of a million records": lambda bad: write(bad, [facts({})] * 250_000),
}
