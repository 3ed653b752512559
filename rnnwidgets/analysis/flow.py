"""Who teaches whom: the gradient of each time's loss at each earlier time, apart (RNNbow: Cashman, Patterson, Mosca,
Watts, Robinson & Chang 2019, "RNNbow: Visualizing Learning Via Backpropagation Gradients in RNNs").

The gradient at t is a sum over the losses at s >= t: dL/dh_t = sum_s dL_s/dh_t, where dL_s/dh_s is what reaches h_s,
for the LSTM the pair (h_s, c_s), from outside the recurrence. Each item is carried back by the same linear map, so that
one walk over t takes all s at once. What reaches a state from outside is dy where that explains the recorded total, and
else the rest that the recurrence leaves over, as for a loss on the last state. Where the total is dy alone although
more came from later times, the graph was cut, as by `detach()`, and nothing crosses.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from rnnwidgets.analysis.recurrence import Recurrence, State, recurrence, require, returned
from rnnwidgets.analysis.result import Array, Flow
from rnnwidgets.frame import Trace

RESCALE_EVERY = 4
ROUNDING = 1e3  # times the precision of the recording: a smaller rest is rounding


class Source(NamedTuple):
    """What reaches the states from outside, in the layer's own order of time.

    Attributes:
        recurrence: how it is carried back.
        outside: h (T, S, R) and, for the LSTM, c (T, S, H).
        crosses: (T, S) False where nothing comes back from the time after.
    """

    recurrence: Recurrence
    outside: State
    crosses: Array


class Itemised(NamedTuple):
    """Gradients of one sample, by the loss that they come of: h (loss_time, time, R), c (loss_time, time, H) or None.

    Their sums over `loss_time` are `dh` and `dc` as recorded.
    """

    h: Array
    c: Array | None


def flow(trace: Trace, *, stride: tuple[int, int] = (1, 1)) -> Flow:
    """Return |dL_s/dh_t| for every s and t, (sample, loss_time, time), L2 norms over units.

    Args:
        trace: a layer with gates, total gradients and recurrent weights.
        stride: take every so-manieth sample and loss time; times are always whole.

    Raises:
        RecordingError: the trace lacks one of these.
    """
    source = sources(trace)
    order = source.recurrence.order
    T, S = source.crosses.shape
    samples, losses = np.arange(0, S, stride[0]), np.arange(0, T, stride[1])
    acting = np.flatnonzero(order.own(_acts(source))[losses].any(axis=1))
    norms = np.zeros((len(losses), T, len(samples)))
    with np.errstate(all="ignore"):
        for t, begun, carried, scale in _walk(source, samples, losses[acting]):
            squares = np.einsum("ksu,ksu->ks", carried.h, carried.h)
            norms[acting[begun], t] = np.ldexp(np.sqrt(squares, dtype=np.float64), scale)
    inside = order.inside[:, samples]
    norms = np.stack([order.own(row) for row in norms]) if order.reversed else norms
    norms[~inside[losses][:, None] | ~inside] = np.nan
    return Flow(norms.transpose(2, 0, 1), (stride[0], stride[1], 1), (S, T, T))


def itemised(trace: Trace, sample: int = 0) -> Itemised:
    """Return the vectors dL_s/dh_t and dL_s/dc_t of one sample, exactly; 0 where s comes before t.

    Raises:
        RecordingError: the trace lacks gates, total gradients or recurrent weights.
    """
    source = sources(trace)
    recur, T = source.recurrence, len(source.crosses)
    h, c = (np.zeros((T, T, width)) for width in (*recur.widths, 0)[:2])
    with np.errstate(all="ignore"):
        for t, begun, carried, scale in _walk(source, np.array([sample]), np.arange(T)):
            at = recur.order.place(t, sample)
            h[begun, at] = np.ldexp(carried.h[:, 0], scale)
            if carried.c is not None and recur.out is not None:
                total = carried.c[:, 0] + recur.unprojected(carried.h[:, 0]) * recur.out[t, sample]
                c[begun, at] = np.ldexp(total, scale)
    outside = ~recur.order.inside[:, sample]
    for items in (h, c):
        items[outside] = items[:, outside] = np.nan
    return Itemised(h, None if recur.out is None else c)


def sources(trace: Trace) -> Source:
    """Return what reaches a layer's states from outside its recurrence.

    Raises:
        RecordingError: the trace lacks gates, total gradients or recurrent weights.
    """
    require(trace, gradients=True)
    recur = recurrence(trace)
    precision = ROUNDING * float(np.finfo(trace["dh"].dtype).eps)
    dh, dy = (recur.order.own(trace[name]) for name in ("dh", "dy"))
    dc = recur.order.own(trace["dc"]) if recur.out is not None else None
    with np.errstate(all="ignore"):
        back, slope = returned(recur, dh, dc)
        rest = dh - back.h
        scale = precision * (_size(dh) + _size(back.h))
        explained = _size(rest - dy) <= scale
        cut = ~explained & (_size(dh - dy) <= precision * _size(dh))
        h = np.where((explained | cut)[..., None], dy, rest)
        if dc is None or back.c is None:
            return Source(recur, State(h, None), ~cut)
        left = dc - back.c - slope
        whole = _size(left) <= precision * (_size(dc) + _size(back.c) + _size(slope))
        return Source(recur, State(h, np.where((whole | cut)[..., None], 0, left)), ~cut)


def _size(values: Array) -> Array:
    return np.asarray(np.linalg.norm(values, axis=-1))


def _acts(source: Source) -> Array:
    """Return where something reaches a state from outside, (time, sample), in the layer's own order of time."""
    h, c = source.outside
    return np.asarray((h != 0).any(axis=-1) | (False if c is None else (c != 0).any(axis=-1)))


