"""What happened when it went wrong: the first value that is not finite, spikes, and how often gradients were clipped.

First means first in the order of computation: states and gates forwards in time, then gradients backwards in time. A
position past a sequence's length holds NaN by convention and does not count.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnnwidgets import schema
from rnnwidgets.analysis.result import Array
from rnnwidgets.frame import Frame, Trace

SPIKE_WINDOW = 32
SPIKE_LEAST = 8
SPIKE_DEVIATIONS = 12.0
SPIKE_RATIO = 5.0
NORMAL = 1.4826  # the standard deviation of a normal variable over its median absolute deviation
CLIPPED = 1 - 1e-6


class Bad(NamedTuple):
    """A place that holds a NaN or an infinity. `time` is that of the input, `sample` a position among those kept."""

    step: int
    layer: str
    gate: str
    time: int
    sample: int
    unit: int
    value: float


class Spike(NamedTuple):
    """A value far above those before it: the training step, the value, and the median of the window before."""

    step: int
    value: float
    usual: float


def first_bad(frames: Iterable[Frame]) -> Bad | None:
    """Return the first value that is NaN or infinite, in the order in which frames were recorded and computed."""
    for frame in frames:
        found = [
            (order, Bad(frame.step, trace.layer, name, *place))
            for trace in frame.traces.values()
            for name, where in places(trace)
            for order, place in [_first(trace, name, where)]
        ]
        if found:
            return min(found, key=lambda one: one[0])[1]
    return None


def places(trace: Trace) -> list[tuple[str, Array]]:
    """Return the name of each array that holds a NaN or an infinity, and where, (time, sample, unit)."""
    wrong = [(name, ~np.isfinite(array)) for name, array in trace.arrays.items() if not np.isfinite(array).all()]
    if not wrong:
        return []
    inside = (np.arange(len(wrong[0][1]))[:, None] < np.asarray(trace.lengths))[:, :, None]
    return [(name, where & inside) for name, where in wrong if (where & inside).any()]


def _first(trace: Trace, name: str, where: Array) -> tuple[tuple[bool, int], tuple[int, int, int, float]]:
    """Return when the first of these was computed, to compare by, and its time, sample, unit and value."""
    gradient = name in (*trace.gradients, schema.DIRECT_GRADIENT)
    backwards = gradient != trace.layer.endswith("_reverse")
    times = np.flatnonzero(where.any(axis=(1, 2)))
    time = int(times[-1] if backwards else times[0])
    sample, unit = (int(index) for index in np.argwhere(where[time])[0])
    value = float(trace[name][time, sample, unit])
    return (gradient, -time if backwards else time), (time + trace.first, sample, unit, value)


def spikes(steps: Sequence[int] | NDArray[np.int64], values: Sequence[float] | Array) -> list[Spike]:
    """Return the values that stand out of the `SPIKE_WINDOW` finite values before them: `SPIKE_DEVIATIONS` robust
    standard deviations above their median, and `SPIKE_RATIO` times its magnitude. NaN and infinity are none of these.
    """
    every = np.asarray(values, dtype=np.float64)
    places = np.flatnonzero(np.isfinite(every))
    finite = every[places]
    short = [finite[:k] for k in range(SPIKE_LEAST, min(SPIKE_WINDOW, len(finite)))]
    usual = [np.median(window) for window in short]
    spread = [np.median(np.abs(window - middle)) for window, middle in zip(short, usual, strict=True)]
    if len(finite) > SPIKE_WINDOW:
        windows = np.lib.stride_tricks.sliding_window_view(finite, SPIKE_WINDOW)[:-1]
        middles = np.median(windows, axis=1)
        usual.extend(middles)
        spread.extend(np.median(np.abs(windows - middles[:, None]), axis=1))
    middle, around, judged = np.array(usual), NORMAL * np.array(spread), finite[SPIKE_LEAST:]
    out = (judged > middle + SPIKE_DEVIATIONS * around) & (judged > SPIKE_RATIO * np.abs(middle))
    return [
        Spike(int(steps[places[SPIKE_LEAST + k]]), float(judged[k]), float(middle[k]))
        for k in np.flatnonzero(out).tolist()
    ]


def clipped_share(before: Sequence[float] | Array, after: Sequence[float] | Array) -> float:
    """Return the share of steps whose gradient norm was made smaller by clipping; NaN where no step is known.

    Pascanu, Mikolov & Bengio 2013 rescale a gradient whose norm exceeds a threshold.
    """
    whole, left = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    known = np.isfinite(whole) & np.isfinite(left)
    return float(np.mean(left[known] < CLIPPED * whole[known])) if known.any() else float("nan")
