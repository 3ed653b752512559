"""Appends records to the log of one rank. Whatever fails, the log ends in a whole record.

One system call for a frame and its facts, nothing acknowledged before it returned. A write that was cut short by a full
disk reports no error of its own: it is rolled back like one. A segment of `SEGMENT_BYTES` is to be sealed: synced, its
index beside it. The index holds a copy of the segment's facts, so that curves are read without the log.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rnnwidgets.archive.lock import Lock
from rnnwidgets.archive.log import Log
from rnnwidgets.archive.manifest import write_manifest
from rnnwidgets.archive.place import Directory
from rnnwidgets.archive.record import ROW, VERSION, Kind, head_of, pack, to_json
from rnnwidgets.errors import RecordingError

SEGMENT_BYTES = 64 * 2**20

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_BINARY", 0)
_MOST_PARTS = 64 if hasattr(os, "writev") else 0


class Entry(NamedTuple):
    """A record to be."""

    kind: Kind
    step: int
    payload: bytes


class Writer:
    """The one writer of a rank, from opening to `close`.

    Attributes:
        run: the name of the run, given by the first process that opened the recording.
        frames: how many frames the log held when it was opened.
        last_step: the highest training step among them, -1 without frames.
    """

    @classmethod
    def opened(cls, path: Path, run: str, rank: int = 0) -> Writer:
        """Return the writer of a path.

        Raises:
            RecordingError: the path holds something else, another process writes this rank, or the disk says no.
        """
        try:
            return cls(path, run, rank)
        except OSError as error:
            raise RecordingError(
                "path",
                expected="a directory that can be written",
                found=f"{path}: {(error.strerror or str(error)).lower()}",
                remedy="choose another path",
            ) from error

    def __init__(self, path: Path, run: str, rank: int = 0) -> None:
        """Open a new recording, or go on with one: its last segment is mended and sealed, a new one begun.

        Raises:
            RecordingError: the path holds something else, or another process writes this rank.
            OSError: the directory cannot be written.
        """
        self.run = write_manifest(path, run)
        self.path = path / f"rank-{rank}"
        self.path.mkdir(exist_ok=True)
        self._lock = Lock.take(self.path)
        self._rank = rank
        self._file: int | None = None
        self._end, self._rows, self._facts = 0, list[tuple[int, int, int, int, int]](), list[bytes]()
        self._number, self._segment = 0, -1
        with ExitStack() as failed:
            failed.callback(self._lock.release)
            log = Log(Directory(self.path, str(self.path)))
            self._go_on(log)
            failed.pop_all()
        self.frames, self.last_step = len(log), int(log.steps.max(initial=-1))

    @property
    def full(self) -> bool:
        """Whether the segment should be sealed."""
        return self._end >= SEGMENT_BYTES

    def write(self, entries: Sequence[Entry]) -> None:
        """Append records, all or none of them.

        Raises:
            OSError: they could not be written; the log is as it was before.
        """
        if self._file is None:
            self._begin()
        heads = [
            head_of(entry.kind, self._number + count, entry.step, self._rank, entry.payload)
            for count, entry in enumerate(entries)
        ]
        self._put([part for entry, head in zip(entries, heads, strict=True) for part in (head, entry.payload)])
        for entry, head in zip(entries, heads, strict=True):
            self._rows.append((entry.kind, len(entry.payload), self._number, entry.step, self._end))
            if entry.kind == Kind.FACTS:
                self._facts.append(head + entry.payload)
            self._number += 1
            self._end += len(head) + len(entry.payload)

    def sync(self) -> None:
        """Let nothing written so far be lost with the power.

        Raises:
            OSError: the disk says no, or the file is not in its directory any more.
        """
        if self._file is not None:
            os.fsync(self._file)
            if os.fstat(self._file).st_nlink == 0:
                self.abandon()
                raise FileNotFoundError(errno.ENOENT, "the directory was deleted", str(self.path))

    def seal(self) -> None:
        """End the segment: sync it and write its index; the next write begins another.

        Raises:
            OSError: the disk says no; the segment ends without an index then, which a reader does without.
        """
        if self._file is None:
            return
        draft = self.path / f"{self._segment:06d}.draft"
        try:
            self.sync()
            with draft.open("wb") as file:
                file.write(pack(Kind.INDEX, self._number, -1, self._rank, np.array(self._rows, ROW).tobytes()))
                file.writelines(self._facts)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.path / f"{self._segment:06d}.idx")
        finally:
            self.abandon()
            draft.unlink(missing_ok=True)

    def abandon(self) -> None:
        """Leave the segment as it is."""
        if self._file is not None:
            os.close(self._file)
            self._file, self._end, self._rows, self._facts = None, 0, [], []

    def close(self) -> None:
        """Seal, and let another write. `OSError` where the disk says no; the lock is gone in any case."""
        try:
            self.seal()
        finally:
            self.abandon()
            self._lock.release()

    def _go_on(self, log: Log) -> None:
        """Number on from what is there, and take back what a kill left half written."""
        for segment in log.segments:
            self._segment = int(segment.name[:6])
            self._number = max(self._number, int(segment.rows["number"].max(initial=0)) + 1)
            if segment.copies is None:
                os.truncate(self.path / segment.name, segment.end)

    def _begin(self) -> None:
        self._segment += 1
        self._file = os.open(self.path / f"{self._segment:06d}.log", _FLAGS, 0o666)
        facts = {"version": VERSION, "run": self.run, "rank": self._rank}
        try:
            self.write([Entry(Kind.SEGMENT, -1, to_json(facts))])
        except OSError:
            self.abandon()
            (self.path / f"{self._segment:06d}.log").unlink(missing_ok=True)
            self._segment -= 1
            raise

    def _put(self, parts: Sequence[bytes]) -> None:
        """Append in one call, all or nothing; large parts are not copied for it."""
        if self._file is None:
            raise OSError(errno.EBADF, "the segment was abandoned", str(self.path))
        written = -1
        try:
            if len(parts) <= _MOST_PARTS:
                written = os.writev(self._file, parts)
            else:
                written = os.write(self._file, b"".join(parts))
        finally:
            if written != sum(map(len, parts)):
                self._roll_back()
        if written != sum(map(len, parts)):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))

    def _roll_back(self) -> None:
        """Take back what a failed write left behind; where that fails too, the segment is left for good."""
        if self._file is not None:
            try:
                os.ftruncate(self._file, self._end)
            except OSError:
                self.abandon()
