"""What follows from the frames of a recording, found beside training and kept for its views.

One daemon thread at most, and the process in which it has the frames analysed; none soon after there is nothing more
to do. While training runs it takes the newest frame, at most every `GAP` seconds and so seldom that thread and process
use `SHARE` of the CPU time that training does; once training has ended, it goes back over the frames held, the newest
first. It computes with NumPy alone, touches no model and draws no random number.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from rnnwidgets import reduce
from rnnwidgets.analysis import WINDOW, Analysis, Bad, findings, first_bad
from rnnwidgets.errors import Guard
from rnnwidgets.frame import Frame
from rnnwidgets.recording import Curve, Recording
from rnnwidgets.widgets.apart import Apart
from rnnwidgets.widgets.lanes import sound
from rnnwidgets.wire import encode_analysis

THREAD_NAME = "rnnwidgets-analysis"
GAP = 2.0
SHARE = 0.01
SHARE_AFTER = 0.5
LONGEST = 10.0
LINGER = 10.0
AFTER = 64
LIVE_BYTES = 64 * 1024
KEPT_BYTES = 512 * 1024
KEPT_EACH = 16 * 1024
_JUDGED = ("loss", "grad_norm")
_EVENTS = ("not_finite", "spike")
_WAITING = 8


class Rest:
    """A rest until this process has used so many seconds of CPU, which training uses, or `LONGEST` seconds passed."""

    def __init__(self, seconds: float = 0.0) -> None:
        """Begin now."""
        self._until = time.process_time() + seconds
        self._latest = time.monotonic() + LONGEST

    def over(self) -> bool:
        """Return whether it has ended."""
        return time.process_time() >= self._until or time.monotonic() >= self._latest


class Analyst:
    """Analyses frames of a recording on a thread of its own, as long as it is told that there may be more."""

    def __init__(self, recording: Recording, take: Callable[[Analysis | None], None], gap: float = GAP) -> None:
        """Start idle.

        Args:
            recording: what is analysed.
            take: is given each analysis, on that thread, and None when all are made that are to be made after training.
            gap: least seconds between two analyses while training runs.
        """
        self._recording = recording
        self._take, self._gap = take, gap
        self._guard = Guard(recording.note)
        self._lock = threading.Lock()
        self._ended: threading.Event | None = None
        self._live = self._wanted = False
        self._done: set[int] = set()
        self._bad: Bad | None = None

    def touch(self, *, live: bool) -> None:
        """Say that there may be something new, and whether training goes on."""
        with self._lock:
            self._live, self._wanted = live, True
            if self._ended is None:
                self._ended = threading.Event()
                threading.Thread(target=self._run, args=(self._ended,), name=THREAD_NAME, daemon=True).start()

    def stop(self) -> None:
        """Let the thread end after what it is at."""
        with self._lock:
            if self._ended is not None:
                self._ended.set()
                self._ended = None

    def _run(self, ended: threading.Event) -> None:
        pause, found, rest, quiet = min(self._gap, 1.0) / 4, False, Rest(), time.monotonic()
        first = quiet + self._gap  # not at step 0, which would be the step of the findings until the rest is over
        with Apart() as apart:
            while not ended.wait(pause):
                with self._lock:
                    live = self._live
                    if live and not (rest.over() and time.monotonic() >= first):
                        continue
                    self._wanted = False
                analysis, cost = self._analysed(apart, live=live)
                if analysis is not None:
                    found, quiet = True, time.monotonic()
                    pause, rest = (self._gap, Rest(cost / SHARE)) if live else (cost / SHARE_AFTER, Rest())
                elif not live and found:
                    found = False
                    self._guard.run("showing an analysis", self._take, None)
                lingers = live and time.monotonic() < quiet + LINGER
                with self._lock:
                    if not (analysis or self._wanted or lingers) and self._ended is ended:
                        self._ended = None
                        return

    def _analysed(self, apart: Apart, *, live: bool) -> tuple[Analysis | None, float]:
        """Make and show one analysis, and return it with the CPU seconds that another will take."""
        used, begun = apart.seconds, time.thread_time()
        with self._recording.aside.counting():
            analysis = self._guard.run("analysing", self._next, apart, live=live)
            if analysis is not None:
                self._guard.run("showing an analysis", self._take, analysis)
        self._recording.aside.add(apart.seconds - used)
        return analysis, time.thread_time() - begun + apart.latest

    def _next(self, apart: Apart, *, live: bool) -> Analysis | None:
        """Return the analysis that is most wanted now, None if all are made."""
        while True:
            with self._recording.lock:
                held, steps = self._recording[:], self._recording.steps
            position = self._newest(held, steps) if live else self._wanted_of(held, steps)
            if position is None:
                return None
            self._done.add(steps[position])
            frames = sound(held, range(max(position + 1 - WINDOW, 0), position + 1))
            if frames and frames[-1].step == steps[position]:
                scalars = {name: one.until(steps[position]) for name, one in self._recording.scalars.items()}
                said = findings(frames, scalars, self._first_bad(held, frames, scalars))
                del held  # what the recording gives up meanwhile need not be kept for this
                for event in said:
                    if event.name in _EVENTS and event.step is not None:
                        self._recording.pin(event.step)
                return replace(apart.analyse(frames[-1]), findings=said)

    def _newest(self, held: Sequence[Frame], steps: list[int]) -> int | None:
        """Return the position of the newest frame, of one with recurrent weights if the latest few have one."""
        if not steps:
            return None
        position = _weighted(held, len(steps) - 1)
        return None if steps[position] in self._done else position

    def _wanted_of(self, held: Sequence[Frame], steps: list[int]) -> int | None:
        """Return the position of the latest frame, of `AFTER` spread over the run, that is not analysed yet."""
        for place in reversed(reduce.spread(len(steps), AFTER) if steps else []):
            if steps[place] not in self._done:
                position = _weighted(held, place)
                if steps[position] not in self._done:
                    return position
        return None

    def _first_bad(self, held: Sequence[Frame], frames: Sequence[Frame], scalars: Mapping[str, Curve]) -> Bad | None:
        """Return the first value that is not finite up to these frames: all are searched once a curve shows one."""
        if self._bad is None:
            judged = [scalars[name].high for name in _JUDGED if name in scalars]
            suspect = any(not np.isfinite(high).all() for high in judged)
            self._bad = first_bad(_each(held) if suspect else frames)
        return self._bad if self._bad is not None and self._bad.step <= frames[-1].step else None


class Findings:
    """Analyses as bytes: those that the views have not been told of, and those that a snapshot holds."""

    def __init__(self) -> None:
        """Start without any."""
        self._waiting: dict[int, bytes] = {}
        self._kept: dict[int, bytes] = {}
        self._latest: tuple[int, bytes] = (-1, b"")
        self.unwritten = False

    def add(self, step: int, large: bytes, small: bytes) -> None:
        """Keep one analysis, in its live and in its lasting size; what is over the cap is thinned as steps are."""
        self._waiting[step] = large
        while len(self._waiting) > _WAITING:
            del self._waiting[min(self._waiting)]
        self._kept[step] = small
        self._latest = max(self._latest, (step, large))
        self.unwritten = True
        steps = sorted(self._kept)
        excess = sum(map(len, self._kept.values())) - KEPT_BYTES
        for position in reduce.crowded(steps):
            if excess <= 0:
                break
            excess -= len(self._kept.pop(steps[position]))

    def news(self, room: int) -> bytes:
        """Return analyses that were not told of yet, the newest first, in at most `room` bytes."""
        told = []
        for step in sorted(self._waiting, reverse=True):
            if len(self._waiting[step]) <= room:
                room -= len(self._waiting[step])
                told.append(self._waiting.pop(step))
        return b"".join(told)

    @property
    def all(self) -> bytes:
        """All that are kept, the latest in full."""
        step, large = self._latest
        return b"".join(large if at == step else small for at, small in sorted(self._kept.items()))


def encoded(analysis: Analysis) -> tuple[bytes, bytes]:
    """Return an analysis for the live lane and for the snapshot."""
    return encode_analysis(analysis, LIVE_BYTES), encode_analysis(analysis, KEPT_EACH)


def _weighted(held: Sequence[Frame], position: int) -> int:
    """Return the nearest position at or before this one whose frame has recurrent weights, else this one."""
    for place in range(position, max(position - WINDOW, -1), -1):
        if any(trace.weights for frame in sound(held, [place]) for trace in frame.traces.values()):
            return place
    return position


def _each(held: Sequence[Frame]) -> Iterator[Frame]:
    """Yield the frames one by one: of a recording on disk, each is read when its turn comes."""
    for position in range(len(held)):
        yield from sound(held, [position])
