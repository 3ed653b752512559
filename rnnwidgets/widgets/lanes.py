"""The two ways from a recording to its views, as bytes; who sends them, and when, is the publisher's business.

The live lane says what changed since it last spoke, at a pace that holds for all views together: messages and bytes
are paid for by waiting, and what happens meanwhile is simply the next thing said. The durable lane says everything at
once, in bounded bytes: all curves, the latest step in full, and as many of the steps before it as there is room for.
"""

from __future__ import annotations

import threading
import weakref
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from rnnwidgets import reduce, schema
from rnnwidgets.errors import FrameBytesError
from rnnwidgets.frame import Frame
from rnnwidgets.wire import encode_curves, encode_step

SERIES = 16
SNAPSHOT_STEP_BYTES = 128 * 1024
RUNNING_BYTES = 1_000_000
FIRST_GAP, LAST_GAP, GAP_GROWTH = 2.0, 10.0, 1.5
_MESSAGE_TEXT = 4096
_UPDATES_PER_SECOND = 2
_LATE = 0.05  # seconds that a delta may come after its time without putting off the next: it waits for a step's end
_SERIES_FIRST = ("loss", "grad_norm", "grad_norm_before_clip", "lr")

Bins = NDArray[np.float64]
Series = Mapping[str, tuple[int, Bins]]


def shown_series(names: Sequence[str]) -> list[str]:
    """Return the names of the curves that go to the views: loss, norms, learning rate, the first of the others."""
    return sorted(names, key=lambda name: _SERIES_FIRST.index(name) if name in _SERIES_FIRST else SERIES)[:SERIES]


