"""The norm of the total gradient at both ends of the sequence over training, for a bounded share of one processor.

A frame that nobody has looked at is still to be computed, and to compute all of them would cost as much as training.
"""

from __future__ import annotations

import bisect
import itertools
import time
from collections.abc import Mapping

import numpy as np

from rnnwidgets import reduce, schema
from rnnwidgets.frame import Frame, Trace, waits
from rnnwidgets.recording import Recording
from rnnwidgets.recording.series import Series
from rnnwidgets.widgets.lanes import sound

LAYERS = 3
AT_FIRST = 300  # frames to compute where a recording is read for the first time
COMPUTING = 0.025  # seconds of CPU time for computing frames each time after that
_GUESS = 0.005  # seconds that a frame takes


def end_norms(trace: Trace) -> tuple[float, float]:
    """Return the norms of the total gradient dh at the first and at the last timestep, over samples and units."""
    gradient = trace["dh"]
    last = np.maximum(np.asarray(trace.lengths) - 1, 0)
    ends = gradient[0], gradient[last, np.arange(gradient.shape[1])]
    first, final = (float(np.linalg.norm(end.astype(np.float64))) for end in ends)
    return first, final


class Ends:
    """The norms of dh at both ends of the sequence, a series for each end of the first layers of a recording."""

    def __init__(self, recording: Recording) -> None:
        """Read nothing yet."""
        self._recording = recording
        self._series: dict[tuple[str, str], Series] = {}
        self._seen = -1
        self._takes = _GUESS

    def read(self) -> Mapping[tuple[str, str], Series]:
        """Return the series by (layer, `first` or `last`).

        Reads the new frames: all that are computed already, and some of the others, evenly spread.
        """
        with self._recording.lock:
            new = self._recording[bisect.bisect_right(self._recording.steps, self._seen) :]
        frames = sound(new, reduce.spread(len(new), schema.CURVE_BINS))
        known = [place for place, frame in enumerate(frames) if not waits(frame)]
        others = AT_FIRST if self._seen < 0 else max(1, int(COMPUTING / self._takes))
        for place in sorted({*known, *reduce.spread(len(frames), others, known)} if frames else ()):
            waited, began = waits(frames[place]), time.thread_time()
            self._read(frames[place])
            if waited:
                self._takes = (self._takes + time.thread_time() - began) / 2
        self._seen = frames[-1].step if frames else self._seen
        return self._series

    def _read(self, frame: Frame) -> None:
        for trace in itertools.islice(frame.traces.values(), LAYERS):
            if "dh" in trace.arrays:
                for end, norm in zip(("first", "last"), end_norms(trace), strict=True):
                    self._series.setdefault((trace.layer, end), Series()).append(frame.step, norm)
