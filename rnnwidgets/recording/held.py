"""The frames held: about half of the memory for the latest one by one, the rest for ever sparser ones of before."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Protocol

from rnnwidgets import reduce
from rnnwidgets.frame import Array, Frame, Trace

_SLACK = 16
_AT_ONCE = 8  # of the room is made free at a time, since choosing what to give up costs more than giving it up
_AROUND = 2
_EVENTS = 8


class Sized(Protocol):
    """What holds bytes for a recording, and is itself held elsewhere."""

    @property
    def nbytes(self) -> int:
        """How many."""


class Held:
    """Frames in bounded memory, oldest first.

    Attributes:
        frames: those held.
        nbytes: what they hold.
        events: training steps around which frames are given up last.
    """

    def __init__(self) -> None:
        """Start without a frame."""
        self.frames: list[Frame] = []
        self.nbytes = 0
        self.events: set[int] = set()

    def pin(self, step: int) -> None:
        """Keep the frames around a step as long as any other can go; the first `_EVENTS` steps are kept so."""
        if len(self.events) < _EVENTS:
            self.events.add(step)

    def add(self, frame: Frame, room: int) -> int:
        """Hold one more frame within `room` bytes, which it fits, and return how many were given up for it."""
        given_up = self._thin(frame.nbytes + room // _AT_ONCE, room) if self.nbytes + frame.nbytes > room else 0
        self.frames.append(frame)
        self.nbytes += frame.nbytes
        return given_up

    def _thin(self, wanted: int, room: int) -> int:
        """Give up frames until `wanted` bytes fit: crowded old ones first, then the oldest recent, pinned ones last."""
        excess = self.nbytes + wanted - room
        recent, first_recent = 0, len(self.frames)
        while first_recent > 0 and recent + self.frames[first_recent - 1].nbytes <= room // 2:
            first_recent -= 1
            recent += self.frames[first_recent].nbytes
        steps = [frame.step for frame in self.frames]
        order = chain(reduce.crowded(steps[:first_recent]), range(len(steps)))
        pinned = self._pinned(steps)
        given_up: set[int] = set()
        for position in chain((place for place in order if place not in pinned), sorted(pinned)):
            if excess <= 0:
                break
            if position not in given_up:
                given_up.add(position)
                excess -= self.frames[position].nbytes
        self.frames = [frame for position, frame in enumerate(self.frames) if position not in given_up]
        self.nbytes = sum(frame.nbytes for frame in self.frames)
        return len(given_up)

    def _pinned(self, steps: Sequence[int]) -> set[int]:
        """Return the positions of the `_AROUND` frames before, on and after each event."""
        places = [bisect_left(steps, event) for event in self.events]
        return {at for place in places for at in range(place - _AROUND, place + _AROUND + 1) if 0 <= at < len(steps)}


def fitted(frame: Frame, room: int) -> Frame:
    """Return as much of a frame as goes into `room` bytes: without weights, then fewer samples, then the last times.

    What is left is as exact as it was. The frame itself where it fits, or where not even one time of one sample does.
    """
    if frame.nbytes <= room:
        return frame
    bare = replace(frame, traces={name: replace(trace, weights={}) for name, trace in frame.traces.items()})
    if bare.nbytes > room and len(frame.samples) > 1:
        bare = _fewer_samples(bare, max(len(frame.samples) * room // bare.nbytes, 1))
    longest = max((max(trace.lengths, default=0) for trace in bare.traces.values()), default=0)
    share = 1.0
    while bare.nbytes > room and share * longest > 1:
        share = min(share, room / bare.nbytes * share) * (1 - 1 / _SLACK)
        bare = _last_times(bare, share)
    return bare if bare.nbytes <= room else frame


def _fewer_samples(frame: Frame, count: int) -> Frame:
    traces = {
        name: replace(
            trace,
            lengths=trace.lengths[:count],
            arrays={letter: array[:, :count].copy() for letter, array in trace.arrays.items()},
            start={letter: array[:count].copy() for letter, array in trace.start.items()},
        )
        for name, trace in frame.traces.items()
    }
    tokens = None if frame.tokens is None else frame.tokens[:count]
    return replace(frame, samples=frame.samples[:count], traces=traces, tokens=tokens)


def _last_times(frame: Frame, share: float) -> Frame:
    """Return the frame with that share of each layer's times, the last ones."""
    traces = {name: _ending(trace, share) for name, trace in frame.traces.items()}
    moved = next(iter(traces.values())).first - next(iter(frame.traces.values())).first
    tokens = None if frame.tokens is None else tuple(sample[moved:] for sample in frame.tokens)
    return replace(frame, traces=traces, tokens=tokens)


def _ending(trace: Trace, share: float) -> Trace:
    times = len(next(iter(trace.arrays.values()), ()))
    cut = times - max(math.ceil(times * share), 1)
    return replace(
        trace,
        first=trace.first + cut,
        lengths=tuple(max(length - cut, 0) for length in trace.lengths),
        arrays={letter: array[cut:].copy() for letter, array in trace.arrays.items()},
        start=_before(trace, cut) if cut else trace.start,
    )


def _before(trace: Trace, time: int) -> Mapping[str, Array]:
    """Return the state before a time after the first, where it was recorded."""
    return {letter: trace.arrays[letter][time - 1].copy() for letter in trace.start if letter in trace.arrays}
