"""One file of a log: which records stand where in it, taken from its index or found by walking from head to head.

A walk reads heads alone, a few microseconds each. Where no sound head stands it looks for the next one, so that damage
costs the record that it hit. What lies past the last whole record is the torn end of a write, or one that is under way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnwidgets.archive.place import Place, Source
from rnnwidgets.archive.record import ALIGNMENT, HEAD_BYTES, MAGIC, ROW, Head, Kind, payload_of, unpack
from rnnwidgets.errors import FrameBytesError

Rows = NDArray[Any]

_WINDOW = 4096
_LOOK = 2**20
_MOST_FALSE_HEADS = 100_000


@dataclass
class Segment:
    """What is known of one file.

    Attributes:
        name: `000000.log`.
        rows: one of `ROW` for each record, in their order.
        end: how far the walk came.
        damage: (from, to) of the bytes that were no sound record.
        copies: where the facts stand in the index, by their order among the rows; None without an index.
    """

    name: str
    rows: Rows = field(default_factory=lambda: np.empty(0, ROW))
    end: int = 0
    damage: list[tuple[int, int]] = field(default_factory=list)
    copies: int | None = None

    @property
    def index(self) -> str:
        """Name of the index."""
        return self.name.replace(".log", ".idx")

    def grow(self, place: Place) -> None:
        """Look for records that came since. A sealed segment is not looked at again."""
        if self.copies is None and not (self.end == 0 and self._take_index(place)):
            self.walk(place)

    def walk(self, place: Place) -> None:
        """Look for records beyond `end`, whatever an index says."""
        with place.opened(self.name) as source:
            found = np.fromiter(self._walk(source), ROW)
        if len(found):
            self.rows = np.concatenate((self.rows, found))

    def facts(self, place: Place, first: int) -> Iterator[tuple[int, bytes | None]]:
        """Yield (step, payload) of the facts among the rows from `first` on, None for one that is damaged."""
        told = np.flatnonzero(self.rows["kind"] == Kind.FACTS)
        rows, skipped = self.rows[told], int(np.searchsorted(told, first))
        name, offsets = self.name, rows["offset"].astype(np.int64)
        if self.copies is not None:
            lengths = rows["size"].astype(np.int64) + HEAD_BYTES
            name, offsets = self.index, self.copies + np.cumsum(lengths) - lengths
        if skipped == len(rows):
            return
        with place.opened(name) as source:
            window = _Window(source, 16 * _WINDOW)
            columns = rows["step"], rows["size"], offsets
            for step, size, offset in zip(*(column[skipped:].tolist() for column in columns), strict=True):
                yield step, _sound(window.record(offset, size + HEAD_BYTES))

    def _take_index(self, place: Place) -> bool:
        """Take the rows of the index, if there is one and it fits the log."""
        try:
            with place.opened(self.index) as source, place.opened(self.name) as log:
                head = unpack(source.read(0, HEAD_BYTES))
                if head is None or head.kind != Kind.INDEX or head.size % ROW.itemsize:
                    return False
                rows = np.frombuffer(payload_of(source.read(0, HEAD_BYTES + head.size), Kind.INDEX), ROW)
                ends = rows["offset"].astype(np.int64) + HEAD_BYTES + rows["size"]
                if not len(rows) or int(ends[-1]) != log.size or np.any(rows["offset"][1:] != ends[:-1]):
                    return False
        except (OSError, FrameBytesError):
            return False
        self.rows, self.end, self.copies = rows, int(ends[-1]), HEAD_BYTES + head.size
        return True

    def _walk(self, source: Source) -> Iterator[tuple[int, int, int, int, int]]:
        """Yield a row for each whole record from `end` on, and move `end` past them."""
        window, last = _Window(source, _WINDOW), int(self.rows["number"][-1]) if len(self.rows) else -1
        while self.end + HEAD_BYTES <= source.size:
            head = window.head(self.end)
            if head is None or self.end + HEAD_BYTES + head.size > source.size or head.number <= last:
                following = _next_head(source, self.end + ALIGNMENT, last)
                if following is None:
                    return
                self.damage.append((self.end, following))
                self.end = following
                continue
            last = head.number
            yield head.kind, head.size, head.number, head.step, self.end
            self.end += HEAD_BYTES + head.size


class _Window:
    """Reads ahead, so that small records cost one read together."""

    def __init__(self, source: Source, ahead: int) -> None:
        self._source, self._ahead = source, ahead
        self._start, self._data = 0, b""

    def head(self, position: int) -> Head | None:
        return unpack(self._covering(position, HEAD_BYTES), position - self._start)

    def record(self, position: int, count: int) -> bytes:
        data = self._covering(position, count)
        return data[position - self._start : position - self._start + count]

    def _covering(self, position: int, count: int) -> bytes:
        if not self._start <= position <= position + count <= self._start + len(self._data):
            self._start, self._data = position, self._source.read(position, max(count, self._ahead))
        return self._data


def _next_head(source: Source, position: int, last: int) -> int | None:
    """Return where the next sound head of a whole record with a higher number stands."""
    tries = 0
    while position + HEAD_BYTES <= source.size:
        data = source.read(position, _LOOK + HEAD_BYTES)
        words = np.frombuffer(data, "<u4", len(data) // 4)[:: ALIGNMENT // 4]
        places: list[int] = (np.flatnonzero(words == int.from_bytes(MAGIC, "little")) * ALIGNMENT).tolist()
        for place in places:
            head, at = unpack(data, place), position + place
            if head is not None and at + HEAD_BYTES + head.size <= source.size and head.number > last:
                return at
            tries += 1
            if tries == _MOST_FALSE_HEADS:
                return None
        position += _LOOK
    return None


def _sound(record: bytes) -> bytes | None:
    try:
        return payload_of(record, Kind.FACTS)
    except FrameBytesError:
        return None
