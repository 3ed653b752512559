"""Which units are pressed against the ends of their range, off, or still.

Karpathy, Johnson & Fei-Fei 2015, "Visualizing and understanding recurrent networks": a sigmoid gate is left-saturated
below 0.1 and right-saturated above 0.9; a tanh likewise beyond 0.9 on either side. The slope is small there, so that
little gradient passes. A ReLU unit that is zero at every time of every sequence learns nothing any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from rnnwidgets import schema
from rnnwidgets.analysis.result import Array
from rnnwidgets.errors import RecordingError
from rnnwidgets.frame import Trace

LEFT, RIGHT, TANH = 0.1, 0.9, 0.9
STILL = 1e-3
BOUNDED = {"LSTM": "ifgo", "GRU": "rzn", "RNN_TANH": "h", "RNN_RELU": ""}


class Saturation(NamedTuple):
    """Share of times, sequences and steps at which each unit (H,) is saturated on the `left` and on the `right`."""

    left: Array
    right: Array


def saturation(window: Trace | Sequence[Trace], gate: str) -> Saturation:
    """Return how often each unit of a gate is saturated, over time, sequences and a window of training steps.

    Args:
        window: a trace, or those of one layer at several steps.
        gate: `i f g o` of an LSTM, `r z n` of a GRU, `h` of a tanh network.

    Raises:
        RecordingError: the gate has no bounds, or was not recorded.
    """
    traces = _several(window)
    if gate not in BOUNDED.get(traces[0].kind, ""):
        raise RecordingError(
            "gate",
            expected=f"one of {', '.join(BOUNDED.get(traces[0].kind, '')) or 'no gate of this kind'}",
            found=f"{gate!r} of {traces[0].kind}",
            remedy="a gate saturates only where it is bounded; see dead_units() for ReLU",
        )
    values = _values(traces, gate)
    low, high = (LEFT, RIGHT) if gate in schema.UNIT_GATES else (-TANH, TANH)
    return Saturation((values < low).mean(axis=0), (values > high).mean(axis=0))


def dead_units(window: Trace | Sequence[Trace]) -> Array:
    """Return for each unit (H,) of a ReLU network whether it is 0 at every time of every sequence and step.

    Raises:
        RecordingError: the layer is no ReLU network.
    """
    traces = _several(window)
    if traces[0].kind != "RNN_RELU":
        raise RecordingError(
            traces[0].layer,
            expected="a network with ReLU units",
            found=traces[0].kind,
            remedy="use saturation() for bounded gates",
        )
    dead: Array = (_values(traces, "h") == 0).all(axis=0)
    return dead


def still_units(window: Trace | Sequence[Trace]) -> Array:
    """Return for each unit whether its h moves by no more than `STILL` over all times, sequences and steps."""
    values = _values(_several(window), "h")
    still: Array = values.max(axis=0) - values.min(axis=0) <= STILL
    return still


def _several(window: Trace | Sequence[Trace]) -> Sequence[Trace]:
    traces = [window] if isinstance(window, Trace) else list(window)
    if traces:
        return traces
    raise RecordingError(
        "window", expected="at least one trace", found="none", remedy="pass frame[layer], or a list of such"
    )


def _values(traces: Sequence[Trace], name: str) -> Array:
    """Return all values within the lengths, (value, unit)."""
    inside = [np.arange(len(trace["h"]))[:, None] < np.asarray(trace.lengths) for trace in traces]
    return np.concatenate([trace[name][where] for trace, where in zip(traces, inside, strict=True)])
