"""Values of a frame that are NaN or infinite: how many, and which came first.

First means first in the order in which they are computed: states and gates forwards in time, then gradients backwards
in time. A position past a sequence's length holds NaN by convention and does not count.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from rnnwidgets import schema
from rnnwidgets.frame import Array, Frame, Trace


def nonfinite(frame: Frame) -> tuple[int, str]:
    """Return the number of values that are NaN or infinite, and a sentence on the first; (0, "") if there is none."""
    found = [(trace, name, where) for trace in frame.traces.values() for name, where in _places(trace)]
    if not found:
        return 0, ""
    count = sum(int(where.sum()) for _, _, where in found)
    return count, min((_first(*one) for one in found), key=lambda one: one[0])[1] + f", at step {frame.step}"


def _places(trace: Trace) -> Iterator[tuple[str, Array]]:
    """Yield the name of each array that holds such values, and where, (time, sample, unit)."""
    for name, array in trace.arrays.items():
        finite = np.isfinite(array)
        if finite.all():
            continue
        inside = np.arange(array.shape[0])[:, None] < np.asarray(trace.lengths)
        where = ~finite & inside[:, :, None]
        if where.any():
            yield name, where


def _first(trace: Trace, name: str, where: Array) -> tuple[tuple[bool, int], str]:
    """Return the first place in the order of computation, as a key to compare by and in words."""
    gradient = name in (*trace.gradients, schema.DIRECT_GRADIENT)
    times = np.flatnonzero(where.any(axis=(1, 2)))
    time = int(times[-1] if gradient else times[0])
    sample, unit = (int(index) for index in np.argwhere(where[time])[0])
    value = float(trace[name][time, sample, unit])
    place = f"{name} of {trace.layer}, unit {unit}, time {time}, sample {sample}"
    return (gradient, -time if gradient else time), f"the first value that is not finite is {value} in {place}"
