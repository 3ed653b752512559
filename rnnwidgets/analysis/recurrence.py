"""One layer as a map from one state to the next, as far as its derivative goes: all that every other analysis needs.

Near a recorded trajectory the state moves linearly. With v = (v_h, v_c) a small change of (h_{t-1}, c_{t-1}):

    RNN   v_h' = s U v_h                        s = 1 - h^2, or 1 where h > 0
    GRU   v_h' = z v_h + (s_r U_r + s_z U_z + s_n U_n) v_h
          s_r = (1-z)(1-n^2) m r(1-r), s_z = (h_{t-1}-n) z(1-z), s_n = (1-z)(1-n^2) r, with m = U_n h_{t-1} + b_Un
    LSTM  v_c' = f v_c + (s_i U_i + s_f U_f + s_g U_g) v_h
          v_h' = P (o (1-tanh(c)^2) v_c' + s_o U_o v_h)
          s_i = g i(1-i), s_f = c_{t-1} f(1-f), s_g = i (1-g^2), s_o = tanh(c) o(1-o)

This is dh_t/dh_{t-1}, of the pair (h, c) for the LSTM; its transpose carries gradients back, dL/dh_{t-1} from dL/dh_t
(Werbos 1990, "Backpropagation through time: what it does and how to do it"). Axes (time, sample, unit), time in the
layer's own order: a reverse direction runs from the last input to the first. Precision is that of the recording.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from rnnwidgets.analysis.result import Array
from rnnwidgets.errors import RecordingError
from rnnwidgets.frame import Trace

REVERSE = "_reverse"
BLOCKS = {"LSTM": "ifgo", "GRU": "rzn", "RNN_TANH": "h", "RNN_RELU": "h"}


class State(NamedTuple):
    """A change of the state or a gradient with respect to it: h (..., R) and, for the LSTM, c (..., H)."""

    h: Array
    c: Array | None


class Order:
    """A layer's own order of time, and how to get there and back."""

    def __init__(self, trace: Trace) -> None:
        """Take lengths and direction from a trace."""
        lengths = np.asarray(trace.lengths)
        times = next(iter(trace.arrays.values())).shape[0]
        now = np.arange(times)[:, None]
        self.reversed = trace.layer.endswith(REVERSE)
        self.inside = now < lengths
        self._places = np.where(self.inside, lengths - 1 - now, now) if self.reversed else None

    def place(self, time: int, sample: int) -> int:
        """Return where a time of the input stands in the layer's own order, and the reverse: it is the same map."""
        return time if self._places is None else int(self._places[time, sample])

    def own(self, values: Array) -> Array:
        """Return values (time, sample, ...) in the layer's own order, or back; 0 past each sequence's length."""
        if self._places is not None:
            values = values[self._places, np.arange(values.shape[1])]
        outside = ~self.inside
        if outside.any():
            values = np.where(outside.reshape(outside.shape + (1,) * (values.ndim - 2)), 0, values)
        return values


@dataclass(frozen=True)
class Recurrence:
    """The derivative of one layer at every time; t is the time of the state that a step leads to.

    Attributes:
        order: the layer's own order of time.
        U: (G*H, R) recurrent weights.
        P: (R, H) projection, or None.
        slopes: (T, S, G, H) what the product with each row of U is multiplied with.
        keep: (T, S, H) what is kept of h, or of c for the LSTM; None for a network without gates.
        out: (T, S, H) o (1 - tanh(c)^2), how c reaches h; None but for the LSTM.
    """

    order: Order
    U: Array
    P: Array | None
    slopes: Array
    keep: Array | None
    out: Array | None

    @property
    def widths(self) -> tuple[int, ...]:
        """Sizes of the parts of the state: of h, and of c for the LSTM."""
        R = self.U.shape[1]
        return (R,) if self.out is None else (R, self.out.shape[2])

    def of(self, samples: Array) -> Recurrence:
        """Return the same for some of the samples."""
        keep, out = (None if part is None else part[:, samples] for part in (self.keep, self.out))
        return replace(self, slopes=self.slopes[:, samples], keep=keep, out=out)

    def unprojected(self, gradient: Array) -> Array:
        """Return the gradient of o tanh(c) from that of h."""
        return gradient if self.P is None else gradient @ self.P

    def pull(self, t: int, gradient: State) -> State:
        """Return the gradient (K, S, R) one time earlier; that of c is what reaches it past h."""
        h, c = gradient
        a = np.empty((*h.shape[:2], *self.slopes.shape[2:]), h.dtype)
        if self.out is None or self.keep is None or c is None:
            np.multiply(h[:, :, None], self.slopes[t], out=a)
            back = self._product(a)
            return State(back if self.keep is None else back + h * self.keep[t], None)
        D = self.unprojected(h)
        d = c + D * self.out[t]
        np.multiply(d[:, :, None], self.slopes[t, :, :3], out=a[:, :, :3])
        np.multiply(D, self.slopes[t, :, 3], out=a[:, :, 3])
        return State(self._product(a), d * self.keep[t])

    def _product(self, a: Array) -> Array:
        """Return a U for (K, S, G, H), in one product of two matrices."""
        return (a.reshape(-1, len(self.U)) @ self.U).reshape(*a.shape[:2], -1)

    def push(self, t: int, sample: int, change: State) -> State:
        """Return what becomes of changes (K, R) of one sample's state one time later."""
        h, c = change
        slopes = self.slopes[t, sample]
        a = (h @ self.U.T).reshape(len(h), *slopes.shape) * slopes
        if self.out is None or self.keep is None or c is None:
            through = a.sum(axis=1)
            return State(through if self.keep is None else through + h * self.keep[t, sample], None)
        cell = c * self.keep[t, sample] + a[:, :3].sum(axis=1)
        out = self.out[t, sample] * cell + a[:, 3]
        return State(out if self.P is None else out @ self.P.T, cell)


