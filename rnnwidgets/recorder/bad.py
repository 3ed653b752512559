"""Values of a frame that are NaN or infinite: how many, and a sentence on the one that came first."""

from __future__ import annotations

from rnnwidgets import schema
from rnnwidgets.analysis.forensics import first_bad, places
from rnnwidgets.frame import Frame, waits


def nonfinite(frame: Frame) -> tuple[int, str]:
    """Return the number of values that are NaN or infinite, and a sentence on the first; (0, "") if there is none.

    Lazy traces are finite: those that may hold a NaN are computed at once.
    """
    if waits(frame):
        return 0, ""
    count = sum(int(where.sum()) for trace in frame.traces.values() for _, where in places(trace))
    bad = first_bad([frame]) if count else None
    if bad is None:
        return 0, ""
    place = f"{bad.gate} of {bad.layer}, unit {bad.unit}, time {bad.time}, sample {bad.sample}"
    return count, f"{schema.NOT_FINITE_NOTE}{bad.value} in {place}, at step {bad.step}"