def _walk(source: Source, samples: Array, losses: Array) -> Iterator[tuple[int, Array, State, Array]]:
    """Yield from the last time to the first, in the layer's own order: the time, which of the losses have begun, their
    gradients (K, S, unit) there, and the power of two (K, S) that these are still to be multiplied with: without it,
    what vanishes would leave the range of the numbers. `losses` are times of the input, rising.
    """
    recur, order, outside = source.recurrence.of(samples), source.recurrence.order, source.outside
    latest_first = np.arange(len(losses)) if order.reversed else np.arange(len(losses))[::-1]
    begins = np.array([[order.place(int(s), int(n)) for n in samples] for s in losses[latest_first]], np.int64)
    begins = begins.reshape(len(losses), len(samples))
    begins[~order.inside[losses[latest_first]][:, samples]] = -1
    places = (len(losses), len(samples))
    h = np.zeros((*places, outside.h.shape[2]), outside.h.dtype)
    c = None if outside.c is None else np.zeros((*places, outside.c.shape[2]), h.dtype)
    scale = np.zeros(places, np.int64)
    rows = 0
    for t in range(len(source.crosses) - 1, -1, -1):
        if rows:
            back = recur.pull(t + 1, State(h[:rows], None if c is None else c[:rows]))
            _store(h[:rows], back.h, source.crosses[t, samples])
            if c is not None and back.c is not None:
                _store(c[:rows], back.c, source.crosses[t, samples])
        row, sample = np.nonzero(begins == t)
        rows = max(rows, int(row.max(initial=-1)) + 1)
        h[row, sample] = outside.h[t, samples[sample]]
        if c is not None and outside.c is not None:
            c[row, sample] = outside.c[t, samples[sample]]
        carried = State(h[:rows], None if c is None else c[:rows])
        if t % RESCALE_EVERY == 0:
            _rescale(carried, scale[:rows])
        yield t, latest_first[:rows], carried, scale[:rows]


def _store(place: Array, values: Array, crosses: Array) -> None:
    place[...] = values
    if not crosses.all():
        place[:, ~crosses] = 0


def _rescale(carried: State, scale: Array) -> None:
    """Bring each gradient near 1 by a power of two, exactly, in place; count it in `scale`."""
    largest = np.maximum.reduce([np.abs(part).max(axis=-1, initial=0) for part in carried if part is not None])
    exponents = np.where(np.isfinite(largest), np.frexp(largest)[1], 0)
    for part in carried:
        if part is not None:
            np.ldexp(part, -exponents[..., None], out=part)
    scale += exponents
