"""How one step changes a small difference: the Jacobian dh_t/dh_{t-1}, of the pair (h, c) for the LSTM, its singular
values, and the exponents at which differences grow along what was recorded.

Whether gradients vanish or explode is decided here: Pascanu, Mikolov & Bengio 2013, "On the difficulty of training
recurrent neural networks"; exponents by repeated QR: Benettin, Galgani, Giorgilli & Strelcyn 1980, for recurrent
networks Engelken, Wolf & Abbott 2023, "Lyapunov spectra of chaotic recurrent neural networks".
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rnnwidgets.analysis.recurrence import BLOCKS, REVERSE, Recurrence, State, recurrence
from rnnwidgets.analysis.result import Array, Flow
from rnnwidgets.errors import RecordingError
from rnnwidgets.frame import Trace

LEADING = 4


class Decay(NamedTuple):
    """Factor per step by which a gradient changes on its way back: from the Jacobians, and as recorded.

    Attributes:
        bound: geometric mean of the Jacobians' largest singular values; no gradient grows faster.
        predicted: e to the largest exponent, which a gradient comes to in the long run.
        measured: of the gradient of the last loss, from its own time to the first: (|dL_s/dh_0| / |dL_s/dh_s|)^(1/s).
    """

    bound: float
    predicted: float
    measured: float


def jacobian(trace: Trace, time: int, sample: int = 0) -> Array:
    """Return d(h_t, c_t)/d(h_{t-1}, c_{t-1}) at t = `time`, (R + H, R + H), or dh_t/dh_{t-1} where there is no c.

    For a reverse direction the step leads to `time` from the time after it.

    Raises:
        RecordingError: gates or weights were not recorded, or the sample has no such time.
    """
    recur = recurrence(trace)
    if not 0 <= sample < len(trace.lengths) or not 0 <= time < trace.lengths[sample]:
        raise RecordingError(
            "time",
            expected=f"a sample from 0 to {len(trace.lengths) - 1} and a time within its length",
            found=f"time {time} of sample {sample}",
            remedy=f"the lengths are {', '.join(map(str, trace.lengths))}",
        )
    return _at(recur, recur.order.place(time, sample), sample)


def _at(recur: Recurrence, t: int, sample: int) -> Array:
    whole = np.eye(sum(recur.widths), dtype=recur.U.dtype)
    return np.asarray(_joined(recur.push(t, sample, _parted(recur, whole))).T)


def singular_values(trace: Trace, time: int, sample: int = 0) -> Array:
    """Return the singular values of that Jacobian, the largest (its norm) first, all NaN where it is not finite.

    Raises as `jacobian`.
    """
    found = jacobian(trace, time, sample)
    if not np.isfinite(found).all():
        return np.full(min(found.shape), np.nan)
    return np.asarray(np.linalg.svd(found, compute_uv=False))


def eigenvalues(trace: Trace) -> dict[str, Array]:
    """Return gate -> the eigenvalues (H,) of its block of W_hh, largest magnitude first; of W_hh P with a projection.

    They are all NaN where a weight is not finite.

    Raises:
        RecordingError: the recurrent weights were not recorded.
    """
    blocks = weight_blocks(trace)
    P = trace.weights.get("W_hr")
    found = {gate: _eigenvalues(block if P is None else block @ P) for gate, block in blocks.items()}
    return {gate: values[np.argsort(-np.abs(values), kind="stable")] for gate, values in found.items()}


def _eigenvalues(block: Array) -> Array:
    if not np.isfinite(block).all():
        return np.full(len(block), np.nan, np.complex128)
    return np.asarray(np.linalg.eigvals(block))


def spectral_radius(trace: Trace) -> dict[str, float]:
    """Return gate -> the largest magnitude among those eigenvalues. Raises as `eigenvalues`."""
    return {gate: float(np.abs(values[0])) for gate, values in eigenvalues(trace).items()}


def weight_blocks(trace: Trace) -> dict[str, Array]:
    """Return gate -> its rows (H, R) of W_hh; a network without gates has one block, h.

    Raises:
        RecordingError: the recurrent weights were not recorded.
    """
    gates = BLOCKS.get(trace.kind, "")
    if not gates or "W_hh" not in trace.weights:
        raise RecordingError(
            trace.layer,
            expected="a layer with its recurrent weights recorded",
            found="none",
            remedy="take a frame that has them: weights larger than half of a frame come with each eighth",
        )
    return dict(zip(gates, np.split(trace.weights["W_hh"], len(gates)), strict=True))


def lyapunov(trace: Trace, sample: int = 0, count: int | None = None) -> Array:
    """Return the finite-time Lyapunov exponents along one sequence, in nats per step, the largest first.

    With Q_0 the first `count` unit vectors and J_t Q_{t-1} = Q_t R_t, they are the means over t of log |diag R_t|. The
    first time, whose state before is no recorded one, is included.

    Args:
        trace: a layer with gates and weights.
        sample: position among the sequences.
        count: how many exponents; all, as many as the state has parts, where it is left out.

    Raises:
        RecordingError: gates or weights were not recorded.
    """
    recur = recurrence(trace)
    size = sum(recur.widths)
    Q = np.eye(size, dtype=recur.U.dtype)[:, : size if count is None else min(count, size)]
    sums = np.zeros(Q.shape[1])
    with np.errstate(all="ignore"):
        for t in range(trace.lengths[sample]):
            Q, R = np.linalg.qr(_joined(recur.push(t, sample, _parted(recur, Q.T))).T)
            sums += np.log(np.abs(np.diag(R)))
    return np.sort(sums / trace.lengths[sample])[::-1]


def decay(trace: Trace, flow: Flow, sample: int = 0) -> Decay:
    """Return by what factor per step a gradient is predicted to change, and by what the last loss's did.

    `sample` counts the sequences of the trace; that of the flow is the nearest before it. Raises as `lyapunov`.
    """
    recur, length = recurrence(trace), trace.lengths[sample]
    with np.errstate(all="ignore"):
        norms = [_norm(recur, t, sample) for t in range(1, length)]
        bound = float(np.exp(np.mean(np.log(norms)))) if norms else float("nan")
        return Decay(bound, float(np.exp(lyapunov(trace, sample, LEADING)[0])), measured(trace, flow, sample))


def _norm(recur: Recurrence, t: int, sample: int) -> float:
    return float(np.linalg.norm(_at(recur, t, sample), 2))


def measured(trace: Trace, flow: Flow, sample: int) -> float:
    """Return the factor per step of the loss that comes last in the layer's own order of time."""
    norms = flow.norms[sample // flow.stride[0]]
    length = trace.lengths[sample]
    reverse = trace.layer.endswith(REVERSE)
    losses = np.arange(len(norms)) * flow.stride[1]
    active = [k for k, s in enumerate(losses) if s < length and norms[k, s] > 0]
    if not active:
        return float("nan")
    row = active[0] if reverse else active[-1]
    first, last = length - 1 if reverse else 0, losses[row]
    steps = abs(int(last) - int(first))
    return float((norms[row, first] / norms[row, last]) ** (1 / steps)) if steps else float("nan")


def _parted(recur: Recurrence, rows: Array) -> State:
    R = recur.widths[0]
    return State(rows[:, :R], rows[:, R:] if recur.out is not None else None)


def _joined(state: State) -> Array:
    return state.h if state.c is None else np.concatenate((state.h, state.c), axis=-1)
