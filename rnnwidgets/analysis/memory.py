"""How long a layer remembers, as numbers: by its gates, and by the gradients that came back.

Half-life: a cell that keeps f of its content per step has half of it left after ln(1/2) / ln(f) steps (the constant
error carousel with a forget gate, Gers, Schmidhuber & Cummins 2000; the bias that opens it, Jozefowicz, Zaremba &
Sutskever 2015). Horizon and mean lag read the flow matrix: how far back the gradient of a loss reaches, and at which
lag its square lies on average (Madsen 2019, "Visualizing memorization in RNNs", Distill). Omega is the regulariser of
Pascanu, Mikolov & Bengio 2013, zero where the recurrence keeps the length of a gradient.
"""

from __future__ import annotations

import numpy as np

from rnnwidgets.analysis.recurrence import recurrence, require, returned
from rnnwidgets.analysis.result import Array, Flow
from rnnwidgets.errors import RecordingError
from rnnwidgets.frame import Trace

HORIZON = 0.01
KEEPING = {"LSTM": "f", "GRU": "z"}


def half_life(trace: Trace) -> Array:
    """Return for each unit (H,) the steps after which half of its content is left, by the geometric mean of the gate
    that keeps: f of the LSTM, z of the GRU. Infinite where the gate is open throughout.

    Raises:
        RecordingError: the layer has no such gate.
    """
    gate = KEEPING.get(trace.kind, "")
    if gate not in trace.arrays:
        raise RecordingError(
            trace.layer,
            expected="an LSTM or a GRU with its gates recorded",
            found=trace.kind,
            remedy="a network without gates keeps nothing by itself; see lyapunov()",
        )
    values = trace[gate]
    inside = np.arange(len(values))[:, None] < np.asarray(trace.lengths)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(2) / np.abs(np.log(values[inside].astype(np.float64)).mean(axis=0)))


def by_lag(flow: Flow, *, reverse: bool = False) -> Array:
    """Return the median over samples and losses of |dL_s/dh_t| / |dL_s/dh_s| at each lag |s - t|, (lag,), from 1 on.

    Args:
        flow: the itemised gradients.
        reverse: whether the layer runs from the last input to the first, so that a lag counts towards the end.
    """
    S, K, T = flow.norms.shape
    losses = np.arange(K) * flow.stride[1]
    own = flow.norms[:, np.arange(K), losses]
    where = losses[:, None] + np.arange(T) * (1 if reverse else -1)
    reaches = (where >= 0) & (where < T)
    with np.errstate(all="ignore"):
        lagged = flow.norms[:, np.arange(K)[:, None], np.clip(where, 0, T - 1)] / own[..., None]
    lagged[:, ~reaches] = np.nan
    lagged[~(own > 0)] = np.nan
    rows = np.sort(lagged.reshape(S * K, T), axis=0)  # NaN last
    known = np.count_nonzero(~np.isnan(rows), axis=0)
    lower, upper = (
        np.take_along_axis(rows, place[None], axis=0)[0] for place in ((known - 1).clip(0) // 2, known // 2)
    )
    return np.where(known > 0, (lower + upper) / 2, np.nan)


def horizon(flow: Flow, *, reverse: bool = False) -> float:
    """Return the first lag at which the gradient has fallen to `HORIZON` of what it was at its loss; infinite where it
    has not within the sequence, NaN where no loss sends a gradient.
    """
    lags = by_lag(flow, reverse=reverse)
    if np.isnan(lags[0]):
        return float("nan")
    fallen = np.flatnonzero(lags <= HORIZON)
    return float(fallen[0]) if len(fallen) else float("inf")


def mean_lag(squares: Array, *, stride: int = 1) -> float:
    """Return the mean of |s - t| weighted with squared gradients (..., loss_time, time), those not finite left out.

    Of `flow(trace).norms ** 2`, or of Madsen's connectivity |d logit_s / d input_t|^2; `stride` is that of the losses.
    """
    K, T = squares.shape[-2:]
    lags = np.abs(np.arange(K)[:, None] * stride - np.arange(T))
    weights = np.where(np.isfinite(squares), squares, 0.0).reshape(-1, K, T).astype(np.float64)
    largest = weights.max(initial=0.0)
    if largest == 0:
        return float("nan")
    weights /= largest  # only ratios count, and the sum of the largest numbers there are is none
    return float((weights * lags).sum() / weights.sum())


def omega(trace: Trace) -> Array:
    """Return (|J^T g|^2 / |g|^2 - 1)^2 at every step, (time - 1, sample), with g = dL/dh_{t+1} and J = dh_{t+1}/dh_t.

    Of the pair (h, c) for the LSTM. NaN where no gradient came or past a sequence's length; time is the layer's own.

    Raises:
        RecordingError: the trace lacks gates, total gradients or recurrent weights.
    """
    require(trace, gradients=True)
    recur = recurrence(trace)
    dh = recur.order.own(trace["dh"])
    dc = None if recur.out is None else recur.order.own(trace["dc"])
    with np.errstate(all="ignore"):
        back, by_h = returned(recur, dh, dc)
        whole, pulled = _squares(dh), _squares(back.h)
        if dc is not None and back.c is not None:
            whole, pulled = whole + _squares(dc - by_h), pulled + _squares(back.c)
        return np.asarray((pulled[:-1] / whole[1:] - 1) ** 2)


def _squares(values: Array) -> Array:
    wide = values.astype(np.float64)
    return np.asarray(np.einsum("tsu,tsu->ts", wide, wide))