def recurrence(trace: Trace) -> Recurrence:
    """Return the derivative of a layer along what was recorded of it.

    Raises:
        RecordingError: gates or recurrent weights were not recorded.
    """
    require(trace, gradients=False)
    order = Order(trace)
    values = {name: order.own(trace[name]) for name in trace.names if not name.startswith("d")}
    with np.errstate(all="ignore"):
        slopes, keep, out = _SLOPES[trace.kind](values, trace)
    weights = trace.weights
    return Recurrence(order, weights["W_hh"], weights.get("W_hr"), np.stack(slopes, axis=2), keep, out)


def returned(recur: Recurrence, dh: Array, dc: Array | None) -> tuple[State, Array]:
    """Return the gradients (T, S, unit) that come back to every time from the one after, that of c past h; and how much
    of dc came by way of h. Takes total gradients in the layer's own order of time.
    """
    D = recur.unprojected(dh)
    wide = D if dc is None else np.stack((dc, dc, dc, D), axis=2)
    a = wide * recur.slopes if dc is not None else D[:, :, None] * recur.slopes
    h = (a.reshape(-1, len(recur.U)) @ recur.U).reshape(dh.shape)
    if dc is None or recur.out is None or recur.keep is None:
        return State(_earlier(h if recur.keep is None else h + dh * recur.keep), None), np.zeros(())
    return State(_earlier(h), _earlier(dc * recur.keep)), D * recur.out


def _earlier(values: Array) -> Array:
    return np.concatenate((values[1:], np.zeros_like(values[:1])))


def missing_parts(trace: Trace, *, gradients: bool) -> list[str]:
    """Return the names of what an analysis needs and a trace does not hold."""
    if trace.kind not in BLOCKS:
        return ["equations of a cell of its own"]
    wanted = {"LSTM": ("i", "f", "g", "o", "c", "h"), "GRU": ("r", "z", "n", "h")}.get(trace.kind, ("h",))
    missing = [name for name in (*wanted, *(("dh",) if gradients else ())) if name not in trace.arrays]
    if "W_hh" not in trace.weights:
        missing.append("W_hh")
    return missing


def require(trace: Trace, *, gradients: bool) -> None:
    """See that a trace holds what the derivative needs.

    Raises:
        RecordingError: it does not.
    """
    missing = missing_parts(trace, gradients=gradients)
    if missing:
        raise RecordingError(
            trace.layer,
            expected=f"a layer with gates, {'total gradients ' * gradients}and recurrent weights",
            found=f"no {', '.join(missing)}",
            remedy="take a training step's frame that has them: weights larger than half of it come with each eighth",
        )


def before(start: Array, values: Array) -> Array:
    """Return values one time earlier: the start, then all but the last."""
    return np.concatenate((start[None], values[:-1]))


_Slopes = tuple[Sequence[Array], "Array | None", "Array | None"]


def _rnn(values: dict[str, Array], trace: Trace) -> _Slopes:
    h = values["h"]
    return [1 - h * h if trace.kind == "RNN_TANH" else (h > 0).astype(h.dtype)], None, None


def _gru(values: dict[str, Array], trace: Trace) -> _Slopes:
    r, z, n = values["r"], values["z"], values["n"]
    h_prev = before(trace.start["h"], values["h"])
    H = h_prev.shape[-1]
    m = h_prev @ trace.weights["W_hh"][2 * H :].T
    if "b_hh" in trace.weights:
        m = m + trace.weights["b_hh"][2 * H :]
    by_n = (1 - z) * (1 - n * n)
    return [by_n * m * r * (1 - r), (h_prev - n) * z * (1 - z), by_n * r], z, None


def _lstm(values: dict[str, Array], trace: Trace) -> _Slopes:
    i, f, g, o, c = (values[name] for name in "ifgoc")
    squashed = np.tanh(c)
    c_prev = before(trace.start["c"], c)
    slopes = [g * i * (1 - i), c_prev * f * (1 - f), i * (1 - g * g), squashed * o * (1 - o)]
    return slopes, f, o * (1 - squashed * squashed)


_SLOPES = {"LSTM": _lstm, "GRU": _gru, "RNN_TANH": _rnn, "RNN_RELU": _rnn}