class LiveLane:
    """What the views have been told so far, and when they may be told more.

    Attributes:
        seq: number of the last delta.
    """

    def __init__(self, note: Callable[[str], None]) -> None:
        """Start with nothing said; `note` takes what the views must know about what they do not get."""
        self.seq = 0
        self._note = note
        self._free = float("-inf")
        self._wait = 0.0
        self._sent: dict[str, tuple[int, int, float]] = {}
        self._step: weakref.ref[Frame] | None = None

    def ready(self, now: float) -> bool:
        """Return whether the pace allows another delta."""
        return now >= self._free

    def news(self, frame: Frame | None) -> bool:
        """Return whether the frame is another than the one last sent."""
        return frame is not None and (self._step is None or self._step() is not frame)

    def delta(self, series: Series, frame: Frame | None, views: int, analyses: Callable[[int], bytes]) -> bytes:
        """Return the buffer of the next delta: changed bins, analyses, and the frame if there is room.

        Each view's copy is bounded so that the views together still get two deltas a second; `analyses` returns those
        that find room in a number of bytes.
        """
        limit = min(schema.LIVE_MESSAGE_BYTES, schema.LIVE_BYTES_PER_SECOND // (_UPDATES_PER_SECOND * views))
        pieces = [encode_curves(self._changes(series, limit // 4)), analyses(limit // 2)]
        if frame is not None:
            room = limit - _MESSAGE_TEXT - sum(map(len, pieces))
            step = encode_step(frame, room)
            self._step = weakref.ref(frame)
            if len(step) <= room:
                pieces.append(step)
            else:
                self._note(f"{len(frame.traces)} layers are too many for the live view: watch fewer with layers=")
        buffer = b"".join(pieces)
        self.seq += 1
        size = views * (len(buffer) + _MESSAGE_TEXT)
        self._wait = max(_gap(views, schema.LIVE_MESSAGES_PER_SECOND), _gap(size, schema.LIVE_BYTES_PER_SECOND))
        return buffer

    def said(self, now: float) -> None:
        """Pay for the delta, from when the last view has been told, or should have been."""
        self._free = max(self._free, now - _LATE) + self._wait

    def _changes(self, series: Series, room: int) -> dict[str, Bins]:
        """Return the bins that changed, from the last one sent on, or all where bins were merged since; what finds no
        room is left for the next delta.
        """
        changes = {}
        if len(series) > SERIES:
            self._note(f"the first {SERIES} of {len(series)} curves are shown")
        for name in shown_series(tuple(series)):
            width, bins = series[name]
            state = (width, bins.shape[1], float(bins[5, -1]))
            before = self._sent.get(name)
            if state == before:
                continue
            first = before[1] - 1 if before is not None and before[0] == width else 0
            changed = bins[:, first:]
            if changed.nbytes <= room:
                room -= changed.nbytes
                changes[name] = changed
                self._sent[name] = state
        return changes


class DurableLane:
    """Snapshots of the whole run, and when the next one is due while it lasts.

    Steps that were encoded once stay in the snapshots for as long as they are spread well enough.
    """

    def __init__(self) -> None:
        """Start with nothing encoded."""
        self._encoded: dict[int, tuple[weakref.ref[Frame], bytes]] = {}
        self._lock = threading.RLock()
        self._room = schema.SNAPSHOT_BYTES
        self._gap = FIRST_GAP
        self._due = float("inf")

    @property
    def nbytes(self) -> int:
        """Bytes of the frames encoded, with the snapshot made of them."""
        return 2 * sum(len(data) for _, data in tuple(self._encoded.values()))

    def begin(self, now: float) -> None:
        """Count from the first step of a stretch of training."""
        self._gap = FIRST_GAP
        self._due = now + self._gap

    def due(self, now: float) -> bool:
        """Return whether another snapshot of the running training is wanted; then the next is wanted later."""
        if now < self._due:
            return False
        self._gap = min(self._gap * GAP_GROWTH, LAST_GAP)
        self._due = now + self._gap
        return True

    def prepare(self, frames: Sequence[Frame]) -> None:
        """Encode the steps that the next whole snapshot will hold, so that it is quickly made."""
        self._chosen(frames, self._room)

    def snapshot(self, series: Series, frames: Sequence[Frame], analyses: bytes, most: int) -> bytes:
        """Return frames that alone rebuild the run: curves and analyses, then steps evenly spread over those held,
        rising, as many as go into `most` bytes.
        """
        curves = encode_curves({name: series[name][1] for name in shown_series(tuple(series))}) + analyses
        last = next((last for last in reversed(range(len(frames))) if sound(frames, [last])), None)
        if last is None:
            return curves
        latest = encode_step(frames[last], schema.LIVE_MESSAGE_BYTES)
        self._room = schema.SNAPSHOT_BYTES - len(curves) - len(latest)
        steps = self._chosen(frames[:last], self._room)
        return b"".join((curves, *_thinned(steps, most - len(curves) - len(latest)), latest))

    def _chosen(self, frames: Sequence[Frame], room: int) -> list[bytes]:
        """Return the bytes of as many frames, evenly spread over those given, as go into `room`, and keep them."""
        with self._lock:
            chosen = self._fitting(frames, room)
            self._encoded = {id(frame): self._encoded[id(frame)] for frame in chosen}
            return [data for _, data in self._encoded.values()]

    def _fitting(self, frames: Sequence[Frame], room: int) -> list[Frame]:
        known = self._known(frames)
        like = sound(frames, known[-1:] or range(len(frames))[-1:])
        size = max((len(self._encode(frame)) for frame in like), default=SNAPSHOT_STEP_BYTES)
        keep = min(len(frames), room // size)
        while keep > 0:
            chosen = sound(frames, reduce.spread(len(frames), keep, known))
            total = sum(len(self._encode(frame)) for frame in chosen)
            if total <= room:
                return chosen
            keep = min(keep - 1, keep * room // total)
        return []

    def _known(self, frames: Sequence[Frame]) -> list[int]:
        """Return the positions of the frames whose bytes are kept."""
        held = (reference() for reference, _ in self._encoded.values())
        places = ((frame, bisect_left(frames, frame.step, key=_step)) for frame in held if frame is not None)
        return [place for frame, place in places if place < len(frames) and frames[place] is frame]

    def _encode(self, frame: Frame) -> bytes:
        """Return the frame's bytes, those of the last snapshot if they were in it."""
        reference, data = self._encoded.get(id(frame), (None, b""))
        if reference is None or reference() is not frame:
            data = encode_step(frame, SNAPSHOT_STEP_BYTES)
            self._encoded[id(frame)] = (weakref.ref(frame), data)
        return data


def _thinned(pieces: Sequence[bytes], room: int) -> Sequence[bytes]:
    """Return all pieces, or evenly spread ones where all do not go into `room` bytes."""
    sizes = [len(piece) for piece in pieces]
    if sum(sizes) <= room:
        return pieces
    keep = room // max(sizes)
    return [pieces[position] for position in reduce.spread(len(pieces), keep)] if keep > 0 else ()


def _gap(amount: int, most: int) -> float:
    """Return how many seconds apart so much may be sent, so that no second has more than `most`, or one sending,
    though the first in it comes late and the last does not.
    """
    times = most // amount
    return (1 + _LATE) / times if times else amount / most + _LATE


def _step(frame: Frame) -> int:
    return frame.step


def sound(frames: Sequence[Frame], positions: Iterable[int]) -> list[Frame]:
    """Return the frames at these positions, those left out whose bytes on disk are damaged."""
    found = []
    for position in positions:
        with suppress(FrameBytesError):
            found.append(frames[position])
    return found
