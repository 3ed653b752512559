"""Frames and facts on their way to disk: a queue in front of a thread that encodes and writes.

Training pays for putting a reference into the queue, which is bounded in bytes: when the disk is slower than training,
frames are left out and counted, facts never are. When the disk is full or gone, writing is tried again every
`RETRY_SECONDS` while recording in memory goes on; what happened is said in the notes, in words.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
import warnings
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from rnnwidgets import schema
from rnnwidgets.archive.record import Kind, to_json
from rnnwidgets.archive.writer import Entry, Writer
from rnnwidgets.errors import Guard, RecorderWarning, RecordingError
from rnnwidgets.frame import Frame, scalar

THREAD_NAME = "rnnwidgets-disk"
QUEUE_BYTES = 64 * 2**20
BACKLOG_BYTES = 8 * 2**20
SYNC_SECONDS = 5.0
STATUS_SECONDS = 1.0
RETRY_SECONDS = 30.0
_CLOSE_SECONDS = 60.0

Told = tuple[int, Frame | dict[str, Any]]


def facts_of(frame: Frame) -> dict[str, Any]:
    """Return what is said of a frame beside it, so that curves and extents are known without reading frames."""
    return {"scalars": _plain(frame.scalars), "layers": frame.extents}


def facts_of_status(status: schema.Status) -> dict[str, Any]:
    """Return what the recorder says of itself, as JSON holds it."""
    overhead = None if status.overhead is None else scalar(status.overhead)
    return {"status": {**vars(status), "overhead": overhead, "notes": list(status.notes)}}


class Disk:
    """The way to disk of one recording; made by `Recording.record_to`. It ends with `close`, or with its recording."""

    def __init__(
        self, path: Path, writer: Writer, status: Callable[[], schema.Status | None], note: Callable[[str], None]
    ) -> None:
        """Start the thread.

        Args:
            path: how sentences call the recording.
            writer: of one rank; closed at the end.
            status: what to keep of the recorder's own words, None when the recording is gone.
            note: takes what went wrong; neither keeps the recording alive.
        """
        self.path = path
        self._journal = _Journal(path, writer, status, note)
        weakref.finalize(self, self._journal.stop).atexit = False

    def frame(self, frame: Frame) -> None:
        """Take a frame, unless too many are waiting."""
        self._journal.put(frame.step, frame)

    def scalars(self, step: int, scalars: Mapping[str, float]) -> None:
        """Take scalars that came after their frame, or without one."""
        self._journal.put(step, {"scalars": _plain(scalars)})

    def ratios(self, step: int, ratios: Mapping[str, float]) -> None:
        """Take update ratios, which come after their frame."""
        self._journal.put(step, {"ratios": _plain(ratios)})

    def close(self) -> None:
        """Write what waits, seal and unlock. Closing twice does nothing more."""
        self._journal.close()


class _Journal:
    """What the thread holds: everything but the recording."""

    def __init__(
        self, path: Path, writer: Writer, status: Callable[[], schema.Status | None], note: Callable[[str], None]
    ) -> None:
        self._path, self._writer, self._status, self._note = path, writer, status, note
        self._guard = Guard(note)
        self._process = os.getpid()
        self._queue: SimpleQueue[Told | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._waiting = self._left_out = self._lost = self._backlog_bytes = 0
        self._backlog: deque[Entry] = deque()
        self._told: dict[str, Any] = {}
        self._failing = False
        self._next_try = self._next_status = 0.0
        self._next_sync = time.monotonic() + SYNC_SECONDS
        self._thread = threading.Thread(target=self._run, name=THREAD_NAME, daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def put(self, step: int, told: Frame | dict[str, Any]) -> None:
        """Queue what was told; called while training waits."""
        if isinstance(told, Frame):
            with self._lock:
                full = self._waiting > 0 and self._waiting + told.nbytes > QUEUE_BYTES
                if full:
                    self._left_out += 1
                else:
                    self._waiting += told.nbytes
            if full:
                self._note(
                    f"{self._path}: the disk is slower than training, so that frames from step {step} on are left out "
                    "there; record fewer with every="
                )
                return
        self._queue.put((step, told))

    def stop(self) -> None:
        """End the thread once everything is written; in a forked process there is none."""
        if os.getpid() == self._process:
            self._queue.put(None)

    def close(self) -> None:
        """End the thread and wait for it."""
        self.stop()
        if os.getpid() == self._process and threading.current_thread() is not self._thread:
            self._thread.join(_CLOSE_SECONDS)

    def _run(self) -> None:
        while True:
            try:
                told = self._queue.get(timeout=STATUS_SECONDS)
            except Empty:
                self._tick(time.monotonic())
                continue
            if told is None:
                break
            self._guard.run("writing to disk", self._take, *told)
            self._tick(time.monotonic())
        self._end()

    def _take(self, step: int, told: Frame | dict[str, Any]) -> None:
        if isinstance(told, Frame):
            with self._lock:
                self._waiting -= told.nbytes
            frame = Entry(Kind.FRAME, step, told.to_bytes())
            entries = [frame, Entry(Kind.FACTS, step, to_json(facts_of(told)))]
        else:
            entries = [Entry(Kind.FACTS, step, to_json(told))]
        self._append(entries)

    def _append(self, entries: list[Entry]) -> None:
        """Write records now, or keep the small ones for later and count the frames that are lost."""
        if self._backlog or self._failing:
            self._keep(entries)
            self._retry()
            return
        try:
            self._writer.write(entries)
        except OSError as error:
            self._keep(entries)
            self._fail(entries[0].step, error)
            return
        except RecordingError as error:
            self._note(f"{self._path}: {error}")
            return
        self._seal_if_full()

    def _seal_if_full(self) -> None:
        try:
            if self._writer.full:
                self._writer.seal()
        except OSError as error:
            self._fail(-1, error)

    def _keep(self, entries: list[Entry]) -> None:
        for entry in entries:
            if entry.kind == Kind.FRAME:
                self._lost += 1
            elif self._backlog_bytes + len(entry.payload) <= BACKLOG_BYTES:
                self._backlog.append(entry)
                self._backlog_bytes += len(entry.payload)

    def _fail(self, step: int, error: OSError) -> None:
        self._next_try = time.monotonic() + RETRY_SECONDS
        if self._failing:
            return
        self._failing = True
        since = f"since step {step}" if step >= 0 else "since now"
        sentence = (
            f"{self._path}: nothing is written {since}: {(error.strerror or str(error)).lower()}; recording in memory "
            f"goes on, and writing is tried again every {RETRY_SECONDS:g} s"
        )
        self._note(sentence)
        try:
            warnings.warn(sentence, RecorderWarning, stacklevel=2)
        except RecorderWarning:  # where warnings are errors: the note has told
            return

    def _retry(self, *, now: bool = False) -> None:
        """Write what was kept, if it is time to try again."""
        if not now and time.monotonic() < self._next_try:
            return
        entries = [*self._backlog] or [Entry(Kind.FACTS, -1, to_json({}))]
        try:
            self._writer.write(entries)
        except OSError as error:
            self._fail(-1, error)
            return
        self._failing, self._backlog_bytes = False, 0
        self._backlog.clear()
        self._note(f"{self._path}: written again since step {entries[-1].step}; frames missing there: {self._lost}")
        self._seal_if_full()

    def _tick(self, now: float) -> None:
        """Do what is due: try again, keep the recorder's words, sync."""
        if self._failing:
            self._retry()
        if now >= self._next_status:
            self._next_status = now + STATUS_SECONDS
            self._tell_status(("state", "notes"))
        if now >= self._next_sync:
            self._next_sync = now + SYNC_SECONDS
            self._tell_status(("state", "notes", "step", "every"))
            try:
                self._writer.sync()
            except OSError as error:
                self._fail(-1, error)

    def _tell_status(self, fields: tuple[str, ...]) -> None:
        """Keep what the recorder says of itself, where one of the fields has changed."""
        status = self._status()
        if status is None or self._failing:
            return
        if any(self._told.get(name) != getattr(status, name) for name in fields):
            self._told = dict(vars(status))
            self._append([Entry(Kind.FACTS, status.step, to_json(facts_of_status(status)))])

    def _end(self) -> None:
        if self._failing or self._backlog:
            self._retry(now=True)
        if self._left_out:
            self._note(f"{self._path}: frames left out there, the disk being slower than training: {self._left_out}")
        self._tell_status(("state", "notes", "step", "every"))
        try:
            self._writer.close()
        except OSError as error:
            self._fail(-1, error)
        atexit.unregister(self.close)


def _plain(scalars: Mapping[str, float]) -> dict[str, schema.Scalar]:
    return {name: scalar(value) for name, value in scalars.items()}
